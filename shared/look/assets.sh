#!/bin/sh
# Fetches the fonts again through the package managers and compares them with
# the committed ones; with -write it replaces the committed ones instead.
# Inter comes as OpenType from Debian (fonts-inter) and cut for the web from
# npm (@fontsource/inter, exact version); both under the SIL Open Font License.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
fontsource=5.2.8
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
chmod 755 "$tmp"
cd "$tmp"
apt-get download -q fonts-inter >/dev/null 2>&1 || { echo "assets: apt-get cannot fetch fonts-inter" >&2; exit 1; }
dpkg-deb -x fonts-inter_*.deb deb
npm pack --silent "@fontsource/inter@$fontsource" >/dev/null 2>&1 || { echo "assets: npm cannot fetch @fontsource/inter@$fontsource" >&2; exit 1; }
tar xzf fontsource-inter-*.tgz
mkdir new
cp deb/usr/share/fonts/opentype/inter/Inter-Regular.otf deb/usr/share/fonts/opentype/inter/Inter-SemiBold.otf new/
for part in latin latin-ext; do
	cp "package/files/inter-$part-400-normal.woff2" "package/files/inter-$part-600-normal.woff2" new/
done
cp package/LICENSE new/LICENSE-Inter.txt
chmod 644 new/*
if [ "${1:-}" = -write ]; then
	mkdir -p "$here/fonts"
	cp new/* "$here/fonts/"
	echo "assets: fonts written"
	exit 0
fi
diff -r new "$here/fonts" && echo "assets: fonts are those of fonts-inter and @fontsource/inter $fontsource"
