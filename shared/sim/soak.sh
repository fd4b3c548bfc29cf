#!/bin/sh
# soak.sh MINUTES: repeats the simulations with new seeds until the time is over,
# and writes what they counted, with commit and seeds, to docs/reliability.md.
# It ends at the first violation, whose replay line it has printed then.
set -eu

end=$(($(date +%s) + $1 * 60))
first=$(date +%s)
seed=$first
rounds=0
mkdir -p out
log=out/soak-$first.jsonl
: >"$log"
status=0

while [ "$status" -eq 0 ] && [ "$(date +%s)" -lt "$end" ]; do
	for part in "sim SEEDS=100 YEARS=2" "powercut CUTS=200" "crash KILLS=100"; do
		# shellcheck disable=SC2086 # the part is a target and a setting
		make --no-print-directory $part FIRST="$seed" >"$log.part" 2>&1 || status=1
		cat "$log.part"
		grep '^{"figure"' "$log.part" >>"$log" || true
		[ "$status" -eq 0 ] || break
	done
	rounds=$((rounds + 1))
	seed=$((seed + 100))
done
rm -f "$log.part"

# One line: how often each count of each figure, in all.
commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
git diff --quiet HEAD 2>/dev/null || commit="$commit and changes"
line=$(awk -v commit="$commit" -v minutes="$1" -v rounds="$rounds" -v first="$first" -v last="$((seed - 1))" -v status="$status" '
	{
		match($0, /"figure":"[^"]*"/)
		name = substr($0, RSTART + 10, RLENGTH - 11)
		rest = $0
		while (match(rest, /"[a-z_]+":[0-9.]+/)) {
			split(substr(rest, RSTART, RLENGTH), pair, ":")
			key = substr(pair[1], 2, length(pair[1]) - 2)
			rest = substr(rest, RSTART + RLENGTH)
			if (key == "seed" || key == "first") continue
			if (!((name, key) in sum)) order[++n] = name SUBSEP key
			sum[name, key] += pair[2]
		}
	}
	END {
		printf "{\"figure\":\"soak\",\"commit\":\"%s\",\"minutes\":%d,\"rounds\":%d,\"first\":%d,\"last\":%d,\"violated\":%s", commit, minutes, rounds, first, last, status ? "true" : "false"
		for (i = 1; i <= n; i++) {
			split(order[i], part, SUBSEP)
			printf ",\"%s: %s\":%.10g", part[1], part[2], sum[order[i]]
		}
		print "}"
	}' "$log")
printf '%s\n' "$line"
printf '    %s\n' "$line" >>docs/reliability.md
exit "$status"
