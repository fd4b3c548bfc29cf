package demo

import (
	"slices"
	"strconv"
	"time"

	"cityhall/shared/atlas"
	"cityhall/shared/city"
)

const (
	historyMonths = 14
	historySize   = 320
)

// past is a request on its way into the history.
type past struct {
	*city.ImportRequest
	story story
	due   time.Time
}

// history imports what residents have reported over the last fourteen months and
// gives some of the open ones to the crews.
func (b *builder) history() {
	received := b.moments()
	var all []past
	for _, at := range received {
		s := b.subject(at)
		p := past{story: s, ImportRequest: &city.ImportRequest{Request: city.ID(b.uuid(at)), Service: s.service, ReceivedAt: at}}
		b.report(&p)
		b.end(&p, all)
		all = append(all, p)
	}
	for _, p := range all {
		b.act(p.ImportRequest)
	}
	b.jobs(all)
}

// moments are when the requests came in: by day, fewer on Sundays, in order.
func (b *builder) moments() []time.Time {
	zone := b.city.Settings.Zone()
	start := b.now.AddDate(0, -historyMonths, 0)
	var out []time.Time
	for len(out) < historySize {
		from := start
		if len(out)%16 == 0 { // the last days were busy, so that there is something to do
			from = b.now.AddDate(0, 0, -6)
		}
		at := from.Add(time.Duration(b.rng.Int64N(int64(b.now.Sub(from))))).In(zone)
		if at.Hour() < 7 || at.Hour() > 21 || at.Weekday() == time.Sunday && b.rng.IntN(2) == 0 {
			continue
		}
		if at = at.UTC().Truncate(time.Second); at.Before(b.now.Add(-2 * time.Hour)) {
			out = append(out, at)
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return out
}

// subject draws what a report is about, by the season.
func (b *builder) subject(at time.Time) story {
	sum, month := 0, at.Month()-1
	for _, s := range stories {
		sum += s.share * s.months[month]
	}
	n := b.rng.IntN(sum)
	for _, s := range stories {
		if n -= s.share * s.months[month]; n < 0 {
			return s
		}
	}
	return stories[0]
}

// report fills in what the resident said.
func (b *builder) report(p *past) {
	p.Description = pick(b.rng, p.story.en)
	if b.rng.IntN(5) == 0 {
		p.Description = pick(b.rng, p.story.es)
	}
	if b.rng.IntN(12) == 0 {
		p.Description = ""
	}
	if b.rng.IntN(5) < 2 {
		p.Person = pick(b.rng, residents)
	}
	svc := b.service(p.story.service)
	p.Answers = b.answers(svc.Questions)
	p.Place = b.place()
	p.due = b.city.Settings.Calendar.Due(p.ReceivedAt, svc.Promise, b.city.Settings.Zone())
}

func (b *builder) service(id city.ID) city.Service {
	i := slices.IndexFunc(b.services, func(s *city.PublishService) bool { return s.ID == id })
	return b.services[i].Service
}

// answers goes through a form as somebody would for whom it does not stop.
func (b *builder) answers(questions []city.Question) city.Answers {
	a := city.Answers{}
	for _, q := range questions {
		if !slices.ContainsFunc(city.Shown(questions, a), func(s city.Question) bool { return s.ID == q.ID }) || !q.Required && b.rng.IntN(2) == 0 {
			continue
		}
		for {
			a[q.ID] = []string{b.answer(q)}
			if _, stopped := city.Stopped(questions, a); !stopped {
				break
			}
		}
	}
	return a
}

func (b *builder) answer(q city.Question) string {
	switch q.Kind {
	case city.AskYesNo:
		return pick(b.rng, []string{"yes", "no"})
	case city.AskNumber:
		return strconv.Itoa(2 + b.rng.IntN(19))
	case city.AskText:
		return pick(b.rng, []string{"A", "B", "F", "K"}) + strconv.Itoa(100+b.rng.IntN(900))
	}
	return pick(b.rng, q.Options).ID
}

// place draws an address, or now and then a landmark.
func (b *builder) place() city.Place {
	g := b.city.Geography
	var p city.Place
	if b.rng.IntN(6) == 0 {
		mark := pick(b.rng, g.Spots)
		p = city.Place{Lat: mark.At.Lat, Lon: mark.At.Lon, Landmark: mark.Name, Address: mark.Address}
	} else {
		street := pick(b.rng, g.Streets)
		number := street.Left.From + b.rng.IntN(street.Left.To-street.Left.From+1)
		point, _ := street.House(number)
		p = city.Place{Lat: point.Lat, Lon: point.Lon, Address: strconv.Itoa(number) + " " + street.Name}
	}
	if d, ok := g.DistrictAt(atlas.Point{Lat: p.Lat, Lon: p.Lon}); ok {
		p.District = city.ID(d.Key)
	}
	return p
}

// end decides how a request ended: nine in ten are fixed, six in seven in time.
func (b *builder) end(p *past, before []past) {
	n := b.rng.IntN(100)
	if n < 2 && p.ReceivedAt.After(b.now.AddDate(0, -5, 0)) {
		return // it was forgotten, and the promise is broken
	}
	closed := b.closing(p)
	if closed.After(b.now.Add(-time.Hour)) {
		return
	}
	p.Outcome, p.Words, p.Team = city.OutcomeFixed, pick(b.rng, p.story.fixed), p.story.team
	switch {
	case n < 8:
		p.Outcome, p.Words = city.OutcomeNotFixed, pick(b.rng, p.story.why)
	case n < 12:
		p.Outcome, p.Team, p.Owner = city.OutcomeNotOurs, "", p.story.owner
		p.Words = "This belongs to " + p.Owner + ". We have passed your report on."
	case n < 22:
		for _, first := range slices.Backward(before) {
			if first.Service == p.Service && first.Outcome != city.OutcomeDuplicate && p.ReceivedAt.Sub(first.ReceivedAt) < 10*24*time.Hour {
				p.Outcome, p.Team, p.DuplicateOf, p.Place = city.OutcomeDuplicate, "", first.Request, first.Place
				p.Words = "Somebody reported this before you. Please follow request " + first.Request.Number() + "."
				closed = b.atWork(p.ReceivedAt.Add(5*time.Hour), p.ReceivedAt)
				break
			}
		}
	}
	p.ClosedAt = closed
}

// closing is when the work was done: somewhere before the promised day, or for
// one in seven some days after it.
func (b *builder) closing(p *past) time.Time {
	span := p.due.Sub(p.ReceivedAt)
	share := 25 + b.rng.Int64N(70)
	done := b.atWork(p.ReceivedAt.Add(span/100*time.Duration(share)), p.ReceivedAt)
	if done.After(p.due) {
		done = p.due.Add(-time.Hour)
	}
	if b.rng.IntN(7) == 0 {
		done = b.atWork(p.due.AddDate(0, 0, 1+b.rng.IntN(9)), p.due)
	}
	return done.UTC().Truncate(time.Second)
}

// atWork moves a moment into working hours of that day or, when nobody works on
// it, of a day after it. It stays after earliest.
func (b *builder) atWork(at, earliest time.Time) time.Time {
	settings := b.city.Settings
	day := at.In(settings.Zone())
	for !settings.Calendar.Works(day) {
		day = day.AddDate(0, 0, 1)
	}
	moment := time.Date(day.Year(), day.Month(), day.Day(), 8+b.rng.IntN(8), b.rng.IntN(60), b.rng.IntN(60), 0, day.Location())
	if moment.Before(earliest.Add(20 * time.Minute)) {
		moment = earliest.Add(time.Duration(20+b.rng.IntN(120)) * time.Minute)
	}
	return moment.UTC()
}

// jobs gives each crew up to four of its open requests.
func (b *builder) jobs(all []past) {
	count := map[city.ID]int{}
	instructions := map[city.ID][]string{
		treeCrew:   {"Take the lift. Parking is tight on that side.", "Call the school before you start.", "", "Photos before you cut, please."},
		streetCrew: {"Two lanes: bring the cones.", "", "Check the whole block while you are there.", ""},
	}
	priorities := []city.Priority{city.PriorityHigh, city.PriorityNormal, city.PriorityNormal, city.PriorityLow}
	for _, p := range slices.Backward(all) {
		crew := b.service(p.Service).Crew
		if crew == "" || !p.ClosedAt.IsZero() || count[crew] == len(priorities) {
			continue
		}
		n := count[crew]
		count[crew]++
		b.act(&city.AssignRequest{Request: p.Request, WorkOrder: city.ID(b.uuid(b.at)), Crew: crew,
			Priority: priorities[n], Instruction: instructions[crew][n]})
	}
}
