package console

import (
	"net/http"
	"slices"
	"strconv"

	"cityhall/shared/city"
	"cityhall/syncserver/store/read"
)

type answerView struct {
	Question string
	Answers  []string
}

type photoView struct {
	ID, Stage, Caption, By, Size string
	At                           when
	Arrived, Public, Picked      bool
	Small, Lost                  bool // only its thumbnail is here; the rest will not come
}

// Shown tells whether there is anything to look at.
func (p photoView) Shown() bool { return p.Arrived || p.Small }

type visitView struct {
	By, Crew, Reason, Notes, Minutes string
	Outcome                          tag
	Started, Finished                when
	Materials                        []city.Material
	Photos                           []photoView
	Present                          bool
}

type caseBody struct {
	ID, Number, Service, Icon, Department, District, Crew string
	Place, Detail, Position                               string
	Map                                                   bool // there is a picture of the place
	Status, Promise, Priority                             tag
	Received, Due, Filed, Closed                          when
	Source, Language                                      string
	Description                                           string
	Answers                                               []answerView
	Person                                                *city.Person
	Contact                                               bool
	Words, Owner, Duplicate, DuplicateNumber, Reason      string
	Instruction, Returned                                 string
	Reported, Others                                      []photoView
	Visits                                                []visitView
	Timeline                                              []entryView
	Reviews                                               []string
	Forms                                                 []*actForm
}

// request shows a request by its id or by its number.
func (v *call) request() {
	id, ok := v.requestID()
	if !ok {
		return
	}
	v.showCase(http.StatusOK, id, nil)
}

// requestID reads the address and answers when it names nothing.
func (v *call) requestID() (city.ID, bool) {
	id := city.ID(v.g.Param("id"))
	if number, ok := asNumber(string(id)); ok && v.g.Request.Method == http.MethodGet {
		if v.jumped(number) {
			return "", false
		}
	}
	if !id.Valid() {
		v.notFound()
		return "", false
	}
	return id, true
}

// showCase renders a request; given is the form that has just been refused.
func (v *call) showCase(status int, id city.ID, given *form) {
	c, ok, err := v.read.Case(v.ctx, v.staff, id)
	if err != nil {
		v.broken(v.g, err)
		return
	}
	if !ok {
		v.notFound()
		return
	}
	b, err := v.caseBody(c, given)
	if err != nil {
		v.broken(v.g, err)
		return
	}
	v.show(status, "request", page{Title: b.Number + " " + b.Service, Nav: "inbox", Watch: "case", Body: b})
}

func (v *call) caseBody(c read.Case, given *form) (caseBody, error) {
	n, err := v.names()
	if err != nil {
		return caseBody{}, err
	}
	acts, err := v.read.Timeline(v.ctx, v.staff, c.ID)
	if err != nil {
		return caseBody{}, err
	}
	b := v.facts(c, n)
	b.Map = v.mapped(c.Work.Place)
	if c.Request.DuplicateOf != "" {
		if b.DuplicateNumber, err = v.read.Number(v.ctx, c.Request.DuplicateOf); err != nil {
			return b, err
		}
	}
	for _, p := range c.Photos {
		view := v.photoView(p)
		if given != nil && given.Name == "approve" {
			view.Picked = given.Has("photos", view.ID)
		}
		v.place(&b, c, p, view)
	}
	t := teller{say: v.say, names: n, number: func(id city.ID) string { number, _ := v.read.Number(v.ctx, id); return number }}
	for _, a := range slices.Backward(acts) {
		b.Timeline = append(b.Timeline, t.entry(a))
	}
	for _, r := range c.Reviews {
		b.Reviews = append(b.Reviews, string(r))
	}
	b.Forms = v.forms(c, n, given, b)
	return b, nil
}

