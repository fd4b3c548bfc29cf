package kiosk

import (
	"strings"

	"cityhall/shared/city"
)

// enrolment is the one thing that staff enter here; it is no resident's.
type enrolment struct {
	link string
	busy bool
}

// EnrolLink is the enrolment that was typed or pasted.
func (k *Kiosk) EnrolLink() string { return k.enrol.link }

// SetEnrolLink takes it as it is typed.
func (k *Kiosk) SetEnrolLink(text string) { k.enrol.link = text }

// Enrolling tells that the city is being asked.
func (k *Kiosk) Enrolling() bool { return k.enrol.busy }

// Enrol joins the city with the enrolment that was entered. A code works once.
func (k *Kiosk) Enrol() {
	if k.s.screen != ScreenEnrol || k.enrol.busy {
		return
	}
	link := strings.TrimSpace(k.enrol.link)
	if link == "" {
		k.problem("enrol", &city.Error{Code: city.CodeRequired, Field: "enrol", Message: "enter the enrolment"})
		return
	}
	k.enrol.busy, k.s.errs = true, nil
	k.changed()
	k.async(func() func() {
		_, err := k.rep.Enrol(k.ctx, link, k.cfg.Name)
		return func() {
			k.enrol.busy = false
			if err != nil {
				k.problem("enrol", err)
				return
			}
			k.enrol.link = ""
			k.rep.Wake()
			k.turnTo(k.first())
		}
	})
}
