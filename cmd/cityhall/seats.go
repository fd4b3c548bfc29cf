package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/load"
	"cityhall/syncserver"
	"cityhall/syncserver/store"
)

// LoadSeats makes a city to be loaded: crews of a few tablets, each with a request
// of its own, and kiosks. A tablet sees its crew's, a kiosk what is public.
type LoadSeats struct {
	Data    string `help:"Folder of the server that is to be loaded; it must not be running yet." required:"" type:"path"`
	DB      string `help:"PostgreSQL connection string; empty for the embedded SQLite." name:"db" env:"CITYHALL_DB"`
	Devices int    `help:"Seats to make." default:"2000"`
	Kiosks  int    `help:"How many of them are kiosks. What is reported there is public: every other kiosk pulls it." default:"0"`
	Crew    int    `help:"Tablets in a crew: each of them pulls what the others do." default:"4"`
	To      string `help:"File of seats to write. Whoever has it can join the city." default:"seats.ndjson" type:"path"`
}

// loadService is the one service of the city.
const loadService city.ID = "tree"

// Run makes the city and writes the file.
func (l LoadSeats) Run(ctx context.Context) error {
	if l.Devices < 1 || l.Kiosks < 0 || l.Kiosks > l.Devices || l.Crew < 1 {
		return errors.New("at least one device, no more kiosks than devices, at least one tablet in a crew")
	}
	s, err := syncserver.Open(ctx, syncserver.Config{Data: l.Data, DB: l.DB, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	seats, err := l.fill(ctx, s.Store())
	if err == nil {
		fingerprint := s.Keys().Identity.Public().Fingerprint()
		for i := range seats {
			seats[i].Fingerprint = fingerprint
		}
		err = writeFile(l.To, func(w io.Writer) error { return load.WriteSeats(w, seats) })
	}
	return errors.Join(err, s.Close())
}

// fill makes the city and invites the devices.
func (l LoadSeats) fill(ctx context.Context, s *store.Store) ([]load.Seat, error) {
	acts := []city.Act{
		&city.SetCity{Settings: city.Settings{Name: "Loadville", TimeZone: "UTC", Languages: []string{"en"}}},
		&city.PublishService{ID: loadService, Service: city.Service{Name: city.Text{"en": "Fallen tree"}, Icon: "tree", Group: "trees", Department: "parks", Active: true, Version: 1}},
	}
	seats := make([]load.Seat, l.Devices)
	var crew, request city.ID
	member := city.Member{ID: "dana", Name: "Dana"}
	for i := range seats {
		if i < l.Kiosks {
			seats[i] = load.Seat{Kind: city.DeviceKiosk, Service: loadService}
			continue
		}
		if n := i - l.Kiosks; n%l.Crew == 0 {
			crew, request = city.ID(fmt.Sprintf("crew-%d", n/l.Crew)), city.NewID()
			acts = append(acts, &city.SetCrew{ID: crew, Crew: city.Crew{Name: "Crew " + string(crew), Department: "parks", Members: []city.Member{member}}},
				&city.FileRequest{Request: request, Service: loadService, Place: city.Place{Address: "12 Juniper Avenue"}, Description: "A branch lies across the walk."},
				&city.AssignRequest{Request: request, WorkOrder: city.NewID(), Crew: crew, Priority: city.PriorityNormal})
		}
		seats[i] = load.Seat{Kind: city.DeviceTablet, Crew: crew, Member: member, Request: request}
	}
	dated := make([]store.Dated, len(acts))
	for i, a := range acts {
		dated[i] = store.Dated{ID: city.NewMutationID(), At: time.Now().UTC(), Act: a}
	}
	if err := s.Import(ctx, dated); err != nil {
		return nil, err
	}
	return seats, invite(ctx, s, seats)
}

// invite makes a code for each seat, many at a time: they share their commits.
func invite(ctx context.Context, s *store.Store, seats []load.Seat) error {
	errs := make([]error, len(seats))
	places := make(chan struct{}, 64)
	var all sync.WaitGroup
	for i := range seats {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			grants := []city.Scope{city.ScopePublic}
			if seats[i].Crew != "" {
				grants = []city.Scope{city.ScopeCrew(seats[i].Crew)}
			}
			code, err := s.CreateEnrolment(ctx, seats[i].Kind, fmt.Sprintf("Device %d", i+1), grants, 24*time.Hour)
			seats[i].Code, errs[i] = code.Show(), err
		})
	}
	all.Wait()
	return errors.Join(errs...)
}
