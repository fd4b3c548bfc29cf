package console

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"cityhall/shared/city"
	"cityhall/syncserver/store/read"
)

// reviewsShown bounds the lists of reviews; more than that at once is a case for
// the people who run the system, and the count on top says so.
const reviewsShown = 200

type reviewRow struct {
	ID, Number, Place, Service, What, By string
	Cause                                tag
	Opened, Closed                       when
	Decided                              string
}

type reviewsBody struct {
	Past  bool
	Rows  []reviewRow
	Found int // after a restore, and not dealt with
}

func (v *call) mayReview() bool {
	if !v.staff.May("", city.RoleReviewer) {
		v.forbidden("Reviews are for reviewers and administrators. Ask one of them to decide.")
		return false
	}
	return true
}

func (v *call) reviews() {
	if !v.mayReview() {
		return
	}
	b := reviewsBody{Past: v.g.Query("show") == "decided"}
	list, err := v.read.OpenReviews, error(nil)
	if b.Past {
		list = v.read.PastReviews
	}
	found, err := list(v.ctx, v.staff, reviewsShown)
	if err != nil {
		v.broken(v.g, err)
		return
	}
	if b.Found, err = v.read.CountSalvaged(v.ctx, v.staff); err != nil {
		v.broken(v.g, err)
		return
	}
	n, err := v.names()
	if err != nil {
		v.broken(v.g, err)
		return
	}
	for _, r := range found {
		b.Rows = append(b.Rows, reviewRow{ID: string(r.ID), Number: r.Number, Place: placeLine(r.Place), Service: n.service(r.Service), What: what(r.Review),
			By: teller{say: v.say, names: n}.who(r.Actor), Cause: causeTag(r.Cause), Opened: v.say.ago(r.OpenedAt), Closed: v.say.ago(r.ClosedAt), Decided: r.DecidedBy})
	}
	v.show(http.StatusOK, "reviews", page{Title: "Reviews", Nav: "reviews", Watch: "list", Body: b})
}

func causeTag(c city.Cause) tag {
	switch c {
	case city.CauseConflict:
		return tag{"Two answers", "users", "warn"}
	case city.CauseStale:
		return tag{"Not seen", "eye", "info"}
	}
	return tag{"Not applied", "warning", "bad"}
}

// what says in a few words what a review is about.
func what(r city.Review) string {
	var fields []string
	for _, p := range points(r) {
		if w := strings.ToLower(fieldName(p[0].Field)); !slices.Contains(fields, w) {
			fields = append(fields, w)
		}
	}
	all := strings.Join(fields, " and the ")
	switch r.Cause {
	case city.CauseRefused:
		return typeWords(r.Type) + " could not be applied"
	case city.CauseStale:
		return "Done without having seen a change of the " + all
	}
	return "Two answers about the " + all
}

// points are what there is to decide: each a field and what comes along with it,
// the request's status in front. Status and state of the job are one thing to a
// person, and a mixture of both sides would fit no case.
func points(r city.Review) [][]city.Contest {
	var out [][]city.Contest
	at := map[city.FieldRef]int{} // index into out, by the field that leads, contested itself or not
	machine := -1
	for _, c := range r.Contests {
		ref, name, _ := c.Field.Split()
		status := ref.Kind == city.KindRequest && name == "status"
		lead := leadOf(c)
		i, known := at[lead]
		if !known {
			known = (status || ref.Kind == city.KindWorkOrder && name == "state") && machine >= 0
			i = machine
		}
		if !known {
			i = len(out)
			out = append(out, nil)
		}
		if at[lead] = i; status || ref.Kind == city.KindWorkOrder && name == "state" {
			machine = i
		}
		if status || c.Field == c.Lead {
			out[i] = slices.Insert(out[i], 0, c)
		} else {
			out[i] = append(out[i], c)
		}
	}
	return out
}

// leadOf is the field that stands for a contest's group.
func leadOf(c city.Contest) city.FieldRef {
	if c.Lead == "" {
		return c.Field
	}
	return c.Lead
}

