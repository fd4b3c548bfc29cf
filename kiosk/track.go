package kiosk

import (
	"bytes"
	"context"
	"image"
	_ "image/jpeg" // published photos are JPEG or PNG
	_ "image/png"
	"reflect"
	"slices"
	"strings"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/replica"
)

// maxPixels is the largest published photo that is decoded.
const maxPixels = 24_000_000

// track is a look-up.
type track struct {
	typed   string
	looking bool
	found   *Found
	from    Screen // where Back leads
}

// Found is what everybody with the reference may see of a request.
type Found struct {
	ID      city.ID
	Request city.Request
	AsOf    time.Time   // when the city was last heard
	Pending bool        // entered on this kiosk and not with the city yet
	Photo   image.Image // the published one of the finished work, once it is here
	Caption string
	Other   string // number of the request that goes on, for a duplicate
	wanted  string // blob of the photo that is here or on its way
}

// Typed is what was typed for a reference.
func (k *Kiosk) Typed() string { return k.s.track.typed }

// SetTyped takes the reference as it is typed.
func (k *Kiosk) SetTyped(text string) {
	k.Touch()
	if k.s.screen == ScreenTrack {
		k.s.track.typed = text
	}
}

// Looking tells that a look-up is under way.
func (k *Kiosk) Looking() bool { return k.s.track.looking }

// Found is the request that is shown, or nil.
func (k *Kiosk) Found() *Found {
	if k.s.track.found == nil {
		return nil
	}
	f := *k.s.track.found
	return &f
}

// AsOf is when the city was last heard; zero for never.
func (k *Kiosk) AsOf() time.Time { return k.asOf() }

// Look looks up what was typed: a reference, or a request's public number.
func (k *Kiosk) Look() {
	k.Touch()
	t := &k.s.track
	if k.s.screen != ScreenTrack || t.looking {
		return
	}
	typed := strings.TrimSpace(t.typed)
	if typed == "" {
		k.problem("reference", &city.Error{Code: city.CodeRequired, Field: "reference", Message: "type the reference"})
		return
	}
	if len(typed) > 200 {
		typed = typed[:200] // far too long either way, and the answer says so
	}
	t.looking = true
	k.changed()
	k.async(func() func() {
		id, err := k.find(k.ctx, typed)
		return func() {
			k.s.track.looking = false
			switch {
			case err != nil:
				k.problem("reference", err)
			case id == "":
				k.turnTo(ScreenNotFound)
			default:
				k.show(id, ScreenTrack)
			}
		}
	})
}

// find gives the request with a reference or number, "" when none is known here.
func (k *Kiosk) find(ctx context.Context, typed string) (city.ID, error) {
	field, value := "number", number(typed)
	if value == "" {
		lookup, err := k.rep.LookupOf(ctx, typed)
		if err != nil {
			return "", err
		}
		field, value = "lookup", lookup
	}
	records, err := k.rep.Find(ctx, city.KindRequest, field, value)
	if err != nil || len(records) == 0 {
		return "", err
	}
	return records[0].ID, nil
}

// number reads a request's public number as leniently as a reference is read;
// "" when it is not of that length.
func number(typed string) string {
	s := strings.NewReplacer("-", "", "–", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(typed))
	if len(s) != 8 {
		return ""
	}
	return s[:4] + "-" + s[4:]
}

// show shows how a request stands.
func (k *Kiosk) show(id city.ID, from Screen) {
	f := &Found{ID: id}
	if !k.read(f) {
		k.turnTo(ScreenNotFound)
		return
	}
	k.s.track.found, k.s.track.from = f, from
	k.fetchPhoto()
	k.turnTo(ScreenRequest)
}

// read fills in what is known of a request; false when it is not known.
func (k *Kiosk) read(f *Found) bool {
	view, err := k.rep.View(k.ctx)
	if err != nil {
		k.cfg.Log.Error("read a request", "err", err)
		return false
	}
	req, ok, err := city.LoadRequest(view, f.ID)
	if err != nil || !ok {
		return false
	}
	zone := k.data.settings.Zone()
	for _, t := range []*time.Time{&req.ReceivedAt, &req.DueAt, &req.AssignedAt, &req.ClosedAt} {
		if !t.IsZero() {
			*t = t.In(zone)
		}
	}
	f.Request, f.AsOf, f.Pending = req, k.asOf(), req.ReceivedAt.IsZero()
	if f.Other = ""; req.DuplicateOf != "" {
		f.Other = req.DuplicateOf.Number()
	}
	return true
}

// refreshFound looks again at the request that is shown.
func (k *Kiosk) refreshFound() {
	f := k.s.track.found
	if f == nil || k.s.screen != ScreenRequest {
		return
	}
	before := *f
	if !k.read(f) {
		*f = before
		return
	}
	k.fetchPhoto()
	k.s.fresh = k.s.fresh || !reflect.DeepEqual(before.Request, f.Request) || before.Pending != f.Pending
}

// OpenOther shows the request that goes on in place of a duplicate.
func (k *Kiosk) OpenOther() {
	k.Touch()
	if f := k.s.track.found; k.s.screen == ScreenRequest && f != nil && f.Request.DuplicateOf != "" {
		k.show(f.Request.DuplicateOf, k.s.track.from)
	}
}

// fetchPhoto gets the published photo of the finished work, from here or from
// the city, without holding up the page.
func (k *Kiosk) fetchPhoto() {
	f := k.s.track.found
	photo := k.published(f.Request.Photos)
	if photo.Blob == "" || photo.Blob == f.wanted {
		return
	}
	online := k.link.State == replica.LinkOnline
	f.wanted, f.Caption = photo.Blob, photo.Caption
	k.async(func() func() {
		img := k.picture(photo.Blob, online)
		return func() {
			if f != k.s.track.found {
				return
			}
			if f.Photo = img; img == nil {
				f.wanted = "" // tried again when something changes
				return
			}
			k.changed()
		}
	})
}

// published is the published photo that shows the work done, or else the last.
func (k *Kiosk) published(ids []city.ID) (best city.Photo) {
	view, err := k.rep.View(k.ctx)
	if err != nil {
		return best
	}
	for _, id := range slices.Backward(ids) {
		rec, ok, err := view.Record(city.Ref{Kind: city.KindPhoto, ID: id})
		var p city.Photo
		if err != nil || !ok || rec.Into(&p) != nil || !p.Public {
			continue
		}
		if p.Stage == "after" {
			return p
		}
		if best.Blob == "" {
			best = p
		}
	}
	return best
}

// picture decodes a blob of a sane size; nil when it is not to be had.
func (k *Kiosk) picture(sha string, online bool) image.Image {
	data, ok, err := k.rep.Blob(k.ctx, sha)
	if (err != nil || !ok) && online {
		data, err = k.rep.FetchBlob(k.ctx, sha)
	}
	if err != nil || len(data) == 0 {
		return nil
	}
	head, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || head.Width*head.Height > maxPixels {
		return nil
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	return img
}
