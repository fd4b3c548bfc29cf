package city

import (
	"slices"
	"strconv"
	"time"
)

// Notice is what a department tells the residents of some districts, or of all.
type Notice struct {
	Title      Text       `json:"title"`
	Words      Text       `json:"words"`
	Department Department `json:"department"`
	Districts  []ID       `json:"districts,omitempty"` // the whole city when there are none
	From       string     `json:"from"`                // first and last day (2006-01-02, in the city's zone) on which it concerns anybody
	Until      string     `json:"until"`
	Withdrawn  bool       `json:"withdrawn,omitempty"`
}

// What a notice is limited to: it is read standing, and fits on a kiosk's page.
const (
	MaxNoticeTitle = 120
	MaxNoticeWords = 2000
	maxNoticeDays  = 731
)

// LoadNotice reads a notice; false when there is none.
func LoadNotice(view View, id ID) (Notice, bool, error) {
	var n Notice
	ok, err := load(view, Ref{KindNotice, id}, &n)
	return n, ok, err
}

// Concerns tells whether who lives in the district (empty: in none) is told of it on
// the day. People are told a week ahead: who must move a car has to know before.
func (n Notice) Concerns(district ID, day time.Time) bool {
	soon := day.AddDate(0, 0, 7).Format(time.DateOnly)
	return !n.Withdrawn && n.From <= soon && n.Until >= day.Format(time.DateOnly) &&
		(len(n.Districts) == 0 || slices.Contains(n.Districts, district))
}

func (n Notice) check() error {
	if n.Department == "" {
		return fail(CodeRequired, "department", "a notice has a department")
	}
	for _, part := range []struct {
		name string
		text Text
		most int
	}{{"title", n.Title, MaxNoticeTitle}, {"words", n.Words, MaxNoticeWords}} {
		if part.text["en"] == "" {
			return fail(CodeRequired, part.name, "in English at least")
		}
		for lang, words := range part.text {
			if err := checkWords(part.name, words, part.most); err != nil {
				return err
			}
			if words == "" || len(lang) > 20 {
				return fail(CodeInvalid, part.name, "words by language")
			}
		}
	}
	for _, d := range n.Districts {
		if !d.Valid() {
			return fail(CodeInvalid, "districts", "ids of districts")
		}
	}
	from, err := time.Parse(time.DateOnly, n.From)
	if err != nil {
		return fail(CodeInvalid, "from", "a day is written 2006-01-02")
	}
	until, err := time.Parse(time.DateOnly, n.Until)
	if err != nil {
		return fail(CodeInvalid, "until", "a day is written 2006-01-02")
	}
	if until.Before(from) || until.After(from.AddDate(0, 0, maxNoticeDays)) {
		return fail(CodeInvalid, "until", "not before the first day, and at most "+strconv.Itoa(maxNoticeDays)+" days later")
	}
	return nil
}

// SetNotice makes a notice or a new edition of one, or takes it back.
type SetNotice struct {
	ID     ID     `json:"id"`
	Notice Notice `json:"notice"`
}

// Type implements Act.
func (a *SetNotice) Type() Type { return "notice.set@1" }

// Check implements Act.
func (a *SetNotice) Check() error {
	if !a.ID.Valid() {
		return fail(CodeInvalid, "id", "a notice has an id")
	}
	a.Notice.Title, a.Notice.Words = tidyText(a.Notice.Title), tidyText(a.Notice.Words)
	return a.Notice.check()
}

func (a *SetNotice) plan(p *plan) error {
	if err := p.mayTell(a.ID, a.Notice.Department); err != nil {
		return err
	}
	settings, err := LoadSettings(p.view)
	if err != nil {
		return err
	}
	ref := Ref{KindNotice, a.ID}
	before, _, err := LoadNotice(p.view, a.ID)
	if err != nil {
		return err
	}
	for _, d := range a.Notice.Districts { // a district that the map has lost may stay in an old notice
		if settings.District(d) == "" && !slices.Contains(before.Districts, d) {
			return fail(CodeUnknown, "districts", "there is no such district")
		}
	}
	if err := p.replace(ref, a.Notice); err != nil {
		return err
	}
	// The words of one edition on the days of another would tell something that nobody wrote.
	for i := range p.writes {
		p.writes[i].lead = ref.Field("words")
	}
	return nil
}

// mayTell refuses everybody but reviewers and admins of the department that the
// notice is of, and of the one that it is to be of.
func (p *plan) mayTell(id ID, to Department) error {
	rec, ok, err := p.view.Record(Ref{KindNotice, id})
	if err != nil {
		return err
	}
	if from := Department(rec.Text("department")); ok && from != to {
		if err := p.needStaff(from, RoleReviewer); err != nil {
			return err
		}
	}
	return p.needStaff(to, RoleReviewer)
}
