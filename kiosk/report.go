package kiosk

import (
	"maps"
	"slices"
	"strings"

	"cityhall/shared/city"
)

// form is a report that is not sent yet.
type form struct {
	service Service // as it was when it was chosen: its questions do not change underway
	answers city.Answers
	visited map[string]bool
	at      int // of the questions that are asked
	stop    city.Text
	place   place
	near    []Near
	details string
	person  city.Person
	editing bool  // came from "check your answers" and goes back there
	before  *form // as it was then; Back takes the change back
	failure *city.Error
}

func newForm() form {
	return form{answers: city.Answers{}, visited: map[string]bool{}}
}

// The parts of a report that can be changed from "check your answers".
const (
	PartService = "service"
	PartAnswers = "answers"
	PartPlace   = "place"
	PartDetails = "details"
	PartContact = "contact"
)

// SetServiceQuery filters the services by what is typed.
func (k *Kiosk) SetServiceQuery(text string) {
	k.Touch()
	if k.s.query != text {
		k.s.query = text
		k.changed()
	}
}

// ServiceQuery is what was typed to filter the services.
func (k *Kiosk) ServiceQuery() string { return k.s.query }

// SetGroup shows one group of services, or all for "".
func (k *Kiosk) SetGroup(group string) {
	k.Touch()
	if k.s.group != group {
		k.s.group = group
		k.changed()
	}
}

// Group is the group of services that is shown, or "".
func (k *Kiosk) Group() string { return k.s.group }

// ChooseService takes a service and asks its questions. Another service than
// before drops the answers, and nothing else.
func (k *Kiosk) ChooseService(id city.ID) {
	k.Touch()
	s, ok := k.service(id)
	if k.s.screen != ScreenServices || !ok {
		return
	}
	f := &k.s.form
	if f.service.ID != id || f.service.Version != s.Version {
		f.answers = city.Answers{}
	}
	f.service, f.visited, f.at, f.near = s, map[string]bool{}, 0, nil
	if len(k.questions()) == 0 {
		k.afterQuestions()
		return
	}
	k.turnTo(ScreenQuestion)
}

// Chosen is the service that the report is about.
func (k *Kiosk) Chosen() Service { return k.s.form.service }

// questions are those that are asked, given the answers so far.
func (k *Kiosk) questions() []city.Question {
	return city.Shown(k.s.form.service.Questions, k.s.form.answers)
}

// Question is the question on the page, and what was answered.
func (k *Kiosk) Question() (city.Question, []string) {
	qs := k.questions()
	if len(qs) == 0 {
		return city.Question{}, nil
	}
	q := qs[min(k.s.form.at, len(qs)-1)]
	return q, slices.Clone(k.s.form.answers[q.ID])
}

// Answer sets the answer to the question on the page.
func (k *Kiosk) Answer(values ...string) {
	k.Touch()
	if k.s.screen != ScreenQuestion {
		return
	}
	q, _ := k.Question()
	var kept []string
	for _, v := range values {
		if strings.TrimSpace(v) != "" {
			kept = append(kept, v)
		}
	}
	k.s.form.answers[q.ID] = kept
}

// Answered is a question that was asked, and what was said.
type Answered struct {
	Question city.Question
	Given    []string
}

// Answered lists the questions asked so far, in order.
func (k *Kiosk) Answered() []Answered {
	var out []Answered
	for _, q := range k.questions() {
		out = append(out, Answered{q, slices.Clone(k.s.form.answers[q.ID])})
	}
	return out
}

// StopWords are the words that end the form.
func (k *Kiosk) StopWords() string { return k.s.form.stop.In(k.s.lang) }

// Steps tells how far the report is: pages done with this one, and all of them as
// far as the answers tell.
func (k *Kiosk) Steps() (at, of int) {
	n := len(k.questions())
	of = 1 + n + 4 // service, questions, place, details, contact, check
	switch k.s.screen {
	case ScreenServices:
		if k.s.form.service.ID == "" {
			of++ // most services ask something
		}
		return 1, of
	case ScreenQuestion, ScreenStopped:
		return 2 + k.s.form.at, of
	case ScreenPlace, ScreenPoint, ScreenNear:
		return 2 + n, of
	case ScreenDetails:
		return 3 + n, of
	case ScreenContact:
		return 4 + n, of
	}
	return of, of
}

// Details are the resident's own words.
func (k *Kiosk) Details() string { return k.s.form.details }

// SetDetails takes the resident's own words as they are typed.
func (k *Kiosk) SetDetails(words string) {
	k.Touch()
	if k.s.screen == ScreenDetails {
		k.s.form.details = words
	}
}

// Contact is who may be answered.
func (k *Kiosk) Contact() city.Person { return k.s.form.person }

// SetContact takes who may be answered as it is typed.
func (k *Kiosk) SetContact(p city.Person) {
	k.Touch()
	if k.s.screen == ScreenContact {
		k.s.form.person = p
	}
}

// Anonymous leaves no word about who it was, and goes on.
func (k *Kiosk) Anonymous() {
	k.Touch()
	if k.s.screen != ScreenContact {
		return
	}
	k.s.form.person = city.Person{}
	k.forward(ScreenCheck)
}

