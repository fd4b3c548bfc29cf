package view_test

import (
	"strings"

	"cityhall/kiosk"
	"cityhall/shared/city"
)

// scene is one screen in one state, reached the way a person reaches it.
type scene struct {
	name string
	play func(*stage)
}

// scenes are all screens; the storybook draws them and the lint walks them.
var scenes = []scene{
	{"home", func(*stage) {}},
	{"home-offline", func(s *stage) { s.offline() }},
	{"home-old", func(s *stage) { s.old() }},
	{"services", func(s *stage) { s.k.Report() }},
	{"services-found", func(s *stage) { s.k.Report(); s.k.SetServiceQuery("tre") }},
	{"services-none", func(s *stage) { s.k.Report(); s.k.SetServiceQuery("unicorn") }},
	{"question-choice", func(s *stage) { s.begin("tree") }},
	{"question-yesno", func(s *stage) { s.begin("tree"); s.answer("street") }},
	{"question-missing", func(s *stage) { s.begin("tree"); s.k.Next() }},
	{"question-many", func(s *stage) { s.begin("dumping") }},
	{"question-number", func(s *stage) { s.begin("dumping"); s.answer("sofa", "paint"); s.k.Answer("lots"); s.k.Next() }},
	{"question-text", func(s *stage) { s.begin("dumping"); s.answer("sofa"); s.answer("3") }},
	{"stopped", func(s *stage) { s.begin("tree"); s.answer("street"); s.answer("yes") }},
	{"place", func(s *stage) { s.toPlace() }},
	{"place-typed", func(s *stage) { s.toPlace(); s.k.SetPlaceText("orchard") }},
	{"place-missing", func(s *stage) { s.toPlace(); s.k.Next() }},
	{"place-chosen", func(s *stage) { s.choose("12 orchard st") }},
	{"place-words", func(s *stage) { s.toPlace(); s.k.SetByWords(true); s.k.SetPlaceWords("On the river path") }},
	{"place-near", func(s *stage) { s.toPlace(); s.k.PointOnMap(); s.k.Next() }},
	{"place-outside", func(s *stage) { s.choose("12 county road") }},
	{"place-typed-outside", func(s *stage) { s.toPlace(); s.k.SetPlaceText("12 county") }},
	{"place-written", func(s *stage) { s.toPlace(); s.k.SetPlaceText("behind the old mill"); s.k.AsWritten() }},
	{"point", func(s *stage) { s.toPlace(); s.k.PointOnMap() }},
	{"point-address", func(s *stage) { s.choose("12 orchard st"); s.k.PointOnMap() }},
	{"point-outside", func(s *stage) { s.choose("12 county road"); s.k.PointOnMap() }},
	{"point-nothing", func(s *stage) {
		s.toPlace()
		s.k.PointOnMap()
		at := s.k.Pin().Place
		s.k.MovePin(at.Lat+60_000, at.Lon)
	}},
	{"near", func(s *stage) { s.toNear() }},
	{"near-followed", func(s *stage) { s.toNear(); s.k.Follow(s.k.Nearby()[0].ID) }},
	{"details", func(s *stage) {
		s.toDetails()
		s.k.SetDetails("The trunk lies across both lanes.\nA cable hangs in it.")
	}},
	{"contact", func(s *stage) { s.toDetails(); s.k.Next() }},
	{"contact-wrong", func(s *stage) {
		s.toDetails()
		s.k.Next()
		s.k.SetContact(city.Person{Email: "ana@nowhere"})
		s.k.Next()
	}},
	{"check", func(s *stage) { s.toCheck() }},
	{"check-long", func(s *stage) {
		s.toDetails()
		s.k.SetDetails(strings.Repeat("Donaudampfschifffahrtsgesellschaft ", 110))
		s.k.Next()
		s.k.SetContact(city.Person{Name: "María de los Ángeles Fernández-Villaverde", Email: "maria.de.los.angeles.fernandez-villaverde@correo.ejemplo.org"})
		s.k.Next()
	}},
	{"failed", func(s *stage) { s.toCheck(); s.breakDisk(); s.k.Next() }},
	{"receipt-offline", func(s *stage) { s.offline(); s.toCheck(); s.k.Next() }},
	{"receipt", func(s *stage) { s.toCheck(); s.k.Next(); s.deliver() }},
	{"address", func(s *stage) { s.k.MyAddress() }},
	{"address-typed", func(s *stage) { s.k.MyAddress(); s.k.SetPlaceText("orchard") }},
	{"address-number", func(s *stage) { s.k.MyAddress(); s.k.SetPlaceText("999 orchard") }},
	{"address-unknown", func(s *stage) { s.k.MyAddress(); s.k.SetPlaceText("77 Nowhere Road"); s.k.Next() }},
	{"here", func(s *stage) { s.concerns("13 orchard st") }},
	{"here-street", func(s *stage) { s.concerns("orchard lane") }},
	{"here-number", func(s *stage) { s.concerns("999 orchard lane") }},
	{"here-outside", func(s *stage) { s.concerns("12 county road") }},
	{"here-landmark", func(s *stage) { s.concerns("library") }},
	{"here-request", func(s *stage) { s.concerns("13 orchard st"); s.k.Follow(s.k.Nearby()[0].ID) }},
	{"track", func(s *stage) { s.k.Track() }},
	{"track-wrong", func(s *stage) { s.k.Track(); s.k.SetTyped("K7QM-4F2Q-9XDT-4"); s.k.Look() }},
	{"not-found", func(s *stage) { s.k.Track(); s.k.SetTyped("0000-0000"); s.k.Look() }},
	{"request-received", func(s *stage) { s.look("received") }},
	{"request-working", func(s *stage) { s.look("working") }},
	{"request-fixed", func(s *stage) { s.look("fixed") }},
	{"request-not-ours", func(s *stage) { s.look("notours") }},
	{"request-duplicate", func(s *stage) { s.look("duplicate") }},
	{"request-typed", func(s *stage) { s.look("typed") }},
	{"receipt-words", func(s *stage) {
		s.toPlace()
		s.k.SetByWords(true)
		s.k.SetPlaceWords("On the river path")
		for s.k.Screen() != kiosk.ScreenCheck {
			s.k.Next()
		}
		s.k.Next()
		s.deliver()
	}},
	{"home-full", func(s *stage) { s.full() }}, // it stays full: the last
}

