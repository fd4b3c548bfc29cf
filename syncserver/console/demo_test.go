package console_test

import (
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/demo"
	"cityhall/shared/sim/stage"
	"cityhall/syncserver/store"
)

// TestDemoCity shows the city that everybody meets first.
func TestDemoCity(t *testing.T) {
	stage.Need(t, "chromium")
	f := newTown(t)
	d := demo.New(1, f.now())
	dated := make([]store.Dated, len(d.Acts))
	var last city.ID
	for i, a := range d.Acts {
		dated[i] = store.Dated{ID: a.ID, At: a.At, Act: a.Act}
		if r, ok := a.Act.(*city.ImportRequest); ok {
			last = r.Request
		}
	}
	f.must(f.store.Import(t.Context(), dated))
	for _, l := range d.Logins {
		f.must(f.store.SetLogin(t.Context(), l.Name, l.Staff, l.Password))
	}
	shot := pictures(t)
	root := f.served()
	b := stage.NewBrowser(t, 1440, 900)
	b.Open(root)
	enter(b, d.Logins[0].Name, d.Logins[0].Password, "What and where")
	for name, at := range map[string]string{"inbox": "requests", "overdue": "requests?tab=overdue", "closed": "requests?tab=closed", "all": "requests?tab=all&sort=due", "request": "requests/" + string(last), "notices": "notices"} {
		b.Open(root + at)
		b.SavePNG(shot("demo-" + name))
		basics(t, b, "demo "+name)
	}
}
