package kiosk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"cityhall/kiosk"
	"cityhall/shared/city"
	"cityhall/shared/sim/canary"
	"cityhall/shared/sim/town"
)

// secrets stand in everything that residents typed, and nowhere else.
var secrets = canary.Words{"Quetzalcoatlus", "7319555120", "+1 731 955 5120", "Xylophonstraße"}

// resident is one person's words.
type resident struct {
	person           city.Person
	address, details string
	detail           string
}

func residentOf(i int) resident {
	return resident{
		person:  city.Person{Name: fmt.Sprintf("Quetzalcoatlus Nr. %d", i), Email: fmt.Sprintf("quetzalcoatlus.%d@mail.example", i), Phone: phoneOf(i)},
		address: fmt.Sprintf("%d Xylophonstraße", i+1),
		detail:  fmt.Sprintf("ring at Quetzalcoatlus, floor %d", i),
		details: fmt.Sprintf("Report %d: call Quetzalcoatlus at %s, behind Xylophonstraße", i, phoneOf(i)),
	}
}

func phoneOf(i int) string {
	if i%2 == 0 {
		return fmt.Sprintf("7319555120%03d", i)
	}
	return fmt.Sprintf("+1 731 955 5120 %03d", i)
}

// notes is a log in memory that many write to.
type notes struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (n *notes) Write(b []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.buf.Write(b)
}

func (n *notes) bytes() []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	return bytes.Clone(n.buf.Bytes())
}

// TestStolenKiosk: people report, give up half-way and come back, with a line and
// without one. Afterwards no byte of the kiosk's folder, of any log, or of any
// address that was called says who they are or what they wrote.
func TestStolenKiosk(t *testing.T) {
	reports := 500
	if testing.Short() {
		reports = 40
	}
	var log, urls notes
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w := town.Logged(t, logger)
	w.Watch = func(r *http.Request) {
		fmt.Fprintln(&urls, r.Method, r.URL)
		for name, values := range r.Header {
			fmt.Fprintln(&urls, name, values)
		}
	}
	s := stageIn(t, w, logger)
	for i := range reports {
		s.town.Cut(i%5 < 3) // more often out of reach than not
		s.visit(i)
		if i%10 == 3 {
			_ = s.rep.Step(context.WithoutCancel(t.Context())) // fails without a line, and logs it
		}
		if i%100 == 50 {
			s.reopen() // a power cut: what was on the screen is gone
		}
	}
	stolen := s.stolen() // before the last of it could be sent
	s.town.Cut(false)
	s.town.Sync(s.rep)
	s.Refresh()
	s.arrived(reports)
	s.office(&urls)
	found := s.search(&log, &urls)
	found = append(found, stolen.Hits...)
	figure, err := json.Marshal(struct {
		Figure  string `json:"figure"`
		Reports int    `json:"reports"`
		Files   int    `json:"files"`
		Bytes   int64  `json:"bytes"`
		Log     int    `json:"log_bytes"`
		Hits    int    `json:"hits"`
	}{"stolen kiosk", reports, stolen.Files, stolen.Bytes, len(log.bytes()) + len(urls.bytes()), len(found)})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", figure)
	for _, hit := range found {
		t.Error(hit)
	}
	s.planted()
}

// visit is one person at the kiosk. Every fourth one gives up on the way.
func (s *stage) visit(i int) {
	s.t.Helper()
	who := residentOf(i)
	s.Report()
	s.ChooseService("fallen-tree")
	s.answer("none")
	s.answer("no")
	s.SetPlaceText(who.address)
	if i%3 == 0 {
		s.SetByWords(true)
		s.SetPlaceWords(who.address + ", " + who.detail)
	} else {
		s.AsWritten()
		s.SetPlaceDetail(who.detail)
	}
	s.Next()
	if s.Screen() == kiosk.ScreenNear {
		s.Next()
	}
	s.on(kiosk.ScreenDetails)
	s.SetDetails(who.details)
	s.Next()
	s.SetContact(who.person)
	if i%4 == 1 { // leaves, and the kiosk forgets
		s.Next()
		s.town.Wait(2 * time.Minute)
		for range 3 {
			s.Tick()
			s.town.Wait(time.Minute)
		}
		s.Home()
	} else {
		s.Next()
		s.on(kiosk.ScreenCheck)
		s.Next()
		s.on(kiosk.ScreenReceipt)
	}
	s.Home()
	s.on(kiosk.ScreenHome)
	if _, err := s.rep.SaveBlob(s.t.Context(), []byte(who.details)); err == nil {
		s.t.Fatal("a kiosk kept a photo")
	}
}

