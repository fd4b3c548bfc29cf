package view_test

import (
	"time"

	"cityhall/fieldapp"
	"cityhall/shared/city"
	"cityhall/shared/sim/town"
)

// placed gives the city its places, and the tablet its copy of them.
func (s *stage) placed() {
	s.t.Helper()
	s.OnMap()
	s.Sync(s.r)
	s.Sync(s.r)
	s.a.Refresh()
}

// settled is a crew's morning in a city that is on the map.
func (s *stage) settled() {
	s.t.Helper()
	s.placed()
	now := s.Now()
	for _, r := range []struct {
		address string
		service city.ID
		job     city.AssignRequest
	}{
		{"120 Maple Avenue", "fallen-tree", city.AssignRequest{Priority: city.PriorityUrgent, DueAt: now.Add(8 * time.Hour), Instruction: "Bring the long saw. Close the right lane first."}},
		{"233 School Street", "fallen-tree", city.AssignRequest{DueAt: now.Add(-20 * time.Hour)}},
		{"515 Linden Avenue", "fallen-tree", city.AssignRequest{Priority: city.PriorityHigh, DueAt: now.Add(30 * time.Hour)}},
		{"700 Main Street", "pothole", city.AssignRequest{DueAt: now.Add(100 * time.Hour)}},
		{"421 Mill Road", "light", city.AssignRequest{Priority: city.PriorityLow}},
		{"", "fallen-tree", city.AssignRequest{}},
	} {
		place := city.Place{Detail: "By the old ferry landing"}
		if r.address != "" {
			place = s.House(r.address)
		}
		s.requests[r.address], s.jobs[r.address] = s.Report(town.Trees, s.found(r.service, place), r.job)
	}
	for _, r := range []struct {
		address string
		service city.ID
	}{{"131 Maple Avenue", "fallen-tree"}, {"122 Maple Avenue", "pothole"}, {"340 Maple Avenue", "light"}, {"260 School Street", "light"}, {"611 Main Street", "pothole"}, {"615 Main Street", "pothole"}} {
		act := s.found(r.service, s.House(r.address))
		act.Request = city.NewID()
		s.requests[r.address] = act.Request
		s.Act(&act)
	}
	s.Sync(s.r)
	s.signIn()
	s.standAt("117 Maple Avenue", 9)
}

func (s *stage) found(service city.ID, at city.Place) city.FileRequest {
	act := city.FileRequest{Service: service, Version: 1, Place: at, Description: "It blocks the way."}
	if service == "fallen-tree" {
		act.Answers = city.Answers{"blocking": {"road"}, "wires": {"no"}, "lanes": {"2"}}
	}
	return act
}

// standAt puts the tablet somewhere, give or take some metres.
func (s *stage) standAt(address string, within float64) {
	p := s.House(address)
	s.fix = fieldapp.Fix{Lat: p.Lat, Lon: p.Lon, Within: within, At: s.Now()}
	s.a.Tick()
}

var mapScenes = []scene{
	{"jobs-with-map", false, func(s *stage) { s.settled(); s.a.SetOrder(fieldapp.ByDistance) }},
	{"jobs-map", false, func(s *stage) { s.settled(); s.a.ShowMap(true) }},
	{"jobs-map-job", false, func(s *stage) { s.settled(); s.a.ShowMap(true); s.a.OpenJob(s.jobs["120 Maple Avenue"]) }},
	{"jobs-map-empty", false, func(s *stage) { s.placed(); s.signIn(); s.a.ShowMap(true) }},
	{"job-placed", false, func(s *stage) { s.settled(); s.a.OpenJob(s.jobs["120 Maple Avenue"]) }},
	{"near", false, func(s *stage) { s.settled(); s.a.OpenNear() }},
	{"near-job", false, func(s *stage) { s.settled(); s.a.OpenJob(s.jobs["120 Maple Avenue"]); s.a.OpenNearJob() }},
	{"near-assets", false, func(s *stage) {
		s.settled()
		s.a.OpenNear()
		at := s.House("120 Maple Avenue")
		s.a.ShowAssets(at.Lat, at.Lon)
	}},
	{"near-no-assets", false, func(s *stage) { s.settled(); s.a.OpenNear(); s.a.ShowAssets(464_000_000, -693_000_000) }},
	{"near-lost", false, func(s *stage) { s.settled(); s.fix.At = time.Time{}; s.a.Tick(); s.a.OpenNear() }},
	{"request", false, func(s *stage) { s.settled(); s.a.OpenNear(); s.a.OpenRequest(s.requests["122 Maple Avenue"]) }},
	{"request-gone", false, func(s *stage) { s.settled(); s.a.OpenNear(); s.a.OpenRequest("gone") }},
	{"find-placed", false, func(s *stage) { s.finding(); s.a.FindHere() }},
	{"find-named", false, func(s *stage) { s.finding(); s.a.FindHere(); s.a.NameAsset(s.a.Nameable()[0]) }},
	{"find-outside", false, func(s *stage) { s.finding(); s.a.OpenWhere(); s.a.TakePin(464_000_000, -693_000_000) }},
	{"find-search", false, func(s *stage) { s.finding(); s.a.SetAddress("hydrant 801"); s.a.SetFind(func(*fieldapp.Finding) {}) }},
	{"find-lost", false, func(s *stage) { s.settled(); s.fix.At = time.Time{}; s.a.Tick(); s.a.OpenFind() }},
	{"where", false, func(s *stage) { s.finding(); s.a.OpenWhere() }},
	{"where-outside", false, func(s *stage) { s.finding(); s.a.OpenWhere(); s.a.MovePin(464_000_000, -693_000_000) }},
	{"request-same", false, func(s *stage) { s.finding(); s.a.FindHere(); s.a.OpenRequest(s.a.Twins()[0].ID) }},
	{"request-ask", false, func(s *stage) {
		s.finding()
		s.a.FindHere()
		s.a.OpenRequest(s.a.Twins()[0].ID)
		s.tap("field.twin.same")
	}},
}

func init() { scenes = append(scenes, mapScenes...) }

// finding is a fallen tree that the crew reports from Maple Avenue.
func (s *stage) finding() {
	s.settled()
	s.a.OpenFind()
	s.a.ChooseService()
	s.a.PickService("fallen-tree")
	s.a.SetFind(func(f *fieldapp.Finding) { f.Words = "Another one leans over the sidewalk." })
}
