package console

import (
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"cityhall/shared/city"
	"cityhall/shared/words"
	"cityhall/syncserver/store/read"
)

// noticesShown bounds the notices of each half of the list.
const noticesShown = 200

type noticeRow struct {
	ID, Title, For, Department string
	From, Until                when
	State                      tag
	Over, Withdrawn            bool
}

// noticePart is a group of the list.
type noticePart struct {
	Name, Heading, Empty string
	Rows                 []noticeRow
	More                 bool // than are listed
}

type noticesBody struct {
	Parts []noticePart
	Any   bool
	Write bool // may be done by who is signed in
	Most  int
}

// mayTell answers who writes no notices of any department.
func (v *call) mayTell() bool {
	if !v.staff.May("", city.RoleReviewer) {
		v.forbidden("Notices are written by reviewers and administrators. Ask one of them.")
		return false
	}
	return true
}

// today is the day in the city.
func (v *call) today() string { return v.say.now.In(v.say.zone).Format(time.DateOnly) }

func (v *call) notices() {
	list, err := v.read.Notices(v.ctx, v.today(), noticesShown)
	if err != nil {
		v.broken(v.g, err)
		return
	}
	n := names{districts: v.city.Districts}
	shown := noticePart{Name: "shown", Heading: "Shown now", Empty: "Kiosks show no notice at the moment."}
	coming := noticePart{Name: "coming", Heading: "Coming", Empty: "Nothing is to come.", More: list.MoreAhead}
	past := noticePart{Name: "past", Heading: "Over or taken back", Empty: "Nothing is over yet.", More: list.MorePast}
	for _, x := range list.Ahead {
		if row := v.noticeRow(x, n); v.shown(x.Notice) {
			shown.Rows = append(shown.Rows, row)
		} else {
			coming.Rows = append(coming.Rows, row)
		}
	}
	for _, x := range list.Past {
		past.Rows = append(past.Rows, v.noticeRow(x, n))
	}
	b := noticesBody{Parts: []noticePart{shown, coming, past}, Any: len(list.Ahead)+len(list.Past) > 0, Write: v.staff.May("", city.RoleReviewer), Most: noticesShown}
	v.show(http.StatusOK, "notices", page{Title: "Notices", Nav: "notices", Watch: "list", Body: b})
}

// shown tells whether kiosks show a notice now, to whom it is for.
func (v *call) shown(n city.Notice) bool {
	var one city.ID
	if len(n.Districts) > 0 {
		one = n.Districts[0]
	}
	return n.Concerns(one, v.say.now.In(v.say.zone))
}

func (v *call) noticeRow(x read.Notice, n names) noticeRow {
	row := noticeRow{ID: string(x.ID), Title: x.Title.In("en"), Department: heading(string(x.Department)), For: "Whole city",
		From: v.say.day(x.From), Until: v.say.day(x.Until), Over: x.Until < v.today(), Withdrawn: x.Withdrawn}
	var all []string
	for _, d := range x.Districts {
		all = append(all, n.district(d))
	}
	if len(all) > 0 {
		row.For = strings.Join(all, ", ")
	}
	switch {
	case row.Withdrawn:
		row.State = tag{"Taken back", "back", "neutral"}
	case row.Over:
		row.State = tag{"Over", "check", "neutral"}
	case !v.shown(x.Notice):
		row.State = tag{"Coming", "calendar", "neutral"}
	case x.From > v.today():
		row.State = tag{"From " + row.From.Words + " on", "calendar", "info"}
	default:
		row.State = tag{"Shown now", "eye", "good"}
	}
	return row
}

// noticeLanguage is a language in which a notice can be written.
type noticeLanguage struct {
	Code, Name string
	Needed     bool
}

// noticeView is a notice as a resident reads it.
type noticeView struct {
	Lang, Language, Title, Days, Words string
	TitleLang, WordsLang               string // where English stands in for it
}

type noticeBody struct {
	*form                // nil: for who may only read
	Row        noticeRow // without an id before it is published
	By         string
	At         when
	Heading    string
	Languages  []noticeLanguage
	Districts  []option
	Offices    []option // departments
	Back       *form    // takes it back
	Preview    []noticeView
	English    []string // languages whose readers see English
	Everywhere bool
}

// noticeLanguages are those of the city, English first, and those that the notice
// has besides: nothing that somebody wrote is dropped by an edit.
func (v *call) noticeLanguages(n city.Notice) []noticeLanguage {
	codes := append([]string{"en"}, v.city.Languages...)
	codes = append(append(codes, sortedKeys(n.Title)...), sortedKeys(n.Words)...)
	var out []noticeLanguage
	for _, c := range codes {
		if !slices.ContainsFunc(out, func(l noticeLanguage) bool { return l.Code == c }) {
			out = append(out, noticeLanguage{c, words.Name(c), c == "en"})
		}
	}
	return out
}

