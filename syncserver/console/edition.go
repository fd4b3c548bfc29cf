package console

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"cityhall/shared/city"
	"cityhall/syncserver/store"
	"cityhall/syncserver/store/read"
)

// publishNotice writes a new notice. Its id follows from the form, so that the same
// form makes one notice however often it comes.
func (v *call) publishNotice() {
	if !v.mayTell() {
		return
	}
	if f, ok := v.postedForm("notice", base+"/notices/new"); ok {
		v.saveNotice(read.Notice{ID: city.ID(f.ID)}, f)
	}
}

// editNotice writes the next edition of a notice. One that was taken back is shown again.
func (v *call) editNotice() {
	n, ok := v.changeable()
	if !ok {
		return
	}
	if f, ok := v.postedForm("notice", base+"/notices/"+string(n.ID)); ok {
		v.saveNotice(n, f)
	}
}

// withdrawNotice takes a notice back, as it stands.
func (v *call) withdrawNotice() {
	n, ok := v.changeable()
	if !ok {
		return
	}
	f, ok := v.postedForm("withdraw", "")
	if !ok {
		return
	}
	act := &city.SetNotice{ID: n.ID, Notice: n.Notice}
	act.Notice.Withdrawn = true
	verdict, err := v.act(f, act)
	if err != nil {
		v.refuseNotice(n, v.noticeForm(n), err)
		return
	}
	v.toNotice(n.ID, verdict, "back")
}

// changeable finds the notice of the address for who may change it.
func (v *call) changeable() (read.Notice, bool) {
	n, ok := v.oneNotice()
	if ok && !v.staff.May(n.Department, city.RoleReviewer) {
		v.forbidden("A notice is changed by reviewers and administrators of its department. Ask one of them.")
		return n, false
	}
	return n, ok
}

// noticeOf reads the form. What is blank is left out, as the domain has it.
func (v *call) noticeOf(old read.Notice, f *form) city.Notice {
	n := city.Notice{Title: city.Text{}, Words: city.Text{}, Department: city.Department(f.Value("department")), From: f.Value("from"), Until: f.Value("until")}
	blanks := strings.NewReplacer("\r\n", "\n", "\t", " ") // browsers end a line with both; tabs come from other programs
	said := func(name string) string { return strings.TrimSpace(blanks.Replace(f.Value(name))) }
	for _, l := range v.noticeLanguages(old.Notice) {
		if s := said("title-" + l.Code); s != "" {
			n.Title[l.Code] = s
		}
		if s := said("words-" + l.Code); s != "" {
			n.Words[l.Code] = s
		}
	}
	for _, d := range f.Values["districts"] {
		if !slices.Contains(n.Districts, city.ID(d)) {
			n.Districts = append(n.Districts, city.ID(d))
		}
	}
	return n
}

// saveNotice writes what the form says, or shows it again with what is wrong.
func (v *call) saveNotice(old read.Notice, f *form) {
	act := &city.SetNotice{ID: old.ID, Notice: v.noticeOf(old, f)}
	if ok, err := v.checkNotice(old, f, *act); err != nil {
		v.broken(v.g, err)
		return
	} else if !ok {
		f.Problem = "Nothing is saved yet. Look at what is marked below."
		v.showNotice(http.StatusUnprocessableEntity, old, f)
		return
	}
	verdict, err := v.act(f, act)
	if err != nil {
		v.refuseNotice(old, f, err)
		return
	}
	if verdict.Verdict == city.VerdictDuplicate && verdict.Review == "" {
		now, there, err := v.read.Notice(v.ctx, old.ID)
		if err != nil {
			v.broken(v.g, err)
			return
		}
		if there && !sameNotice(now.Notice, act.Notice) {
			v.savedBefore(now, f, verdict)
			return
		}
	}
	v.toNotice(old.ID, verdict, "notice")
}

// savedBefore keeps what somebody changed in a form that had been sent already, as
// after going back in the browser: it becomes an edit of what stands.
func (v *call) savedBefore(now read.Notice, sent *form, verdict store.Verdict) {
	f := newForm(base+"/notices/"+string(now.ID), "notice", verdict.Seq)
	f.Values = sent.Values
	f.Problem = "This form had been saved before, and now it says something else. Look at it, then save it again; nothing was changed yet."
	v.showNotice(http.StatusUnprocessableEntity, now, f)
}

func sameNotice(a, b city.Notice) bool {
	one, err := city.Canonical(a)
	other, err2 := city.Canonical(b)
	return err == nil && err2 == nil && bytes.Equal(one, other)
}

// toNotice goes on to the notice, or to the decision between two editions.
func (v *call) toNotice(id city.ID, verdict store.Verdict, done string) {
	to := base + "/notices/" + string(id) + "?done=" + done
	if verdict.Review != "" {
		to = base + "/reviews/" + string(verdict.Review) + "?done=conflict"
	}
	v.g.Redirect(http.StatusSeeOther, to)
}

// refuseNotice shows the form again with what the domain says against it.
func (v *call) refuseNotice(old read.Notice, f *form, err error) {
	e, refused := city.AsError(err)
	switch {
	case !refused:
		v.broken(v.g, err)
	case e.Code == city.CodeForbidden:
		v.forbidden("A notice is written by reviewers and administrators of its department. Ask one of them.")
	default:
		f.refuse(e, "districts")
		v.showNotice(http.StatusUnprocessableEntity, old, f)
	}
}

// checkNotice puts all that is wrong beside its fields at once. The domain names one
// thing at a time: what it has named is made good in a copy, and it is asked again.
func (v *call) checkNotice(old read.Notice, f *form, act city.SetNotice) (bool, error) {
	n, err := v.names()
	if err != nil {
		return false, err
	}
	given, fine := act.Notice, city.Text{"en": "fine"}
	if d := given.Department; d != "" && d != old.Department && !slices.Contains(n.departments(v.staff), d) {
		f.Errors["department"] = "Choose one of these departments."
	}
	for range 8 { // one more than there are fields
		e, wrong := city.AsError(act.Check())
		if !wrong {
			return len(f.Errors) == 0, nil
		}
		f.refuse(e, "title", "words", "department", "districts", "from", "until")
		switch e.Field {
		case "title":
			f.spread(e, act.Notice.Title)
			act.Notice.Title = fine
		case "words":
			f.spread(e, act.Notice.Words)
			act.Notice.Words = fine
		case "department":
			act.Notice.Department = "fine"
		case "districts":
			act.Notice.Districts = nil
		case "from":
			act.Notice.From = "2026-01-01"
			if _, err := time.Parse(time.DateOnly, given.Until); err == nil {
				act.Notice.From = given.Until
			}
		case "until":
			act.Notice.Until = act.Notice.From
		}
	}
	return false, nil
}

// spread puts what is wrong with a text beside the languages that it is wrong in.
func (f *form) spread(e *city.Error, said city.Text) {
	words := f.Errors[e.Field]
	delete(f.Errors, e.Field)
	if e.Code != city.CodeTooLong {
		f.Errors[e.Field+"-en"] = words
	}
	for lang, s := range said {
		if e.Code == city.CodeTooLong && utf8.RuneCountInString(s) > e.Max {
			f.Errors[e.Field+"-"+lang] = words
		}
	}
}
