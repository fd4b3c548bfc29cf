package console_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	_ "cityhall/shared/keys/cheap" // what is stored behind a password or a PIN is the point, not its cost
	"cityhall/shared/protocol"
	"cityhall/syncserver"
	"cityhall/syncserver/console"
	"cityhall/syncserver/store"
	"cityhall/syncserver/tiles"
)

const password = "a long password"

// town is a small city on a real store, with its console.
type town struct {
	t       testing.TB
	store   *store.Store
	console *console.Console
	engine  *gin.Engine
	clock   atomic.Int64
	cookies map[string]string
	sticks  string // folder of answers
}

var system = city.Actor{Kind: city.ActorSystem, Name: "set-up"}

func newTown(t testing.TB) *town {
	t.Helper()
	gin.SetMode(gin.ReleaseMode)
	f := &town{t: t, cookies: map[string]string{}}
	f.clock.Store(time.Date(2026, time.May, 14, 14, 30, 0, 0, time.UTC).UnixMilli())
	dir := t.TempDir()
	f.sticks = filepath.Join(dir, "sticks")
	k, err := keys.NewServerKeys(nil)
	f.must(err)
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	f.store, err = store.Open(context.Background(), store.Config{DB: filepath.Join(dir, "city.db"), Blobs: filepath.Join(dir, "blobs"), Keys: k, Now: f.now, Log: log})
	f.must(err)
	t.Cleanup(func() { f.must(f.store.Close()) })
	ground := tiles.New(tiles.Config{Store: f.store, Folder: filepath.Join(dir, "tiles"), Now: f.now, Log: log})
	t.Cleanup(func() { f.must(ground.Close()) })
	f.console, err = console.New(console.Config{Store: f.store, Map: ground, Now: f.now, Log: log,
		Sticks: console.Sticks{Folder: f.sticks, Import: syncserver.Desk{Store: f.store, Keys: k, Now: f.now, Log: log}.Take}})
	f.must(err)
	t.Cleanup(f.console.Close)
	f.engine = gin.New()
	f.console.Register(f.engine)
	f.setUp()
	return f
}

func (f *town) now() time.Time { return time.UnixMilli(f.clock.Load()).UTC() }

func (f *town) pass(d time.Duration) { f.clock.Add(d.Milliseconds()) }

func (f *town) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func text(en, es string) city.Text { return city.Text{"en": en, "es": es} }

var alderBend = city.Settings{Name: "Alder Bend", TimeZone: "America/New_York", Languages: []string{"en", "es"},
	Districts: []city.District{{ID: "north", Name: "Northside"}, {ID: "old-town", Name: "Old Town"}}}

func (f *town) setUp() {
	for _, a := range []city.Act{
		&city.SetCity{Settings: alderBend},
		&city.SetCrew{ID: "trees", Crew: city.Crew{Name: "Tree crew", Department: "parks", Members: []city.Member{{ID: "dana", Name: "Dana Whitlock"}}}},
		&city.SetCrew{ID: "roads", Crew: city.Crew{Name: "Street crew", Department: "streets", Members: []city.Member{{ID: "sam", Name: "Sam Kowalski"}}}},
		&city.SetStaff{ID: "maya", Staff: city.Staff{Name: "Maya Ellison", Roles: []city.Role{city.RoleReviewer}, Departments: []city.Department{"parks"}, Active: true}},
		&city.SetStaff{ID: "tomas", Staff: city.Staff{Name: "Tomás Rivera", Roles: []city.Role{city.RoleDispatcher}, Departments: []city.Department{"parks"}, Active: true}},
		&city.SetStaff{ID: "ruth", Staff: city.Staff{Name: "Ruth Adeyemi", Roles: []city.Role{city.RoleAdmin}, Active: true}},
		&city.SetStaff{ID: "otto", Staff: city.Staff{Name: "Otto Brandt", Roles: []city.Role{city.RoleReviewer, city.RoleDispatcher}, Departments: []city.Department{"streets"}, Active: true}},
		&city.PublishService{ID: "tree", Service: city.Service{Name: text("Fallen tree or branch", "Árbol caído"), Icon: "tree", Department: "parks", Crew: "trees",
			Promise: city.Promise{Days: 3, Working: true}, Active: true, Version: 1, Questions: []city.Question{
				{ID: "blocks", Kind: city.AskYesNo, Label: text("Does it block the road?", "¿Bloquea la calle?"), Required: true},
				{ID: "size", Kind: city.AskChoice, Label: text("How large is it?", "¿Qué tamaño tiene?"), Options: []city.Option{{ID: "whole", Label: text("A whole tree", "Un árbol entero")}}}}}},
		&city.PublishService{ID: "pothole", Service: city.Service{Name: text("Pothole", "Bache"), Icon: "pothole", Department: "streets", Crew: "roads",
			Promise: city.Promise{Days: 10}, Active: true, Version: 1}},
	} {
		f.act(system, a)
	}
}

