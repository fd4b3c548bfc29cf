package console

import (
	"encoding/json"
	"strings"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/words"
)

// fieldNames say what a field is, by kind of record where that matters.
var fieldNames = map[string]string{
	"status": "Status", "state": "State of the job", "outcome": "Outcome", "words": "Words to the resident", "closed_at": "Time of closing",
	"crew": "Crew", "team": "Crew, as the public sees it", "workorder": "Job", "priority": "Priority", "due_at": "Promise", "instruction": "Instruction to the crew",
	"returned": "Why it was sent back", "visit": "Visit", "assigned_at": "Time of assigning", "reason": "Reason", "notes": "Notes of the crew", "minutes": "Time worked",
	"materials": "Materials", "photos": "Published photos", "public": "Published", "place": "Place", "owner": "Whose it is", "duplicate_of": "Duplicate of",
	"paused_at": "Paused since", "pauses": "Times of waiting", "finished_at": "End of the visit", "name": "Name", "questions": "Questions",
	"notice/title": "Title of the notice", "notice/words": "Words of the notice", "notice/department": "Department of the notice", "notice/districts": "Districts of the notice",
	"notice/from": "First day of the notice", "notice/until": "Last day of the notice", "notice/withdrawn": "Taking back of the notice",
}

func fieldName(f city.FieldRef) string {
	ref, name, _ := f.Split()
	if words := fieldNames[string(ref.Kind)+"/"+name]; words != "" {
		return words
	}
	if words := fieldNames[name]; words != "" {
		return words
	}
	return heading(name)
}

// value says a field's value in words; empty when there is none.
func (t teller) value(f city.FieldRef, raw json.RawMessage) string {
	if len(raw) == 0 || string(raw) == "null" {
		return ""
	}
	var s string
	_, name, _ := f.Split()
	if json.Unmarshal(raw, &s) == nil {
		return t.text(name, s)
	}
	if string(raw) == "true" {
		return "Yes"
	}
	var parts []string
	var texts city.Text
	if json.Unmarshal(raw, &texts) == nil && texts["en"] != "" {
		for _, lang := range sortedKeys(texts) {
			parts = append(parts, words.Name(lang)+": "+texts[lang])
		}
		return strings.Join(parts, "\n")
	}
	inside := func(inner, s string) string {
		if inner == "" { // one of a list
			inner = name
		}
		return t.text(inner, s)
	}
	for _, x := range flat(raw, inside) {
		parts = append(parts, strings.TrimPrefix(x.Name+": ", ": ")+x.Words)
	}
	return strings.Join(parts, "\n")
}

var jobWords = map[city.JobState]string{city.JobAssigned: "To be done", city.JobStarted: "Begun", city.JobDone: "Done, to be checked",
	city.JobApproved: "Approved", city.JobCancelled: "Called off"}

func (t teller) text(name, s string) string {
	switch name {
	case "status":
		if s == string(city.StatusClosed) {
			return "Closed"
		}
		return t.say.status(city.Request{Status: city.Status(s)}).Words
	case "state":
		if w := jobWords[city.JobState(s)]; w != "" {
			return w
		}
	case "outcome":
		return outcomeTag(city.Outcome(s)).Words
	case "priority":
		if w := priorityTag(city.Priority(s)).Words; w != "" {
			return w
		}
	case "crew":
		return t.names.crew(city.ID(s))
	case "districts":
		return t.names.district(city.ID(s))
	case "from", "until":
		return t.say.day(s).Words
	case "duplicate_of":
		return t.number(city.ID(s))
	}
	if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.say.when(at).Exact
	}
	return s
}

// typeNames say what an act is, for one that could not be applied.
var typeNames = map[string]string{
	"request.file": "A report", "request.assign": "An assignment", "workorder.prioritise": "A change of priority", "work.approve": "An approval",
	"work.return": "A job sent back", "request.close": "A closure", "request.reopen": "A reopening", "request.archive": "An archiving", "request.pause": "A pause", "request.resume": "A resumption",
	"visit.start": "The start of a visit", "visit.finish": "The end of a visit", "photo.add": "A photo", "photo.arrive": "The arrival of a photo", "photo.miss": "A photo that is gone",
	"photo.lost": "A photo that will not come", "note.add": "A note", "review.decide": "A decision", "person.erase": "An erasure", "notice.set": "A notice",
}

func typeWords(t city.Type) string {
	name, _, _ := strings.Cut(string(t), "@")
	if w := typeNames[name]; w != "" {
		return w
	}
	return "Something of the kind “" + name + "”"
}
