package console_test

import (
	"fmt"
	"net/url"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/syncserver/store"
	"cityhall/syncserver/store/read"
)

// salvaged lets a device bring notes on a request that no act of ours has made,
// and gives the id of the last.
func (f *town) salvaged(d *device, request city.ID, n int) string {
	f.t.Helper()
	old := protocol.Cursor{Epoch: "before", Seq: 1 << 40}
	for i := 0; i < n; i += protocol.MaxSalvage {
		var held []protocol.Held
		for j := i; j < min(n, i+protocol.MaxSalvage); j++ {
			text := fmt.Sprintf(`"Called back, lost words %d <b>"`, j)
			held = append(held, protocol.Held{Ref: city.Ref{Kind: city.KindNote, ID: city.NewID()}, Parent: request, Seq: 9,
				Fields: city.Fields{"text": []byte(text)}, Writers: map[string]city.MutationID{"text": city.NewMutationID()}})
		}
		reply, err := f.store.Salvage(f.t.Context(), d.Device, old, held)
		if err != nil || reply.Kept != len(held) {
			f.t.Fatalf("%+v, %v", reply, err)
		}
	}
	var id string
	f.must(f.store.DB().QueryRow(`SELECT max(id) FROM salvage`).Scan(&id))
	return id
}

func TestFoundAfterARestore(t *testing.T) {
	f := newTown(t)
	kiosk, tablet := f.devices()
	contains(t, f.get("maya", "/console/salvage", ok), "Nothing was found")
	contains(t, f.get("maya", "/console/salvage?show=settled", ok), "Nothing dealt with yet")
	j := f.finished(kiosk, tablet, "88 Riverside Drive")
	id := f.salvaged(tablet, j.request, 1)
	page := f.get("maya", "/console/salvage", ok)
	contains(t, page, "lost words 0", "Riverside Drive", "The city has it no more", tablet.Name)
	lacks(t, page, "<b>\"")
	contains(t, f.get("maya", "/console/reviews", ok), `<b class="count alarm">1</b></a></nav>`)
	lacks(t, f.get("otto", "/console/salvage", ok), "lost words")

	cookie := f.signIn("maya")
	form := url.Values{"id": {string(city.NewMutationID())}, "seen": {"1"}}
	if w := f.send("POST", "/console/salvage/"+id, cookie, form); w.Code != moved {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	lacks(t, f.get("maya", "/console/salvage", ok), "lost words")
	contains(t, f.get("maya", "/console/salvage?show=settled", ok), "lost words 0", "by Maya Ellison")
}

// Ten thousand pieces come in pages, and what has come back is no longer shown.
func TestManyFoundAfterARestore(t *testing.T) {
	if testing.Short() {
		t.Skip("10,000 acts")
	}
	f := newTown(t)
	kiosk, tablet := f.devices()
	j := f.finished(kiosk, tablet, "88 Riverside Drive")
	f.salvaged(tablet, j.request, 10_000)
	var back string // as if the act of one of them had arrived meanwhile
	f.must(f.store.DB().QueryRow(`SELECT id FROM mutation ORDER BY seq LIMIT 1`).Scan(&back))
	_, err := f.store.DB().ExecContext(t.Context(), `UPDATE salvage_missing SET mutation = $1 WHERE salvage = (SELECT min(id) FROM salvage)`, back)
	f.must(err)
	reader := read.New(f.store.DB())
	ruth, there, err := reader.Staff(t.Context(), "ruth")
	if f.must(err); !there {
		t.Fatal("Ruth is not there")
	}
	seen, cursor := map[string]bool{}, ""
	for {
		l, err := reader.Salvaged(t.Context(), ruth, false, cursor, 999)
		f.must(err)
		for _, s := range l.Rows {
			seen[s.ID] = true
		}
		if cursor = l.Next; cursor == "" {
			break
		}
	}
	if len(seen) != 9999 {
		t.Fatalf("%d pieces", len(seen))
	}
	contains(t, f.get("ruth", "/console/salvage", ok), ">9999</b>", "rel=\"next\"")
	if _, err := f.store.Salvage(t.Context(), store.Device{ID: "x"}, protocol.Cursor{}, nil); err != store.ErrNoSalvage {
		t.Error(err)
	}
}