func staff(id city.ID, name string) city.Actor {
	return city.Actor{Kind: city.ActorStaff, ID: id, Name: name}
}

func (f *town) act(by city.Actor, a city.Act) store.Verdict {
	f.t.Helper()
	head, err := f.store.Head(context.Background())
	f.must(err)
	v, err := f.store.Act(context.Background(), by, city.NewMutationID(), head.Seq, a)
	if err != nil {
		f.t.Fatalf("%s: %v", a.Type(), err)
	}
	return v
}

func (f *town) record(kind city.Kind, id city.ID) city.Record {
	f.t.Helper()
	r, ok, err := f.store.View(context.Background()).Record(city.Ref{Kind: kind, ID: id})
	if err != nil || !ok {
		f.t.Fatalf("%s/%s: there %v, %v", kind, id, ok, err)
	}
	return r
}

// device is an enrolled device with its stream.
type device struct {
	f *town
	store.Device
	n    uint64
	link protocol.Hash
}

var (
	resident = city.Actor{Kind: city.ActorResident}
	dana     = city.Actor{Kind: city.ActorCrew, ID: "dana", Name: "Dana Whitlock", Crew: "trees"}
)

func (f *town) enrolled(kind city.DeviceKind, name string, grants ...city.Scope) *device {
	f.t.Helper()
	code, err := f.store.CreateEnrolment(context.Background(), kind, name, grants, time.Hour)
	f.must(err)
	id, err := keys.NewIdentity(nil)
	f.must(err)
	d, err := f.store.Enrol(context.Background(), code, id.Public(), "")
	f.must(err)
	return &device{f: f, Device: d}
}

// prepared is an act as the device would write it down now, off by its clock.
func (d *device) prepared(by city.Actor, off time.Duration, a city.Act) protocol.Envelope {
	d.f.t.Helper()
	m, err := city.Prepare(d.f.store.View(context.Background()), city.NewMutationID(), by, d.ID, d.f.now().Add(off), a)
	if err != nil {
		d.f.t.Fatalf("prepare %s: %v", a.Type(), err)
	}
	return protocol.Wrap(m)
}

func (d *device) push(env protocol.Envelope) protocol.PushVerdict {
	d.f.t.Helper()
	h := protocol.PushHeader{Stream: "s1", From: d.n + 1, Prev: d.link}
	d.n++
	env.N = d.n
	raw, err := json.Marshal(env)
	d.f.must(err)
	content, err := protocol.ContentOf(raw)
	d.f.must(err)
	d.link = protocol.Link(d.link, content)
	v, _, err := d.f.store.Push(context.Background(), d.Device, h, []store.Incoming{{Line: raw, Envelope: env}})
	d.f.must(err)
	return v[0]
}

func (d *device) do(by city.Actor, a city.Act) protocol.PushVerdict {
	d.f.t.Helper()
	return d.push(d.prepared(by, 0, a))
}

