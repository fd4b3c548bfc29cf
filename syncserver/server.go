package syncserver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/net/netutil"

	"cityhall/shared/keys"
	"cityhall/shared/protocol"
	"cityhall/syncserver/console"
	"cityhall/syncserver/store"
	"cityhall/syncserver/tiles"
)

// Config is what a Server needs. Data is its folder: keys, blobs and, unless DB
// names another, the database.
type Config struct {
	Data string
	// Blobs is the folder of photos, or s3://bucket/prefix?endpoint=…&region=…; empty
	// means the folder blobs in Data.
	Blobs string
	DB    string // postgres:// address or file; empty means city.db in Data
	// MinPull is the oldest version of pulls that devices may read; see
	// protocol.PullVersion. Older ones are told to update, and may push all the same.
	MinPull int
	// Backups are made while the server serves; the zero value makes none.
	Backups BackupPlan
	// Horizon is how many changes a device may be behind before it has to begin with
	// a snapshot; 0 means 50,000.
	Horizon int64
	Now     func() time.Time
	// Several says that other servers may be on the same PostgreSQL; see store.Config.
	Several bool
	Log     *slog.Logger
}

// Server is the city's server.
type Server struct {
	store        *store.Store
	keys         *keys.ServerKeys
	nonces       *keys.Nonces
	now          func() time.Time
	log          *slog.Logger
	engine       *gin.Engine
	office       *console.Console
	tiles        *tiles.Tiles
	plan         BackupPlan
	lives        *hub
	streams      sync.WaitGroup // live connections out of the HTTP server's hands
	writes       *gate          // of calls that write, hello too
	reads        *gate          // of calls that read the log or many records
	room         *room          // of bodies and answers in memory
	photos       photosLook
	lastSettings atomic.Pointer[settingsAt]
	minPull      int           // Config.MinPull
	ending       chan struct{} // closed when live connections are to end
	turns        chan struct{} // of comparisons, which read every record
}

// maxNonces bounds the memory of the guard against replays, 20 bytes each: some
// 3,000 requests a second for as long as it remembers them.
const maxNonces = 2_000_000

// Open opens the store and builds the routes. It does not listen yet.
func Open(ctx context.Context, c Config) (*Server, error) {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	if err := store.Restoring(c.Data); err != nil {
		return nil, err
	}
	if err := c.Backups.check(c.DB); err != nil {
		return nil, err
	}
	k, err := keys.OpenServerKeys(c.Data, nil)
	if err != nil {
		return nil, err
	}
	db := c.DB
	if db == "" {
		db = filepath.Join(c.Data, "city.db")
	}
	st, err := store.Open(ctx, store.Config{DB: db, Blobs: cmp.Or(c.Blobs, filepath.Join(c.Data, "blobs")),
		Snapshots: filepath.Join(c.Data, "snapshots"), Horizon: c.Horizon, Ledger: filepath.Join(c.Data, "ledger"), Keys: k, Now: c.Now, Several: c.Several, Log: c.Log})
	if err != nil {
		return nil, err
	}
	s := &Server{lives: newHub(st, st.Now, c.Log), writes: newGate(maxWrites, st.Now), reads: newGate(maxReads, st.Now), room: &room{}, store: st, keys: k,
		nonces: keys.NewNonces(protocol.ClockSkew, maxNonces), now: st.Now, log: c.Log,
		plan: c.Backups, minPull: c.MinPull, ending: make(chan struct{}), turns: make(chan struct{}, maxComparisons)}
	s.tiles = tiles.New(tiles.Config{Store: st, Folder: filepath.Join(c.Data, "tiles"), Now: st.Now, Log: c.Log})
	if err := s.routes(filepath.Join(c.Data, "sticks")); err != nil {
		return nil, errors.Join(err, s.tiles.Close(), st.Close())
	}
	return s, nil
}

// Store is the server's store, for set-up and tests.
func (s *Server) Store() *store.Store { return s.store }

// Keys are the server's keys.
func (s *Server) Keys() *keys.ServerKeys { return s.keys }

// Handler answers requests.
func (s *Server) Handler() http.Handler { return s.engine }

// Routes lists what it answers to, for the tests that cover every route.
func (s *Server) Routes() gin.RoutesInfo { return s.engine.Routes() }

// Close closes the store. Serve must have returned.
func (s *Server) Close() error {
	s.lives.close()
	s.streams.Wait()
	return errors.Join(s.tiles.Close(), s.store.Close())
}

