package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"cityhall/shared/city"
	"cityhall/syncserver/store"
	"cityhall/syncserver/store/read"
)

// action is something that staff do to a request by a form.
type action struct {
	name   string
	fields []string // that the form has, for errors beside them
	done   string   // what to say afterwards
	act    func(v *call, c read.Case, f *form) (city.Act, error)
}

// actions are the forms of the request page, in the order in which they stand.
var actions = []action{
	{"approve", []string{"words", "photos"}, "Approved. The request is closed and the resident can see how it ended.", approve},
	{"return", []string{"reason"}, "Sent back to the crew with your words.", returnWork},
	{"resume", nil, "The promise's clock runs again.", resume},
	{"assign", []string{"crew", "priority", "instruction"}, "Assigned. The crew gets it as soon as its tablet has a connection.", assign},
	{"priority", []string{"priority"}, "The priority is changed.", prioritise},
	{"note", []string{"text"}, "The note is added.", addNote},
	{"photo-lost", []string{"photo"}, "The photo is no longer waited for. Should it come after all, it is shown.", losePhoto},
	{"pause", []string{"reason"}, "Paused. The days of waiting do not count against the promise.", pause},
	{"close", []string{"outcome", "words", "duplicate_of", "owner"}, "Closed. The resident can see how it ended.", closeRequest},
	{"erase", []string{"reason"}, "Erased. What the resident had given is gone, and does not come back with a backup.", erase},
	{"reopen", []string{"reason"}, "Open again, as new.", reopen},
}

// doneWords is what a page says after a redirect.
var doneWords = func() map[string]string {
	out := map[string]string{
		"decided": "Decided. Both sides stay in the history.",
		"again":   "This had been done already; nothing was done twice.",
		"settled": "Dealt with. It stays in the list of what was.",
		"revoked": "Revoked. The device is refused from now on.",
		"crews":   "Saved. The tablet learns of it as soon as it has a connection.",
		"wipe":    "Ordered. The device wipes itself as soon as it has a connection.",
		"notice":  "Saved. Kiosks have it as soon as they have a connection.",
		"back":    "Taken back. Kiosks stop showing it as soon as they have a connection.",
	}
	for _, a := range actions {
		out[a.name] = a.done
	}
	return out
}()

// post does the action, and shows the page again with what is wrong when it
// cannot be done.
func (a action) post(v *call) {
	id := city.ID(v.g.Param("id"))
	f, ok := v.postedForm(a.name, base+"/requests/"+string(id)+"/"+a.name)
	if !ok {
		return
	}
	if !id.Valid() {
		v.notFound()
		return
	}
	c, ok, err := v.read.Case(v.ctx, v.staff, id)
	if err != nil {
		v.broken(v.g, err)
		return
	}
	if !ok {
		v.notFound()
		return
	}
	act, err := a.act(v, c, f)
	if err == nil {
		var to string
		if to, err = v.do(f, act); err == nil {
			if to == "" {
				to = base + "/requests/" + string(id) + "?done=" + a.name
			}
			v.g.Redirect(http.StatusSeeOther, to)
			return
		}
	}
	e, refused := city.AsError(err)
	if !refused {
		v.broken(v.g, err)
		return
	}
	if e.Code == city.CodeForbidden {
		v.forbidden("Your role, or your department, does not allow this. Ask a colleague who may, or an administrator.")
		return
	}
	f.refuse(e, a.fields...)
	v.showCase(http.StatusUnprocessableEntity, id, f)
}

// postedForm reads what was sent; a form without its hidden fields is not ours.
func (v *call) postedForm(name, address string) (*form, bool) {
	if err := v.g.Request.ParseForm(); err != nil {
		v.message(http.StatusRequestEntityTooLarge, "This is too long to send", "Go back, shorten the text and send it again.")
		return nil, false
	}
	in := v.g.Request.PostForm
	seen, err := strconv.ParseInt(in.Get("seen"), 10, 64)
	id := city.MutationID(in.Get("id"))
	if err != nil || seen < 0 || !id.Valid() {
		v.message(http.StatusBadRequest, "This form is not complete", "Nothing was changed. Open the page again and fill the form in there.")
		return nil, false
	}
	return &form{Action: address, Name: name, ID: id, Seen: seen, Open: true, Values: in, Errors: map[string]string{}}, true
}

// act acts as who is signed in.
func (v *call) act(f *form, act city.Act) (store.Verdict, error) {
	actor := city.Actor{Kind: city.ActorStaff, ID: v.staff.ID, Name: v.staff.Name}
	verdict, err := v.Store.Act(v.ctx, actor, f.ID, f.Seen, act)
	if err == nil {
		v.Log.Info("act", "type", act.Type(), "staff", v.staff.ID, "verdict", verdict.Verdict, "seq", verdict.Seq)
	}
	return verdict, err
}

