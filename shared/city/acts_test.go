package city_test

import (
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
)

func long(n int) string { return strings.Repeat("x", n) }

// change edits a good act.
func change[T any](make func() *T, edit func(*T)) *T {
	a := make()
	edit(a)
	return a
}

func closing() *city.CloseRequest {
	return &city.CloseRequest{Request: case1, Outcome: city.OutcomeNotFixed, Words: "It is sound."}
}

func photo() *city.AddPhoto {
	return &city.AddPhoto{Photo: "photo-1", Request: case1, Blob: strings.Repeat("ab", 32), Stage: "after", Caption: "Done", Bytes: 10, Width: 2, Height: 2}
}

func imported() *city.ImportRequest {
	return &city.ImportRequest{Request: "old-1", Service: "tree", Place: city.Place{Address: "2 Elm Street"}, ReceivedAt: start.AddDate(0, -2, 0),
		ClosedAt: start.AddDate(0, -1, 0), Outcome: city.OutcomeFixed, Words: "Removed.", Team: "Tree crew"}
}

func settings() *city.SetCity {
	return &city.SetCity{Settings: city.Settings{Name: "Town", TimeZone: "America/New_York", Languages: []string{"en"}}}
}

func notice() *city.SetNotice {
	return &city.SetNotice{ID: "notice-1", Notice: city.Notice{Title: text("Hydrants"), Words: text("They are flushed."), Department: "parks", From: "2026-03-02", Until: "2026-03-06"}}
}

func published() *city.PublishService {
	return &city.PublishService{ID: "tree", Service: treeService()}
}

