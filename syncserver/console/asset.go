package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"cityhall/shared/look"
)

//go:embed assets/console.css assets/console.js
var files embed.FS

// asset is a file that everybody may have.
type asset struct {
	data    []byte
	kind    string
	version string // changes with the content, so that browsers may keep it for long
}

var kinds = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8",
	".svg": "image/svg+xml"}

// loadAssets is the same for every console of a process.
var loadAssets = sync.OnceValues(readAssets)

func readAssets() (map[string]asset, error) {
	css, err := files.ReadFile("assets/console.css")
	if err != nil {
		return nil, fmt.Errorf("console assets: %w", err)
	}
	js, err := files.ReadFile("assets/console.js")
	if err != nil {
		return nil, fmt.Errorf("console assets: %w", err)
	}
	all := map[string][]byte{
		"console.css": []byte(look.FontFaces(base+"/assets/") + look.CSS(look.Brand{}) + string(css)),
		"console.js":  js,
		"seal.svg":    []byte(look.IconBuilding.SVG(look.Day().Primary)),
	}
	for _, f := range look.WebFonts() {
		all[f.Name] = f.Data
	}
	out := map[string]asset{}
	for name, data := range all {
		sum := sha256.Sum256(data)
		out[name] = asset{data: data, kind: kinds[path.Ext(name)], version: hex.EncodeToString(sum[:6])}
	}
	return out, nil
}

func (c *Console) serveAsset(g *gin.Context) {
	a, ok := c.assets[g.Param("name")]
	if !ok {
		c.plain(g, http.StatusNotFound, "There is nothing here", "This address belongs to no file of the console.")
		return
	}
	h := g.Writer.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "public, max-age=300")
	if g.Query("v") == a.version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Set("ETag", `"`+a.version+`"`)
	http.ServeContent(g.Writer, g.Request, "", time.Time{}, bytes.NewReader(a.data))
}
