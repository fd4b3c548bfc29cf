package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"cityhall/shared/city"
	"cityhall/syncserver/store/read"
)

// perPage is how many requests a page of the inbox lists.
const perPage = 50

type option struct {
	Value, Label string
	Selected     bool
}

// filterView is one of the choices that narrow the list.
type filterView struct {
	Name, Label, All string
	Options          []option
}

type tabView struct {
	Name, Words, Link string
	Count             int
	Current           bool
	Alarm             bool // something is in it that should not stay there
}

type rowView struct {
	ID, Number, Service, Place, District, Crew string
	Status, Promise, Priority                  tag
	Icon                                       string
	Received                                   when
	Review                                     bool
	Free                                       bool // nobody has it yet
}

type inboxBody struct {
	Tabs                                          []tabView
	Services, Departments, Districts, Crews       []option
	Statuses, Sorts                               []option
	Text, Tab                                     string
	Rows                                          []rowView
	Total                                         int
	Heading, First, Prev, Next, Clear, Everywhere string
	Narrowed                                      bool
	Empty                                         string
}

var tabWords = map[read.Tab]string{read.TabNew: "New", read.TabCrew: "With a crew", read.TabChecking: "To check", read.TabWaiting: "Waiting",
	read.TabOverdue: "Overdue", read.TabClosed: "Closed", read.TabAll: "All"}

// emptyWords say what an empty tab means and what to do.
var emptyWords = map[read.Tab]string{
	read.TabNew:      "Nothing new. When a resident or a crew reports something, it appears here by itself.",
	read.TabCrew:     "No crew has a job at the moment. Open a new request and assign it.",
	read.TabChecking: "Nothing to check. When a crew finishes a job, it appears here for your approval.",
	read.TabWaiting:  "Nothing waits for somebody outside the city.",
	read.TabOverdue:  "Nothing is overdue. Every promise is on time.",
	read.TabClosed:   "Nothing has been closed yet.",
	read.TabAll:      "There are no requests yet. Enrol a kiosk under Devices, and what residents report appears here.",
}

var listed = []string{"q", "status", "service", "department", "district", "crew"}

func (v *call) inbox() {
	q := v.g.Request.URL.Query()
	f := read.Filter{Tab: read.Tab(q.Get("tab")), Status: city.Status(q.Get("status")), Department: city.Department(q.Get("department")),
		District: city.ID(q.Get("district")), Crew: city.ID(q.Get("crew")), Service: city.ID(q.Get("service")), Text: trimmed(q.Get("q"), 200)}
	if !slices.Contains(read.Tabs, f.Tab) {
		f.Tab = read.TabNew
		if f.Text != "" || f.Status != "" {
			f.Tab = read.TabAll
		}
	}
	if v.jumped(f.Text) {
		return
	}
	sort := read.Sort(q.Get("sort"))
	if sort == "" && (f.Tab == read.TabOverdue || f.Tab == read.TabCrew) {
		sort = read.SortDue
	}
	list, err := v.read.Requests(v.ctx, v.staff, f, sort, q.Get("at"), perPage, v.Now())
	if err != nil {
		v.broken(v.g, err)
		return
	}
	names, err := v.names()
	if err != nil {
		v.broken(v.g, err)
		return
	}
	b := v.inboxBody(q, f, sort, list, names)
	v.show(http.StatusOK, "inbox", page{Title: tabWords[f.Tab] + " · Inbox", Nav: "inbox", Watch: "list", Body: b})
}

// jumped opens the request whose number was typed.
func (v *call) jumped(text string) bool {
	number, ok := asNumber(text)
	if !ok {
		return false
	}
	ids, err := v.read.Numbered(v.ctx, v.staff, number)
	if err != nil {
		v.broken(v.g, err)
		return true
	}
	if len(ids) != 1 {
		return false
	}
	v.g.Redirect(http.StatusSeeOther, base+"/requests/"+string(ids[0]))
	return true
}