// begin opens a service's first question.
func (s *stage) begin(service city.ID) {
	s.k.Report()
	s.k.ChooseService(service)
}

func (s *stage) answer(values ...string) {
	s.k.Answer(values...)
	s.k.Next()
}

func (s *stage) toPlace() {
	s.begin("tree")
	s.answer("street")
	s.answer("no")
}

func (s *stage) toNear() {
	s.choose("12 orchard st")
	s.k.Next()
}

// choose takes the first place that is found.
func (s *stage) choose(address string) {
	s.toPlace()
	s.k.SetPlaceText(address)
	s.k.ChoosePlace(0)
}

// concerns shows what concerns an address.
func (s *stage) concerns(address string) {
	s.k.MyAddress()
	s.k.SetPlaceText(address)
	s.k.Next()
	if s.k.Screen() != kiosk.ScreenHere {
		s.t.Fatalf("%q: the screen is %q", address, s.k.Screen())
	}
}

func (s *stage) toDetails() {
	s.toNear()
	s.k.Next()
}

func (s *stage) toCheck() {
	s.toDetails()
	s.k.SetDetails("The trunk lies across both lanes.")
	s.k.Next()
	s.k.SetContact(city.Person{Email: "ana@example.org"})
	s.k.Next()
}

// look follows the request that the stage keeps under a name.
func (s *stage) look(name string) {
	s.k.Track()
	s.k.SetTyped(s.numbers[name])
	s.k.Look()
	if s.k.Screen() != kiosk.ScreenRequest {
		s.t.Fatalf("request %q is not found", name)
	}
}