func report(service city.ID, address string) *city.FileRequest {
	a := &city.FileRequest{Request: city.NewID(), Service: service, Version: 1, Language: "es", Place: city.Place{Address: address, Detail: "behind the bus stop", District: "old-town",
		Lat: 449_650_000, Lon: -686_500_000}, Description: "Se cayó un árbol grande y bloquea toda la calle.\n<script>alert(1)</script>",
		Person: city.Person{Name: "Guadalupe Serrano", Phone: "207 555 0121"}}
	if service == "tree" {
		a.Answers = city.Answers{"blocks": {"yes"}, "size": {"whole"}}
	}
	return a
}

// picture is a small JPEG of one colour.
func (f *town) picture(c color.Color) (sha string, size int) {
	f.t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 320, 240))
	for y := range 240 {
		for x := range 320 {
			if (x/40+y/40)%2 == 0 {
				img.Set(x, y, c)
			} else {
				img.Set(x, y, color.Gray{uint8(120 + y/3)})
			}
		}
	}
	var b bytes.Buffer
	f.must(jpeg.Encode(&b, img, nil))
	sha, err := f.store.PutBlob(context.Background(), b.Bytes())
	f.must(err)
	return sha, b.Len()
}

// job is a tree that a crew has looked after and the office has yet to check.
type job struct {
	request, order, visit, photo city.ID
}

func (f *town) assigned(kiosk *device, address string) job {
	f.t.Helper()
	r := report("tree", address)
	if v := kiosk.do(resident, r); v.Verdict != city.VerdictApplied {
		f.t.Fatalf("report: %+v", v)
	}
	j := job{request: r.Request, order: city.NewID(), visit: city.NewID(), photo: city.NewID()}
	f.act(staff("tomas", "Tomás Rivera"), &city.AssignRequest{Request: j.request, WorkOrder: j.order, Crew: "trees", Priority: city.PriorityHigh, Instruction: "Bring the long saw."})
	return j
}

func (f *town) finished(kiosk, tablet *device, address string) job {
	f.t.Helper()
	j := f.assigned(kiosk, address)
	tablet.do(dana, &city.StartVisit{Visit: j.visit, WorkOrder: j.order})
	for stage, c := range map[string]color.Color{"before": color.RGBA{120, 90, 40, 255}, "after": color.RGBA{60, 120, 70, 255}} {
		id := city.NewID()
		if stage == "after" {
			id = j.photo
		}
		sha, size := f.picture(c)
		tablet.do(dana, &city.AddPhoto{Photo: id, Request: j.request, Visit: j.visit, Blob: sha, Stage: stage, Caption: "The road " + stage, Bytes: size, Width: 320, Height: 240})
	}
	missing := &city.AddPhoto{Photo: city.NewID(), Request: j.request, Visit: j.visit, Blob: strings.Repeat("ab", 32), Stage: "after", Bytes: 90_000}
	tablet.do(dana, missing)
	tablet.push(tablet.prepared(dana, -3*time.Hour, &city.FinishVisit{Visit: j.visit, WorkOrder: j.order, Outcome: city.OutcomeFixed, Notes: "Cut up and carried away.", Minutes: 95,
		Materials: []city.Material{{Name: "Chain oil", Quantity: "0.5 l"}}}))
	return j
}

// signIn gives the session of a member of staff; the password is checked once.
func (f *town) signIn(who city.ID) string {
	f.t.Helper()
	if c, ok := f.cookies[string(who)]; ok {
		return c
	}
	f.must(f.store.SetLogin(context.Background(), string(who), who, password))
	w := f.send(http.MethodPost, "/console/sign-in", "", url.Values{"name": {string(who)}, "password": {password}})
	if w.Code != http.StatusSeeOther {
		f.t.Fatalf("sign in as %s: %d %s", who, w.Code, w.Body)
	}
	f.cookies[string(who)] = w.Result().Cookies()[0].Value
	return f.cookies[string(who)]
}