// TestEveryAct has a good case and each bad field of every act. Acts without a
// stage are only checked, the others are tried at that stage.
func TestEveryAct(t *testing.T) {
	type row struct {
		name  string
		stage string
		by    city.Actor
		act   city.Act
		code  city.Code
		field string
	}
	file := func(edit func(*city.FileRequest)) city.Act {
		return change(func() *city.FileRequest { return report("case-9") }, edit)
	}
	done := func(edit func(*city.FinishVisit)) city.Act { return change(finish, edit) }
	give := func(edit func(*city.AssignRequest)) city.Act { return change(assign, edit) }
	end := func(edit func(*city.CloseRequest)) city.Act { return change(closing, edit) }
	snap := func(edit func(*city.AddPhoto)) city.Act { return change(photo, edit) }
	old := func(edit func(*city.ImportRequest)) city.Act { return change(imported, edit) }
	set := func(edit func(*city.Settings)) city.Act {
		return change(settings, func(a *city.SetCity) { edit(&a.Settings) })
	}
	publish := func(edit func(*city.Service)) city.Act {
		return change(published, func(a *city.PublishService) { edit(&a.Service) })
	}
	tell := func(edit func(*city.Notice)) city.Act {
		return change(notice, func(a *city.SetNotice) { edit(&a.Notice) })
	}
	ask := func(edit func(*city.Question)) city.Act {
		return publish(func(s *city.Service) { edit(&s.Questions[2]) })
	}
	rows := []row{
		{"file", "received", resident, file(func(*city.FileRequest) {}), "", ""},
		{"file by crew", "received", treeCrew, file(func(*city.FileRequest) {}), "", ""},
		{"file by staff", "received", dispatch, file(func(*city.FileRequest) {}), "", ""},
		{"file by nobody", "received", city.Actor{}, file(func(*city.FileRequest) {}), city.CodeForbidden, "actor"},
		{"file: id", "", resident, file(func(a *city.FileRequest) { a.Request = "A B" }), city.CodeInvalid, "request"},
		{"file: id taken", "received", resident, report(case1), city.CodeInvalid, "request"},
		{"file: no service", "", resident, file(func(a *city.FileRequest) { a.Service = "" }), city.CodeRequired, "service"},
		{"file: unknown service", "received", resident, file(func(a *city.FileRequest) { a.Service = "flood" }), city.CodeUnknown, "service"},
		{"file: description", "", resident, file(func(a *city.FileRequest) { a.Description = long(4001) }), city.CodeTooLong, "description"},
		{"file: lookup", "", resident, file(func(a *city.FileRequest) { a.Lookup = long(101) }), city.CodeTooLong, "lookup"},
		{"file: language", "", resident, file(func(a *city.FileRequest) { a.Language = long(21) }), city.CodeTooLong, "language"},
		{"file: no place", "", resident, file(func(a *city.FileRequest) { a.Place = city.Place{} }), city.CodeRequired, "place"},
		{"file: latitude", "", resident, file(func(a *city.FileRequest) { a.Place.Lat = 900_000_001 }), city.CodeInvalid, "place.lat"},
		{"file: longitude", "", resident, file(func(a *city.FileRequest) { a.Place.Lon = -1_800_000_001 }), city.CodeInvalid, "place.lon"},
		{"file: address", "", resident, file(func(a *city.FileRequest) { a.Place.Address = long(301) }), city.CodeTooLong, "place.address"},
		{"file: landmark", "", resident, file(func(a *city.FileRequest) { a.Place.Landmark = long(301) }), city.CodeTooLong, "place.landmark"},
		{"file: detail", "", resident, file(func(a *city.FileRequest) { a.Place.Detail = long(301) }), city.CodeTooLong, "place.detail"},
		{"file: district", "", resident, file(func(a *city.FileRequest) { a.Place.District = "No District" }), city.CodeInvalid, "place.district"},
		{"file: name", "", resident, file(func(a *city.FileRequest) { a.Person.Name = long(121) }), city.CodeTooLong, "person.name"},
		{"file: e-mail", "", resident, file(func(a *city.FileRequest) { a.Person.Email = "ann@home" }), city.CodeInvalid, "person.email"},
		{"file: phone", "", resident, file(func(a *city.FileRequest) { a.Person.Phone = "call me" }), city.CodeInvalid, "person.phone"},
		{"file: short phone", "", resident, file(func(a *city.FileRequest) { a.Person.Phone = "12345" }), city.CodeInvalid, "person.phone"},
		{"file: missing answer", "received", resident, file(func(a *city.FileRequest) { delete(a.Answers, "blocks") }), city.CodeRequired, "answers.blocks"},
		{"file: blank answer", "received", resident, file(func(a *city.FileRequest) { a.Answers["blocks"] = []string{" "} }), city.CodeRequired, "answers.blocks"},
		{"file: wrong answer", "received", resident, file(func(a *city.FileRequest) { a.Answers["blocks"] = []string{"moon"} }), city.CodeNotOffered, "answers.blocks"},
		{"file: stopped", "received", resident, file(func(a *city.FileRequest) { a.Answers["danger"] = []string{"yes"} }), city.CodeStopped, "answers"},
		{"file: old form", "received", resident, file(func(a *city.FileRequest) { a.Version, a.Answers = 0, city.Answers{"old": {"x"}} }), "", ""},
		{"file: bad question id", "", resident, file(func(a *city.FileRequest) { a.Answers["A B"] = []string{"x"} }), city.CodeInvalid, "answers"},
		{"file: huge answer", "", resident, file(func(a *city.FileRequest) { a.Answers["old"] = []string{long(4001)} }), city.CodeTooLong, "answers.old"},

		{"assign", "received", dispatch, assign(), "", ""},
		{"assign again", "done", reviewer, assign(), "", ""},
		{"assign: ids", "", dispatch, give(func(a *city.AssignRequest) { a.WorkOrder = "" }), city.CodeInvalid, "request"},
		{"assign: no crew", "", dispatch, give(func(a *city.AssignRequest) { a.Crew = "" }), city.CodeRequired, "crew"},
		{"assign: unknown crew", "received", dispatch, give(func(a *city.AssignRequest) { a.Crew = "boats" }), city.CodeUnknown, "crew"},
		{"assign: priority", "", dispatch, give(func(a *city.AssignRequest) { a.Priority = "now" }), city.CodeNotOffered, "priority"},
		{"assign: instruction", "", dispatch, give(func(a *city.AssignRequest) { a.Instruction = long(4001) }), city.CodeTooLong, "instruction"},
		{"assign: unknown request", "received", dispatch, give(func(a *city.AssignRequest) { a.Request = "case-9" }), city.CodeUnknown, "request"},
		{"assign: second job", "assigned", dispatch, give(func(a *city.AssignRequest) { a.WorkOrder = "job-2" }), city.CodeStale, "workorder"},
		{"assign: closed", "approved", dispatch, assign(), city.CodeNotNow, "request/case-1/status"},

		{"priority", "assigned", dispatch, &city.SetPriority{Request: case1, WorkOrder: order, Priority: city.PriorityUrgent}, "", ""},
		{"priority: ids", "", dispatch, &city.SetPriority{Request: case1, Priority: city.PriorityUrgent}, city.CodeInvalid, "workorder"},
		{"priority: which", "", dispatch, &city.SetPriority{Request: case1, WorkOrder: order}, city.CodeNotOffered, "priority"},
		{"priority: other job", "assigned", dispatch, &city.SetPriority{Request: case1, WorkOrder: "job-2", Priority: city.PriorityLow}, city.CodeUnknown, "workorder"},

		{"start", "assigned", treeCrew, visit(), "", ""},
		{"start: id", "", treeCrew, &city.StartVisit{WorkOrder: order}, city.CodeInvalid, "visit"},
		{"start: no job", "assigned", treeCrew, &city.StartVisit{Visit: visit1, WorkOrder: "job-9"}, city.CodeUnknown, "workorder"},
		{"start: visit taken", "started", treeCrew, visit(), city.CodeInvalid, "visit"},
		{"start: other crew", "assigned", roadCrew, visit(), city.CodeNotYours, "workorder"},
		{"start: staff", "assigned", dispatch, visit(), city.CodeForbidden, "actor"},
		{"start: closed", "approved", treeCrew, &city.StartVisit{Visit: "visit-2", WorkOrder: order}, city.CodeNotNow, "workorder/job-1/state"},

		{"finish", "started", treeCrew, finish(), "", ""},
		{"finish: ids", "", treeCrew, done(func(a *city.FinishVisit) { a.Visit = "" }), city.CodeInvalid, "visit"},
		{"finish: no outcome", "", treeCrew, done(func(a *city.FinishVisit) { a.Outcome = "" }), city.CodeRequired, "outcome"},
		{"finish: an office outcome", "", treeCrew, done(func(a *city.FinishVisit) { a.Outcome = city.OutcomeDuplicate }), city.CodeRequired, "outcome"},
		{"finish: why not", "", treeCrew, done(func(a *city.FinishVisit) { a.Outcome = city.OutcomeNotFixed }), city.CodeRequired, "reason"},
		{"finish: reason", "", treeCrew, done(func(a *city.FinishVisit) { a.Reason = long(501) }), city.CodeTooLong, "reason"},
		{"finish: notes", "", treeCrew, done(func(a *city.FinishVisit) { a.Notes = long(4001) }), city.CodeTooLong, "notes"},
		{"finish: minutes", "", treeCrew, done(func(a *city.FinishVisit) { a.Minutes = -1 }), city.CodeInvalid, "minutes"},
		{"finish: nameless material", "", treeCrew, done(func(a *city.FinishVisit) { a.Materials[0].Name = " " }), city.CodeRequired, "materials"},
		{"finish: material", "", treeCrew, done(func(a *city.FinishVisit) { a.Materials[0].Name = strings.Repeat("ñ", 121) }), city.CodeTooLong, "materials"},
		{"finish: material in accents", "", treeCrew, done(func(a *city.FinishVisit) { a.Materials[0].Name = strings.Repeat("ñ", 120) }), "", ""},
		{"finish: quantity", "", treeCrew, done(func(a *city.FinishVisit) { a.Materials[0].Quantity = "some" }), city.CodeInvalid, "materials"},
		{"finish: materials", "", treeCrew, done(func(a *city.FinishVisit) { a.Materials = make([]city.Material, 51) }), city.CodeTooLong, "materials"},
		{"finish: never started", "assigned", treeCrew, finish(), city.CodeUnknown, "visit"},
		{"finish: other crew", "started", roadCrew, finish(), city.CodeNotYours, "workorder"},

		{"photo", "started", treeCrew, photo(), "", ""},
		{"photo: by staff", "received", reviewer, photo(), "", ""},
		{"photo: id", "", treeCrew, snap(func(a *city.AddPhoto) { a.Photo = "" }), city.CodeInvalid, "photo"},
		{"photo: blob", "", treeCrew, snap(func(a *city.AddPhoto) { a.Blob = "AB" }), city.CodeInvalid, "blob"},
		{"photo: stage", "", treeCrew, snap(func(a *city.AddPhoto) { a.Stage = "later" }), city.CodeNotOffered, "stage"},
		{"photo: caption", "", treeCrew, snap(func(a *city.AddPhoto) { a.Caption = long(301) }), city.CodeTooLong, "caption"},
		{"photo: unknown request", "started", treeCrew, snap(func(a *city.AddPhoto) { a.Request = "case-9" }), city.CodeUnknown, "request"},
		{"photo: other crew", "started", roadCrew, photo(), city.CodeNotYours, "workorder"},
		{"photo: resident", "started", resident, photo(), city.CodeForbidden, "actor"},

		{"note", "assigned", treeCrew, &city.AddNote{Note: "note-1", Request: case1, Text: "Dog in the yard."}, "", ""},
		{"note: id", "", treeCrew, &city.AddNote{Request: case1, Text: "x"}, city.CodeInvalid, "note"},
		{"note: empty", "", treeCrew, &city.AddNote{Note: "note-1", Request: case1, Text: " \n "}, city.CodeRequired, "text"},
		{"note: long", "", treeCrew, &city.AddNote{Note: "note-1", Request: case1, Text: long(4001)}, city.CodeTooLong, "text"},

		{"approve", "done", reviewer, &city.ApproveWork{Request: case1, WorkOrder: order}, "", ""},
		{"approve: ids", "", reviewer, &city.ApproveWork{Request: case1}, city.CodeInvalid, "request"},
		{"approve: words", "", reviewer, &city.ApproveWork{Request: case1, WorkOrder: order, Words: long(1001)}, city.CodeTooLong, "words"},
		{"approve: too early", "started", reviewer, &city.ApproveWork{Request: case1, WorkOrder: order}, city.CodeNotNow, "workorder"},
		{"approve: other job", "done", reviewer, &city.ApproveWork{Request: case1, WorkOrder: "job-2"}, city.CodeUnknown, "workorder"},
		{"approve: twice", "approved", reviewer, &city.ApproveWork{Request: case1, WorkOrder: order}, city.CodeNotNow, "request/case-1/status"},
		{"approve: photos", "done", reviewer, &city.ApproveWork{Request: case1, WorkOrder: order, Photos: []city.ID{"none"}}, city.CodeUnknown, "photos"},

		{"return", "done", reviewer, &city.ReturnWork{Request: case1, WorkOrder: order, Reason: "The stump is still there."}, "", ""},
		{"return: ids", "", reviewer, &city.ReturnWork{WorkOrder: order, Reason: "x"}, city.CodeInvalid, "request"},
		{"return: no reason", "", reviewer, &city.ReturnWork{Request: case1, WorkOrder: order}, city.CodeRequired, "reason"},
		{"return: reason", "", reviewer, &city.ReturnWork{Request: case1, WorkOrder: order, Reason: long(1001)}, city.CodeTooLong, "reason"},
		{"return: other job", "done", reviewer, &city.ReturnWork{Request: case1, WorkOrder: "job-2", Reason: "x"}, city.CodeUnknown, "workorder"},
		{"return: closed", "approved", reviewer, &city.ReturnWork{Request: case1, WorkOrder: order, Reason: "x"}, city.CodeNotNow, "request/case-1/status"},

		{"close", "received", reviewer, closing(), "", ""},
		{"close: id", "", reviewer, end(func(a *city.CloseRequest) { a.Request = "" }), city.CodeInvalid, "request"},
		{"close: no outcome", "", reviewer, end(func(a *city.CloseRequest) { a.Outcome = "" }), city.CodeRequired, "outcome"},
		{"close: outcome", "", reviewer, end(func(a *city.CloseRequest) { a.Outcome = "gone" }), city.CodeNotOffered, "outcome"},
		{"close: why", "", reviewer, end(func(a *city.CloseRequest) { a.Words = "" }), city.CodeRequired, "words"},
		{"close: words", "", reviewer, end(func(a *city.CloseRequest) { a.Words = long(1001) }), city.CodeTooLong, "words"},
		{"close: of which", "", reviewer, end(func(a *city.CloseRequest) { a.Outcome = city.OutcomeDuplicate }), city.CodeRequired, "duplicate_of"},
		{"close: of itself", "", reviewer, end(func(a *city.CloseRequest) { a.Outcome, a.DuplicateOf = city.OutcomeDuplicate, case1 }), city.CodeRequired, "duplicate_of"},
		{"close: of unknown", "received", reviewer, end(func(a *city.CloseRequest) { a.Outcome, a.DuplicateOf = city.OutcomeDuplicate, "case-9" }), city.CodeUnknown, "duplicate_of"},
		{"close: no duplicate", "", reviewer, end(func(a *city.CloseRequest) { a.DuplicateOf = case2 }), city.CodeInvalid, "duplicate_of"},
		{"close: whose", "", reviewer, end(func(a *city.CloseRequest) { a.Outcome = city.OutcomeNotOurs }), city.CodeRequired, "owner"},
		{"close: owner", "", reviewer, end(func(a *city.CloseRequest) { a.Outcome, a.Owner = city.OutcomeNotOurs, long(201) }), city.CodeTooLong, "owner"},
		{"close: twice", "approved", reviewer, closing(), city.CodeNotNow, "request/case-1/status"},

		{"reopen", "approved", reviewer, &city.ReopenRequest{Request: case1, Reason: "It fell again."}, "", ""},
		{"reopen: id", "", reviewer, &city.ReopenRequest{Reason: "x"}, city.CodeInvalid, "request"},
		{"reopen: no reason", "", reviewer, &city.ReopenRequest{Request: case1}, city.CodeRequired, "reason"},
		{"reopen: open", "assigned", reviewer, &city.ReopenRequest{Request: case1, Reason: "x"}, city.CodeNotNow, "request"},

		{"archive", "approved", system, &city.ArchiveRequest{Request: case1}, "", ""},
		{"archive: id", "", system, &city.ArchiveRequest{}, city.CodeInvalid, "request"},
		{"archive: open", "assigned", system, &city.ArchiveRequest{Request: case1}, city.CodeNotNow, "request"},

		{"pause", "received", reviewer, &city.PauseRequest{Request: case1, Reason: "Waiting for the owner."}, "", ""},
		{"pause: id", "", reviewer, &city.PauseRequest{Reason: "x"}, city.CodeInvalid, "request"},
		{"pause: no reason", "", reviewer, &city.PauseRequest{Request: case1}, city.CodeRequired, "reason"},
		{"pause: while a crew is there", "started", reviewer, &city.PauseRequest{Request: case1, Reason: "x"}, city.CodeNotNow, "request/case-1/status"},
		{"resume: does not wait", "received", reviewer, &city.ResumeRequest{Request: case1}, city.CodeNotNow, "request"},
		{"resume: id", "", reviewer, &city.ResumeRequest{}, city.CodeInvalid, "request"},

		{"decide: id", "", reviewer, &city.DecideReview{Sides: []city.MutationID{"x"}}, city.CodeInvalid, "review"},
		{"decide: no sides", "", reviewer, &city.DecideReview{Review: "r"}, city.CodeRequired, "sides"},
		{"decide: words", "", reviewer, &city.DecideReview{Review: "r", Sides: []city.MutationID{"x"}, Words: long(1001)}, city.CodeTooLong, "words"},
		{"decide: unknown", "received", reviewer, &city.DecideReview{Review: "r", Sides: []city.MutationID{"x"}}, city.CodeUnknown, "review"},

		{"import", "received", admin, imported(), "", ""},
		{"import: open", "received", system, old(func(a *city.ImportRequest) { a.ClosedAt, a.Outcome = time.Time{}, "" }), "", ""},
		{"import: id", "", system, old(func(a *city.ImportRequest) { a.Request = "" }), city.CodeInvalid, "request"},
		{"import: id taken", "received", system, old(func(a *city.ImportRequest) { a.Request = case1 }), city.CodeInvalid, "request"},
		{"import: no date", "", system, old(func(a *city.ImportRequest) { a.ReceivedAt = time.Time{} }), city.CodeRequired, "received_at"},
		{"import: closed without outcome", "", system, old(func(a *city.ImportRequest) { a.Outcome = "" }), city.CodeInvalid, "outcome"},
		{"import: outcome", "", system, old(func(a *city.ImportRequest) { a.Outcome = "gone" }), city.CodeNotOffered, "outcome"},
		{"import: of which", "", system, old(func(a *city.ImportRequest) { a.Outcome = city.OutcomeDuplicate }), city.CodeRequired, "duplicate_of"},
		{"import: backwards", "", system, old(func(a *city.ImportRequest) { a.ClosedAt = a.ReceivedAt.Add(-1) }), city.CodeInvalid, "closed_at"},
		{"import: description", "", system, old(func(a *city.ImportRequest) { a.Description = long(4001) }), city.CodeTooLong, "description"},
		{"import: team", "", system, old(func(a *city.ImportRequest) { a.Team = long(121) }), city.CodeTooLong, "team"},
		{"import: service", "received", system, old(func(a *city.ImportRequest) { a.Service = "flood" }), city.CodeUnknown, "service"},

		{"city", "received", admin, settings(), "", ""},
		{"city: name", "", admin, set(func(s *city.Settings) { s.Name = "" }), city.CodeRequired, "settings.name"},
		{"city: languages", "", admin, set(func(s *city.Settings) { s.Languages = nil }), city.CodeRequired, "settings.languages"},
		{"city: zone", "", admin, set(func(s *city.Settings) { s.TimeZone = "Moon/Base" }), city.CodeUnknown, "settings.time_zone"},
		{"city: weekdays", "", admin, set(func(s *city.Settings) { s.Calendar.Weekdays = []int{7} }), city.CodeInvalid, "settings.calendar.weekdays"},
		{"city: holidays", "", admin, set(func(s *city.Settings) { s.Calendar.Holidays = []string{"Christmas"} }), city.CodeInvalid, "settings.calendar.holidays"},
		{"city: closes", "", admin, set(func(s *city.Settings) { s.Calendar.Closes = 24 }), city.CodeInvalid, "settings.calendar.closes"},

		{"service", "received", admin, published(), "", ""},
		{"service: id", "", admin, change(published, func(a *city.PublishService) { a.ID = "Tree" }), city.CodeInvalid, "id"},
		{"service: name", "", admin, publish(func(s *city.Service) { s.Name = city.Text{"es": "Árbol"} }), city.CodeRequired, "service.name"},
		{"service: department", "", admin, publish(func(s *city.Service) { s.Department = "" }), city.CodeRequired, "service.department"},
		{"service: promise", "", admin, publish(func(s *city.Service) { s.Promise.Days = -1 }), city.CodeInvalid, "service.promise"},
		{"service: question id", "", admin, ask(func(q *city.Question) { q.ID = "danger" }), city.CodeInvalid, "questions.danger"},
		{"service: label", "", admin, ask(func(q *city.Question) { q.Label = nil }), city.CodeRequired, "questions.around.label"},
		{"service: kind", "", admin, ask(func(q *city.Question) { q.Kind = "date" }), city.CodeNotOffered, "questions.around.kind"},
		{"service: options", "", admin, ask(func(q *city.Question) { q.Kind = city.AskChoice }), city.CodeRequired, "questions.around.options"},
		{"service: option", "", admin, ask(func(q *city.Question) { q.Options = []city.Option{{ID: "a"}} }), city.CodeInvalid, "questions.around.options"},
		{"service: most characters", "", admin, ask(func(q *city.Question) { q.Max = 4001 }), city.CodeInvalid, "questions.around.max"},
		{"service: show_if", "", admin, ask(func(q *city.Question) { q.ShowIf.Question = "around" }), city.CodeUnknown, "questions.around.show_if"},
		{"service: stop_if", "", admin, ask(func(q *city.Question) { q.StopIf = []city.Stop{{Words: text("Stop")}} }), city.CodeInvalid, "questions.around.stop_if"},

		{"erase", "done", admin, &city.ErasePerson{Request: case1, Reason: "asked for"}, "", ""},
		{"erase: whose", "", admin, &city.ErasePerson{Reason: "x"}, city.CodeInvalid, "request"},
		{"erase: reason", "", admin, &city.ErasePerson{Request: case1}, city.CodeRequired, "reason"},
		{"erase: unknown", "received", admin, &city.ErasePerson{Request: "case-9", Reason: "x"}, city.CodeUnknown, "request"},

		{"crew", "received", admin, &city.SetCrew{ID: "boats", Crew: city.Crew{Name: "Boat crew", Department: "parks"}}, "", ""},
		{"crew: name", "", admin, &city.SetCrew{ID: "boats"}, city.CodeRequired, "crew.name"},
		{"crew: member", "", admin, &city.SetCrew{ID: "boats", Crew: city.Crew{Name: "B", Members: []city.Member{{ID: "x"}}}}, city.CodeRequired, "crew.members"},
		{"notice", "received", reviewer, notice(), "", ""},
		{"notice: id", "", reviewer, change(notice, func(a *city.SetNotice) { a.ID = "A B" }), city.CodeInvalid, "id"},
		{"notice: department", "", reviewer, tell(func(n *city.Notice) { n.Department = "" }), city.CodeRequired, "department"},
		{"notice: title", "", reviewer, tell(func(n *city.Notice) { n.Title = city.Text{"es": "Sin inglés"} }), city.CodeRequired, "title"},
		{"notice: blank title", "", reviewer, tell(func(n *city.Notice) { n.Title = text(" \x07 ") }), city.CodeRequired, "title"},
		{"notice: blank translation", "", reviewer, tell(func(n *city.Notice) { n.Words["es"] = " " }), city.CodeInvalid, "words"},
		{"notice: long title", "", reviewer, tell(func(n *city.Notice) { n.Title["es"] = long(121) }), city.CodeTooLong, "title"},
		{"notice: words", "", reviewer, tell(func(n *city.Notice) { n.Words = nil }), city.CodeRequired, "words"},
		{"notice: long words", "", reviewer, tell(func(n *city.Notice) { n.Words = text(long(2001)) }), city.CodeTooLong, "words"},
		{"notice: language", "", reviewer, tell(func(n *city.Notice) { n.Words[long(21)] = "x" }), city.CodeInvalid, "words"},
		{"notice: bad district", "", reviewer, tell(func(n *city.Notice) { n.Districts = []city.ID{"A B"} }), city.CodeInvalid, "districts"},
		{"notice: no such district", "received", reviewer, tell(func(n *city.Notice) { n.Districts = []city.ID{"moon"} }), city.CodeUnknown, "districts"},
		{"notice: first day", "", reviewer, tell(func(n *city.Notice) { n.From = "2/3/2026" }), city.CodeInvalid, "from"},
		{"notice: last day", "", reviewer, tell(func(n *city.Notice) { n.Until = "" }), city.CodeInvalid, "until"},
		{"notice: ends before it begins", "", reviewer, tell(func(n *city.Notice) { n.Until = "2026-03-01" }), city.CodeInvalid, "until"},
		{"notice: for ever", "", reviewer, tell(func(n *city.Notice) { n.Until = "2036-03-01" }), city.CodeInvalid, "until"},
		{"staff", "received", admin, &city.SetStaff{ID: "new", Staff: city.Staff{Name: "New", Roles: []city.Role{city.RoleReviewer}, Active: true}}, "", ""},
		{"staff: name", "", admin, &city.SetStaff{ID: "new"}, city.CodeRequired, "staff.name"},
		{"staff: role", "", admin, &city.SetStaff{ID: "new", Staff: city.Staff{Name: "New", Roles: []city.Role{"king"}}}, city.CodeNotOffered, "staff.roles"},
	}
	covered := map[city.Type]bool{}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			if r.stage == "" {
				wants(t, r.act.Check(), r.code, r.field)
				return
			}
			w := newWorld(t).until(r.stage)
			before := picture(t, w.hall)
			got, err := w.try(r.by, r.act)
			wants(t, err, r.code, r.field)
			if r.code != "" && picture(t, w.hall) != before {
				t.Error("a refused act has left something behind")
			}
			if r.code == "" && (got.Verdict != city.VerdictApplied || len(got.Reviews) > 0) {
				t.Errorf("%s %v %v", got.Verdict, got.Refusal, got.Reviews)
			}
			if r.code == "" {
				covered[r.act.Type()] = true
			}
		})
	}
	for _, act := range []city.Act{&city.DecideReview{}, &city.ResumeRequest{}, &city.ArrivePhoto{}, &city.LosePhoto{}, &city.MissPhoto{}} {
		covered[act.Type()] = true // in tests of their own
	}
	for _, typ := range city.Types() {
		if !covered[typ] {
			t.Errorf("%s has no good case", typ)
		}
	}
}

