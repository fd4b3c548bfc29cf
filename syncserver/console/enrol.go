package console

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/skip2/go-qrcode"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/syncserver/store"
)

const (
	// enrolValid is how long a code lives.
	enrolValid = 30 * time.Minute
	// qrSize is the picture's width in pixels.
	qrSize = 480
)

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
	if _, err := v.Store.IssuedEnrolment(v.ctx, city.ID(f.ID), v.staff.ID); err == nil {
		v.g.Redirect(http.StatusSeeOther, to)
		return
	} else if !errors.Is(err, store.ErrCode) {
		v.broken(v.g, err)
		return
	}
	e, err := v.enrolmentOf(f)
	if err != nil {
		v.broken(v.g, err)
		return
	}
	if len(f.Errors) > 0 {
		v.showEnrolForm(http.StatusUnprocessableEntity, f)
		return
	}
	if err := v.Store.IssueEnrolment(v.ctx, city.ID(f.ID), v.staff.ID, e); err != nil {
		v.broken(v.g, err)
		return
	}
	v.Log.Info("enrolment made", "kind", e.Kind, "staff", v.staff.ID)
	v.g.Redirect(http.StatusSeeOther, to)
}

// enrolmentOf reads the form; what is wrong stands in its errors.
func (v *call) enrolmentOf(f *form) (store.Enrolment, error) {
	e := store.Enrolment{Kind: city.DeviceKind(f.Value("kind")), Name: trimmed(f.Value("name"), 80), Grants: []city.Scope{city.ScopePublic}, Expires: v.Now().Add(enrolValid)}
	if e.Name == "" {
		f.Errors["name"] = "Name it after where it stands or who carries it, such as “Main library, entrance”."
	}
	switch e.Kind {
	case city.DeviceKiosk:
		return e, nil
	case city.DeviceTablet:
	default:
		f.Errors["kind"] = "Choose what kind of device it is."
		return e, nil
	}
	crews, err := v.read.Crews(v.ctx)
	if err != nil {
		return e, err
	}
	for _, c := range crews {
		if slices.Contains(f.Values["crew"], string(c.ID)) {
			e.Grants = append(e.Grants, city.ScopeCrew(c.ID))
		}
	}
	if len(e.Grants) == 1 {
		f.Errors["crew"] = "Choose at least one crew: a tablet shows the jobs of its crews."
	}
	return e, nil
}

// crewNames says whose jobs the grants show.
func (v *call) crewNames(grants []city.Scope) (string, error) {
	crews, err := v.read.Crews(v.ctx)
	var all string
	for _, c := range crews {
		if slices.Contains(grants, city.ScopeCrew(c.ID)) {
			all = joinWords(all, c.Name)
		}
	}
	return all, err
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
	crew, err := v.crewNames(e.Grants)
	if err != nil {
		v.broken(v.g, err)
		return
	}
	v.show(http.StatusOK, "enrolment", page{Title: "Code for " + e.Name, Nav: "devices", Body: enrolmentBody{ID: v.g.Param("id"), Name: e.Name,
		Kind: string(e.Kind), Crew: crew, Code: e.Code.Show(), Link: v.enrolLink(e), Server: v.syncURL(), Until: v.say.when(e.Expires), Tablet: e.Kind == city.DeviceTablet}})
}

func (v *call) enrolLink(e store.Enrolment) string {
	return keys.Enrolment{URL: v.syncURL(), Code: e.Code, Fingerprint: v.Store.Keys().Identity.Public().Fingerprint()}.Link()
}

func (v *call) enrolmentQR() {
	e, ok := v.issuedOne()
	if !ok {
		return
	}
	png, err := qrcode.Encode(v.enrolLink(e), qrcode.Medium, qrSize)
	if err != nil {
		v.broken(v.g, err)
		return
	}
	v.g.Data(http.StatusOK, "image/png", png)
}

func (v *call) issuedOne() (store.Enrolment, bool) {
	if !v.mayDevices() {
		return store.Enrolment{}, false
	}
	e, err := v.Store.IssuedEnrolment(v.ctx, city.ID(v.g.Param("id")), v.staff.ID)
	if errors.Is(err, store.ErrCode) {
		v.message(http.StatusNotFound, "This code is not shown any more", "A code is shown for half an hour, to the person who made it. If the device has not been enrolled, make a new one.")
		return e, false
	}
	if err != nil {
		v.broken(v.g, err)
		return e, false
	}
	return e, true
}
