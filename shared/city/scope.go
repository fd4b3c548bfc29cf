package city

import "slices"

// Scopes says who may see a record as it stands in the view. What a device may
// see follows from its grants; nothing is masked later.
func Scopes(view View, r Record) ([]Scope, error) {
	switch r.Kind {
	case KindRequest:
		if string(r.Fields["archived"]) == "true" {
			return []Scope{ScopeOffice}, nil
		}
		return []Scope{ScopePublic, ScopeOffice}, nil
	case KindCity, KindService, KindNotice:
		return []Scope{ScopePublic, ScopeOffice}, nil
	case KindCrew: // it names people; the public knows a crew by the request's team
		return []Scope{ScopeOffice, ScopeCrew(r.ID)}, nil
	case KindStaff:
		return []Scope{ScopeOffice}, nil
	case KindReview:
		var rev Review
		if err := r.Into(&rev); err != nil {
			return nil, err
		}
		if rev.Actor.Kind == ActorCrew { // a kiosk may not get back what it sealed
			return []Scope{ScopeOffice, ScopeDevice(rev.Device)}, nil
		}
		return []Scope{ScopeOffice}, nil
	}
	holder, err := crewOf(view, r)
	if err != nil {
		return nil, err
	}
	scopes := []Scope{ScopeOffice}
	crew := holder != ""
	if r.Kind == KindPerson {
		req, _, err := LoadRequest(view, r.ID)
		if err != nil {
			return nil, err
		}
		svc, _, err := LoadService(view, req.Service)
		if err != nil {
			return nil, err
		}
		crew = crew && svc.ShareContact && len(r.Fields) > 0 // or erased
	}
	if crew {
		scopes = append(scopes, ScopeCrew(holder))
	}
	if r.Kind == KindPhoto && string(r.Fields["public"]) == "true" {
		req, _, err := view.Record(Ref{KindRequest, r.Parent})
		if err != nil || string(req.Fields["archived"]) == "true" {
			return scopes, err
		}
		scopes = append(scopes, ScopePublic)
	}
	return scopes, nil
}

// crewOf names the crew that has the request which a record belongs to. Only that is
// read of the inner face: it is asked for at every act.
func crewOf(view View, r Record) (ID, error) {
	if r.Kind != KindWork {
		var err error
		if r, _, err = view.Record(Ref{KindWork, r.Parent}); err != nil {
			return "", err
		}
	}
	return ID(r.Text("crew")), nil
}

// caseKinds are the kinds of record whose audience follows the request's crew.
var caseKinds = []Kind{KindPerson, KindWorkOrder, KindVisit, KindNote, KindPhoto}

// Dependents gives the records whose audience may change along with c. Whether
// contact data of a service is shared may concern thousands of requests, so that
// one is not among them: see ShareChanged.
func Dependents(view View, c Changed) ([]Record, error) {
	var kinds []Kind
	switch {
	case c.New:
	case c.Record.Kind == KindWork && slices.Contains(c.Fields, "crew"):
		kinds = caseKinds
	case c.Record.Kind == KindRequest && slices.Contains(c.Fields, "archived"):
		kinds = []Kind{KindPhoto}
	}
	var out []Record
	for _, kind := range kinds {
		recs, err := view.Children(c.Record.ID, kind)
		if err != nil {
			return nil, err
		}
		out = append(out, recs...)
	}
	return out, nil
}

// ShareChanged tells whether the contact data of all requests of a service has
// another audience from now on.
func ShareChanged(c Changed) bool {
	return c.Record.Kind == KindService && !c.New && slices.Contains(c.Fields, "share_contact")
}