// TestCase goes through a whole case and looks at every face of it.
func TestCase(t *testing.T) {
	w := newWorld(t).until("done")
	w.must(treeCrew, photo())
	w.must(reviewer, &city.ApproveWork{Request: case1, WorkOrder: order, Words: "Tree removed.", Photos: []city.ID{"photo-1"}})
	r, work, job := w.request(case1), w.work(case1), w.job(order)
	if r.Status != city.StatusClosed || r.Outcome != city.OutcomeFixed || r.Words != "Tree removed." || r.Team != "Tree crew" ||
		r.Number != case1.Number() || r.Lookup != "key" || r.ClosedAt.IsZero() || r.AssignedAt.IsZero() || len(r.Photos) != 1 {
		t.Errorf("public face: %+v", r)
	}
	if r.Place.Detail != "" || work.Place.Detail != "behind the shed" {
		t.Error("what was typed beside the address is public, or lost")
	}
	if want := time.Date(2026, 3, 4, 22, 0, 0, 0, time.UTC); !r.DueAt.Equal(want) || !job.DueAt.Equal(want) {
		t.Errorf("promised for %v, the crew has %v", r.DueAt, job.DueAt)
	}
	if job.State != city.JobApproved || job.Visit != visit1 || job.Crew != "trees" || job.Request != case1 {
		t.Errorf("job: %+v", job)
	}
	if work.Source != "kiosk" || work.Department != "parks" || work.WorkOrder != order || work.Description != "A tree is down." {
		t.Errorf("inner face: %+v", work)
	}
	w.must(reviewer, &city.ReopenRequest{Request: case1, Reason: "It fell again."})
	r, work = w.request(case1), w.work(case1)
	if r.Status != city.StatusReceived || r.Outcome != "" || !r.ClosedAt.IsZero() || r.Words != "" || r.Team != "" || work.Crew != "" || work.WorkOrder != "" {
		t.Errorf("reopened: %+v %+v", r, work)
	}
	w.must(dispatch, change(assign, func(a *city.AssignRequest) { a.WorkOrder = "job-2" }))
	if w.job("job-2").State != city.JobAssigned || w.job(order).State != city.JobApproved {
		t.Error("the second job took over the first")
	}
}

