package volume_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"cityhall/shared/peripheral/volume"
)

const mounts = `22 28 0:21 / /proc rw,nosuid shared:12 - proc proc rw
28 1 253:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
90 28 8:17 / /run/media/kit/TRUCK\0407 rw,nosuid,nodev shared:50 - vfat /dev/sdb1 rw
91 28 8:33 / /media/BLUE rw,nosuid - vfat /dev/sdc1 rw
92 28 11:0 / /media/cdrom ro,nosuid - iso9660 /dev/sr0 ro
93 28 8:33 / /media/BLUE rw,nosuid - vfat /dev/sdc1 rw
94 28 8:1 / /mediastore rw - ext4 /dev/sda1 rw
cut short
`

func TestMounted(t *testing.T) {
	table := filepath.Join(t.TempDir(), "mountinfo")
	if err := os.WriteFile(table, []byte(mounts), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := volume.Mounted(table)
	if want := []string{"/media/BLUE", "/run/media/kit/TRUCK 7"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	if _, err := volume.Mounted(table + "-none"); err == nil {
		t.Error("no table is no mounts")
	}
	if _, err := volume.Mounted(volume.Table); err != nil {
		t.Error(err)
	}
}
