package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cityhall/shared/city"
	"cityhall/syncserver/store"
)

// findings is what verify says.
func (h *hall) findings() []string {
	h.t.Helper()
	var out []string
	if _, err := h.Verify(context.Background(), func(f store.Finding) { out = append(out, f.String()) }); err != nil {
		h.t.Fatal(err)
	}
	return out
}

// flipped changes one bit of a value as it came from the database.
func flipped(v any, at int) any {
	switch v := v.(type) {
	case int64:
		return v ^ 1<<(at%20)
	case string:
		return string(flipped([]byte(v), at).([]byte))
	case []byte:
		if len(v) == 0 {
			return []byte("x")
		}
		out := append([]byte{}, v...)
		out[at%len(out)] ^= 1 << (at % 8)
		return out
	}
	return "x"
}

func TestVerifyNamesEveryFlippedBit(t *testing.T) {
	h := newHall(t)
	kiosk := h.enrolled(city.DeviceKiosk, city.ScopePublic)
	request, order := h.fallenTree(kiosk)
	h.mustAct(dispatcher, &city.AssignRequest{Request: request, WorkOrder: order, Crew: "roads", Priority: city.PriorityLow})
	if _, err := h.PutBlob(context.Background(), []byte("bytes of a photo")); err != nil {
		t.Fatal(err)
	}
	if n := h.verified(); n.Changes == 0 || n.Records == 0 || n.Mutations == 0 || n.Blobs != 1 {
		t.Fatalf("looked at %+v", n)
	}
	tried := 0
	for _, c := range []struct{ table, key, name, columns string }{
		{"change", "seq", "change %v", "tx kind id parent whole fields writer ws salt digest h"},
		{"mutation", "id", "act %v", "seq n envelope content"},
		{"record", "kind || '/' || id", "record %v", "parent seq fields writers scopes"},
		{"sync_head", "one", "head", "seq hash"},
	} {
		for _, column := range strings.Fields(c.columns) {
			for i, row := range h.values(c.table, c.key, column) {
				bad := flipped(row.value, 7*i+tried)
				h.exec(fmt.Sprintf(`UPDATE %s SET %s = $1 WHERE %s = $2`, c.table, column, c.key), bad, row.key)
				name := c.name
				if strings.Contains(name, "%v") {
					name = fmt.Sprintf(name, row.key)
				}
				if found := h.findings(); !strings.Contains(strings.Join(found, "\n"), name+":") {
					t.Errorf("%s.%s of %v made %q: found %q", c.table, column, row.key, bad, found)
				}
				h.exec(fmt.Sprintf(`UPDATE %s SET %s = $1 WHERE %s = $2`, c.table, column, c.key), row.value, row.key)
				tried++
			}
		}
	}
	h.verified()
	t.Logf("%d flipped bits, each named", tried)
}

type value struct{ key, value any }

func (h *hall) values(table, key, column string) []value {
	h.t.Helper()
	rows, err := h.DB().Query(fmt.Sprintf(`SELECT %s, %s FROM %s ORDER BY 1`, key, column, table))
	if err != nil {
		h.t.Fatal(err)
	}
	defer rows.Close()
	var out []value
	for rows.Next() {
		var v value
		if err := rows.Scan(&v.key, &v.value); err != nil {
			h.t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

func (h *hall) exec(query string, args ...any) sql.Result {
	h.t.Helper()
	r, err := h.DB().Exec(query, args...)
	if err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
	return r
}

func TestVerifyNamesWhatIsMissing(t *testing.T) {
	h := newHall(t)
	kiosk := h.enrolled(city.DeviceKiosk, city.ScopePublic)
	request, _ := h.fallenTree(kiosk)
	sha, err := h.PutBlob(context.Background(), []byte("bytes of a photo"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(h.dir, sha[:2], sha)
	for _, bytes := range []string{"bytes of a phot0", "short"} {
		if err := os.WriteFile(path, []byte(bytes), 0o600); err != nil {
			t.Fatal(err)
		}
		if found := h.findings(); len(found) != 1 || !strings.Contains(found[0], sha) {
			t.Errorf("blob %q: %v", bytes, found)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	h.exec(`DELETE FROM record WHERE kind = 'request' AND id = $1`, request)
	h.exec(`DELETE FROM change WHERE seq = 3`)
	found := strings.Join(h.findings(), "\n")
	for _, want := range []string{"blob " + sha, "record request/" + string(request), "change 4:"} {
		if !strings.Contains(found, want) {
			t.Errorf("%s is not named in %s", want, found)
		}
	}
	if _, err := h.Backup(context.Background(), store.BackupOptions{To: h.backups, Passphrase: passphrase}); err == nil {
		t.Error("a damaged log was backed up as if it were whole")
	}
	if _, _, err := store.NewestBackup(h.backups); err == nil {
		t.Error("and the backup has a name")
	}
}
