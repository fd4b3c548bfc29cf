package console

import (
	"net/http"
	"slices"
	"strings"

	"cityhall/shared/city"
	"cityhall/syncserver/store"
)

type crewsBody struct {
	*form
	Device deviceView
	Crews  []option
	Kiosk  bool
}

// crewsForm asks for which crews a tablet is. A kiosk is for everybody.
func (v *call) crewsForm() {
	d, ok := v.device()
	if !ok {
		return
	}
	f := newForm(base+"/devices/"+string(d.ID)+"/crews", "crews", v.seen)
	n, err := v.names()
	if err != nil {
		v.broken(v.g, err)
		return
	}
	for _, c := range n.crews {
		if slices.Contains(d.Grants, city.ScopeCrew(c.ID)) {
			f.Values.Add("crew", string(c.ID))
		}
	}
	v.showCrews(http.StatusOK, d, f)
}

func (v *call) showCrews(status int, d store.Device, f *form) {
	n, err := v.names()
	if err != nil {
		v.broken(v.g, err)
		return
	}
	b := crewsBody{form: f, Device: v.deviceView(d, n), Kiosk: d.Kind != city.DeviceTablet}
	for _, c := range n.crews {
		b.Crews = append(b.Crews, option{Value: string(c.ID), Label: c.Name})
	}
	v.show(status, "crews", page{Title: "Crews of " + d.Name, Nav: "devices", Body: b})
}

// crews changes what the tablet may see, from the next moment on.
func (v *call) crews() {
	d, ok := v.device()
	if !ok {
		return
	}
	f, ok := v.postedForm("crews", base+"/devices/"+string(d.ID)+"/crews")
	if !ok {
		return
	}
	if d.Kind != city.DeviceTablet || d.State != store.DeviceActive {
		f.Problem = "Only a tablet that is in use has crews."
		v.showCrews(http.StatusUnprocessableEntity, d, f)
		return
	}
	all, err := v.read.Crews(v.ctx)
	if err != nil {
		v.broken(v.g, err)
		return
	}
	// What is no crew's stays as it is.
	grants := slices.DeleteFunc(slices.Clone(d.Grants), func(s city.Scope) bool { return strings.HasPrefix(string(s), "crew:") })
	others := len(grants)
	for _, c := range all {
		if f.Has("crew", string(c.ID)) {
			grants = append(grants, city.ScopeCrew(c.ID))
		}
	}
	if len(grants) == others {
		f.Errors["crew"] = "Choose at least one crew. To end the tablet's use, revoke it."
		v.showCrews(http.StatusUnprocessableEntity, d, f)
		return
	}
	if err := v.Store.SetGrants(v.ctx, d.ID, grants); err != nil {
		v.broken(v.g, err)
		return
	}
	v.Log.Info("device granted", "device", d.ID, "grants", grants, "staff", v.staff.ID)
	v.g.Redirect(http.StatusSeeOther, base+"/devices?done=crews")
}
