package store_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
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
	h.everyTable()
	if n := h.verified(); n.Changes == 0 || n.Records == 0 || n.Mutations == 0 || n.Blobs != 1 {
		t.Fatalf("looked at %+v", n)
	}
	tried := 0
	for _, c := range []struct{ table, key, named, name, columns string }{
		{"change", "rowid", "seq", "change %v", "tx kind id parent whole fields writer ws salt digest h audience emptied"},
		{"mutation", "rowid", "id", "act %v", "seq device stream n type actor subject at received envelope args content verdict review code field row_hash"},
		{"record", "rowid", "kind || '/' || id", "record %v", "parent seq fields writers scopes"},
		{"sync_head", "one", "one", "head", "seq hash"},
		{"change_scope", "rowid", "seq", "change %v", "scope evict"},
		{"stream", "rowid", "device || '/' || stream", "stream %v", "last_n link row_hash"},
		{"device", "rowid", "id", "device %v", "kind name public grants grant_rev state enrolled seen hello row_hash"},
		{"enrolment", "rowid", "code", "enrolment %v", "kind name grants expires used row_hash"},
		{"login", "rowid", "name", "login %v", "staff password failures locked row_hash"},
		{"blob", "rowid", "sha256", "blob %v", "bytes complete added row_hash"},
		{"held", "rowid", "id", "held %v", "came device since missing seq verdict review code field row_hash"},
		{"held_for", "rowid", "dep || '/' || held", "held for %v", "need row_hash"},
		{"sync_head", "one", "one", "head", "epoch safe row_hash"},
		{"session", "rowid", "token", "session %v", "staff expires row_hash"},
		{"reshare", "rowid", "service", "reshare %v", "writer after row_hash"},
		{"device_seal", "rowid", "device", "key of %v", "public asked row_hash"},
		{"departure", "rowid", "device", "departure %v", "acts bytes closed ordered wiped row_hash"},
		{"departure_blob", "rowid", "device || '/' || sha256", "departure %v", "row_hash"},
		{"salvage", "rowid", "id", "salvage %v", "device kind record parent seq fields writers received settled settled_by row_hash"},
		{"salvage_missing", "rowid", "salvage || '/' || mutation", "salvage %v", "row_hash"},
		{"erasure", "rowid", "id", "erasure %v", "request seq row_hash"},
	} {
		for _, column := range strings.Fields(c.columns) {
			rows := h.values(c.table, c.key, c.named, column)
			if len(rows) == 0 {
				t.Fatalf("%s is empty", c.table)
			}
			some := 1 + len(rows)/5
			for i, row := range rows {
				if i%some != tried%some {
					continue
				}
				set := fmt.Sprintf(`UPDATE %s SET %s = $1 WHERE %s = $2`, c.table, column, c.key)
				bad := flipped(row.value, 7*i+tried)
				for at := 1; ; at++ { // an index on a JSON field refuses what is none
					if _, err := h.DB().Exec(set, bad, row.key); err == nil {
						break
					} else if at > 100 || !strings.Contains(err.Error(), "malformed JSON") {
						t.Fatal(err)
					}
					bad = flipped(row.value, 7*i+tried+at)
				}
				name := c.name
				if strings.Contains(name, "%v") {
					name = fmt.Sprintf(name, row.name)
				}
				if found := h.findings(); !strings.Contains(strings.Join(found, "\n"), name+":") {
					t.Fatalf("%s.%s of %v made %q: found %.300q", c.table, column, row.name, bad, found)
				}
				h.exec(set, row.value, row.key)
				tried++
			}
		}
		h.verified()
	}
	h.verified()
	t.Logf("%d flipped bits, each named", tried)
	h.exec(`DELETE FROM change_scope WHERE seq = 2`)
	if found := strings.Join(h.findings(), "\n"); !strings.Contains(found, "change 2:") {
		t.Errorf("a lost audience: %s", found)
	}
}

// everyTable brings something into every table, and gives a tablet whose persons come
// sealed and one that was told to delete all and has not said so.
func (h *hall) everyTable() (tablet, lost *device) {
	h.t.Helper()
	ctx := context.Background()
	request, order := h.fallenTree(h.enrolled(city.DeviceKiosk, city.ScopePublic))
	tablet = h.crewTablet()
	outing := tablet.outing(request, order)
	tablet.push(outing.note, outing.finish)
	if err := h.SetLogin(ctx, "rosa", "rosa", "correct horse"); err != nil {
		h.t.Fatal(err)
	}
	h.mustAct(dispatcher, &city.AssignRequest{Request: request, WorkOrder: order, Crew: "roads", Priority: city.PriorityLow})
	if _, err := h.PutBlob(ctx, []byte("bytes of a photo")); err != nil {
		h.t.Fatal(err)
	}
	tablet.sealTo()
	if _, _, err := h.SignIn(ctx, "rosa", "correct horse"); err != nil {
		h.t.Fatal(err)
	}
	note := protocol.Held{Ref: city.Ref{Kind: city.KindNote, ID: "n-1"}, Parent: "case-1", Seq: 3, Fields: city.Fields{"text": json.RawMessage(`"Hi"`)},
		Writers: map[string]city.MutationID{"text": city.NewMutationID()}}
	if _, err := h.Salvage(ctx, tablet.Device, protocol.Cursor{Epoch: "before", Seq: 10}, []protocol.Held{note}); err != nil {
		h.t.Fatal(err)
	}
	lost = h.enrolled(city.DeviceKiosk, city.ScopePublic)
	if err := h.OrderWipe(ctx, lost.Device.ID); err != nil {
		h.t.Fatal(err)
	}
	gone := h.enrolled(city.DeviceKiosk, city.ScopePublic)
	env := gone.prepared(resident, newRequest())
	env.Blobs = []string{strings.Repeat("ab", 32)}
	if err := h.OrderWipe(ctx, gone.Device.ID); err != nil {
		h.t.Fatal(err)
	}
	d, err := h.Device(ctx, gone.Device.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	if _, _, err := h.Quarantine(ctx, d, protocol.QuarantineHeader{Last: true, Wiped: true}, []store.Incoming{gone.line(env)}); err != nil {
		h.t.Fatal(err)
	}
	h.mustErase(h.tell(h.enrolled(city.DeviceKiosk, city.ScopePublic)).act.Request)
	h.backup()
	h.sweep() // what waits is done before the bits flip
	h.exec(`INSERT INTO reshare (service, writer, after) VALUES ('gone', 'act', 'x')`)
	h.close().open() // and seals it
	return tablet, lost
}

type value struct{ key, name, value any }

func (h *hall) values(table, key, name, column string) []value {
	h.t.Helper()
	rows, err := h.DB().Query(fmt.Sprintf(`SELECT %s, %s, %s FROM %s ORDER BY 1`, key, name, column, table))
	if err != nil {
		h.t.Fatal(err)
	}
	defer rows.Close()
	var out []value
	for rows.Next() {
		var v value
		if err := rows.Scan(&v.key, &v.name, &v.value); err != nil {
			h.t.Fatal(err)
		}
		out = append(out, v)
	}
	if testing.Short() && len(out) > 1 {
		return out[len(out)-1:]
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
		if _, err := h.PutBlob(context.Background(), []byte("bytes of a photo")); err != nil { // what is not here is taken again
			t.Fatal(err)
		}
		h.verified()
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
