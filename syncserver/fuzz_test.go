package syncserver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
	"cityhall/syncserver"
)

// FuzzPush feeds what a device with a good key might push. The server answers with
// verdicts or says what is wrong with the message, and is never at fault itself.
func FuzzPush(f *testing.F) {
	ctx, now := context.Background(), time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	s, err := syncserver.Open(ctx, syncserver.Config{Data: f.TempDir(), Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	code, err := s.Store().CreateEnrolment(ctx, city.DeviceTablet, "Van", []city.Scope{city.ScopePublic}, time.Hour)
	if err != nil {
		f.Fatal(err)
	}
	own, err := keys.NewIdentity(nil)
	if err != nil {
		f.Fatal(err)
	}
	device, err := s.Store().Enrol(ctx, code, own.Public(), "Van")
	if err != nil {
		f.Fatal(err)
	}
	header := `{"stream":"01900000-0000-7000-8000-000000000009","from":1}` + "\n"
	line := `{"n":1,"id":"01900000-0000-7000-8000-000000000001","type":"note.add@1","actor":{"kind":"crew","id":"tree"},"at":"2026-03-02T08:00:00Z","args":{"note":"01900000-0000-7000-8000-000000000002","request":"01900000-0000-7000-8000-000000000003","text":"x"}}`
	f.Add([]byte(header + line + "\n"))
	f.Add([]byte(header + line + "\n" + strings.ReplaceAll(strings.Replace(line, `"n":1`, `"n":2`, 1), "000001", "000004")))
	f.Add([]byte(header + `{"n":1,"id":"01900000-0000-7000-8000-000000000001","type":"x@9","sealed":{"key":"","body":"AA=="},"deps":["01900000-0000-7000-8000-000000000001"]}`))
	f.Add([]byte(header + `{"n":1e0,"id":"01900000-0000-7000-8000-000000000001","at":"9999-12-31T23:59:59Z","base":{"":""},"blobs":["\u0000"]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest("POST", protocol.Path+"/push", bytes.NewReader(body))
		nonce, err := keys.NewNonce(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := keys.Sign(r, body, string(device.ID), own, now, nonce); err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		if s.Handler().ServeHTTP(w, r); w.Code >= 500 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		for _, answer := range bytes.Split(bytes.TrimSpace(w.Body.Bytes()), []byte("\n")) {
			if !json.Valid(answer) {
				t.Fatalf("answered %q", answer)
			}
		}
	})
}
