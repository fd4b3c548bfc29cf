package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
)

// played is a schedule under way: every id is the same in every run.
type played struct {
	*fixture
	serial int
}

func (p *played) id() city.MutationID {
	p.serial++
	return city.MutationID(fmt.Sprintf("01900000-0000-7000-8000-%012d", p.serial))
}

func (p *played) act(by city.Actor, seen int64, act city.Act) {
	p.t.Helper()
	if _, err := p.Act(context.Background(), by, p.id(), seen, act); err != nil {
		p.t.Fatalf("%s: %v", act.Type(), err)
	}
}

func (p *played) envelope(d *device, seen *city.Overlay, act city.Act, deps ...city.MutationID) protocol.Envelope {
	p.t.Helper()
	m, err := city.Prepare(seen, p.id(), treeCrew, d.Device.ID, p.now.get(), act)
	if err != nil {
		p.t.Fatalf("prepare %s: %v", act.Type(), err)
	}
	res, err := city.Apply(seen, m)
	if err != nil || res.Refusal != nil {
		p.t.Fatalf("%s on the tablet: %v %v", act.Type(), res.Refusal, err)
	}
	for _, c := range res.Changed {
		seen.Put(c.Record)
	}
	env := protocol.Wrap(m)
	env.Deps = deps
	return env
}

// schedule has a bit of everything that the write path knows: conflicts, what is
// held and let go or given up, what comes late, out of order or twice, and sweeps.
func (p *played) schedule() *device {
	tablet := p.crewTablet()
	var outings [4][3]protocol.Envelope
	for i := range outings {
		request, order, visit := city.ID(fmt.Sprintf("request-%d", i)), city.ID(fmt.Sprintf("job-%d", i)), city.ID(fmt.Sprintf("visit-%d", i))
		file := newRequest()
		file.Request = request
		p.act(reviewer, p.head().Seq, file)
		p.act(dispatcher, p.head().Seq, &city.AssignRequest{Request: request, WorkOrder: order, Crew: "trees", Priority: city.PriorityHigh})
		seen := &city.Overlay{Under: p.View(context.Background())}
		start := p.envelope(tablet, seen, &city.StartVisit{Visit: visit, WorkOrder: order})
		finish := p.envelope(tablet, seen, &city.FinishVisit{Visit: visit, WorkOrder: order, Outcome: city.OutcomeFixed}, start.ID)
		note := p.envelope(tablet, seen, &city.AddNote{Note: city.ID(fmt.Sprintf("note-%d", i)), Request: request, Text: "Dog"}, finish.ID)
		outings[i] = [3]protocol.Envelope{start, finish, note}
	}
	page := p.head().Seq
	p.act(reviewer, page, &city.PauseRequest{Request: "request-0", Reason: "The utility first"})
	p.act(dispatcher, page, &city.AssignRequest{Request: "request-1", WorkOrder: "job-1", Crew: "roads", Priority: city.PriorityLow})
	p.act(dispatcher, page, &city.SetPriority{Request: "request-1", WorkOrder: "job-1", Priority: city.PriorityUrgent})
	got := tablet.push(outings[0][0], outings[1][0], outings[0][1], outings[1][1], outings[0][2], outings[1][2])
	tablet.push(outings[2][2], outings[2][1], outings[3][1]) // before what they rest on
	for _, v := range []protocol.PushVerdict{got[0], got[1]} {
		r := p.review(v.Review)
		decide := &city.DecideReview{Review: v.Review, Sides: r.Sides()}
		if len(r.Contests) > 0 {
			decide.Theirs = []city.FieldRef{r.Contests[0].Field}
		}
		p.act(reviewer, p.head().Seq, decide)
	}
	again := &device{f: p.fixture, Device: tablet.Device, stream: "again"}
	again.push(outings[2][0], outings[0][0], outings[2][1])
	p.now.pass(25 * time.Hour)
	p.sweep()
	tablet.push(outings[3][0])
	p.act(reviewer, p.head().Seq, &city.CloseRequest{Request: "request-3", Outcome: city.OutcomeNotOurs, Owner: "the railway"})
	p.act(system, p.head().Seq, &city.PublishService{ID: "tree", Service: city.Service{Name: city.Text{"en": "Fallen tree"}, Department: "parks",
		Promise: city.Promise{Days: 2, Working: true}, Active: true, Version: 2, ShareContact: true}})
	p.sweep()
	p.now.pass(91 * 24 * time.Hour)
	p.sweep()
	return tablet
}

// table prints rows, with the tablet's id, which no schedule can choose, replaced.
func (p *played) table(tablet *device, query string) string {
	p.t.Helper()
	rows, err := p.DB().Query(query)
	if err != nil {
		p.t.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		p.t.Fatal(err)
	}
	var out strings.Builder
	for rows.Next() {
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			p.t.Fatal(err)
		}
		for _, v := range values {
			if raw, ok := v.([]byte); ok {
				v = string(raw)
			}
			fmt.Fprint(&out, v, " ")
		}
		out.WriteByte('\n')
	}
	return strings.ReplaceAll(out.String(), string(tablet.Device.ID), "tablet")
}

// TestOneScheduleOneLog drives everything that the write path knows on both
// engines: apart from salts and what rests on them all is equal.
func TestOneScheduleOneLog(t *testing.T) {
	logs := map[string]string{}
	onBoth(t, func(t *testing.T, f *fixture) {
		p := &played{fixture: f}
		tablet := p.schedule()
		log := p.table(tablet, `SELECT seq, tx, kind, parent, whole, fields FROM change ORDER BY seq`) +
			p.table(tablet, `SELECT seq, scope, evict FROM change_scope ORDER BY seq, scope`) +
			p.table(tablet, `SELECT id, seq, device, stream, n, type, subject, received, verdict, review, code, field FROM mutation WHERE device <> 'office' ORDER BY seq, id`) +
			p.table(tablet, `SELECT id, came, missing, due, seq, verdict, review, code FROM held ORDER BY id`)
		for _, want := range []string{"held", "missing", "dependency", "not_yours", `"archived":true`} {
			if !strings.Contains(log, want) {
				t.Errorf("the schedule has no %s", want)
			}
		}
		logs[t.Name()] = log
	})
	var first, name string
	for engine, log := range logs { // one only where there is no PostgreSQL
		if first == "" {
			first, name = log, engine
			continue
		}
		a, b := strings.Split(first, "\n"), strings.Split(log, "\n")
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Fatalf("%s: %s\n%s: %s", name, a[i], engine, b[i])
			}
		}
		if len(a) != len(b) {
			t.Errorf("%d rows and %d", len(a), len(b))
		}
	}
}
