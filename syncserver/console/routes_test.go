package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"cityhall/shared/city"
)

// expected is what a route answers to those who may not have it, and to an id
// that names nothing. 0 means that the case does not exist for the route.
type expected struct {
	stranger  int     // without a session
	other     int     // a reviewer of another department
	role      int     // somebody of the department without the role
	who       city.ID // that somebody
	crossed   int     // a form from another site
	unknown   int     // an id that is not there
	malformed int     // an id that cannot be one
}

const (
	ok      = http.StatusOK
	login   = http.StatusSeeOther     // to the sign-in page
	kept    = http.StatusUnauthorized // the sign-in page, with what was typed
	moved   = http.StatusSeeOther
	nothing = http.StatusNotFound
	denied  = http.StatusForbidden
	bad     = http.StatusBadRequest
	wrong   = http.StatusUnprocessableEntity
)

// routes is what every route of the console has to answer. A route that is not
// in it fails the test.
var routes = map[string]expected{
	"GET /console/assets/:name":                  {stranger: ok, other: ok, unknown: nothing, malformed: nothing},
	"GET /console/sign-in":                       {stranger: ok, other: moved},
	"POST /console/sign-in":                      {stranger: wrong, other: wrong, crossed: denied},
	"POST /console/sign-out":                     {stranger: login, crossed: denied},
	"GET /console":                               {stranger: login, other: moved},
	"GET /console/live":                          {stranger: login},
	"GET /console/requests":                      {stranger: login, other: ok},
	"GET /console/requests/:id":                  {stranger: login, other: nothing, unknown: nothing, malformed: nothing},
	"GET /console/requests/:id/map/:picture":     {stranger: login, other: nothing, unknown: nothing, malformed: nothing},
	"POST /console/requests/:id/approve":         {stranger: kept, other: nothing, role: denied, who: "tomas", crossed: denied, unknown: nothing, malformed: nothing},
	"POST /console/requests/:id/return":          {stranger: kept, other: nothing, role: denied, who: "tomas", crossed: denied, unknown: nothing, malformed: nothing},
	"POST /console/requests/:id/resume":          {stranger: kept, other: nothing, role: denied, who: "vera", crossed: denied, unknown: nothing, malformed: nothing},
	"POST /console/requests/:id/assign":          {stranger: kept, other: nothing, role: denied, who: "vera", crossed: denied, unknown: nothing, malformed: nothing},
	"POST /console/requests/:id/priority":        {stranger: kept, other: nothing, role: denied, who: "vera", crossed: denied, unknown: nothing, malformed: nothing},
	"POST /console/requests/:id/note":            {stranger: kept, other: nothing, role: denied, who: "vera", crossed: denied, unknown: nothing, malformed: nothing},
	"POST /console/requests/:id/pause":           {stranger: kept, other: nothing, role: denied, who: "vera", crossed: denied, unknown: nothing, malformed: nothing},
	"POST /console/requests/:id/photo-lost":      {stranger: kept, other: nothing, role: denied, who: "vera", crossed: denied, unknown: nothing, malformed: nothing},
	"POST /console/requests/:id/close":           {stranger: kept, other: nothing, role: denied, who: "vera", crossed: denied, unknown: nothing, malformed: nothing},
	"POST /console/requests/:id/reopen":          {stranger: kept, other: nothing, role: denied, who: "vera", crossed: denied, unknown: nothing, malformed: nothing},
	"POST /console/requests/:id/erase":           {stranger: kept, other: nothing, role: denied, who: "maya", crossed: denied, unknown: nothing, malformed: nothing},
	"GET /console/photos/:id":                    {stranger: login, other: nothing, unknown: nothing, malformed: nothing},
	"GET /console/reviews":                       {stranger: login, other: ok, role: denied, who: "tomas"},
	"GET /console/reviews/:id":                   {stranger: login, other: nothing, role: denied, who: "tomas", unknown: nothing, malformed: nothing},
	"POST /console/reviews/:id":                  {stranger: kept, other: nothing, role: denied, who: "tomas", crossed: denied, unknown: nothing, malformed: nothing},
	"GET /console/notices":                       {stranger: login, other: ok},
	"GET /console/notices/new":                   {stranger: login, other: ok, role: denied, who: "tomas"},
	"POST /console/notices/new":                  {stranger: kept, other: wrong, role: denied, who: "tomas", crossed: denied},
	"GET /console/notices/:id":                   {stranger: login, other: ok, unknown: nothing, malformed: nothing},
	"POST /console/notices/:id":                  {stranger: kept, other: denied, role: denied, who: "tomas", crossed: denied, unknown: nothing, malformed: nothing},
	"POST /console/notices/:id/withdraw":         {stranger: kept, other: denied, role: denied, who: "tomas", crossed: denied, unknown: nothing, malformed: nothing},
	"GET /console/salvage":                       {stranger: login, other: ok, role: denied, who: "tomas"},
	"POST /console/salvage/:id":                  {stranger: kept, other: nothing, role: denied, who: "tomas", crossed: denied, unknown: nothing, malformed: nothing},
	"GET /console/devices":                       {stranger: login, other: ok},
	"GET /console/devices/enrol":                 {stranger: login, role: denied, who: "maya"},
	"POST /console/devices/enrol":                {stranger: kept, role: denied, who: "maya", crossed: denied},
	"GET /console/devices/enrolments/:id":        {stranger: login, role: denied, who: "maya", unknown: nothing, malformed: nothing},
	"GET /console/devices/enrolments/:id/qr.png": {stranger: login, role: denied, who: "maya", unknown: nothing, malformed: nothing},
	"GET /console/devices/stick":                 {stranger: login, role: denied, who: "maya"},
	"POST /console/devices/stick":                {stranger: login, other: bad, role: denied, who: "maya", crossed: denied},
	"GET /console/devices/sticks/:id":            {stranger: login, role: denied, who: "maya", unknown: nothing, malformed: nothing},
	"GET /console/devices/sticks/:id/answer":     {stranger: login, role: denied, who: "maya", unknown: nothing, malformed: nothing},
	"GET /console/devices/:id/crews":             {stranger: login, role: denied, who: "maya", unknown: nothing, malformed: nothing},
	"POST /console/devices/:id/crews":            {stranger: kept, role: denied, who: "maya", crossed: denied, unknown: nothing, malformed: nothing},
	"GET /console/devices/:id/revoke":            {stranger: login, role: denied, who: "maya", unknown: nothing, malformed: nothing},
	"POST /console/devices/:id/revoke":           {stranger: kept, role: denied, who: "maya", crossed: denied, unknown: nothing, malformed: nothing},
	"GET /console/devices/:id/wipe":              {stranger: login, role: denied, who: "maya", unknown: nothing, malformed: nothing},
	"POST /console/devices/:id/wipe":             {stranger: kept, role: denied, who: "maya", crossed: denied, unknown: nothing, malformed: nothing},
}