// stolen is the folder as a thief finds it while the program runs, with its logs of
// the database and all.
func (s *stage) stolen() canary.Found {
	s.t.Helper()
	found, err := secrets.Search(s.dir)
	if err != nil {
		s.t.Fatal(err)
	}
	if found.Files < 3 || found.Bytes < 100_000 {
		s.t.Fatalf("that is not the kiosk's folder: %+v", found)
	}
	return found
}

// arrived makes sure that the words were really entered: the city has them.
func (s *stage) arrived(reports int) {
	s.t.Helper()
	view := s.town.Server.Store().View(s.t.Context())
	people := 0
	for _, rec := range s.records(city.KindRequest) {
		work, _, err := city.LoadWork(view, rec.ID)
		if err != nil {
			s.t.Fatal(err)
		}
		if len(secrets.In([]byte(work.Description))) > 0 {
			people++
		}
	}
	if want := reports - (reports+2)/4; people != want {
		s.t.Fatalf("%d reports came to the city, of %d", people, want)
	}
}

// office is somebody at a desk who reads the reports in the console.
func (s *stage) office(urls *notes) {
	s.t.Helper()
	store := s.town.Server.Store()
	s.town.Act(&city.SetStaff{ID: "desk", Staff: city.Staff{Name: "Desk", Roles: []city.Role{city.RoleAdmin}, Active: true}})
	const password = "a long password"
	if err := store.SetLogin(s.t.Context(), "desk", "desk", password); err != nil {
		s.t.Fatal(err)
	}
	session := ""
	visit := func(method, path string, form url.Values) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "http://127.0.0.1:1"+path, strings.NewReader(form.Encode()))
		r.RemoteAddr = "127.0.0.1:9"
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Cookie", session)
		fmt.Fprintln(urls, method, r.URL)
		out := httptest.NewRecorder()
		s.town.Server.Handler().ServeHTTP(out, r)
		for _, to := range out.Header().Values("Location") {
			fmt.Fprintln(urls, to)
		}
		return out
	}
	for _, c := range visit("POST", "/console/sign-in", url.Values{"name": {"desk"}, "password": {password}}).Result().Cookies() {
		session = c.Name + "=" + c.Value
	}
	read := 0
	visit("GET", "/console/requests", nil)
	for i, rec := range s.records(city.KindRequest) {
		if i == 30 {
			break
		}
		page := visit("GET", "/console/requests/"+string(rec.ID), nil)
		if len(secrets.In(page.Body.Bytes())) > 0 {
			read++
		}
	}
	if read == 0 {
		s.t.Fatal("nobody at the desk could read a report")
	}
}

// search looks through the folder again, now that all is sent, and through what
// was logged and called.
func (s *stage) search(log, urls *notes) []string {
	s.t.Helper()
	hits := s.stolen().Hits
	for name, b := range map[string][]byte{"log": log.bytes(), "addresses": urls.bytes()} {
		if len(b) == 0 {
			s.t.Fatalf("no %s to look through", name)
		}
		for _, hit := range secrets.In(b) {
			hits = append(hits, name+": "+hit)
		}
	}
	return hits
}

// planted makes sure that the search finds what a kiosk would keep by mistake: a
// draft in clear in its outbox, and a word in its log.
func (s *stage) planted() {
	s.t.Helper()
	if err := s.rep.SaveDraft(s.t.Context(), "planted", []byte(residentOf(3).details)); err != nil {
		s.t.Fatal(err)
	}
	found, err := secrets.Search(s.dir)
	if err != nil || len(found.Hits) == 0 || !strings.HasPrefix(found.Hits[0], "outbox.db") {
		s.t.Errorf("a draft in clear is not found: %+v %v", found, err)
	}
	var log notes
	slog.New(slog.NewTextHandler(&log, nil)).Info("planted", "person", residentOf(2).person.Name)
	if len(secrets.In(log.bytes())) == 0 {
		s.t.Error("a name in a log is not found")
	}
}
