package city

import "time"

// MayNotCome is how long the city waits for a photo's bytes before it says that
// they are lost, when the device that took it is revoked or silent for as long.
const MayNotCome = 7 * 24 * time.Hour

// ArrivePhoto says that the bytes of a photo are here. The server does it, so
// that everybody learns of it in the city's order. A lost photo is found by it.
type ArrivePhoto struct {
	Photo ID     `json:"photo"`
	Blob  string `json:"blob"`
	// Thumb is made by the server when the photo came without one.
	Thumb []byte `json:"thumb,omitempty"`
}

// Type implements Act.
func (a *ArrivePhoto) Type() Type { return "photo.arrive@1" }

// Check implements Act.
func (a *ArrivePhoto) Check() error {
	if !a.Photo.Valid() {
		return fail(CodeInvalid, "photo", "not an id")
	}
	if !sha256Hex.MatchString(a.Blob) {
		return fail(CodeInvalid, "blob", "not a SHA-256 in hex")
	}
	return nil
}

func (a *ArrivePhoto) plan(p *plan) error {
	if err := p.needServer(); err != nil {
		return err
	}
	rec, photo, err := p.photo(a.Photo)
	if err != nil {
		return err
	}
	if photo.Blob != a.Blob {
		return fail(CodeInvalid, "blob", "not this photo's bytes")
	}
	lead := rec.Field("arrived")
	p.set(rec.Ref, rec.Parent, "arrived", p.stamp().UTC())
	if photo.Lost() {
		p.mark(lead, rec.Ref, rec.Parent, "lost_at", time.Time{})
		p.mark(lead, rec.Ref, rec.Parent, "lost_by", "")
	}
	if thumb := goodThumb(a.Thumb); thumb != nil && len(photo.Thumb) == 0 {
		p.mark(lead, rec.Ref, rec.Parent, "thumb", thumb)
	}
	return nil
}

// MissPhoto takes back that the bytes of a photo are here: the server's file is
// gone or damaged. A device that still holds them puts them back by itself.
type MissPhoto struct {
	Photo ID `json:"photo"`
}

// Type implements Act.
func (a *MissPhoto) Type() Type { return "photo.miss@1" }

// Check implements Act.
func (a *MissPhoto) Check() error {
	if !a.Photo.Valid() {
		return fail(CodeInvalid, "photo", "not an id")
	}
	return nil
}

func (a *MissPhoto) plan(p *plan) error {
	if err := p.needServer(); err != nil {
		return err
	}
	rec, _, err := p.photo(a.Photo)
	if err != nil {
		return err
	}
	p.set(rec.Ref, rec.Parent, "arrived", time.Time{})
	return nil
}

// LosePhoto says that a photo's bytes will not come. What the city calls safe no
// longer waits for them. Should they come after all, nothing of them is refused.
type LosePhoto struct {
	Photo ID `json:"photo"`
}

// Type implements Act.
func (a *LosePhoto) Type() Type { return "photo.lost@1" }

// Check implements Act.
func (a *LosePhoto) Check() error {
	if !a.Photo.Valid() {
		return fail(CodeInvalid, "photo", "not an id")
	}
	return nil
}

func (a *LosePhoto) plan(p *plan) error {
	rec, photo, err := p.photo(a.Photo)
	if err != nil {
		return err
	}
	work, _, err := LoadWork(p.view, rec.Parent)
	if err != nil {
		return err
	}
	if err := p.needStaff(work.Department, RoleReviewer, RoleDispatcher); err != nil {
		return err
	}
	if !photo.Arrived.IsZero() || photo.Lost() {
		return fail(CodeNotNow, "photo", "the photo is here, or was called lost before")
	}
	lead := rec.Field("lost_at")
	p.set(rec.Ref, rec.Parent, "lost_at", p.stamp().UTC())
	p.follow(lead, rec.Ref, rec.Parent, "lost_by", p.m.Actor.Name)
	p.read(rec.Ref, "arrived")
	return nil
}

// needServer refuses everybody who cannot see the server's disk.
func (p *plan) needServer() error {
	if p.m.Actor.Kind != ActorSystem || p.m.Device != OfficeDevice {
		return fail(CodeForbidden, "actor", "only the server sees what has arrived")
	}
	return nil
}

// photo reads the photo that an act is about.
func (p *plan) photo(id ID) (Record, Photo, error) {
	var photo Photo
	rec, ok, err := p.view.Record(Ref{KindPhoto, id})
	if err != nil {
		return rec, photo, err
	}
	if !ok {
		return rec, photo, fail(CodeUnknown, "photo", "no such photo")
	}
	return rec, photo, rec.Into(&photo)
}

// OwnID names an act of the server about a photo's bytes. It follows from the
// photo, its bytes and what was last said of them, so that it is done once, by
// however many servers, and again when something else was said since.
func OwnID(act Type, photo Record) MutationID {
	return MutationID(derivedID(string(act), string(photo.ID), photo.Text("blob"), string(photo.Writers["arrived"]), string(photo.Writers["lost_at"])))
}