// TestEveryRouteGuardsItself asks each route the cases of the table, with a form
// that is complete, so that only what is tested stands in the way.
func TestEveryRouteGuardsItself(t *testing.T) {
	f := newTown(t)
	f.act(system, &city.SetStaff{ID: "vera", Staff: city.Staff{Name: "Vera Lund", Departments: []city.Department{"parks"}, Active: true}})
	kiosk, tablet := f.devices()
	j := f.finished(kiosk, tablet, "88 Riverside Drive")
	_, review := f.conflict(kiosk, tablet, "5 Orchard Terrace")
	found := f.salvaged(tablet, j.request, 1)
	f.act(system, hydrants("hydrants"))
	before, err := f.store.Head(t.Context())
	f.must(err)

	seen := map[string]bool{}
	for _, r := range f.engine.Routes() {
		name := r.Method + " " + r.Path
		seen[name] = true
		want, there := routes[name]
		if !there {
			t.Errorf("%s is in no row of the table: say who may have it", name)
			continue
		}
		id := string(j.request)
		switch {
		case strings.Contains(r.Path, "/photos/"):
			id = string(j.photo)
		case strings.Contains(r.Path, "/reviews/"):
			id = string(review)
		case strings.Contains(r.Path, "/notices/"):
			id = "hydrants"
		case strings.Contains(r.Path, "/salvage/"):
			id = found
		case strings.Contains(r.Path, "/devices/"):
			id = string(kiosk.ID)
		case strings.Contains(r.Path, "/assets/"):
			id = "console.css"
		}
		at := func(id string) string {
			return strings.NewReplacer(":id", id, ":name", id, ":picture", "light.png").Replace(r.Path)
		}
		in := func() url.Values {
			return url.Values{"id": {string(city.NewMutationID())}, "seen": {"1"}, "side": {"x"}, "crew": {"trees"}, "priority": {"low"}, "reason": {"because"},
				"text": {"words"}, "outcome": {"fixed"}, "kind": {"kiosk"}, "name": {"Somewhere"}}
		}
		ask := func(what string, want int, who city.ID, path string, headers ...string) {
			t.Helper()
			if want == 0 {
				return
			}
			cookie := ""
			if who != "" {
				cookie = f.signIn(who)
			}
			w := f.send(r.Method, path, cookie, in(), headers...)
			if w.Code != want {
				t.Errorf("%s, %s: %d, want %d: %.300s", name, what, w.Code, want, plainText(w.Body.String()))
			}
			if want == login && who == "" && !strings.HasPrefix(w.Header().Get("Location"), "/console/sign-in") {
				t.Errorf("%s, %s: leads to %s", name, what, w.Header().Get("Location"))
			}
			if want == kept && !(strings.Contains(w.Body.String(), `name="typed.reason" value="because"`) && strings.Contains(w.Body.String(), `name="next" value="`+path+`"`)) {
				t.Errorf("%s, %s: what was typed is lost", name, what)
			}
			if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
				t.Errorf("%s, %s: policy %q", name, what, csp)
			}
		}
		ask("without a session", want.stranger, "", at(id))
		ask("with a session that has ended", want.stranger, "", at(id), "Cookie", "cityhall_session=nonsense")
		ask("of another department", want.other, "otto", at(id))
		ask("without the role", want.role, want.who, at(id))
		ask("from another site", want.crossed, "ruth", at(id), "Sec-Fetch-Site", "cross-site", "Origin", "https://elsewhere.example")
		ask("an id that is not there", want.unknown, "ruth", at("0190a5d0-0000-7000-8000-000000000000"))
		ask("an id that cannot be one", want.malformed, "ruth", at("..%5c..%5cetc%5cpasswd%00"))
		ask("an id of another alphabet", want.malformed, "ruth", at("%27%20OR%201=1--"))
		if r.Method == http.MethodPost && strings.Contains(r.Path, ":id") && want.role != 0 {
			w := f.send(r.Method, at(id), f.signIn("ruth"), url.Values{"reason": {"because"}})
			if w.Code != bad {
				t.Errorf("%s, without its hidden fields: %d, want %d", name, w.Code, bad)
			}
		}
	}
	for name := range routes {
		if !seen[name] {
			t.Errorf("%s is in the table, but there is no such route", name)
		}
	}
	after, err := f.store.Head(t.Context())
	f.must(err)
	if after.Seq != before.Seq {
		t.Errorf("what was refused moved the log from %d to %d", before.Seq, after.Seq)
	}
	if d, err := f.store.Device(t.Context(), kiosk.ID); err != nil || d.State != "active" {
		t.Errorf("the kiosk is %s, %v", d.State, err)
	}
}

