package fieldapp

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"cityhall/shared/city"
)

// Person is somebody of a crew that this tablet works for.
type Person struct {
	Actor city.Actor
	Crew  string // the crew's name
}

// Person is who works now.
func (a *App) Person() Person { return a.person }

// People lists who may be working, by crew and name. A crew without members
// stands for itself.
func (a *App) People() []Person {
	var out []Person
	for _, scope := range a.identity.Grants {
		id, ok := strings.CutPrefix(string(scope), "crew:")
		crew := city.ID(id)
		c, known := a.crews[crew]
		if !ok || !known {
			continue
		}
		if len(c.Members) == 0 {
			out = append(out, Person{city.Actor{Kind: city.ActorCrew, ID: crew, Name: c.Name, Crew: crew}, c.Name})
		}
		for _, m := range c.Members {
			out = append(out, Person{city.Actor{Kind: city.ActorCrew, ID: m.ID, Name: m.Name, Crew: crew}, c.Name})
		}
	}
	slices.SortStableFunc(out, func(a, b Person) int {
		if c := strings.Compare(a.Crew, b.Crew); c != 0 {
			return c
		}
		return strings.Compare(a.Actor.Name, b.Actor.Name)
	})
	return out
}

// since is who worked last on this tablet, and on which day.
type since struct {
	ID   city.ID `json:"id"`
	Crew city.ID `json:"crew"`
	Day  string  `json:"day"`
}

// welcome asks who is working, unless there is only one who can be or somebody
// has said so today.
func (a *App) welcome() {
	people := a.People()
	if len(people) == 1 {
		a.Work(people[0])
		return
	}
	text, err := a.r.Setting(a.ctx, "field.person")
	var last since
	if err == nil && json.Unmarshal([]byte(text), &last) == nil && last.Day == a.now().Format(time.DateOnly) {
		for _, p := range people {
			if p.Actor.ID == last.ID && p.Actor.Crew == last.Crew {
				a.Work(p)
				return
			}
		}
	}
	a.person = Person{}
	a.reset(Forward, ScreenWho)
}

// AskWho lets somebody else take over.
func (a *App) AskWho() {
	if a.unlocked() && a.Screen() != ScreenWho {
		a.push(ScreenWho)
	}
}

// Work begins the list of jobs for p.
func (a *App) Work(p Person) {
	a.person = p
	raw, err := json.Marshal(since{p.Actor.ID, p.Actor.Crew, a.now().Format(time.DateOnly)})
	if err == nil {
		err = a.r.SetSetting(a.ctx, "field.person", string(raw))
	}
	if err == nil {
		err = a.load()
	}
	a.page = nil
	a.reset(Forward, ScreenJobs)
	if err != nil {
		a.fail(err)
	}
}
