package console

import (
	"net/http"

	"cityhall/shared/city"
	"cityhall/syncserver/store"
)

// departed adds what became of a device since it was revoked.
func (v *call) departed(view *deviceView, id city.DeviceID) error {
	if !view.Revoked {
		return nil
	}
	d, err := v.Store.Departure(v.ctx, id)
	if err != nil {
		return err
	}
	view.Ordered = !d.Ordered.IsZero()
	switch {
	case !d.Wiped.IsZero():
		view.State, view.Wiped = tag{"Wiped", "trash", "neutral"}, v.say.when(d.Wiped)
	case view.Ordered:
		view.State = tag{"Wipe ordered", "trash", "warn"}
	}
	view.Oldest = when{}
	switch {
	case d.Acts > 0:
		view.Waiting = plural(d.Acts, "act") + " given to staff"
	case !d.Closed.IsZero():
		view.Waiting = "Nothing; all is handed over"
	}
	return nil
}

// leaving reads the device of the address as the pages about its end show it.
func (v *call) leaving() (store.Device, deviceView, bool) {
	d, ok := v.device()
	if !ok {
		return d, deviceView{}, false
	}
	n, err := v.names()
	if err != nil {
		v.broken(v.g, err)
		return d, deviceView{}, false
	}
	view := v.deviceView(d, n)
	if err := v.departed(&view, d.ID); err != nil {
		v.broken(v.g, err)
		return d, view, false
	}
	return d, view, true
}

func (v *call) wipeForm() {
	d, view, ok := v.leaving()
	if !ok {
		return
	}
	v.show(http.StatusOK, "wipe", page{Title: "Wipe " + d.Name, Nav: "devices",
		Body: revokeBody{newForm(base+"/devices/"+view.ID+"/wipe", "wipe", v.seen), view}})
}

func (v *call) wipe() {
	d, ok := v.device()
	if !ok {
		return
	}
	if _, ok := v.postedForm("wipe", ""); !ok {
		return
	}
	if err := v.Store.OrderWipe(v.ctx, d.ID); err != nil {
		v.broken(v.g, err)
		return
	}
	v.Log.Info("wipe ordered", "device", d.ID, "staff", v.staff.ID)
	v.g.Redirect(http.StatusSeeOther, base+"/devices?done=wipe")
}