type sideView struct {
	Who, Did, Device string
	At, Their        when
	Value            string
	Empty            bool
	Follow           []factView // what comes along with the value
}

type contestView struct {
	Field  string // form field
	Name   string
	Ours   sideView
	Theirs sideView
}

type reviewBody struct {
	*form
	Review       reviewRow
	Request      string
	Notice       string // that it is about
	Explain      string
	Contests     []contestView
	Sides        []city.MutationID
	Acts         []entryView
	Payload      []factView
	Refusal      string
	Open         bool
	Conflict     bool
	Decision, By string
	Closed       when
}

func (v *call) review() {
	id := city.ID(v.g.Param("id"))
	if !v.mayReview() {
		return
	}
	if !id.Valid() {
		v.notFound()
		return
	}
	v.showReview(http.StatusOK, id, nil)
}

func (v *call) showReview(status int, id city.ID, given *form) {
	r, ok, err := v.read.Review(v.ctx, v.staff, id)
	if err != nil {
		v.broken(v.g, err)
		return
	}
	if !ok {
		v.notFound()
		return
	}
	n, err := v.names()
	if err != nil {
		v.broken(v.g, err)
		return
	}
	p := page{Title: what(r.Review), Nav: "reviews", Body: v.reviewBody(r, n, given)}
	if v.g.Query("done") == "conflict" {
		p.Done = "Somebody changed the same thing while your page was open. Nothing is lost: decide here what stands."
	}
	v.show(status, "review", p)
}

func (v *call) reviewBody(r read.Review, n names, given *form) reviewBody {
	t := teller{say: v.say, names: n, number: func(id city.ID) string { number, _ := v.read.Number(v.ctx, id); return number }}
	b := reviewBody{form: given, Request: string(r.Request), Sides: r.Sides(), Open: r.State == "open", Conflict: r.Cause == city.CauseConflict,
		Decision: r.Decision, By: r.DecidedBy, Closed: v.say.when(r.ClosedAt), Explain: explain[r.Cause],
		Review: reviewRow{ID: string(r.ID), Number: r.Number, Place: placeLine(r.Place), Service: n.service(r.Service), What: what(r.Review), By: t.who(r.Actor),
			Cause: causeTag(r.Cause), Opened: v.say.when(r.OpenedAt)}}
	if b.form == nil {
		b.form = newForm(base+"/reviews/"+string(r.ID), "decide", v.seen)
	}
	if r.About.Kind == city.KindNotice {
		b.Notice = string(r.About.ID)
	}
	for _, a := range slices.SortedFunc(maps.Values(r.Acts), func(a, b read.Act) int { return int(b.Seq - a.Seq) }) {
		e := t.entry(a)
		e.Review = "" // this page
		b.Acts = append(b.Acts, e)
	}
	for _, p := range points(r.Review) {
		b.Contests = append(b.Contests, t.contest(r, p))
	}
	if r.Cause == city.CauseRefused {
		b.Payload = flat(r.Payload, t.text)
		if r.Refusal != nil {
			b.Refusal = refusalWords(*r.Refusal)
		}
	}
	return b
}

var explain = map[city.Cause]string{
	city.CauseConflict: "Two people changed the same thing without seeing each other. What stands now is on the left, what came in later on the right. Choose what is to stand; the other side stays in the history.",
	city.CauseStale:    "This was done and stands. But who did it had not seen a change that may have mattered to them. Look whether it still makes sense; if not, change the request.",
	city.CauseRefused:  "This came in from a device and could not be applied. Nothing of it stands, and nothing of it is lost: all of it is below. Do by hand what still makes sense, then say what you decided.",
}

