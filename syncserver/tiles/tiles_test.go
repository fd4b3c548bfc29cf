package tiles_test

import (
	"bytes"
	"context"
	"image/png"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"cityhall/shared/atlas"
	"cityhall/shared/city"
	"cityhall/shared/demo"
	"cityhall/shared/keys"
	"cityhall/shared/look"
	"cityhall/syncserver/store"
	"cityhall/syncserver/tiles"
)

// hall is a city's store with its tiles.
type hall struct {
	t      *testing.T
	store  *store.Store
	tiles  *tiles.Tiles
	engine *gin.Engine
	folder string
	clock  atomic.Int64
}

func newHall(t *testing.T) *hall {
	t.Helper()
	gin.SetMode(gin.ReleaseMode)
	h := &hall{t: t, folder: filepath.Join(t.TempDir(), "tiles"), engine: gin.New()}
	h.clock.Store(time.Date(2026, time.May, 14, 14, 30, 0, 0, time.UTC).UnixMilli())
	now := func() time.Time { return time.UnixMilli(h.clock.Load()).UTC() }
	k, err := keys.NewServerKeys(nil)
	h.must(err)
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	dir := t.TempDir()
	h.store, err = store.Open(context.Background(), store.Config{DB: filepath.Join(dir, "city.db"), Blobs: filepath.Join(dir, "blobs"), Keys: k, Now: now, Log: log})
	h.must(err)
	t.Cleanup(func() { h.must(h.store.Close()) })
	h.tiles = tiles.New(tiles.Config{Store: h.store, Folder: h.folder, Now: now, Log: log})
	t.Cleanup(func() { h.must(h.tiles.Close()) })
	h.tiles.Register(h.engine)
	return h
}

func (h *hall) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// give makes a file the city's places; it is noticed at the next request.
func (h *hall) give(raw []byte) {
	h.t.Helper()
	sha, err := h.store.PutBlob(context.Background(), raw)
	h.must(err)
	head, err := h.store.Head(context.Background())
	h.must(err)
	_, err = h.store.Act(context.Background(), city.Actor{Kind: city.ActorSystem, Name: "set-up"}, city.NewMutationID(), head.Seq,
		&city.SetCity{Settings: city.Settings{Name: "Alder Bend", TimeZone: "UTC", Languages: []string{"en"}, Places: sha}})
	h.must(err)
	h.clock.Add(time.Minute.Milliseconds())
}

// places is a places file of the demo's city, or of one without landmarks.
func (h *hall) places(landmarks bool) []byte {
	h.t.Helper()
	g := demo.New(1, time.UnixMilli(h.clock.Load())).Geography
	if !landmarks {
		g.Spots = nil
	}
	path := filepath.Join(h.t.TempDir(), "places.db")
	h.must(atlas.Build(context.Background(), path, g))
	raw, err := os.ReadFile(path)
	h.must(err)
	return raw
}

func (h *hall) get(path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.engine.ServeHTTP(w, r)
	return w
}

// middle is the address of the tile at City Hall.
func middle(z int) (x, y string) {
	n := math.Exp2(float64(z))
	phi := 46.3 * math.Pi / 180
	return strconv.Itoa(int((-69.3 + 180) / 360 * n)), strconv.Itoa(int((1 - math.Log(math.Tan(phi)+1/math.Cos(phi))/math.Pi) / 2 * n))
}