// asNumber reads a request's number as people type it: small letters, no hyphen,
// the letters that look like digits.
func asNumber(text string) (string, bool) {
	s := strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(strings.TrimSpace(text)))
	if len(s) != 8 || strings.Trim(s, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") != "" {
		return "", false
	}
	return s[:4] + "-" + s[4:], true
}

func (v *call) inboxBody(q url.Values, f read.Filter, sort read.Sort, list read.List, n names) inboxBody {
	b := inboxBody{Text: f.Text, Tab: string(f.Tab), Total: list.Total, Heading: tabWords[f.Tab], Empty: emptyWords[f.Tab]}
	link := func(set map[string]string) string {
		to := url.Values{}
		for _, k := range append([]string{"tab", "sort"}, listed...) {
			if s := q.Get(k); s != "" {
				to.Set(k, s)
			}
		}
		for k, s := range set {
			to.Set(k, s)
			if s == "" {
				to.Del(k)
			}
		}
		return base + "/requests?" + to.Encode()
	}
	for _, t := range read.Tabs {
		b.Tabs = append(b.Tabs, tabView{Name: string(t), Words: tabWords[t], Link: link(map[string]string{"tab": string(t), "sort": ""}),
			Count: list.Counts[t], Current: t == f.Tab, Alarm: t == read.TabOverdue && list.Counts[t] > 0})
	}
	for _, k := range listed {
		b.Narrowed = b.Narrowed || q.Get(k) != ""
	}
	b.Clear = base + "/requests?tab=" + string(f.Tab)
	if f.Tab != read.TabAll {
		b.Everywhere = link(map[string]string{"tab": string(read.TabAll)})
	}
	if q.Get("at") != "" {
		b.First = link(nil)
	}
	if list.Prev != "" {
		b.Prev = link(map[string]string{"at": list.Prev})
	}
	if list.Next != "" {
		b.Next = link(map[string]string{"at": list.Next})
	}
	for _, r := range list.Rows {
		b.Rows = append(b.Rows, v.row(r, n))
	}
	b.Services, b.Departments, b.Districts, b.Crews = n.options(v.staff, f)
	for _, s := range []struct {
		sort  read.Sort
		words string
	}{{read.SortNewest, "Newest first"}, {read.SortOldest, "Oldest first"}, {read.SortDue, "Soonest promise"}} {
		b.Sorts = append(b.Sorts, option{string(s.sort), s.words, s.sort == sort})
	}
	for _, s := range []city.Status{city.StatusReceived, city.StatusAssigned, city.StatusWorking, city.StatusChecking, city.StatusWaiting, city.StatusClosed} {
		b.Statuses = append(b.Statuses, option{string(s), v.say.status(city.Request{Status: s}).Words, s == f.Status})
	}
	return b
}

func (v *call) row(r read.Row, n names) rowView {
	out := rowView{ID: string(r.ID), Number: r.Request.Number, Service: n.service(r.Request.Service), Icon: n.icon(r.Request.Service),
		Place: placeLine(r.Work.Place), District: v.city.District(r.Work.Place.District), Crew: n.crew(r.Work.Crew),
		Status: v.say.status(r.Request), Promise: v.say.promise(r.Request), Received: v.say.ago(r.Request.ReceivedAt), Review: r.Review}
	if out.Crew == "" {
		out.Crew = r.Request.Team // of one that came from an earlier system
	}
	out.Free = out.Crew == "" && r.Request.Status != city.StatusClosed
	if r.Priority == city.PriorityUrgent || r.Priority == city.PriorityHigh {
		out.Priority = priorityTag(r.Priority)
	}
	return out
}

// placeLine is a place in a few words; one that is only on the map has a position.
func placeLine(p city.Place) string {
	if line := p.Line(); line != "" {
		return line
	}
	return degrees(p)
}

func trimmed(s string, most int) string {
	s = strings.TrimSpace(s)
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}
