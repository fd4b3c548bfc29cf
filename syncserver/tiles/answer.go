package tiles

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"

	"github.com/gin-gonic/gin"

	"cityhall/shared/basemap"
	"cityhall/shared/look"
)

// Theme reads "light", "dark" and "contrast".
func Theme(name string) (look.MapTheme, bool) {
	theme, ok := map[string]look.MapTheme{"light": look.MapLight, "dark": look.MapDark, "contrast": look.MapContrast}[name]
	return theme, ok
}

// Register adds the route.
func (t *Tiles) Register(r gin.IRouter) { r.GET("/tiles/:theme/:z/:x/:name", t.serve) }

var lastPart = regexp.MustCompile(`^([0-9]{1,8})(@2x)?\.png$`)

// address reads which tile is asked for; false for one that there can be none of.
func address(g *gin.Context) (t look.MapTile, ok bool) {
	theme, known := Theme(g.Param("theme"))
	last := lastPart.FindStringSubmatch(g.Param("name"))
	if !known || last == nil || len(g.Param("z")) > 2 || len(g.Param("x")) > 8 {
		return t, false
	}
	z, zErr := strconv.ParseUint(g.Param("z"), 10, 8)
	x, xErr := strconv.ParseUint(g.Param("x"), 10, 32)
	y, yErr := strconv.ParseUint(last[1], 10, 32)
	if errors.Join(zErr, xErr, yErr) != nil || z > 24 || x >= 1<<z || y >= 1<<z {
		return t, false
	}
	t = look.MapTile{Z: int(z), X: int(x), Y: int(y), Scale: 1, Theme: theme}
	if last[2] != "" {
		t.Scale = 2
	}
	return t, true
}

func (t *Tiles) serve(g *gin.Context) {
	tile, ok := address(g)
	if !ok {
		refuse(g, http.StatusNotFound, "there is no such tile")
		return
	}
	s, release, err := t.hold(g.Request.Context())
	if err != nil {
		refuse(g, http.StatusNotFound, ErrNoMap.Error())
		return
	}
	defer release()
	tag := fmt.Sprintf(`"%s-%d-%d-%d-%d-%d"`, s.pictures.Edition(), tile.Theme, tile.Scale, tile.Z, tile.X, tile.Y)
	h := g.Writer.Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("X-Content-Type-Options", "nosniff")
	if g.GetHeader("If-None-Match") == tag {
		g.Status(http.StatusNotModified)
		return
	}
	if tile.Z < basemap.MinZoom || tile.Z > basemap.MaxZoom || !basemap.Touches(tile, s.extent) {
		g.Data(http.StatusOK, "image/png", basemap.Plain(tile))
		return
	}
	ctx, done, err := t.wait(g.Request.Context())
	if err == nil {
		defer done()
		var raw []byte
		if raw, err = s.pictures.PNG(ctx, tile); err == nil {
			g.Data(http.StatusOK, "image/png", raw)
			return
		}
	}
	h.Del("ETag")
	h.Set("Cache-Control", "no-store")
	if errors.Is(err, ErrBusy) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		h.Set("Retry-After", "5")
		refuse(g, http.StatusServiceUnavailable, ErrBusy.Error())
		return
	}
	t.Log.Error("draw a tile", "err", err)
	refuse(g, http.StatusInternalServerError, "the tile cannot be drawn")
}

func refuse(g *gin.Context, status int, why string) {
	g.Data(status, "text/plain; charset=utf-8", []byte(why+"\n"))
}
