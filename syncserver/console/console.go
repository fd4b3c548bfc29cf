package console

import (
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"cityhall/syncserver/store"
	"cityhall/syncserver/store/read"
)

// base is where the console is mounted.
const base = "/console"

// Config is what a Console needs.
type Config struct {
	Store *store.Store
	Now   func() time.Time
	Log   *slog.Logger
	// URL is the address of the sync server that an enrolment names, without a
	// slash at its end. Empty means the address that the browser used.
	URL string
}

// Console is the staff's web.
type Console struct {
	Config
	read    *read.Reader
	pages   map[string]*template.Template
	assets  map[string]asset
	cross   *http.CrossOriginProtection
	closing chan struct{}
	once    sync.Once
}

// New makes a Console. It fails only when its own templates or assets do.
func New(c Config) (*Console, error) {
	if c.Store == nil || c.Now == nil || c.Log == nil {
		return nil, errors.New("console: store, clock and log are needed")
	}
	console := &Console{Config: c, read: read.New(c.Store.DB()), closing: make(chan struct{}), cross: http.NewCrossOriginProtection()}
	var err error
	if console.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	console.pages, err = loadPages()
	return console, err
}

// Close ends the live streams, so that a server can shut down in time.
func (c *Console) Close() { c.once.Do(func() { close(c.closing) }) }

// Register adds the routes below /console.
func (c *Console) Register(r gin.IRouter) {
	g := r.Group(base, c.guard)
	g.GET("/assets/:name", c.serveAsset)
	g.GET("/sign-in", c.showSignIn)
	g.POST("/sign-in", c.signIn)

	in := g.Group("", c.needSession)
	in.POST("/sign-out", c.with((*call).signOut))
	in.GET("", c.with((*call).home))
	in.GET("/live", c.with((*call).live))
	in.GET("/requests", c.with((*call).inbox))
	in.GET("/requests/:id", c.with((*call).request))
	for _, a := range actions {
		in.POST("/requests/:id/"+a.name, c.with(a.post))
	}
	in.GET("/photos/:id", c.with((*call).photo))
	in.GET("/reviews", c.with((*call).reviews))
	in.GET("/reviews/:id", c.with((*call).review))
	in.POST("/reviews/:id", c.with((*call).decide))
	in.GET("/salvage", c.with((*call).salvage))
	in.POST("/salvage/:id", c.with((*call).settle))
	in.GET("/devices", c.with((*call).devices))
	in.GET("/devices/enrol", c.with((*call).enrolForm))
	in.POST("/devices/enrol", c.with((*call).enrol))
	in.GET("/devices/enrolments/:id", c.with((*call).enrolment))
	in.GET("/devices/enrolments/:id/qr.png", c.with((*call).enrolmentQR))
	in.GET("/devices/:id/crews", c.with((*call).crewsForm))
	in.POST("/devices/:id/crews", c.with((*call).crews))
	in.GET("/devices/:id/revoke", c.with((*call).revokeForm))
	in.POST("/devices/:id/revoke", c.with((*call).revoke))
	in.GET("/devices/:id/wipe", c.with((*call).wipeForm))
	in.POST("/devices/:id/wipe", c.with((*call).wipe))
}