// TestEveryAddress asks for what there is, what there is not, and what strangers try.
func TestEveryAddress(t *testing.T) {
	h := newHall(t)
	if w := h.get("/tiles/light/14/1/1.png"); w.Code != http.StatusNotFound || w.Header().Get("ETag") != "" {
		t.Errorf("without a map: %d", w.Code)
	}
	h.give(h.places(true))
	x, y := middle(14)
	here := "/14/" + x + "/" + y
	for path, want := range map[string]struct {
		status, side int
		plain        bool
	}{
		"/tiles/light" + here + ".png":              {200, 256, false},
		"/tiles/dark" + here + "@2x.png":            {200, 512, false},
		"/tiles/contrast" + here + ".png":           {200, 256, false},
		"/tiles/light/14/0/0.png":                   {200, 256, true}, // beyond the city
		"/tiles/dark/14/0/0@2x.png":                 {200, 512, true},
		"/tiles/light/0/0/0.png":                    {200, 256, true}, // from too far away
		"/tiles/light/24/16777215/0.png":            {200, 256, true}, // from too near
		"/tiles/pink" + here + ".png":               {404, 0, false},
		"/tiles/light" + here + "@3x.png":           {404, 0, false},
		"/tiles/light" + here + ".jpg":              {404, 0, false},
		"/tiles/light" + here:                       {404, 0, false},
		"/tiles/light/14/" + x + "/-1.png":          {404, 0, false},
		"/tiles/light/-1/0/0.png":                   {404, 0, false},
		"/tiles/light/14/16384/0.png":               {404, 0, false},
		"/tiles/light/25/0/0.png":                   {404, 0, false},
		"/tiles/light/99999999999999999999/0/0.png": {404, 0, false},
		"/tiles/light/14/1e3/0.png":                 {404, 0, false},
		"/tiles/light/14/%2e%2e/0.png":              {404, 0, false},
		"/tiles/light/14/0/..%2f..%2fcity.db.png":   {404, 0, false},
		"/tiles/": {404, 0, false},
	} {
		w := h.get(path)
		if w.Code != want.status {
			t.Errorf("%s: %d, want %d", path, w.Code, want.status)
			continue
		}
		if want.status != 200 {
			continue
		}
		img, err := png.Decode(bytes.NewReader(w.Body.Bytes()))
		if err != nil || img.Bounds().Dx() != want.side || w.Header().Get("Content-Type") != "image/png" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v, %v", path, err, w.Header())
		}
		if plain := w.Body.Len() < 1500; plain != want.plain {
			t.Errorf("%s: %d bytes", path, w.Body.Len())
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
		w := httptest.NewRecorder()
		h.engine.ServeHTTP(w, httptest.NewRequest(method, "/tiles/light"+here+".png", strings.NewReader("x")))
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
}

// TestTilesAreKeptByBrowsers until the city has another map, which is noticed soon.
func TestTilesAreKeptByBrowsers(t *testing.T) {
	h := newHall(t)
	h.give(h.places(true))
	x, y := middle(16)
	path := "/tiles/light/16/" + x + "/" + y + ".png"
	first := h.get(path)
	tag := first.Header().Get("ETag")
	if w := h.get(path, "If-None-Match", tag); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("the same again: %d, %d bytes", w.Code, w.Body.Len())
	}
	h.give(h.places(false))
	w := h.get(path, "If-None-Match", tag)
	if w.Code != http.StatusOK || bytes.Equal(w.Body.Bytes(), first.Body.Bytes()) {
		t.Errorf("another map: %d", w.Code)
	}
	if files, err := os.ReadDir(h.folder); err != nil || len(files) != 1 {
		t.Errorf("%v are left of two maps, %v", files, err)
	}
	h.give([]byte("no places file"))
	if w := h.get(path); w.Code != http.StatusOK {
		t.Errorf("a damaged map after a good one: %d", w.Code)
	}
}

// TestManyAtOnce has a crowd ask for more than can be drawn; each gets a tile or
// is told to come back.
func TestManyAtOnce(t *testing.T) {
	h := newHall(t)
	h.give(h.places(true))
	var all sync.WaitGroup
	var good, later atomic.Int64
	for i := range 300 {
		all.Go(func() {
			w := h.get("/tiles/light/18/" + strconv.Itoa(80600+i%20) + "/" + strconv.Itoa(92935+i/20) + ".png")
			switch {
			case w.Code == http.StatusOK:
				good.Add(1)
			case w.Code == http.StatusServiceUnavailable && w.Header().Get("Retry-After") != "" && w.Header().Get("ETag") == "":
				later.Add(1)
			default:
				t.Errorf("%d: %s", w.Code, w.Body)
			}
		})
	}
	all.Wait()
	if good.Load() == 0 || later.Load() == 0 {
		t.Errorf("%d tiles, %d to come back: that proves little", good.Load(), later.Load())
	}
}

// TestStill refuses places that are nowhere.
func TestStill(t *testing.T) {
	h := newHall(t)
	at := city.Place{Lat: 463_000_000, Lon: -693_000_000}
	if _, err := h.tiles.Still(t.Context(), at, 320, 180, 1, look.MapLight); err != tiles.ErrNoMap || h.tiles.There(t.Context()) {
		t.Errorf("without a map: %v", err)
	}
	h.give(h.places(true))
	if raw, err := h.tiles.Still(t.Context(), at, 320, 180, 1, look.MapLight); err != nil || len(raw) < 1000 || !h.tiles.There(t.Context()) {
		t.Errorf("%d bytes, %v", len(raw), err)
	}
	if _, err := h.tiles.Still(t.Context(), city.Place{Address: "12 Elm Street"}, 320, 180, 1, look.MapLight); err != tiles.ErrNoMap {
		t.Errorf("a place that is not on the map: %v", err)
	}
	if _, err := h.tiles.Still(t.Context(), at, 20_000, 20_000, 1, look.MapLight); err == nil {
		t.Error("a picture of any size is drawn")
	}
}