func TestReturnedWork(t *testing.T) {
	w := newWorld(t).until("done")
	w.must(reviewer, &city.ReturnWork{Request: case1, WorkOrder: order, Reason: "The stump."})
	if job := w.job(order); job.State != city.JobAssigned || job.Returned != "The stump." || w.request(case1).Status != city.StatusAssigned {
		t.Errorf("%+v", job)
	}
	w.must(treeCrew, &city.StartVisit{Visit: "visit-2", WorkOrder: order})
	w.must(treeCrew, change(finish, func(a *city.FinishVisit) { a.Visit = "visit-2" }))
	if job := w.job(order); job.Visit != "visit-2" || job.Returned != "" || job.State != city.JobDone {
		t.Errorf("%+v", job)
	}
}

func TestCloseCancelsTheJob(t *testing.T) {
	w := newWorld(t).until("assigned")
	w.must(resident, report(case2))
	w.must(reviewer, &city.CloseRequest{Request: case1, Outcome: city.OutcomeDuplicate, DuplicateOf: case2})
	if w.job(order).State != city.JobCancelled || w.request(case1).DuplicateOf != case2 {
		t.Errorf("%+v %+v", w.job(order), w.request(case1))
	}
	_, err := w.try(reviewer, &city.CloseRequest{Request: case2, Outcome: city.OutcomeDuplicate, DuplicateOf: case1})
	wants(t, err, city.CodeInvalid, "duplicate_of")
}

