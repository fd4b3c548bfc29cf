package replica_test

import (
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/replica"
)

// TestWipeForgetsNoTable: a table that comes later must be emptied too.
func TestWipeForgetsNoTable(t *testing.T) {
	d := newDevice(t, city.DeviceTablet)
	kept := map[string]bool{"identity": true, "setting": true, "schema_version": true, "sqlite_sequence": true}
	tables, err := replica.Tables(d.ctx, d.Replica)
	if err != nil {
		t.Fatal(err)
	}
	emptied := replica.Emptied()
	for _, name := range tables {
		if !kept[name] && !emptied[name] {
			t.Errorf("a wipe leaves the table %s of the outbox as it is", name)
		}
	}
	if len(tables) < 6 {
		t.Errorf("tables %v", tables)
	}
}
