package console_test

import (
	"bytes"
	"context"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cityhall/shared/atlas"
	"cityhall/shared/city"
	"cityhall/shared/demo"
	"cityhall/shared/look"
)

// mapped gives the town the streets of the demo's city, moved to where its
// reports are.
func (f *town) mapped() {
	f.t.Helper()
	g := demo.New(1, f.now()).Geography
	move := func(p *atlas.Point) { p.Lat, p.Lon = p.Lat+449_651_500-463_000_000, p.Lon+693_002_500-686_500_000 }
	for i := range g.Streets {
		for j := range g.Streets[i].Line {
			move(&g.Streets[i].Line[j])
		}
	}
	for i := range g.Areas {
		for _, ring := range g.Areas[i].Rings {
			for j := range ring {
				move(&ring[j])
			}
		}
	}
	for i := range g.Spots {
		move(&g.Spots[i].At)
	}
	path := filepath.Join(f.t.TempDir(), "places.db")
	f.must(atlas.Build(context.Background(), path, g))
	raw, err := os.ReadFile(path)
	f.must(err)
	settings := alderBend
	settings.Places, err = f.store.PutBlob(context.Background(), raw)
	f.must(err)
	f.act(system, &city.SetCity{Settings: settings})
}

// TestPictureOfThePlace is on the page of a request that is on the map, for whoever
// may see the request, in each theme and for small pixels.
func TestPictureOfThePlace(t *testing.T) {
	f := newTown(t)
	kiosk, _ := f.devices()
	j := f.assigned(kiosk, "12 Elm Street")
	page := "/console/requests/" + string(j.request)
	if strings.Contains(f.get("maya", page, http.StatusOK), "<picture>") {
		t.Error("a city without a map shows one")
	}
	f.get("maya", page+"/map/light.png", http.StatusNotFound)

	f.mapped()
	f.pass(10 * time.Second)
	if shown := f.get("maya", page, http.StatusOK); !strings.Contains(shown, page+"/map/dark@2x.png 2x") || !strings.Contains(shown, `alt="Map of the streets around 12 Elm Street, with a marker on it"`) {
		t.Error("the page has no picture of the place, or says nothing in its stead")
	}
	for name, want := range map[string]struct {
		wide  int
		theme look.MapTheme
	}{"light.png": {400, look.MapLight}, "dark@2x.png": {800, look.MapDark}, "contrast.png": {400, look.MapContrast}} {
		raw := f.get("maya", page+"/map/"+name, http.StatusOK)
		img, err := png.Decode(bytes.NewReader([]byte(raw)))
		f.must(err)
		if img.Bounds().Dx() != want.wide || img.Bounds().Dy() != want.wide*3/5 {
			t.Errorf("%s is %v", name, img.Bounds())
		}
		scale := want.wide / 400
		ink := want.theme.Ink()
		r, g, b, _ := img.At(200*scale, (120-10)*scale).RGBA()
		if byte(r>>8) != ink.Pin.R || byte(g>>8) != ink.Pin.G || byte(b>>8) != ink.Pin.B {
			t.Errorf("%s has no marker in its middle", name)
		}
	}
	for _, name := range []string{"light@3x.png", "pink.png", "light.gif", "..%2flight.png"} {
		f.get("maya", page+"/map/"+name, http.StatusNotFound)
	}
	f.get("otto", page+"/map/light.png", http.StatusNotFound)
}
