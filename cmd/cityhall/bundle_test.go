package main_test

import (
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/replica"
	"cityhall/syncserver"
	"cityhall/syncserver/store"
)

// TestKioskWithoutALine carries a kiosk's report to the city and its answer back on
// a stick, by the commands of whoever looks after the kiosk.
func TestKioskWithoutALine(t *testing.T) {
	root, stick := t.TempDir(), t.TempDir()
	data, device := filepath.Join(root, "server"), filepath.Join(root, "kiosk")
	server, err := syncserver.Open(t.Context(), syncserver.Config{Data: data, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	acts := []store.Dated{
		{ID: city.NewMutationID(), At: time.Now(), Act: &city.SetCity{Settings: city.Settings{Name: "Fernvale", TimeZone: "UTC", Languages: []string{"en"}}}},
		{ID: city.NewMutationID(), At: time.Now(), Act: &city.PublishService{ID: "tree", Service: city.Service{Name: city.Text{"en": "Fallen tree"}, Icon: "tree", Group: "trees", Department: "parks", Active: true, Version: 1}}},
	}
	if err := server.Store().Import(t.Context(), acts); err != nil {
		t.Fatal(err)
	}
	line := httptest.NewServer(server.Handler())
	code, err := server.Store().CreateEnrolment(t.Context(), city.DeviceKiosk, "Village shop", []city.Scope{city.ScopePublic}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	open := func() *replica.Replica {
		r, err := replica.Open(t.Context(), replica.Config{Dir: device, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	kiosk := open()
	if _, err := kiosk.Enrol(t.Context(), keys.Enrolment{URL: line.URL, Code: code, Fingerprint: server.Keys().Identity.Public().Fingerprint()}.Link(), "Village shop"); err != nil {
		t.Fatal(err)
	}
	if err := kiosk.Step(t.Context()); err != nil {
		t.Fatal(err)
	}
	line.Close() // for ever
	request := city.NewID()
	ids, err := kiosk.Record(t.Context(), replica.Entry{Actor: city.Actor{Kind: city.ActorResident}, Title: "Fallen tree",
		Act: &city.FileRequest{Request: request, Service: "tree", Version: 1, Place: city.Place{Address: "1 Mill Lane"}, Description: "It lies across the ford."}})
	if err != nil {
		t.Fatal(err)
	}
	running, err := replica.Occupy(device)
	if err != nil {
		t.Fatal(err)
	}
	if out := cityhall(t, "", false, "bundle", "export", "-device", device, stick); !strings.Contains(out, "stop the device's app first") {
		t.Errorf("beside the running kiosk: %s", out)
	}
	if err := kiosk.Close(); err != nil {
		t.Fatal(err)
	}
	running.Close()

	if out := cityhall(t, "", true, "bundle", "export", "-device", device, stick); !strings.Contains(out, ": 1 acts, 0 photos") {
		t.Errorf("export: %s", out)
	}
	files, err := filepath.Glob(filepath.Join(stick, "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("on the stick: %q %v", files, err)
	}
	out := cityhall(t, "", true, "bundle", "import", "-data", data, files[0])
	if !strings.Contains(out, "from Village shop: 1 acts, 1 of them new, 0 refused") {
		t.Errorf("import: %s", out)
	}
	if _, there, err := server.Store().View(t.Context()).Record(city.Ref{Kind: city.KindRequest, ID: request}); !there || err != nil {
		t.Errorf("the city has the request: %t %v", there, err)
	}
	files, err = filepath.Glob(filepath.Join(stick, "*answer*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("the answer on the stick: %q %v\n%s", files, err, out)
	}
	if out := cityhall(t, "", true, "bundle", "answer", "-device", device, files[0]); !strings.Contains(out, "yet to confirm 0 acts") {
		t.Errorf("answer: %s", out)
	}
	if out := cityhall(t, "", false, "bundle", "answer", "-device", device, files[0]); !strings.Contains(out, "read before") {
		t.Errorf("the same answer again: %s", out)
	}
	kiosk = open()
	defer kiosk.Close()
	item, ok, err := kiosk.Item(t.Context(), ids[0])
	if err != nil || !ok || item.State != replica.StateReceived {
		t.Errorf("at the kiosk the report is %+v (%t, %v)", item, ok, err)
	}
}
