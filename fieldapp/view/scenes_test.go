package view_test

import (
	"bytes"
	"context"
	"image/jpeg"
	"net/http"
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"cityhall/fieldapp"
	"cityhall/shared/city"
	"cityhall/shared/photo"
	"cityhall/shared/protocol"
	"cityhall/shared/sim/town"
	"cityhall/syncserver/store"
)

// shape is a window: a tablet held across, upright, and a phone.
type shape struct {
	name string
	size fyne.Size
}

var shapes = []shape{{"across", fyne.NewSize(1280, 800)}, {"upright", fyne.NewSize(800, 1280)}, {"phone", fyne.NewSize(480, 900)}}

// scene is one screen in one state, reached as a person reaches it.
type scene struct {
	name  string
	fresh bool // on a tablet without a city
	play  func(*stage)
}

var scenes = []scene{
	{"enrol", true, func(*stage) {}},
	{"enrol-wrong", true, func(s *stage) { s.a.SetEnrolText("cityhall://enrol?c=ABC"); s.a.Enrol() }},
	{"new-pin", true, func(s *stage) { s.join() }},
	{"new-pin-again", true, func(s *stage) { s.join(); s.a.NewPIN(pin) }},
	{"who-none", true, func(s *stage) { s.join(); s.a.NewPIN(pin); s.a.NewPIN(pin) }},
	{"unlock", false, func(*stage) {}},
	{"unlock-wrong", false, func(s *stage) { s.a.Unlock("000000") }},
	{"unlock-wait", false, func(s *stage) {
		for range 5 {
			s.a.Unlock("000000")
		}
	}},
	{"who", false, func(s *stage) { s.a.Unlock(pin) }},
	{"jobs-empty", false, func(s *stage) { s.signIn() }},
	{"jobs", false, func(s *stage) { s.busy() }},
	{"jobs-offline", false, func(s *stage) { s.busy(); s.Cut(true); s.a.SyncNow(); s.a.SetOrder(fieldapp.ByDistance) }},
	{"jobs-done", false, func(s *stage) { s.filled(); s.a.Check(); s.a.Save(); s.a.Home(); s.a.ShowDone(true) }},
	{"job", false, func(s *stage) { s.busy(); s.a.OpenJob(s.jobs["12 Elm Street"]) }},
	{"job-shut", false, func(s *stage) { s.shut() }},
	{"contact", false, func(s *stage) { s.shut(); s.a.OpenContact() }},
	{"contact-wrong", false, func(s *stage) { s.shut(); s.a.OpenContact(); s.a.Unlock("000000") }},
	{"enrol-again", false, func(s *stage) { s.a.ForgotPIN() }},
	{"job-started", false, func(s *stage) { s.started() }},
	{"job-saved", false, func(s *stage) { s.filled(); s.a.Check(); s.a.Save(); s.a.SyncNow() }},
	{"job-returned", false, func(s *stage) { s.returned() }},
	{"job-gone", false, func(s *stage) { s.gone() }},
	{"note", false, func(s *stage) { s.started(); s.a.OpenNote(); s.a.SetNote("The gate code is 1204.") }},
	{"finish", false, func(s *stage) { s.started(); s.a.OpenFinish() }},
	{"finish-filled", false, func(s *stage) { s.filled() }},
	{"finish-wrong", false, func(s *stage) {
		s.started()
		s.a.OpenFinish()
		s.a.Set(func(f *fieldapp.Form) {
			f.Outcome, f.Material = city.OutcomeNotFixed, fieldapp.MaterialInput{Name: "Gravel", Quantity: "some", Unit: "t"}
		})
		s.a.Check()
	}},
	{"pictures", false, func(s *stage) {
		s.started()
		s.photos()
		s.file("IMG_0500.jpg", []byte("not a picture"), 1)
		s.a.OpenFinish()
		s.a.OpenPictures()
		for _, p := range s.a.Picking().All[:2] {
			s.a.PickPicture(p.Path)
		}
		s.a.TakePictures()
		s.a.PickPicture(s.a.Picking().All[2].Path)
	}},
	{"pictures-empty", false, func(s *stage) { s.started(); s.a.OpenFinish(); s.a.OpenPictures() }},
	{"check", false, func(s *stage) { s.filled(); s.a.Check() }},
	{"photo", false, func(s *stage) { s.filled(); s.a.OpenPhoto(s.a.Form().Photos[0].Blob) }},
	{"find", false, func(s *stage) { s.started(); s.a.OpenFind() }},
	{"find-filled", false, func(s *stage) {
		s.started()
		s.a.OpenFind()
		s.a.ChooseService()
		s.a.PickService("fallen-tree")
		s.a.SetFind(func(f *fieldapp.Finding) {
			f.Answers["blocking"], f.Words = []string{"road"}, "A second tree leans over the fence."
		})
		s.a.HereAgain()
		s.a.FileFinding()
	}},
	{"find-stopped", false, func(s *stage) {
		s.started()
		s.a.OpenFind()
		s.a.ChooseService()
		s.a.PickService("fallen-tree")
		s.a.SetFind(func(f *fieldapp.Finding) { f.Answers["wires"] = []string{"yes"} })
	}},
	{"service", false, func(s *stage) { s.busy(); s.a.OpenFind(); s.a.ChooseService() }},
	{"service-none", false, func(s *stage) { s.busy(); s.a.OpenFind(); s.a.ChooseService(); s.a.Search("unicorn") }},
	{"waiting", false, func(s *stage) {
		s.filled()
		s.a.Check()
		s.a.Save()
		s.a.OpenNote()
		s.a.SetNote("x")
		s.a.Back()
		s.a.OpenWaiting()
		s.a.SyncNow()
	}},
	{"waiting-sent", false, func(s *stage) {
		s.filled()
		s.a.Check()
		s.a.Save()
		s.a.OpenWaiting()
		s.Cut(false)
		s.a.SyncNow()
	}},
	{"waiting-stick", false, func(s *stage) {
		s.filled()
		s.a.Check()
		s.a.Save()
		s.a.OpenWaiting()
		s.sticks = []string{s.t.TempDir()}
		s.a.SaveToStick(s.sticks[0])
	}},
	{"waiting-sticks", false, func(s *stage) {
		s.busy()
		s.a.OpenWaiting()
		s.sticks = []string{"/media/BLUE", "/media/TRUCK 7"}
		s.a.SetPrefs(fieldapp.Prefs{Language: "en", TextScale: 1})
		s.tap("field.stick.read")
	}},
	{"waiting-attention", false, func(s *stage) { s.gone(); s.a.OpenWaiting() }},
	{"waiting-drop", false, func(s *stage) { s.gone(); s.a.OpenWaiting(); s.tap("field.draft.drop") }},
	{"more", false, func(s *stage) { s.busy(); s.a.OpenMore() }},
	{"contact-open", false, func(s *stage) { s.busy(); s.a.OpenJob(s.jobs["12 Elm Street"]) }},
	{"contact-over", false, func(s *stage) { s.shut(); s.Wait(15 * 24 * time.Hour); s.a.Refresh() }},
	{"job-photos", false, func(s *stage) { s.arriving() }},
	{"photo-small", false, func(s *stage) { s.arriving(); s.a.OpenPhoto(s.a.Page().Shots[0].Blob) }},
	{"waiting-metered", false, func(s *stage) { s.wifi(); s.a.OpenWaiting() }},
	{"waiting-held", false, func(s *stage) { s.held(); s.a.OpenWaiting() }},
	{"job-held", false, func(s *stage) { s.held() }},
	{"full", false, func(s *stage) { s.busy(); s.full(); s.a.OpenWaiting() }},
	{"full-job", false, func(s *stage) { s.started(); s.full() }},
	{"upgrade", false, func(s *stage) {
		s.busy()
		s.Watch = func(r *http.Request) { r.Header.Set(protocol.VersionHeader, "0") }
		s.a.SyncNow()
	}},
	{"revoked", false, func(s *stage) {
		s.filled()
		s.a.Check()
		s.a.Save()
		s.Cut(false)
		s.withdraw((*store.Store).Revoke)
		s.a.OpenWaiting()
	}},
	{"revoked-cut", false, func(s *stage) {
		s.filled()
		s.a.Check()
		s.a.Save()
		s.Cut(false)
		s.Watch = func(r *http.Request) { s.Cut(strings.HasSuffix(r.URL.Path, "/quarantine")) }
		s.withdraw((*store.Store).Revoke)
	}},
	{"wiped", false, func(s *stage) { s.busy(); s.withdraw((*store.Store).OrderWipe) }},
}

