package console

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"cityhall/shared/city"
	"cityhall/syncserver/store/read"
)

// clockSlack is how far a device's clock may be off before the page says so.
const clockSlack = 2 * time.Minute

// entryView is a line of the history.
type entryView struct {
	Who, Did, Device string
	At, Their        when // by our clock; by theirs where it differs
	Words            []string
	Facts            []string
	Icon             string
	Stands           string // why it does not simply stand
	Review           string
	Seq              int64
}

// teller puts what the archive has into plain words.
type teller struct {
	say    say
	names  names
	number func(city.ID) string
}

func (t teller) entry(a read.Act) entryView {
	e := entryView{Who: t.who(a.Actor), At: t.say.when(a.Received), Device: t.device(a), Review: string(a.Review), Seq: a.Seq, Icon: "document", Did: "did " + string(a.Type)}
	if d := a.At.Sub(a.Received); (d > clockSlack || d < -clockSlack) && a.Actor.Kind != city.ActorSystem {
		e.Their = t.say.when(a.At)
	}
	switch a.Verdict {
	case city.VerdictReview:
		e.Stands = "Part of it waits for a decision"
	case city.VerdictRefused:
		e.Stands = "Could not be applied"
	case city.VerdictErased:
		e.Stands = "What it said was erased"
	case city.VerdictHeld:
		e.Stands = "Waits for something that was sent before it"
	}
	act, err := city.Decode(a.Type, a.Args)
	if err != nil && act == nil {
		return e // written by a newer version: that it happened is still shown
	}
	t.tell(&e, act)
	return e
}

func (t teller) who(a city.Actor) string {
	switch {
	case a.Kind == city.ActorResident:
		return "A resident"
	case a.Kind == city.ActorSystem:
		return "The system"
	case a.Kind == city.ActorCrew && a.Name != "":
		return joinWords(a.Name, t.names.crew(a.Crew))
	case a.Kind == city.ActorCrew:
		return t.names.crew(a.Crew)
	case a.Name != "":
		return a.Name
	}
	return "Somebody at the desk"
}

func (t teller) device(a read.Act) string {
	switch {
	case a.Device == city.OfficeDevice && a.Actor.Kind == city.ActorSystem:
		return ""
	case a.Device == city.OfficeDevice:
		return "in the console"
	case a.DeviceName != "":
		return "on " + a.DeviceName
	}
	return "on a device that is not known any more"
}

func (t teller) tell(e *entryView, act city.Act) {
	switch a := act.(type) {
	case *city.FileRequest:
		e.Did, e.Icon = "reported it", "inbox"
	case *city.ImportRequest:
		e.Did, e.Icon = "brought it in from an earlier system", "inbox"
		e.Facts = append(e.Facts, "Received "+t.say.when(a.ReceivedAt).Words)
		if a.Outcome != "" {
			e.Facts = append(e.Facts, "Ended "+t.say.when(a.ClosedAt).Words+": "+strings.ToLower(outcomeTag(a.Outcome).Words))
		}
		e.words(a.Words)
	case *city.AssignRequest:
		e.Did, e.Icon = "gave it to "+t.names.crew(a.Crew), "users"
		e.Facts = append(e.Facts, "Priority: "+strings.ToLower(priorityTag(a.Priority).Words))
		e.words(a.Instruction)
	case *city.SetPriority:
		e.Did, e.Icon = "set the priority to "+strings.ToLower(priorityTag(a.Priority).Words), "chevron-up"
	case *city.ApproveWork:
		e.Did, e.Icon = "approved the work and closed the request", "check-circle"
		if n := len(a.Photos); n > 0 {
			e.Facts = append(e.Facts, plural(n, "photo")+" published")
		}
		e.words(a.Words)
	case *city.ReturnWork:
		e.Did, e.Icon = "sent it back to the crew", "back"
		e.words(a.Reason)
	case *city.CloseRequest:
		t.tellClose(e, a)
	case *city.ReopenRequest:
		e.Did, e.Icon = "opened it again", "sync"
		e.words(a.Reason)
	case *city.ArchiveRequest:
		e.Did = "took it off what the public sees, some three months after its end"
	case *city.PauseRequest:
		e.Did, e.Icon = "paused the promise", "pause"
		e.words(a.Reason)
	case *city.ErasePerson:
		e.Did, e.Icon = "erased what the resident had given", "trash"
		e.words(a.Reason)
	case *city.ResumeRequest:
		e.Did, e.Icon = "started the promise's clock again", "play"
	case *city.SetNotice:
		e.Did, e.Icon = "wrote the notice", "info"
		if a.Notice.Withdrawn {
			e.Did, e.Icon = "took the notice back", "back"
		}
		e.words(a.Notice.Title.In("en"))
	case *city.DecideReview:
		e.Did, e.Icon, e.Review = "decided what had to be decided", "shield", string(a.Review)
		e.words(a.Words)
	default:
		t.tellCrew(e, act)
	}
}