// do acts on a request. It gives the address of the review that follows, if there
// is one to decide.
func (v *call) do(f *form, act city.Act) (string, error) {
	verdict, err := v.act(f, act)
	if _, erased := act.(*city.ErasePerson); err == nil && erased {
		err = v.removeSticks(0) // an answer that waits may hold what is erased
	}
	if err != nil {
		return "", err
	}
	if verdict.Review != "" && verdict.Verdict == city.VerdictReview && v.staff.May("", city.RoleReviewer) {
		return base + "/reviews/" + string(verdict.Review) + "?done=conflict", nil
	}
	return "", nil
}

func approve(v *call, c read.Case, f *form) (city.Act, error) {
	a := &city.ApproveWork{Request: c.ID, WorkOrder: c.Work.WorkOrder, Words: f.Value("words")}
	for _, p := range f.Values["photos"] {
		a.Photos = append(a.Photos, city.ID(p))
	}
	for _, p := range c.Photos { // nobody publishes what nobody has seen
		if view := v.photoView(p); !view.Arrived && f.Has("photos", view.ID) {
			return nil, city.Fail(city.CodeNotNow, "photos", "a photo that is still on its way cannot be published yet")
		}
	}
	return a, nil
}

func returnWork(_ *call, c read.Case, f *form) (city.Act, error) {
	return &city.ReturnWork{Request: c.ID, WorkOrder: c.Work.WorkOrder, Reason: f.Value("reason")}, nil
}

func assign(_ *call, c read.Case, f *form) (city.Act, error) {
	order := c.Work.WorkOrder
	if order == "" {
		order = city.ID(f.ID) // follows from the form, so that posting twice makes one job
	}
	return &city.AssignRequest{Request: c.ID, WorkOrder: order, Crew: city.ID(f.Value("crew")), Priority: city.Priority(f.Value("priority")),
		Instruction: f.Value("instruction")}, nil
}

func prioritise(_ *call, c read.Case, f *form) (city.Act, error) {
	return &city.SetPriority{Request: c.ID, WorkOrder: c.Work.WorkOrder, Priority: city.Priority(f.Value("priority"))}, nil
}

func addNote(_ *call, c read.Case, f *form) (city.Act, error) {
	return &city.AddNote{Note: city.ID(f.ID), Request: c.ID, Text: f.Value("text")}, nil
}

func losePhoto(v *call, c read.Case, f *form) (city.Act, error) {
	if roles, _, _ := offered("note", c); !v.staff.May(c.Work.Department, roles...) {
		return nil, city.Fail(city.CodeForbidden, "actor", "this needs another role or department")
	}
	for _, p := range c.Photos {
		if string(p.ID) == f.Value("photo") {
			return &city.LosePhoto{Photo: p.ID}, nil
		}
	}
	return nil, city.Fail(city.CodeRequired, "photo", "choose the photo that will not come")
}

func pause(_ *call, c read.Case, f *form) (city.Act, error) {
	return &city.PauseRequest{Request: c.ID, Reason: f.Value("reason")}, nil
}

func resume(_ *call, c read.Case, _ *form) (city.Act, error) {
	return &city.ResumeRequest{Request: c.ID}, nil
}

func erase(_ *call, c read.Case, f *form) (city.Act, error) {
	return &city.ErasePerson{Request: c.ID, Reason: f.Value("reason")}, nil
}

func reopen(_ *call, c read.Case, f *form) (city.Act, error) {
	return &city.ReopenRequest{Request: c.ID, Reason: f.Value("reason")}, nil
}

// closeRequest takes the number of the request that goes on, as people know it.
func closeRequest(v *call, c read.Case, f *form) (city.Act, error) {
	a := &city.CloseRequest{Request: c.ID, Outcome: city.Outcome(f.Value("outcome")), Words: f.Value("words")}
	switch a.Outcome { // what belongs to another choice stays behind
	case city.OutcomeNotOurs:
		a.Owner = f.Value("owner")
	case city.OutcomeDuplicate:
		number, ok := asNumber(f.Value("duplicate_of"))
		if !ok {
			return nil, city.Fail(city.CodeRequired, "duplicate_of", "name the request that goes on")
		}
		ids, err := v.read.Numbered(v.ctx, v.staff, number)
		if err != nil {
			return nil, err
		}
		if len(ids) != 1 {
			return nil, city.Fail(city.CodeUnknown, "duplicate_of", "no such request")
		}
		a.DuplicateOf = ids[0]
	}
	return a, nil
}

// actForm is a form as the request page shows it.
type actForm struct {
	*form
	Title   string
	Main    bool // the next step that most will take
	Crews   []option
	Levels  []option
	Ends    []option
	Photos  []photoView
	Danger  bool
	Outcome tag // that the crew logged, to approve
}