// TestOtherDepartmentsAreAbsent: what belongs to somebody else is in no list, no
// count and no search.
func TestOtherDepartmentsAreAbsent(t *testing.T) {
	f := newTown(t)
	kiosk, tablet := f.devices()
	j := f.finished(kiosk, tablet, "88 Riverside Drive")
	f.conflict(kiosk, tablet, "5 Orchard Terrace")
	number := f.record(city.KindRequest, j.request).Text("number")
	for _, at := range []string{"?tab=all", "?tab=checking", "?tab=all&q=Riverside", "?tab=all&q=Serrano", "?q=" + number} {
		lacks(t, f.get("otto", "/console/requests"+at, ok), "Riverside Drive", "Orchard Terrace", ">1</b>", ">2</b>")
	}
	lacks(t, f.get("otto", "/console/reviews", ok), "Orchard Terrace", "status")
	contains(t, f.get("maya", "/console/requests?tab=all", ok), "Riverside Drive", "Orchard Terrace", ">2</b>")
}

// TestContactIsForReviewers: a dispatcher works on the request without learning
// who the resident is, also not by searching for them.
func TestContactIsForReviewers(t *testing.T) {
	f := newTown(t)
	kiosk, tablet := f.devices()
	j := f.finished(kiosk, tablet, "88 Riverside Drive")
	contains(t, f.get("maya", "/console/requests/"+string(j.request), ok), "Guadalupe Serrano", "207 555 0121")
	contains(t, f.get("maya", "/console/requests?tab=all&q=serrano", ok), "Riverside")
	page := f.get("tomas", "/console/requests/"+string(j.request), ok)
	lacks(t, page, "Guadalupe", "207 555 0121")
	contains(t, page, "The resident left a contact.")
	lacks(t, f.get("tomas", "/console/requests?tab=all&q=serrano", ok), "Riverside")
}
