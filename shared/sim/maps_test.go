package sim_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
)

// named is a city whose settings name these files.
func named(t *testing.T, c *sim.City, places, own []byte) (placesName, ownName string) {
	t.Helper()
	set := city.Settings{Name: "Testburg", TimeZone: "UTC", Languages: []string{"en"}}
	for _, f := range []struct {
		raw  []byte
		name *string
	}{{places, &set.Places}, {own, &set.Map}} {
		if f.raw == nil {
			continue
		}
		sha, err := c.Server().Store().PutBlob(ctx, f.raw)
		if err != nil {
			t.Fatal(err)
		}
		*f.name = sha
	}
	if _, err := c.Server().Store().Act(ctx, city.Actor{Kind: city.ActorSystem}, city.NewMutationID(), 1<<40, &city.SetCity{Settings: set}); err != nil {
		t.Fatal(err)
	}
	return set.Places, set.Map
}

// A large map comes in several rounds, and what is entered meanwhile does not wait
// for it. It goes on where the line broke, and is never used before it is whole.
func TestMapComesInRounds(t *testing.T) {
	own := bytes.Repeat([]byte("tiles of the city "), 700_000) // 12.6 MB, thirteen pieces
	for name, harm := range map[string]func(part string) error{
		"nothing happens":     func(string) error { return nil },
		"what came is harmed": func(part string) error { return os.WriteFile(part, []byte("no map"), 0o600) },
		"longer than all":     func(part string) error { return os.WriteFile(part, append(own, own...), 0o600) },
		"it has come whole":   func(part string) error { return os.WriteFile(part, own, 0o600) },
		"it is gone":          os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			c := newCity(t)
			r, dir := newReplicaIn(t, c, line(c))
			places, sha := named(t, c, []byte("places"), own)
			step(t, r)
			if _, have := r.BlobPath(places); !have {
				t.Error("the places wait for the map")
			}
			if _, have := r.BlobPath(sha); have {
				t.Fatal("thirteen pieces came in one round")
			}
			part := filepath.Join(dir, "fetched", sha+".part")
			if info, err := os.Stat(part); err != nil || info.Size() != 8<<20 {
				t.Fatalf("of the map there is %v, %v", info, err)
			}
			if err := harm(part); err != nil {
				t.Fatal(err)
			}
			id := record(t, r, replica.Entry{Actor: ana, Act: &city.FileRequest{Request: city.NewID(), Service: "tree", Version: 1, Place: city.Place{Address: "1 Main St"}}})
			step(t, r)
			if s := state(t, r, id); s != replica.StateReceived {
				t.Errorf("the act is %v", s)
			}
			for range 4 {
				if err := r.Step(ctx); err != nil && name != "what came is harmed" {
					t.Fatal(err)
				}
			}
			path, have := r.BlobPath(sha)
			if !have {
				t.Fatal("the map does not come")
			}
			if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, own) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			if _, err := os.Stat(part); err == nil {
				t.Error("the part stays behind")
			}
		})
	}
}

// On a link that costs, the places come and the map waits.
func TestMapWaitsOnMeteredLinks(t *testing.T) {
	c := newCity(t)
	metered := true
	r := newReplicaOn(t, c, func() bool { return metered })
	places, sha := named(t, c, []byte("places"), []byte("tiles"))
	step(t, r)
	_, have := r.BlobPath(places)
	if _, early := r.BlobPath(sha); !have || early {
		t.Errorf("the places are there: %v, the map: %v", have, early)
	}
	metered = false
	step(t, r)
	if _, have := r.BlobPath(sha); !have {
		t.Error("the map does not come")
	}
}

// What no record names is no device's to have.
func TestMapOfBefore(t *testing.T) {
	c := newCity(t)
	r, _ := newReplicaIn(t, c, line(c))
	_, first := named(t, c, nil, []byte("tiles"))
	named(t, c, nil, []byte("other tiles"))
	step(t, r)
	_, err := r.FetchBlob(ctx, first)
	wantCode(t, err, city.CodeUnknown)
}
