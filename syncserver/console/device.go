package console

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"cityhall/shared/city"
	"cityhall/syncserver/store"
)

// quietAfter is how long a device may be silent before it counts as unreachable:
// the longest pause between two of its attempts and some more.
const quietAfter = 20 * time.Minute

type deviceView struct {
	ID, Name, Kind, Icon, For       string
	State                           tag
	Seen, Enrolled, Oldest          when
	Version, Disk, Clock, Printer   string
	Waiting, Fingerprint            string
	Old, Low, Off, Revoked, Damaged bool
	Ordered                         bool // to wipe itself
	Wiped                           when
	AskedKey                        when // a tablet asked for contacts under another key
}

type devicesBody struct {
	Devices []deviceView
	Revoked []deviceView
	Sticks  bool // may be read by who is signed in
}

// deviceTable is a list of devices, with what may be done to them.
type deviceTable struct {
	List  []deviceView
	Admin bool
}

func (v *call) mayDevices() bool {
	if !v.staff.May("", city.RoleAdmin) {
		v.forbidden("Devices are enrolled and revoked by administrators.")
		return false
	}
	return true
}

func (v *call) devices() {
	all, err := v.Store.Devices(v.ctx)
	if err != nil {
		v.broken(v.g, err)
		return
	}
	n, err := v.names()
	if err != nil {
		v.broken(v.g, err)
		return
	}
	b := devicesBody{Sticks: v.staff.May("", city.RoleAdmin) || v.staff.May("", city.RoleDispatcher)}
	for _, d := range all {
		view := v.deviceView(d, n)
		if err := v.departed(&view, d.ID); err != nil {
			v.broken(v.g, err)
			return
		}
		if k, err := v.Store.TabletKey(v.ctx, d.ID); err != nil {
			v.broken(v.g, err)
			return
		} else if !k.Asked.IsZero() {
			view.AskedKey = v.say.when(k.Asked)
		}
		if view.Revoked {
			b.Revoked = append(b.Revoked, view)
		} else {
			b.Devices = append(b.Devices, view)
		}
	}
	v.show(http.StatusOK, "devices", page{Title: "Devices", Nav: "devices", Watch: "poll", Body: b})
}

func (v *call) deviceView(d store.Device, n names) deviceView {
	h := d.Hello
	out := deviceView{ID: string(d.ID), Name: d.Name, Kind: heading(string(d.Kind)), Icon: string(d.Kind), Seen: v.say.ago(d.Seen), Enrolled: v.say.when(d.Enrolled),
		Version: h.Version, Printer: h.Printer, Fingerprint: d.Public.Fingerprint(), Revoked: d.State == store.DeviceRevoked, Damaged: h.Failed > 0}
	for _, g := range d.Grants {
		if crew, ok := strings.CutPrefix(string(g), "crew:"); ok {
			out.For = joinWords(out.For, n.crew(city.ID(crew)))
		}
	}
	switch {
	case out.Revoked:
		out.State = tag{"Revoked", "lock", "bad"}
	case d.Seen.IsZero():
		out.State = tag{"Never heard from", "cloud-off", "neutral"}
		return out
	case v.Now().Sub(d.Seen) > quietAfter:
		out.State = tag{"Out of reach", "cloud-off", "warn"}
	default:
		out.State = tag{"In touch", "cloud-check", "good"}
	}
	if d.Seen.IsZero() {
		return out
	}
	out.Waiting = "Nothing"
	if h.Pending+h.Blobs > 0 {
		out.Waiting = plural(h.Pending, "act") + ", " + plural(h.Blobs, "photo")
	}
	if h.Pending > 0 {
		out.Oldest, out.Old = v.say.ago(h.Oldest), v.Now().Sub(h.Oldest) > 24*time.Hour
	}
	if h.Disk > 0 {
		out.Disk, out.Low = bytesWords(h.Disk)+" free", h.Disk < 1<<30
	}
	if !h.Clock.IsZero() {
		out.Clock, out.Off = clockWords(h.Clock.Sub(d.Seen))
	}
	return out
}

// clockWords says how a device's clock stands against ours.
func clockWords(off time.Duration) (words string, wrong bool) {
	switch {
	case off > clockSlack:
		return span(off) + " ahead", true
	case off < -clockSlack:
		return span(-off) + " behind", true
	}
	return "Right", false
}

type revokeBody struct {
	*form
	Device deviceView
}

// device finds the device of the address and answers when there is none.
func (v *call) device() (store.Device, bool) {
	id := city.ID(v.g.Param("id"))
	if !v.mayDevices() {
		return store.Device{}, false
	}
	if !id.Valid() {
		v.notFound()
		return store.Device{}, false
	}
	d, err := v.Store.Device(v.ctx, city.DeviceID(id))
	if errors.Is(err, store.ErrNoDevice) {
		v.notFound()
		return d, false
	}
	if err != nil {
		v.broken(v.g, err)
		return d, false
	}
	return d, true
}

func (v *call) revokeForm() {
	d, view, ok := v.leaving()
	if !ok {
		return
	}
	v.show(http.StatusOK, "revoke", page{Title: "Revoke " + d.Name, Nav: "devices",
		Body: revokeBody{newForm(base+"/devices/"+view.ID+"/revoke", "revoke", v.seen), view}})
}

func (v *call) revoke() {
	d, ok := v.device()
	if !ok {
		return
	}
	if _, ok := v.postedForm("revoke", ""); !ok {
		return
	}
	if err := v.Store.Revoke(v.ctx, d.ID); err != nil {
		v.broken(v.g, err)
		return
	}
	v.Log.Info("device revoked", "device", d.ID, "staff", v.staff.ID)
	v.g.Redirect(http.StatusSeeOther, base+"/devices?done=revoked")
}