func (t teller) contest(r read.Review, point []city.Contest) contestView {
	c := point[0]
	out := contestView{Field: string(c.Field), Name: fieldName(c.Field), Ours: t.side(r, c.Field, c.Ours), Theirs: t.side(r, c.Field, c.Theirs)}
	if r.Cause == city.CauseStale && out.Theirs.Did != "" { // the act had no value of its own for the field
		out.Theirs.Value, out.Theirs.Empty = sentence(out.Theirs.Did), false
	}
	for _, f := range point[1:] {
		if _, name, _ := f.Field.Split(); name == "visit" || name == "workorder" {
			continue // which record it is: means nothing to a person
		}
		if ours := t.value(f.Field, f.Ours.Value); ours != "" {
			out.Ours.Follow = append(out.Ours.Follow, factView{fieldName(f.Field), ours})
		}
		if theirs := t.value(f.Field, f.Theirs.Value); theirs != "" {
			out.Theirs.Follow = append(out.Theirs.Follow, factView{fieldName(f.Field), theirs})
		}
	}
	return out
}

func (t teller) side(r read.Review, f city.FieldRef, s city.Side) sideView {
	out := sideView{Value: t.value(f, s.Value)}
	out.Empty = out.Value == ""
	if a, ok := r.Acts[s.Mutation]; ok {
		e := t.entry(a)
		out.Who, out.Did, out.Device, out.At, out.Their = e.Who, e.Did, e.Device, e.At, e.Their
	}
	return out
}

func refusalWords(e city.Error) string {
	switch e.Code {
	case city.CodeNotYours:
		return "The job belonged to another crew by then."
	case city.CodeNotNow:
		return "It was no longer possible in the state that the request had by then."
	case city.CodeUnknownType:
		return "The device runs a version that does things which this server does not know. Update the server, then look again."
	case city.CodeForbidden:
		return "The person or the device may not do this."
	case city.CodeDependency:
		return "It belongs to something that was not applied either."
	case city.CodeMissing:
		return "It belongs to something that never came in, although it was waited for."
	}
	return sentence(e.Message)
}

// decide closes a review, naming every side that the page showed.
func (v *call) decide() {
	id := city.ID(v.g.Param("id"))
	if !v.mayReview() {
		return
	}
	f, ok := v.postedForm("decide", base+"/reviews/"+string(id))
	if !ok {
		return
	}
	if !id.Valid() {
		v.notFound()
		return
	}
	r, ok, err := v.read.Review(v.ctx, v.staff, id)
	if err != nil {
		v.broken(v.g, err)
		return
	}
	if !ok {
		v.notFound()
		return
	}
	act, err := decision(r, f)
	if err == nil {
		if _, err = v.do(f, act); err == nil {
			v.g.Redirect(http.StatusSeeOther, base+"/reviews?done=decided")
			return
		}
	}
	e, refused := city.AsError(err)
	switch {
	case !refused:
		v.broken(v.g, err)
	case e.Code == city.CodeForbidden:
		v.forbidden("Only a reviewer of the department decides this.")
	default:
		if e.Code == city.CodeStale {
			f.Values.Del("side") // the page shows all sides anew
		}
		f.refuse(e, "words")
		v.showReview(http.StatusUnprocessableEntity, id, f)
	}
}

// decision reads the choices. Every contested field has to be decided.
func decision(r read.Review, f *form) (city.Act, error) {
	a := &city.DecideReview{Review: r.ID, Words: f.Value("words")}
	for _, s := range f.Values["side"] {
		a.Sides = append(a.Sides, city.MutationID(s))
	}
	missing := false
	for _, point := range points(r.Review) {
		if r.Cause != city.CauseConflict {
			break
		}
		field := string(point[0].Field)
		switch f.Value(field) {
		case "theirs":
			for _, c := range point {
				if lead := leadOf(c); !slices.Contains(a.Theirs, lead) {
					a.Theirs = append(a.Theirs, lead)
				}
			}
		case "ours":
		default:
			f.Errors[field] = "Choose which of the two is to stand."
			missing = true
		}
	}
	if missing {
		return nil, city.Fail(city.CodeRequired, "theirs", "choose for every point above which side is to stand")
	}
	return a, nil
}

// Chosen tells what was chosen for a point, when the page is shown again.
func (b reviewBody) Chosen(field, side string) bool { return b.Value(field) == side }