// withdraw lets the city take this tablet out of use, and the tablet hear of it.
func (s *stage) withdraw(how func(*store.Store, context.Context, city.DeviceID) error) {
	id, _ := s.r.Identity()
	if err := how(s.Server.Store(), s.t.Context(), id.Device); err != nil {
		s.t.Fatal(err)
	}
	s.a.SyncNow()
}

// arriving is a job with a photo on its way and one that will not come.
func (s *stage) arriving() {
	s.busy()
	for i, blob := range []string{"a", "b"} {
		id := city.NewID()
		act := &city.AddPhoto{Photo: id, Request: s.requests["12 Elm Street"], Blob: strings.Repeat(blob, 64), Stage: "report"}
		if i == 0 {
			var b bytes.Buffer
			if err := jpeg.Encode(&b, landscape(0), nil); err != nil {
				s.t.Fatal(err)
			}
			small, err := photo.Small(&b)
			if err != nil {
				s.t.Fatal(err)
			}
			act.Thumb = small
		}
		s.Act(act)
		if i == 1 {
			s.Act(&city.LosePhoto{Photo: id})
		}
	}
	s.Sync(s.r)
	s.a.OpenJob(s.jobs["12 Elm Street"])
}

// wifi is finished work whose photos wait for a line that costs less.
func (s *stage) wifi() {
	s.filled()
	s.a.Check()
	s.a.Save()
	s.metered = true
	s.Cut(false)
	s.Sync(s.r)
	s.a.Refresh()
}