func (s *Server) routes(sticks string) error {
	gin.SetMode(gin.ReleaseMode)
	s.engine = gin.New()
	if err := s.engine.SetTrustedProxies(nil); err != nil { // gin trusts everybody until told not to
		return err
	}
	s.engine.Use(s.recoverPanic)
	s.engine.GET("/healthz", s.health)
	api := s.engine.Group(protocol.Path)
	api.POST("/enroll", s.enroll)
	api.POST("/hello", s.device(protocol.MaxHello, anyTime, s.writes, s.hello))
	api.HEAD("/hello", s.device(0, inTime, s.reads, s.idle))
	api.POST("/push", s.device(protocol.MaxPushBody, inTime, s.writes, s.push))
	api.POST("/quarantine", s.device(protocol.MaxPushBody, inTime, s.writes, s.quarantine))
	api.GET("/pull", s.device(0, inTime, s.reads, s.current(s.pull)))
	api.GET("/snapshot", s.device(0, inTime, s.reads, long(s.current(s.snapshot))))
	api.GET("/snapshot/:sha256", s.device(0, inTime, s.reads, long(s.current(s.snapshotPart))))
	api.POST("/reconcile", s.device(protocol.MaxReconcile, inTime, s.reads, s.reconcile))
	api.POST("/verify", s.device(protocol.MaxVerify, inTime, s.reads, s.current(s.verify)))
	api.POST("/salvage", s.device(protocol.MaxSalvageBody, inTime, s.writes, s.salvage))
	api.GET("/live", s.device(0, inTime, s.reads, long(s.live)))
	api.HEAD("/blobs/:sha256", s.device(0, inTime, s.reads, long(s.blobHead)))
	api.GET("/blobs/:sha256", s.device(0, inTime, s.reads, long(s.blobGet)))
	api.POST("/blobs/:sha256", s.device(0, inTime, s.reads, long(s.blobBegin)))
	api.PATCH("/blobs/:sha256", s.device(protocol.MaxChunk, inTime, s.reads, long(s.blobAppend)))
	s.engine.NoRoute(func(c *gin.Context) { problem(c, http.StatusNotFound, protocol.CodeNotFound, "no such page") })
	var err error
	if s.office, err = console.New(console.Config{Store: s.store, Map: s.tiles, Now: s.now, Log: s.log,
		Sticks: console.Sticks{Folder: sticks, Import: Desk{s.store, s.keys, s.now, s.log}.Take}}); err != nil {
		return err
	}
	s.office.Register(s.engine)
	s.tiles.Register(s.engine)
	s.engine.GET("/", func(c *gin.Context) { c.Redirect(http.StatusSeeOther, "/console") })
	return nil
}

// Serve answers on the listener until ctx ends, then lets requests finish for up
// to five seconds.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	ctx, stop := context.WithCancel(ctx)
	srv := &http.Server{Handler: s.engine, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: readPatience, WriteTimeout: writePatience,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10}
	l = netutil.LimitListener(l, maxConnections())
	backups, photos := s.startBackups(ctx), s.startKeepingPhotos(ctx)
	defer func() {
		stop()
		<-backups
		<-photos
	}()
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	close(s.ending)
	s.office.Close()
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := srv.Shutdown(end); err != nil {
		return errors.Join(fmt.Errorf("shut down: %w", err), srv.Close())
	}
	return nil
}

// health says that the server answers and that its database can be written. What
// is wrong is said to whoever asks: it names sessions of the database, no residents.
func (s *Server) health(c *gin.Context) {
	head, err := s.store.Head(c.Request.Context())
	if err != nil {
		s.log.Error("health", "err", err)
		problem(c, http.StatusServiceUnavailable, protocol.CodeBusy, "the database does not answer")
		return
	}
	if why := s.store.Trouble(); why != "" {
		problem(c, http.StatusServiceUnavailable, protocol.CodeBusy, why)
		return
	}
	// Without photos the rest goes on: no balancer need take this server out.
	photos := s.photos.look(c.Request.Context(), s.store, s.now(), s.log)
	c.JSON(http.StatusOK, gin.H{"ok": true, "head": head.Seq, "safe": head.Safe, "photos": photos})
}

// problem answers with what is wrong.
func problem(c *gin.Context, status int, code protocol.Code, message string) {
	c.AbortWithStatusJSON(status, protocol.Problem{Code: code, Message: message})
}

// broken answers for a failure of ours and logs it once.
func (s *Server) broken(c *gin.Context, err error) {
	if errors.Is(err, context.Canceled) || errors.Is(err, store.ErrClosed) {
		problem(c, http.StatusServiceUnavailable, protocol.CodeBusy, "the server is stopping")
		return
	}
	if store.Unavailable(err) {
		s.store.NoteTrouble(err)
		s.log.Warn("the database is not to be had", "method", c.Request.Method, "path", c.FullPath(), "err", err)
		c.Header("Retry-After", "2")
		problem(c, http.StatusServiceUnavailable, protocol.CodeBusy, "the database is not to be had just now; try again")
		return
	}
	s.log.Error("request failed", "method", c.Request.Method, "path", c.FullPath(), "err", err)
	problem(c, http.StatusInternalServerError, protocol.CodeInternal, "our fault; try again later")
}

func (s *Server) recoverPanic(c *gin.Context) {
	defer func() {
		if r := recover(); r != nil {
			if r == http.ErrAbortHandler {
				panic(r)
			}
			s.broken(c, fmt.Errorf("panic: %v", r))
		}
	}()
	c.Next()
}