// TestPauseMovesThePromise waits from Tuesday to Thursday.
func TestPauseMovesThePromise(t *testing.T) {
	for _, end := range []struct {
		name string
		act  city.Act
		then city.Status
	}{
		{"resume", &city.ResumeRequest{Request: case1}, city.StatusReceived},
		{"assign", assign(), city.StatusAssigned},
		{"close", closing(), city.StatusClosed},
	} {
		t.Run(end.name, func(t *testing.T) {
			w := newWorld(t).until("received")
			w.clock = start.AddDate(0, 0, 1)
			w.must(reviewer, &city.PauseRequest{Request: case1, Reason: "The owner is away."})
			if r := w.request(case1); r.Status != city.StatusWaiting || !r.DueAt.IsZero() || w.work(case1).Reason == "" {
				t.Errorf("while it waits: %+v", r)
			}
			w.clock = start.AddDate(0, 0, 3)
			w.must(reviewer, end.act)
			r, work := w.request(case1), w.work(case1)
			if want := time.Date(2026, 3, 9, 21, 0, 0, 0, time.UTC); !r.DueAt.Equal(want) {
				t.Errorf("promised for %v, want %v", r.DueAt, want)
			}
			if r.Status != end.then || !work.PausedAt.IsZero() || len(work.Pauses) != 1 || work.Reason != "" {
				t.Errorf("%+v %+v", r, work)
			}
		})
	}
}