// held is finished work at a job that had gone to another crew before its start
// arrived.
func (s *stage) held() {
	s.filled()
	s.a.Check()
	s.a.Save()
	s.Act(&city.AssignRequest{Request: s.requests["12 Elm Street"], WorkOrder: s.jobs["12 Elm Street"], Crew: town.Streets, Priority: city.PriorityHigh})
	s.Cut(false)
	s.Sync(s.r)
	s.a.Refresh()
}

// full lets the tablet notice that there is no room left.
func (s *stage) full() {
	ctx, stop := context.WithCancel(s.t.Context())
	defer stop()
	go func() { _ = s.r.Run(ctx) }() // ends with ctx
	for {
		sum, err := s.r.Summary(ctx)
		if err != nil {
			s.t.Fatal(err)
		}
		if sum.Full {
			break
		}
		time.Sleep(time.Millisecond)
	}
	s.a.Refresh()
}

func (s *stage) join() {
	s.a.SetEnrolText(s.Enrolment(city.DeviceTablet, city.ScopePublic, city.ScopeCrew(town.Trees)))
	s.a.Enrol()
}

// returned is work that the office has sent back.
func (s *stage) returned() {
	s.filled()
	s.a.Check()
	s.a.Save()
	s.Cut(false)
	s.Sync(s.r)
	s.Act(&city.ReturnWork{Request: s.requests["12 Elm Street"], WorkOrder: s.jobs["12 Elm Street"], Reason: "The branch on the bus stop's roof is still there."})
	s.Sync(s.r)
	s.a.Refresh()
}

// gone is a job that went to another crew while its form was open.
func (s *stage) gone() {
	s.filled()
	s.a.Back()
	s.Act(&city.AssignRequest{Request: s.requests["12 Elm Street"], WorkOrder: s.jobs["12 Elm Street"], Crew: town.Streets, Priority: city.PriorityHigh})
	s.Cut(false)
	s.Sync(s.r)
	s.Sync(s.r)
	s.a.Refresh()
}