// Editing tells whether the page was opened from "check your answers".
func (k *Kiosk) Editing() bool { return k.s.form.editing }

// Edit opens a part of the report again from "check your answers".
func (k *Kiosk) Edit(part string) {
	k.Touch()
	if k.s.screen != ScreenCheck || k.s.saving {
		return
	}
	to := map[string]Screen{PartService: ScreenServices, PartAnswers: ScreenQuestion, PartPlace: ScreenPlace,
		PartDetails: ScreenDetails, PartContact: ScreenContact}[part]
	if to == "" {
		if i := slices.IndexFunc(k.questions(), func(q city.Question) bool { return PartAnswers+"."+q.ID == part }); i >= 0 {
			k.s.form.at, to = i, ScreenQuestion
		}
	} else {
		k.s.form.at = 0
	}
	if to == "" || to == ScreenQuestion && len(k.questions()) == 0 {
		return
	}
	before := k.s.form
	before.answers, before.visited = maps.Clone(before.answers), maps.Clone(before.visited)
	k.s.form.editing, k.s.form.before = true, &before
	k.turnTo(to)
}

// Next is the main action of a page of the report.
func (k *Kiosk) Next() {
	k.Touch()
	switch k.s.screen {
	case ScreenQuestion:
		k.nextQuestion()
	case ScreenPlace:
		k.nextPlace()
	case ScreenPoint:
		k.nextPoint()
	case ScreenNear:
		k.afterPlace()
	case ScreenDetails:
		k.nextDetails()
	case ScreenContact:
		k.nextContact()
	case ScreenCheck, ScreenFailed:
		k.submit()
	case ScreenAddress:
		k.nextAddress()
	case ScreenStopped, ScreenReceipt, ScreenRequest, ScreenNotFound, ScreenHere:
		k.Home()
	}
}

func (k *Kiosk) nextQuestion() {
	f := &k.s.form
	q, _ := k.Question()
	given := city.Relevant([]city.Question{{ID: q.ID}}, f.answers)[q.ID]
	if err := city.CheckAnswer(q, given); err != nil {
		k.problem("answer", err)
		return
	}
	f.answers[q.ID] = given
	f.visited[q.ID] = true
	if words, stop := city.Stopped(f.service.Questions, f.answers); stop {
		f.stop = words
		k.turnTo(ScreenStopped)
		return
	}
	qs := k.questions()
	f.at++
	for f.editing && f.at < len(qs) && f.visited[qs[f.at].ID] {
		f.at++
	}
	if f.at >= len(qs) {
		k.afterQuestions()
		return
	}
	k.turnTo(ScreenQuestion)
}

func (k *Kiosk) afterQuestions() {
	if k.s.form.editing {
		k.keepChange()
		return
	}
	k.turnTo(ScreenPlace)
}

func (k *Kiosk) nextDetails() {
	if n := len([]rune(strings.TrimSpace(k.s.form.details))); n > city.MaxWords {
		k.problem("details", &city.Error{Code: city.CodeTooLong, Field: "description", Message: "too long", Max: city.MaxWords})
		return
	}
	k.forward(ScreenContact)
}

func (k *Kiosk) nextContact() {
	p := &k.s.form.person
	p.Name, p.Email, p.Phone = strings.TrimSpace(p.Name), strings.TrimSpace(p.Email), strings.TrimSpace(p.Phone)
	if err := city.CheckContact(p.Email, p.Phone); err != nil {
		e, _ := city.AsError(err)
		k.problem(e.Field, err)
		return
	}
	if len([]rune(p.Name)) > 120 {
		k.problem("person.name", &city.Error{Code: city.CodeTooLong, Field: "person.name", Message: "too long", Max: 120})
		return
	}
	k.forward(ScreenCheck)
}

// forward goes on to a page, or back to the check that sent the person here.
func (k *Kiosk) forward(to Screen) {
	if k.s.form.editing {
		k.keepChange()
		return
	}
	k.turnTo(to)
}

// takeBack leaves a change that was begun, and all is as it was.
func (k *Kiosk) takeBack() {
	k.s.form = *k.s.form.before
	k.turnTo(ScreenCheck)
}

// keepChange ends a change and goes back to the check.
func (k *Kiosk) keepChange() {
	k.s.form.editing, k.s.form.before = false, nil
	k.turnTo(ScreenCheck)
}

// backInForm goes back one page of the report, or to the check that sent the
// person here.
func (k *Kiosk) backInForm() {
	f := &k.s.form
	if f.editing && k.s.screen != ScreenNear {
		k.takeBack()
		return
	}
	switch k.s.screen {
	case ScreenQuestion:
		if f.at = min(f.at, len(k.questions())) - 1; f.at >= 0 {
			k.turnTo(ScreenQuestion)
			return
		}
		f.at = 0
		k.turnTo(ScreenServices)
	case ScreenPlace:
		if n := len(k.questions()); n > 0 {
			f.at = n - 1
			k.turnTo(ScreenQuestion)
			return
		}
		k.turnTo(ScreenServices)
	case ScreenNear, ScreenDetails:
		k.turnTo(ScreenPlace)
	case ScreenContact:
		k.turnTo(ScreenDetails)
	case ScreenCheck:
		k.turnTo(ScreenContact)
	}
}
