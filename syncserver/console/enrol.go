package console

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/skip2/go-qrcode"

	"cityhall/shared/city"
	"cityhall/shared/keys"
)

const (
	// enrolValid is how long a code lives.
	enrolValid = 30 * time.Minute
	// maxIssued bounds the codes that are kept for showing.
	maxIssued = 200
	// qrSize is the picture's width in pixels.
	qrSize = 480
)

// enrolment is a code that may still be shown, to who made it only. It lives in
// memory: the store keeps nothing but its hash.
type enrolment struct {
	staff      city.ID
	kind       city.DeviceKind
	name, crew string
	code, link string
	until      time.Time
}

type issued struct {
	mu sync.Mutex
	by map[string]enrolment // id of the form
}

func (i *issued) get(id string, staff city.ID, now time.Time) (enrolment, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	e, ok := i.by[id]
	return e, ok && e.staff == staff && now.Before(e.until)
}

func (i *issued) put(id string, e enrolment, now time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for k, old := range i.by {
		if now.After(old.until) || len(i.by) >= maxIssued {
			delete(i.by, k)
		}
	}
	i.by[id] = e
}

type enrolBody struct {
	*form
	Crews []option
	Kinds []option
}

func (v *call) enrolForm() {
	if v.mayDevices() {
		v.showEnrolForm(http.StatusOK, newForm(base+"/devices/enrol", "enrol", v.seen))
	}
}

func (v *call) showEnrolForm(status int, f *form) {
	n, err := v.names()
	if err != nil {
		v.broken(v.g, err)
		return
	}
	b := enrolBody{form: f, Kinds: []option{{Value: "kiosk", Label: "Kiosk, for residents"}, {Value: "tablet", Label: "Tablet, for a crew"}}}
	for _, c := range n.crews {
		b.Crews = append(b.Crews, option{Value: string(c.ID), Label: c.Name})
	}
	v.show(status, "enrol", page{Title: "Enrol a device", Nav: "devices", Body: b})
}

// enrol makes a one-time code. Posting the same form again shows the same code.
func (v *call) enrol() {
	if !v.mayDevices() {
		return
	}
	f, ok := v.postedForm("enrol", base+"/devices/enrol")
	if !ok {
		return
	}
	to := base + "/devices/enrolments/" + string(f.ID)
	if _, made := v.issued.get(string(f.ID), v.staff.ID, v.Now()); made {
		v.g.Redirect(http.StatusSeeOther, to)
		return
	}
	e, grants, err := v.enrolmentOf(f)
	if err != nil {
		v.broken(v.g, err)
		return
	}
	if len(f.Errors) > 0 {
		v.showEnrolForm(http.StatusUnprocessableEntity, f)
		return
	}
	code, err := v.Store.CreateEnrolment(v.ctx, e.kind, e.name, grants, enrolValid)
	if err != nil {
		v.broken(v.g, err)
		return
	}
	e.code, e.link = code.Show(), keys.Enrolment{URL: v.syncURL(), Code: code, Fingerprint: v.Store.Keys().Identity.Public().Fingerprint()}.Link()
	v.issued.put(string(f.ID), e, v.Now())
	v.Log.Info("enrolment made", "kind", e.kind, "staff", v.staff.ID)
	v.g.Redirect(http.StatusSeeOther, to)
}

// enrolmentOf reads the form; what is wrong stands in its errors.
func (v *call) enrolmentOf(f *form) (enrolment, []city.Scope, error) {
	e := enrolment{staff: v.staff.ID, kind: city.DeviceKind(f.Value("kind")), name: trimmed(f.Value("name"), 80), until: v.Now().Add(enrolValid)}
	if e.name == "" {
		f.Errors["name"] = "Name it after where it stands or who carries it, such as “Main library, entrance”."
	}
	switch e.kind {
	case city.DeviceKiosk:
		return e, []city.Scope{city.ScopePublic}, nil
	case city.DeviceTablet:
	default:
		f.Errors["kind"] = "Choose what kind of device it is."
		return e, nil, nil
	}
	crews, err := v.read.Crews(v.ctx)
	if err != nil {
		return e, nil, err
	}
	grants := []city.Scope{city.ScopePublic}
	for _, c := range crews {
		if slices.Contains(f.Values["crew"], string(c.ID)) {
			grants = append(grants, city.ScopeCrew(c.ID))
			e.crew = joinWords(e.crew, c.Name)
		}
	}
	if len(grants) == 1 {
		f.Errors["crew"] = "Choose at least one crew: a tablet shows the jobs of its crews."
	}
	return e, grants, nil
}

// syncURL is where the device will find the server.
func (v *call) syncURL() string {
	if v.URL != "" {
		return v.URL
	}
	scheme := "http"
	if v.g.Request.TLS != nil || v.g.GetHeader("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	return scheme + "://" + v.g.Request.Host
}

type enrolmentBody struct {
	ID, Name, Kind, Crew, Code, Link, Server string
	Until                                    when
	Tablet                                   bool
}

func (v *call) enrolment() {
	e, ok := v.issuedOne()
	if !ok {
		return
	}
	v.show(http.StatusOK, "enrolment", page{Title: "Code for " + e.name, Nav: "devices", Body: enrolmentBody{ID: v.g.Param("id"), Name: e.name,
		Kind: string(e.kind), Crew: e.crew, Code: e.code, Link: e.link, Server: v.syncURL(), Until: v.say.when(e.until), Tablet: e.kind == city.DeviceTablet}})
}

func (v *call) enrolmentQR() {
	e, ok := v.issuedOne()
	if !ok {
		return
	}
	png, err := qrcode.Encode(e.link, qrcode.Medium, qrSize)
	if err != nil {
		v.broken(v.g, err)
		return
	}
	v.g.Data(http.StatusOK, "image/png", png)
}

func (v *call) issuedOne() (enrolment, bool) {
	if !v.mayDevices() {
		return enrolment{}, false
	}
	e, ok := v.issued.get(v.g.Param("id"), v.staff.ID, v.Now())
	if !ok {
		v.message(http.StatusNotFound, "This code is not shown any more", "A code is shown for half an hour, to the person who made it. If the device has not been enrolled, make a new one.")
	}
	return e, ok
}
