package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"cityhall/shared/atlas"
	"cityhall/shared/atlas/survey"
	"cityhall/shared/city"
	"cityhall/shared/demo"
	"cityhall/shared/keys"
	"cityhall/syncserver"
	"cityhall/syncserver/store"
)

// birth is what the demo city follows from; it is kept, so that a second start
// makes the same city and finds it already there.
type birth struct {
	Seed uint64    `json:"seed"`
	Born time.Time `json:"born"`
}

// readBirth reads or makes the file in the city's folder.
func readBirth(folder string, seed uint64) (birth, error) {
	path := filepath.Join(folder, "demo.json")
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		b := birth{Seed: seed, Born: time.Now().UTC()}
		raw, err := json.Marshal(b)
		if err != nil {
			return b, err
		}
		return b, os.WriteFile(path, raw, 0o600)
	}
	if err != nil {
		return birth{}, err
	}
	var b birth
	if err := json.Unmarshal(raw, &b); err != nil {
		return b, fmt.Errorf("%s is damaged: %w", path, err)
	}
	return b, nil
}

// invitation lets one device enrol; link is complete once the address is known.
type invitation struct {
	kind   city.DeviceKind
	name   string
	grants []city.Scope
	code   keys.EnrolCode
}

// prepared is a demo city that is ready to be served.
type prepared struct {
	city        demo.City
	fingerprint string
	invitations []invitation
}

// devices are two kiosks and a tablet for each crew.
func (p prepared) devices() []invitation {
	out := []invitation{
		{kind: city.DeviceKiosk, name: "Library kiosk", grants: []city.Scope{city.ScopePublic}},
		{kind: city.DeviceKiosk, name: "Town hall kiosk", grants: []city.Scope{city.ScopePublic}},
	}
	for _, a := range p.city.Acts {
		if c, ok := a.Act.(*city.SetCrew); ok {
			out = append(out, invitation{kind: city.DeviceTablet, name: c.Crew.Name + " tablet", grants: []city.Scope{city.ScopePublic, city.ScopeCrew(c.ID)}})
		}
	}
	return out
}

// link is what a device enrols with at the given address of the server.
func (p prepared) link(i invitation, url string) string {
	return keys.Enrolment{URL: url, Code: i.code, Fingerprint: p.fingerprint}.Link()
}

// prepare makes the demo city in a folder, or finds it there, and invites fresh
// devices. It works on the files directly: the server is not running yet.
func prepare(ctx context.Context, folder string, seed uint64) (prepared, error) {
	var p prepared
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return p, fmt.Errorf("the folder for the demo city: %w (choose another with -data)", err)
	}
	b, err := readBirth(folder, seed)
	if err != nil {
		return p, err
	}
	if err := paintPictures(filepath.Join(folder, "pictures")); err != nil {
		return p, err
	}
	p.city = demo.New(b.Seed, b.Born)
	s, err := syncserver.Open(ctx, syncserver.Config{Data: filepath.Join(folder, "server"), Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return p, err
	}
	defer s.Close()
	if err := fill(ctx, s.Store(), &p, folder); err != nil {
		return p, err
	}
	p.fingerprint = s.Keys().Identity.Public().Fingerprint()
	for _, i := range p.devices() {
		if i.code, err = s.Store().CreateEnrolment(ctx, i.kind, i.name, i.grants, 24*time.Hour); err != nil {
			return p, err
		}
		p.invitations = append(p.invitations, i)
	}
	return p, nil
}

// fill brings the city into the store. What is there already stays as it is.
func fill(ctx context.Context, s *store.Store, p *prepared, folder string) error {
	head, err := s.Head(ctx)
	if err != nil {
		return err
	}
	places, err := buildPlaces(ctx, p.city.Geography, folder, time.Now())
	if err != nil {
		return err
	}
	if p.city.Settings.Places, err = s.PutBlob(ctx, places); err != nil {
		return err
	}
	acts := make([]store.Dated, len(p.city.Acts))
	for i, a := range p.city.Acts {
		if set, ok := a.Act.(*city.SetCity); ok {
			set.Settings.Places = p.city.Settings.Places
		}
		acts[i] = store.Dated{ID: a.ID, At: a.At, Act: a.Act}
	}
	if err := s.Import(ctx, acts); err != nil {
		return err
	}
	if head.Seq > 0 {
		return nil // logins stay as staff have made them
	}
	for _, l := range p.city.Logins {
		if err := s.SetLogin(ctx, l.Name, l.Staff, l.Password); err != nil {
			return err
		}
	}
	return nil
}

// buildPlaces makes the places database that devices search offline, as any city
// does: of files, by the importer.
func buildPlaces(ctx context.Context, g atlas.Geography, folder string, now time.Time) ([]byte, error) {
	files := filepath.Join(folder, "geography")
	if err := os.MkdirAll(files, 0o700); err != nil {
		return nil, err
	}
	if err := demo.Publish(g, files); err != nil {
		return nil, err
	}
	path := filepath.Join(folder, "places.db")
	if _, err := survey.Import(ctx, survey.Options{Folder: files, Out: path, Now: now}); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}
