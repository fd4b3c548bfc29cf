package replica_test

import (
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/replica"
)

// FuzzPage feeds what a server, or somebody in its place, answers to a pull. A page
// that is whole is kept, and what is kept can be shown.
func FuzzPage(f *testing.F) {
	r, err := replica.Open(f.Context(), replica.Config{Dir: f.TempDir(), Now: clock})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { r.Close() })
	if _, err := replica.Join(f.Context(), r, city.DeviceTablet, city.ScopePublic); err != nil {
		f.Fatal(err)
	}
	const id = "01900000-0000-7000-8000-000000000001"
	end := `{"end":{"cursor":"c","count":1}}`
	f.Add([]byte(`{"put":{"kind":"request","id":"` + id + `","seq":1,"full":true,"fields":{"number":"1"},"w":"` + id + `"}}` + "\n" + end))
	f.Add([]byte(`{"put":{"kind":"service","id":"tree","seq":2,"fields":{"name":null,"later":[1]},"ws":{"name":""}}}` + "\n" + end))
	f.Add([]byte(`{"evict":{"kind":"photo","id":"` + id + `","seq":3}}` + "\n" + end))
	f.Add([]byte(`{"ack":{"mutation":"` + id + `","seq":-1,"verdict":"x"}}` + "\n" + end))
	f.Add([]byte(`{"later":{}}` + "\n" + `{"end":{"cursor":"c","count":1,"safe_seq":9223372036854775807,"more":true}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if err := replica.KeepPage(t.Context(), r, body); err != nil {
			t.Fatalf("a page that is whole is not kept: %v", err)
		}
		for _, kind := range []city.Kind{city.KindRequest, city.KindService, city.KindPhoto} {
			if _, err := r.Records(t.Context(), kind); err != nil {
				t.Fatal(err)
			}
		}
	})
}
