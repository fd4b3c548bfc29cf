package console

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/syncserver/store/read"
)

const (
	cookieName = "cityhall_session"
	callKey    = "console.call"
	// maxForm is the most bytes of a form; the longest words take 16 kB.
	maxForm = 64 << 10
)

const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// guard sets what every answer carries and refuses what another site sends.
func (c *Console) guard(g *gin.Context) {
	h := g.Writer.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if err := c.cross.Check(g.Request); err != nil {
		c.plain(g, http.StatusForbidden, "This form came from another site", "Nothing was changed. Open the console itself and try again.")
		return
	}
	limit := int64(maxForm)
	switch g.FullPath() {
	case stickPath:
		limit += protocol.MaxBundle
	case base + "/sign-in":
		limit += maxForm // another form may be kept in it
	}
	g.Request.Body = http.MaxBytesReader(g.Writer, g.Request.Body, limit)
}

// call is one request by somebody who is signed in.
type call struct {
	*Console
	g     *gin.Context
	ctx   context.Context
	staff read.Staff
	token string
	city  city.Settings
	seen  int64 // head of the log before anything was read
	say   say
}

// needSession lets in who is signed in and sends everybody else to sign in.
func (c *Console) needSession(g *gin.Context) {
	ctx := g.Request.Context()
	token, _ := g.Cookie(cookieName)
	staff, ok, err := c.session(ctx, token)
	if err != nil {
		c.broken(g, err)
		return
	}
	if !ok {
		c.sendToSignIn(g)
		return
	}
	head, err := c.Store.Head(ctx)
	if err != nil {
		c.broken(g, err)
		return
	}
	settings, err := c.read.Settings(ctx)
	if err != nil {
		c.broken(g, err)
		return
	}
	g.Set(callKey, &call{Console: c, g: g, ctx: ctx, staff: staff, token: token, city: settings, seen: head.Seq,
		say: say{now: c.Now(), zone: settings.Zone()}})
}

func (c *Console) session(ctx context.Context, token string) (read.Staff, bool, error) {
	if token == "" {
		return read.Staff{}, false, nil
	}
	id, ok, err := c.Store.Session(ctx, token)
	if err != nil || !ok {
		return read.Staff{}, false, err
	}
	return c.read.Staff(ctx, id)
}

// with makes a handler of a page for somebody who is signed in.
func (c *Console) with(page func(*call)) gin.HandlerFunc {
	return func(g *gin.Context) { page(g.MustGet(callKey).(*call)) }
}

func (c *Console) sendToSignIn(g *gin.Context) {
	if c.keepTyped(g) {
		return
	}
	to := base + "/sign-in"
	if g.Request.Method == http.MethodGet && g.Request.Header.Get("X-Live") == "" {
		to += "?next=" + url.QueryEscape(g.Request.URL.RequestURI())
	}
	g.Redirect(http.StatusSeeOther, to)
	g.Abort()
}

type signInBody struct {
	Name, Next, Problem string
	NoName, NoPassword  bool
	Again               bool
	Typed               []typedField // in a form, before the session ended
}

// showSignIn shows the form. Who comes by a link on another site brings no
// strict cookie: the page then loads itself once more, and the cookie comes along.
func (c *Console) showSignIn(g *gin.Context) {
	next := safeNext(g.Query("next"))
	token, _ := g.Cookie(cookieName)
	_, ok, err := c.session(g.Request.Context(), token)
	switch {
	case err != nil:
		c.broken(g, err)
	case ok:
		g.Redirect(http.StatusSeeOther, next)
	case token == "" && g.Request.Header.Get("Sec-Fetch-Site") == "cross-site":
		g.Header("Refresh", "0")
		c.outside(g, http.StatusOK, "sign-in", "Sign in", signInBody{Next: next, Again: true})
	default:
		c.outside(g, http.StatusOK, "sign-in", "Sign in", signInBody{Next: next})
	}
}

func (c *Console) signIn(g *gin.Context) {
	b := signInBody{Name: strings.TrimSpace(g.PostForm("name")), Next: safeNext(g.PostForm("next")), Typed: typedFields(g.Request.PostForm, typedPrefix)}
	password := g.PostForm("password")
	b.NoName, b.NoPassword = b.Name == "", password == ""
	if b.NoName || b.NoPassword {
		c.outside(g, http.StatusUnprocessableEntity, "sign-in", "Sign in", b)
		return
	}
	token, staff, err := c.Store.SignIn(g.Request.Context(), b.Name, password)
	if e, refused := city.AsError(err); refused && e.Code == city.CodeSignIn {
		b.Problem = "This name and password do not fit together, or there were too many tries. After ten wrong tries a name is locked for 15 minutes."
		c.outside(g, http.StatusUnprocessableEntity, "sign-in", "Sign in", b)
		return
	}
	if err != nil {
		c.broken(g, err)
		return
	}
	c.setCookie(g, token, 0)
	if len(b.Typed) > 0 {
		c.offerTyped(g, staff, b)
		return
	}
	g.Redirect(http.StatusSeeOther, b.Next)
}

func (v *call) signOut() {
	if err := v.Store.SignOut(v.ctx, v.token); err != nil {
		v.broken(v.g, err)
		return
	}
	v.setCookie(v.g, "", -1)
	v.g.Redirect(http.StatusSeeOther, base+"/sign-in")
}

func (v *call) home() { v.g.Redirect(http.StatusSeeOther, base+"/requests") }

// setCookie writes the session. A proxy in front that speaks https says so.
func (c *Console) setCookie(g *gin.Context, token string, maxAge int) {
	secure := g.Request.TLS != nil || strings.EqualFold(g.Request.Header.Get("X-Forwarded-Proto"), "https")
	http.SetCookie(g.Writer, &http.Cookie{Name: cookieName, Value: token, Path: base, MaxAge: maxAge, Secure: secure, HttpOnly: true, SameSite: http.SameSiteStrictMode})
}

// safeNext keeps who signs in on our own pages.
func safeNext(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, base+"/") || strings.ContainsAny(next, "\\\r\n") || strings.Contains(u.Path, "//") {
		return base + "/requests"
	}
	return next
}
