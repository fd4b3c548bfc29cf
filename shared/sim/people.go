package sim

import (
	"context"
	"fmt"

	"cityhall/shared/city"
	"cityhall/shared/replica"
)

// work lets a person at the device do something.
func (f *Fleet) work(ctx context.Context, d *Device) error {
	f.notes++
	f.Acts++
	words := fmt.Sprintf("words-%d-%d", f.o.Seed, f.notes)
	if d.Kind == city.DeviceKiosk {
		return d.Record(ctx, words, replica.Entry{Actor: city.Actor{Kind: city.ActorResident}, Title: "A report", Act: &city.FileRequest{
			Request: city.NewID(), Service: "tree", Version: 1, Place: city.Place{Address: "1 Main St"}, Description: words, Person: resident(words)}})
	}
	jobs, err := d.Find(ctx, city.KindWorkOrder, "crew", string(Crew))
	if err != nil && !d.sick {
		return err
	}
	if len(jobs) == 0 {
		return nil
	}
	job := jobs[f.rng.IntN(len(jobs))]
	order, request := job.ID, job.Parent
	me := city.Actor{Kind: city.ActorCrew, ID: "ana", Name: words, Crew: Crew}
	switch f.rng.IntN(4) {
	case 0:
		return d.Record(ctx, words, replica.Entry{Actor: me, Act: &city.StartVisit{Visit: city.NewID(), WorkOrder: order}})
	case 1:
		return d.Record(ctx, words, replica.Entry{Actor: me, Act: &city.FinishVisit{Visit: city.ID(job.Text("visit")), WorkOrder: order,
			Outcome: city.OutcomeFixed, Notes: words, Minutes: 30}})
	case 2:
		sha, err := d.SaveBlob(ctx, []byte(words+" photo"))
		if err != nil {
			return err
		}
		return d.Record(ctx, words, replica.Entry{Actor: me, Blobs: []string{sha},
			Act: &city.AddPhoto{Photo: city.NewID(), Request: request, Blob: sha, Stage: "after", Caption: words}})
	}
	// A note that makes no sense without what was done before it: it is held while a
	// person decides on that, and for ever without it, should a restore have taken it.
	return d.Record(ctx, words, replica.Entry{Actor: me, Deps: d.last, Act: &city.AddNote{Note: city.NewID(), Request: request, Text: words}})
}

var priorities = []city.Priority{city.PriorityNormal, city.PriorityHigh, city.PriorityUrgent}

// office lets Sam do something about a request. What cannot be done is refused.
func (f *Fleet) office(ctx context.Context) error {
	id, order, err := f.anyRequest(ctx)
	if err != nil || id == "" {
		return err
	}
	if order == "" {
		order = city.NewID()
	}
	acts := []city.Act{
		&city.AssignRequest{Request: id, WorkOrder: order, Crew: Crew, Priority: city.PriorityNormal, Instruction: "mind the wires"},
		&city.AssignRequest{Request: id, WorkOrder: order, Crew: Crew, Priority: city.PriorityUrgent},
		&city.SetPriority{Request: id, WorkOrder: order, Priority: priorities[f.rng.IntN(len(priorities))]},
		&city.ApproveWork{Request: id, WorkOrder: order, Words: "done"},
		&city.CloseRequest{Request: id, Outcome: city.OutcomeNotOurs, Owner: "the county"},
	}
	weights := []int{0, 0, 0, 1, 2, 3, 3, 4}
	head, err := f.city.Server().Store().Head(ctx)
	if err != nil {
		return err
	}
	// Two people have the console open, and one of them looks at an old page.
	seen := head.Seq
	if f.rng.IntN(3) == 0 {
		seen = min(seen, f.seen)
	} else {
		f.seen = head.Seq
	}
	err = f.city.ActSeen(ctx, seen, acts[weights[f.rng.IntN(len(weights))]])
	if _, told := city.AsError(err); told {
		return nil
	}
	return err
}

// anyRequest picks a request and its job, by a number that the ids' randomness
// does not enter: the order in which they came.
func (f *Fleet) anyRequest(ctx context.Context) (id, order city.ID, err error) {
	rows, err := f.city.Server().Store().DB().QueryContext(ctx,
		`SELECT id, coalesce(fields->>'workorder', '') FROM record WHERE kind = 'request.work' ORDER BY (SELECT min(seq) FROM change WHERE change.id = record.id), id`)
	if err != nil {
		return "", "", err
	}
	defer rows.Close()
	var all [][2]city.ID
	for rows.Next() {
		var r [2]city.ID
		if err := rows.Scan(&r[0], &r[1]); err != nil {
			return "", "", err
		}
		all = append(all, r)
	}
	if len(all) == 0 {
		return "", "", rows.Err()
	}
	r := all[f.rng.IntN(len(all))]
	return r[0], r[1], rows.Err()
}
