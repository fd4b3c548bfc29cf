package syncserver_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"cityhall/shared/protocol"
	"cityhall/syncserver"
)

// TestTooOldToPull: the server's bound, from the outside. Only reading is
// refused; a push is taken whatever the header says.
func TestTooOldToPull(t *testing.T) {
	h := newHall(t)
	c := h.enrol()
	dir := t.TempDir()
	strict, err := syncserver.Open(context.Background(), syncserver.Config{Data: dir, MinPull: 2, Now: func() time.Time { return h.now }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { strict.Close() })
	ask := func(h *hall, c *caller, method, path, version string, body []byte) (int, protocol.Code) {
		r := c.request(method, path, body)
		if version != "" {
			r.Header.Set(protocol.VersionHeader, version)
		}
		res := c.do(r)
		var p protocol.Problem
		_ = json.Unmarshal(res.Body.Bytes(), &p) // a success is no problem
		return res.Code, p.Code
	}
	two := &hall{Server: strict, t: t, now: h.now}
	d := two.enrol()
	for _, row := range []struct {
		h       *hall
		c       *caller
		version string
		want    int
		code    protocol.Code
	}{
		{h, c, "", 200, ""}, {h, c, "1", 200, ""}, {h, c, "99", 200, ""}, {h, c, "0", 426, protocol.CodeUpgrade},
		{h, c, "one", 400, protocol.CodeMalformed}, {h, c, "-1", 400, protocol.CodeMalformed}, {h, c, strings.Repeat("9", 40), 400, protocol.CodeMalformed},
		{two, d, "", 426, protocol.CodeUpgrade}, {two, d, "1", 426, protocol.CodeUpgrade}, {two, d, "2", 200, ""},
	} {
		if got, code := ask(row.h, row.c, "GET", "/sync/v1/pull", row.version, nil); got != row.want || row.code != "" && code != row.code {
			t.Errorf("version %q: %d %s, want %d %s", row.version, got, code, row.want, row.code)
		}
	}
	if got, code := ask(h, c, "POST", "/sync/v1/push", "0", pushBody(t, "old")); got != http.StatusOK {
		t.Errorf("an old device's push: %d %s", got, code)
	}
}