func TestLongWordsAndAllScripts(t *testing.T) {
	act := report("case-9")
	act.Description = strings.Repeat("é", 5000)
	err := act.Check()
	wants(t, err, city.CodeTooLong, "description")
	if e, _ := city.AsError(err); e.Max != city.MaxWords {
		t.Errorf("most characters: %d", e.Max)
	}
	w := newWorld(t)
	said := "شجرة سقطت هنا 🌳👩🏽‍🚒\nsegunda línea ‏— «fin»"
	act = report("case-9")
	act.Description = "  \x00" + said + "\x07 \n"
	w.must(resident, act)
	if got := w.work("case-9").Description; got != said {
		t.Errorf("kept %q, want %q", got, said)
	}
}

func TestStubHoldsNothingTyped(t *testing.T) {
	act := report(case1)
	stub := act.Stub()
	want := city.Request{Number: case1.Number(), Service: "tree", Place: city.Place{Lat: 463_000_000, Lon: -693_000_000}, Lookup: "key"}
	if stub.Number != want.Number || stub.Service != want.Service || stub.Place != want.Place || stub.Lookup != want.Lookup || stub.Status != "" {
		t.Errorf("%+v", stub)
	}
	raw, err := city.Canonical(stub)
	if err != nil {
		t.Fatal(err)
	}
	for _, typed := range []string{"Elm", "shed", "tree is down", "Ann", "555"} {
		if strings.Contains(string(raw), typed) {
			t.Errorf("%q is in %s", typed, raw)
		}
	}
}

// TestAnswersOfOtherBranchesAreDropped changes a mind half-way through the form.
func TestAnswersOfOtherBranchesAreDropped(t *testing.T) {
	w := newWorld(t)
	act := report("case-9")
	act.Answers["around"] = []string{"yes"} // asked only when the road is blocked
	act.Answers["made-up"] = []string{"x"}
	w.must(resident, act)
	if got := w.work("case-9").Answers; len(got) != 2 || got["around"] != nil || got["made-up"] != nil {
		t.Errorf("kept %v", got)
	}
}
