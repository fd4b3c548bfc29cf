package town

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"cityhall/shared/atlas"
	"cityhall/shared/city"
	"cityhall/shared/demo"
)

// alderBend is the demo city's geography and its places file, made once.
var alderBend = sync.OnceValues(func() (geography atlas.Geography, file []byte) {
	geography = demo.New(1, time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)).Geography
	dir, err := os.MkdirTemp("", "town")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "places.db")
	if err := atlas.Build(context.Background(), path, geography); err != nil {
		panic(err)
	}
	if file, err = os.ReadFile(path); err != nil {
		panic(err)
	}
	return geography, file
})

// Places is the places file of Alder Bend.
func Places() []byte {
	_, file := alderBend()
	return file
}

// OnMap makes the town Alder Bend, which has streets, districts and hydrants.
// Devices have its places file after two rounds.
func (w *Town) OnMap() {
	w.t.Helper()
	g, file := alderBend()
	sha, err := w.Server.Store().PutBlob(w.t.Context(), file)
	if err != nil {
		w.t.Fatal(err)
	}
	settings := city.Settings{Name: "Alder Bend", TimeZone: "America/New_York", Languages: []string{"en", "es"}, Phone: "555 0100", Places: sha}
	for _, a := range g.Areas {
		if a.Kind == atlas.AreaDistrict {
			settings.Districts = append(settings.Districts, city.District{ID: city.ID(a.Key), Name: a.Name})
		}
	}
	w.Act(&city.SetCity{Settings: settings})
}

// House is an address of Alder Bend, such as "120 Maple Avenue", on the map.
func (w *Town) House(address string) city.Place {
	w.t.Helper()
	g, _ := alderBend()
	first, name, _ := strings.Cut(address, " ")
	number, err := strconv.Atoi(first)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, street := range g.Streets {
		if p, ok := street.House(number); ok && street.Name == name {
			district, _ := g.DistrictAt(p)
			return city.Place{Address: address, Lat: p.Lat, Lon: p.Lon, District: city.ID(district.Key)}
		}
	}
	w.t.Fatalf("no house %s", address)
	return city.Place{}
}