func (f *town) send(method, path, cookie string, in url.Values, headers ...string) *httptest.ResponseRecorder {
	f.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(in.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if cookie != "" {
		r.AddCookie(&http.Cookie{Name: "cityhall_session", Value: cookie})
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	f.engine.ServeHTTP(w, r)
	return w
}

// get reads a page as somebody and insists on its status.
func (f *town) get(who city.ID, path string, status int) string {
	f.t.Helper()
	w := f.send(http.MethodGet, path, f.signIn(who), nil)
	if w.Code != status {
		f.t.Fatalf("GET %s as %s: %d, want %d\n%s", path, who, w.Code, status, w.Body)
	}
	return w.Body.String()
}

var hidden = regexp.MustCompile(`<input type="hidden" name="(id|seen|side)" value="([^"]*)">`)

// form gives the hidden fields of the form with this address, as a page has it.
func (f *town) form(page, action string) url.Values {
	f.t.Helper()
	_, after, ok := strings.Cut(page, `action="`+action+`"`)
	if !ok {
		f.t.Fatalf("the page has no form to %s", action)
	}
	body, _, _ := strings.Cut(after, "</form>")
	out := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(body, -1) {
		out.Add(m[1], m[2])
	}
	if out.Get("id") == "" || out.Get("seen") == "" {
		f.t.Fatalf("the form to %s has no hidden fields", action)
	}
	return out
}

// post fills in a form of a page and sends it.
func (f *town) post(who city.ID, page, action string, status int, pairs ...string) *httptest.ResponseRecorder {
	f.t.Helper()
	in := f.form(f.get(who, page, http.StatusOK), action)
	for i := 0; i+1 < len(pairs); i += 2 {
		in.Add(pairs[i], pairs[i+1])
	}
	w := f.send(http.MethodPost, action, f.signIn(who), in)
	if w.Code != status {
		f.t.Fatalf("POST %s as %s: %d, want %d\n%s", action, who, w.Code, status, w.Body)
	}
	return w
}

// devices enrols a kiosk and a tablet of the tree crew.
func (f *town) devices() (kiosk, tablet *device) {
	return f.enrolled(city.DeviceKiosk, "Main library", city.ScopePublic), f.enrolled(city.DeviceTablet, "Tablet 3", city.ScopePublic, city.ScopeCrew("trees"))
}

// conflict leaves two answers to one question: the office and the crew both end
// the same job in different ways.
func (f *town) conflict(kiosk, tablet *device, address string) (job, city.ID) {
	f.t.Helper()
	j := f.assigned(kiosk, address)
	tablet.do(dana, &city.StartVisit{Visit: j.visit, WorkOrder: j.order})
	env := tablet.prepared(dana, 0, &city.FinishVisit{Visit: j.visit, WorkOrder: j.order, Outcome: city.OutcomeFixed, Notes: "Gone.", Minutes: 30})
	f.act(staff("maya", "Maya Ellison"), &city.CloseRequest{Request: j.request, Outcome: city.OutcomeNotOurs, Owner: "State highway department", Words: "It stands on state land."})
	v := tablet.push(env)
	if v.Verdict != city.VerdictReview || v.Review == "" {
		f.t.Fatalf("conflict: %+v", v)
	}
	return j, v.Review
}

func contains(t testing.TB, page string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(page, w) {
			t.Errorf("the page lacks %q", w)
		}
	}
	if t.Failed() {
		t.Logf("page:\n%s", plainText(page))
	}
}

var (
	tags   = regexp.MustCompile(`(?s)<svg.*?</svg>|<[^>]*>`)
	spaces = regexp.MustCompile(`\s+`)
)

func plainText(page string) string {
	return spaces.ReplaceAllString(tags.ReplaceAllString(page, " "), " ")
}

func lacks(t testing.TB, page string, words ...string) {
	t.Helper()
	for _, w := range words {
		if strings.Contains(page, w) {
			t.Errorf("the page has %q", w)
		}
	}
}