// forms are what may be done now, by who is signed in.
func (v *call) forms(c read.Case, n names, given *form, b caseBody) []*actForm {
	var out []*actForm
	for _, a := range actions {
		roles, title, main := offered(a.name, c)
		if title == "" || !v.staff.May(c.Work.Department, roles...) {
			continue
		}
		f := &actForm{form: newForm(base+"/requests/"+string(c.ID)+"/"+a.name, a.name, v.seen), Title: title, Main: main, Danger: a.name == "close" || a.name == "erase"}
		if given != nil && given.Name == a.name {
			f.form = given
		}
		v.fill(f, c, n, b)
		out = append(out, f)
	}
	if given != nil && len(out) > 0 && !shown(out, given) {
		// The state has moved on and the form is no longer offered: what was typed
		// and why it cannot be done still has to be seen.
		out = append([]*actForm{{form: given, Title: "What you were about to do"}}, out...)
	}
	return out
}

func shown(forms []*actForm, f *form) bool {
	for _, x := range forms {
		if x.form == f {
			return true
		}
	}
	return false
}

// awaited tells whether the city still waits for a photo's bytes.
func awaited(p read.Photo) bool { return !p.Arrived && p.Photo.Arrived.IsZero() && !p.Lost() }

// offered says who may do an action now and how it is called; no title means
// that nobody may, as the request stands.
func offered(name string, c read.Case) (roles []city.Role, title string, main bool) {
	s := c.Request.Status
	both, review := []city.Role{city.RoleReviewer, city.RoleDispatcher}, []city.Role{city.RoleReviewer}
	open := s != city.StatusClosed
	switch {
	case name == "note":
		return both, "Add a note", false
	case name == "photo-lost" && slices.ContainsFunc(c.Photos, awaited):
		return both, "Stop waiting for a photo", false
	case name == "approve" && s == city.StatusChecking:
		return review, "Approve the work", true
	case name == "return" && s == city.StatusChecking:
		return review, "Send it back to the crew", false
	case name == "resume" && s == city.StatusWaiting:
		return both, "Start the clock again", true
	case name == "assign" && s == city.StatusReceived:
		return both, "Assign to a crew", true
	case name == "assign" && (s == city.StatusAssigned || s == city.StatusWorking || s == city.StatusChecking):
		return both, "Give it to another crew", false
	case name == "priority" && c.WorkOrder != nil && open && s != city.StatusWaiting:
		return both, "Change the priority", false
	case name == "pause" && (s == city.StatusReceived || s == city.StatusAssigned):
		return both, "Wait for somebody else", false
	case name == "close" && open:
		return both, "Close it", false
	case name == "erase" && (c.Contact || c.Work.Description != "" || len(c.Work.Answers) > 0):
		return []city.Role{city.RoleAdmin}, "Erase personal data…", false
	case name == "reopen" && !open:
		return both, "Open it again", false
	}
	return nil, "", false
}

var levels = []city.Priority{city.PriorityUrgent, city.PriorityHigh, city.PriorityNormal, city.PriorityLow}

// fill gives a form its choices and what is most likely chosen.
func (v *call) fill(f *actForm, c read.Case, n names, b caseBody) {
	level, crew := city.PriorityNormal, city.ID("")
	if s, ok := n.find(c.Request.Service); ok {
		crew = s.Crew
	}
	if c.WorkOrder != nil {
		level, crew = c.WorkOrder.Priority, c.WorkOrder.Crew
	}
	switch f.Name {
	case "assign":
		for _, x := range n.crews {
			if c.Work.Department == "" || x.Department == "" || x.Department == c.Work.Department || x.ID == crew || len(v.staff.Departments) == 0 {
				f.Crews = append(f.Crews, option{string(x.ID), x.Name, x.ID == crew})
			}
		}
		if c.WorkOrder != nil && !f.Values.Has("instruction") {
			f.Values = url.Values{"instruction": {c.WorkOrder.Instruction}}
		}
	case "close":
		for _, o := range []city.Outcome{city.OutcomeFixed, city.OutcomeNotFixed, city.OutcomeDuplicate, city.OutcomeNotOurs} {
			f.Ends = append(f.Ends, option{Value: string(o), Label: endWords[o]})
		}
	case "photo-lost":
		for _, p := range c.Photos {
			if awaited(p) {
				f.Ends = append(f.Ends, option{Value: string(p.ID), Label: heading(p.Stage) + ", " + joinWords(p.By, v.say.when(p.At).Words)})
			}
		}
	case "approve":
		for _, x := range b.Visits {
			f.Photos = append(f.Photos, x.Photos...)
			if x.Present {
				f.Outcome = x.Outcome
			}
		}
		f.Photos = append(append(f.Photos, b.Reported...), b.Others...)
	}
	for _, p := range levels {
		f.Levels = append(f.Levels, option{string(p), priorityTag(p).Words, p == level})
	}
}

var endWords = map[city.Outcome]string{city.OutcomeFixed: "Fixed", city.OutcomeNotFixed: "Not fixed", city.OutcomeDuplicate: "Duplicate of another request",
	city.OutcomeNotOurs: "Not ours"}