// noticePreview says a notice with the words of the kiosk.
func (v *call) noticePreview(n city.Notice) (views []noticeView, english []string) {
	now := v.say.now.In(v.say.zone)
	for _, l := range v.noticeLanguages(n) {
		if n.Title[l.Code] == "" && n.Words[l.Code] == "" {
			english = append(english, l.Name)
			continue
		}
		w := words.In(l.Code)
		day := func(d string) string {
			at, err := time.ParseInLocation(time.DateOnly, d, v.say.zone)
			if err != nil {
				return d
			}
			return w.LongDay(at, now)
		}
		days := w.T("kiosk.here.notice.days", "from", day(n.From), "until", day(n.Until))
		if n.From == n.Until {
			first, size := utf8.DecodeRuneInString(day(n.From))
			days = strings.ToUpper(string(first)) + day(n.From)[size:]
		}
		v := noticeView{l.Code, l.Name, n.Title.In(l.Code), days, n.Words.In(l.Code), l.Code, l.Code}
		if n.Title[l.Code] == "" {
			v.TitleLang = "en"
		}
		if n.Words[l.Code] == "" {
			v.WordsLang = "en"
		}
		views = append(views, v)
	}
	return views, english
}

// newNotice asks for a notice that is to be.
func (v *call) newNotice() {
	if v.mayTell() {
		v.showNotice(http.StatusOK, read.Notice{}, newForm(base+"/notices/new", "notice", v.seen))
	}
}

// notice shows a notice to everybody, and the form to who may change it.
func (v *call) notice() {
	n, ok := v.oneNotice()
	if !ok {
		return
	}
	var f *form
	if v.staff.May(n.Department, city.RoleReviewer) {
		f = v.noticeForm(n)
	}
	v.showNotice(http.StatusOK, n, f)
}

// noticeForm is filled with what stands.
func (v *call) noticeForm(n read.Notice) *form {
	f := newForm(base+"/notices/"+string(n.ID), "notice", v.seen)
	for lang, said := range n.Title {
		f.Values.Set("title-"+lang, said)
	}
	for lang, said := range n.Words {
		f.Values.Set("words-"+lang, said)
	}
	f.Values.Set("department", string(n.Department))
	f.Values.Set("from", n.From)
	f.Values.Set("until", n.Until)
	for _, d := range n.Districts {
		f.Values.Add("districts", string(d))
	}
	return f
}

// oneNotice finds the notice of the address and answers when there is none.
func (v *call) oneNotice() (read.Notice, bool) {
	id := city.ID(v.g.Param("id"))
	if !id.Valid() {
		v.notFound()
		return read.Notice{}, false
	}
	n, ok, err := v.read.Notice(v.ctx, id)
	if err != nil {
		v.broken(v.g, err)
		return n, false
	}
	if !ok {
		v.notFound()
	}
	return n, ok
}

// showNotice renders a notice as it stands beside the form, which may have just
// been refused; nil for who may only read.
func (v *call) showNotice(status int, old read.Notice, f *form) {
	n, err := v.names()
	if err != nil {
		v.broken(v.g, err)
		return
	}
	b := noticeBody{form: f, Heading: "Write a notice", Languages: v.noticeLanguages(old.Notice), Everywhere: len(old.Districts) == 0}
	if old.Department != "" {
		b.Row = v.noticeRow(old, n)
		b.Heading = b.Row.Title
		b.By, b.At = teller{say: v.say, names: n}.who(old.By), v.say.when(old.At)
		b.Preview, b.English = v.noticePreview(old.Notice)
	}
	if f != nil {
		offices := n.departments(v.staff)
		if old.Department != "" && !slices.Contains(offices, old.Department) {
			offices = append(offices, old.Department)
		}
		for _, d := range offices {
			b.Offices = append(b.Offices, option{string(d), heading(string(d)), len(offices) == 1})
		}
		for _, d := range v.city.Districts {
			b.Districts = append(b.Districts, option{Value: string(d.ID), Label: d.Name})
		}
		for _, d := range old.Districts {
			if v.city.District(d) == "" {
				b.Districts = append(b.Districts, option{Value: string(d), Label: heading(string(d)) + " (no longer a district)"})
			}
		}
		if old.Department != "" && !b.Row.Over && !b.Row.Withdrawn {
			b.Back = newForm(base+"/notices/"+string(old.ID)+"/withdraw", "withdraw", v.seen)
		}
	}
	v.show(status, "notice", page{Title: b.Heading + " · Notices", Nav: "notices", Body: b})
}