// facts says what stands in the records.
func (v *call) facts(c read.Case, n names) caseBody {
	r, w := c.Request, c.Work
	b := caseBody{ID: string(c.ID), Number: r.Number, Service: n.service(r.Service), Icon: n.icon(r.Service), Department: heading(string(w.Department)),
		District: v.city.District(w.Place.District), Crew: n.crew(w.Crew), Place: placeLine(w.Place), Detail: w.Place.Detail, Position: degrees(w.Place),
		Status: v.say.status(r), Promise: v.say.promise(r), Received: v.say.when(r.ReceivedAt), Due: v.say.when(r.DueAt), Filed: v.say.when(w.FiledAt),
		Closed: v.say.when(r.ClosedAt), Source: sourceWords[w.Source], Language: languageWords[w.Language], Description: w.Description,
		Person: c.Person, Contact: c.Contact, Words: r.Words, Owner: r.Owner, Duplicate: string(r.DuplicateOf), Reason: w.Reason}
	if b.Place == b.Detail {
		b.Detail = ""
	}
	if w.Place.Landmark != "" && w.Place.Address != "" {
		b.Detail = joinWords(w.Place.Landmark, b.Detail)
	}
	if c.WorkOrder != nil {
		b.Priority, b.Instruction, b.Returned = priorityTag(c.WorkOrder.Priority), c.WorkOrder.Instruction, c.WorkOrder.Returned
	}
	svc, _ := n.find(r.Service)
	b.Answers = answersOf(svc.Questions, w.Answers)
	for _, visit := range c.Visits {
		b.Visits = append(b.Visits, v.visitView(visit, n, c.WorkOrder))
	}
	return b
}

var sourceWords = map[string]string{"kiosk": "at a kiosk", "crew": "by a crew", "office": "at the desk", "import": "in an earlier system"}

var languageWords = map[string]string{"es": "in Spanish", "zh": "in Chinese", "vi": "in Vietnamese", "ko": "in Korean", "hy": "in Armenian", "ar": "in Arabic"}

// answersOf puts the answers into the words of the questions. Answers to
// questions that the service no longer asks are kept under their names.
func answersOf(questions []city.Question, answers city.Answers) []answerView {
	var out []answerView
	known := map[string]bool{}
	for _, q := range questions {
		known[q.ID] = true
		if len(answers[q.ID]) > 0 {
			out = append(out, answerView{q.Label.In("en"), answerWords(q, answers[q.ID])})
		}
	}
	for _, id := range sortedKeys(answers) {
		if !known[id] {
			out = append(out, answerView{heading(id) + " (no longer asked)", answers[id]})
		}
	}
	return out
}

func answerWords(q city.Question, given []string) []string {
	var out []string
	for _, a := range given {
		words := a
		for _, o := range q.Options {
			if o.ID == a {
				words = o.Label.In("en")
			}
		}
		if q.Kind == city.AskYesNo {
			words = heading(a)
		}
		out = append(out, words)
	}
	return out
}

func (v *call) visitView(x read.Visit, n names, job *read.WorkOrder) visitView {
	out := visitView{By: x.By, Crew: n.crew(x.Crew), Reason: x.Reason, Notes: x.Notes, Started: v.say.when(x.StartedAt), Finished: v.say.when(x.FinishedAt),
		Materials: x.Materials, Present: job != nil && job.Visit == x.ID}
	if x.Outcome != "" {
		out.Outcome = outcomeTag(x.Outcome)
	} else {
		out.Outcome = tag{"Under way", "wrench", "neutral"}
	}
	if x.Minutes > 0 {
		out.Minutes = minutesWords(x.Minutes)
	}
	return out
}

func minutesWords(n int) string {
	if n < 60 {
		return plural(n, "minute")
	}
	if n%60 == 0 {
		return plural(n/60, "hour")
	}
	return plural(n/60, "hour") + " " + plural(n%60, "minute")
}

func (v *call) photoView(p read.Photo) photoView {
	return photoView{ID: string(p.ID), Stage: heading(p.Stage), Caption: p.Caption, By: p.By, At: v.say.when(p.At), Arrived: p.Arrived, Public: p.Public,
		Size: strconv.Itoa(max(1, p.Bytes>>10)) + " kB", Small: !p.Arrived && len(p.Thumb) > 0, Lost: p.Lost()}
}

// place puts a photo where it belongs: with its visit, or with the report.
func (v *call) place(b *caseBody, c read.Case, p read.Photo, view photoView) {
	i := slices.IndexFunc(c.Visits, func(x read.Visit) bool { return x.ID == p.Visit })
	switch {
	case i >= 0:
		b.Visits[i].Photos = append(b.Visits[i].Photos, view)
	case p.Stage == "report":
		b.Reported = append(b.Reported, view)
	default:
		b.Others = append(b.Others, view)
	}
}

func joinWords(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ", " + b
}
