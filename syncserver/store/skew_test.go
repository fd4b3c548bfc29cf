package store_test

import (
	"bytes"
	"testing"

	"cityhall/shared/city"
)

// TestWhatANewerDeviceSays: a type that nobody here knows is a person's, whole;
// arguments that nobody here knows are kept as they came; the stream goes on.
func TestWhatANewerDeviceSays(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		tablet := f.crewTablet()
		request, _ := f.fallenTree(f.enrolled(city.DeviceKiosk, city.ScopePublic))
		strange := tablet.prepared(treeCrew, &city.AddNote{Note: city.NewID(), Request: request, Text: "x"})
		strange.Type, strange.Args = "drone.land@7", []byte(`{"request":"`+string(request)+`","speed":3}`)
		richer := tablet.prepared(treeCrew, &city.AddNote{Note: city.NewID(), Request: request, Text: "Mind the dog"})
		richer.Args = append(bytes.TrimSuffix(richer.Args, []byte("}")), `,"mood":"cheerful"}`...)
		plain := tablet.prepared(treeCrew, &city.AddNote{Note: city.NewID(), Request: request, Text: "And on"})
		got := tablet.push(strange, richer, plain)
		wantVerdicts(t, got, "refused unknown_type", "applied", "applied")
		if r := f.review(got[0].Review); r.Type != strange.Type || string(r.Payload) != string(strange.Args) || r.About.ID != request {
			t.Errorf("the review has %s %s about %s", r.Type, r.Payload, r.About)
		}
		var kept []byte
		if err := f.DB().QueryRow(`SELECT envelope FROM mutation WHERE id = $1`, richer.ID).Scan(&kept); err != nil || !bytes.Contains(kept, []byte(`"mood":"cheerful"`)) {
			t.Errorf("the archive has %s, %v", kept, err)
		}
	})
}
