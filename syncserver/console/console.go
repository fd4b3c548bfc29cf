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
	"cityhall/syncserver/tiles"
)

// base is where the console is mounted.
const base = "/console"

// Config is what a Console needs.
type Config struct {
	Store *store.Store
	Map   *tiles.Tiles // nil shows no pictures of places
	Now   func() time.Time
	Log   *slog.Logger
	// URL is the address of the sync server that an enrolment names, without a
	// slash at its end. Empty means the address that the browser used.
	URL    string
	Sticks Sticks
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
	// busySticks has an entry for each stick that is being taken in.
	busySticks chan struct{}
}

// New makes a Console. It fails only when its own templates or assets do.
func New(c Config) (*Console, error) {
	if c.Store == nil || c.Now == nil || c.Log == nil || c.Sticks.Import == nil {
		return nil, errors.New("console: store, clock, log and what takes sticks are needed")
	}
	console := &Console{Config: c, read: read.New(c.Store.DB()), closing: make(chan struct{}), cross: http.NewCrossOriginProtection(), busySticks: make(chan struct{}, maxSticks)}
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
	in.GET("/requests/:id/map/:picture", c.with((*call).mapPicture))
	for _, a := range actions {
		in.POST("/requests/:id/"+a.name, c.with(a.post))
	}
	in.GET("/photos/:id", c.with((*call).photo))
	in.GET("/reviews", c.with((*call).reviews))
	in.GET("/reviews/:id", c.with((*call).review))
	in.POST("/reviews/:id", c.with((*call).decide))
	in.GET("/notices", c.with((*call).notices))
	in.GET("/notices/new", c.with((*call).newNotice))
	in.POST("/notices/new", c.with((*call).publishNotice))
	in.GET("/notices/:id", c.with((*call).notice))
	in.POST("/notices/:id", c.with((*call).editNotice))
	in.POST("/notices/:id/withdraw", c.with((*call).withdrawNotice))
	in.GET("/salvage", c.with((*call).salvage))
	in.POST("/salvage/:id", c.with((*call).settle))
	in.GET("/devices", c.with((*call).devices))
	in.GET("/devices/enrol", c.with((*call).enrolForm))
	in.POST("/devices/enrol", c.with((*call).enrol))
	in.GET("/devices/enrolments/:id", c.with((*call).enrolment))
	in.GET("/devices/enrolments/:id/qr.png", c.with((*call).enrolmentQR))
	in.GET("/devices/stick", c.with((*call).stickForm))
	in.POST("/devices/stick", c.with((*call).takeStick))
	in.GET("/devices/sticks/:id", c.with((*call).stick))
	in.GET("/devices/sticks/:id/answer", c.with((*call).stickAnswer))
	in.GET("/devices/:id/crews", c.with((*call).crewsForm))
	in.POST("/devices/:id/crews", c.with((*call).crews))
	in.GET("/devices/:id/revoke", c.with((*call).revokeForm))
	in.POST("/devices/:id/revoke", c.with((*call).revoke))
	in.GET("/devices/:id/wipe", c.with((*call).wipeForm))
	in.POST("/devices/:id/wipe", c.with((*call).wipe))
}