func (t teller) tellClose(e *entryView, a *city.CloseRequest) {
	e.Did, e.Icon = "closed it: "+strings.ToLower(outcomeTag(a.Outcome).Words), "check"
	if a.Outcome == city.OutcomeDuplicate {
		e.Did = "closed it as a duplicate of " + t.number(a.DuplicateOf)
	}
	if a.Outcome == city.OutcomeNotOurs {
		e.Facts = append(e.Facts, "It belongs to "+a.Owner)
	}
	e.words(a.Words)
}

func (t teller) tellCrew(e *entryView, act city.Act) {
	switch a := act.(type) {
	case *city.StartVisit:
		e.Did, e.Icon = "arrived and started", "truck"
	case *city.FinishVisit:
		e.Did, e.Icon = "finished: "+strings.ToLower(outcomeTag(a.Outcome).Words), "wrench"
		if a.Minutes > 0 {
			e.Facts = append(e.Facts, minutesWords(a.Minutes)+" of work")
		}
		for _, m := range a.Materials {
			e.Facts = append(e.Facts, strings.TrimSpace(m.Quantity+" "+m.Name))
		}
		e.words(a.Reason, a.Notes)
	case *city.AddPhoto:
		e.Did, e.Icon = "added a photo ("+stageWords(a.Stage)+")", "camera"
		e.words(a.Caption)
	case *city.ArrivePhoto:
		e.Did, e.Icon = "received a photo", "camera"
	case *city.MissPhoto:
		e.Did, e.Icon = "found a photo's file gone or damaged, and waits for it again", "camera"
	case *city.LosePhoto:
		e.Did, e.Icon = "stopped waiting for a photo", "camera"
	case *city.AddNote:
		e.Did, e.Icon = "wrote", "pen"
		e.words(a.Text)
	}
}

func stageWords(stage string) string {
	switch stage {
	case "before", "after":
		return stage + " the work"
	}
	return "with the report"
}

func (e *entryView) words(texts ...string) {
	for _, s := range texts {
		if s != "" {
			e.Words = append(e.Words, s)
		}
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// flat lists a JSON value's leaves with the way to each in words, so that an act
// of any form can be read whole. say puts a text into words, by its field's name.
func flat(raw json.RawMessage, say func(name, text string) string) []factView {
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return []factView{{"Text", string(raw)}}
	}
	var out []factView
	var walk func(path, name string, v any)
	walk = func(path, name string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, k := range sortedKeys(v) {
				walk(strings.TrimPrefix(path+" · "+strings.ToLower(heading(k)), " · "), k, v[k])
			}
		case []any:
			for _, x := range v {
				walk(path, name, x)
			}
		default:
			words := fmt.Sprint(v)
			if s, ok := v.(string); ok {
				words = say(name, s)
			}
			out = append(out, factView{heading(path), words})
		}
	}
	walk("", "", tree)
	return out
}

type factView struct{ Name, Words string }
