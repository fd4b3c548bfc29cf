package city

import "slices"

// ActorKind says in what capacity somebody acts.
type ActorKind string

// The capacities.
const (
	ActorResident ActorKind = "resident" // nobody knows who, and nobody asks
	ActorCrew     ActorKind = "crew"     // one of a crew, on a tablet
	ActorStaff    ActorKind = "staff"    // at a desk, signed in
	ActorSystem   ActorKind = "system"   // the city's own programs: set-up and import
)

// Actor is who acted. The name is as it was at the time.
type Actor struct {
	Kind ActorKind `json:"kind"`
	ID   ID        `json:"id,omitempty"`
	Name string    `json:"name,omitempty"`
	Crew ID        `json:"crew,omitempty"`
}

// DeviceKind is what a device was enrolled as.
type DeviceKind string

// The kinds of device.
const (
	DeviceKiosk  DeviceKind = "kiosk"
	DeviceTablet DeviceKind = "tablet"
)

// Scope names an audience of records.
type Scope string

// ScopePublic is what every device may see, ScopeOffice what staff may.
const (
	ScopePublic Scope = "public"
	ScopeOffice Scope = "office"
)

// ScopeCrew is what a crew sees of its jobs.
func ScopeCrew(id ID) Scope { return Scope("crew:" + string(id)) }

// ScopeDevice is what concerns one device's own acts.
func ScopeDevice(id DeviceID) Scope { return Scope("device:" + string(id)) }

// MayActOn tells whether an enrolled device may carry this actor's acts: a kiosk
// residents', a tablet those of the crews that it was enrolled for.
func (a Actor) MayActOn(kind DeviceKind, grants []Scope) bool {
	switch a.Kind {
	case ActorResident:
		return kind == DeviceKiosk && a.ID == "" && a.Crew == ""
	case ActorCrew:
		return kind == DeviceTablet && slices.Contains(grants, ScopeCrew(a.Crew))
	}
	return false
}

// wholeCity is what only staff of all departments answer for.
const wholeCity Department = "*"

// needStaff refuses everybody but active staff with one of the roles. A
// department limits it further; "" stands for no department in particular.
func (p *plan) needStaff(dept Department, roles ...Role) error {
	if p.m.Actor.Kind == ActorSystem && p.m.Device == OfficeDevice {
		return nil
	}
	if p.m.Actor.Kind != ActorStaff || p.m.Device != OfficeDevice {
		return fail(CodeForbidden, "actor", "for staff only")
	}
	var s Staff
	ok, err := load(p.view, Ref{KindStaff, p.m.Actor.ID}, &s)
	if err != nil {
		return err
	}
	if !ok || !s.Active {
		return fail(CodeForbidden, "actor", "no active member of staff")
	}
	if !s.May(dept, roles...) {
		return fail(CodeForbidden, "actor", "this needs another role or department")
	}
	return nil
}

// May tells whether s has one of the roles for the department.
func (s Staff) May(dept Department, roles ...Role) bool {
	if dept != "" && len(s.Departments) > 0 && !slices.Contains(s.Departments, dept) {
		return false
	}
	return slices.ContainsFunc(s.Roles, func(r Role) bool { return r == RoleAdmin || slices.Contains(roles, r) })
}

// needCrew refuses everybody but the crew that has the job.
func (p *plan) needCrew(crew ID) error {
	if p.m.Actor.Kind != ActorCrew {
		return fail(CodeForbidden, "actor", "for crews only")
	}
	if p.m.Actor.Crew != crew {
		return fail(CodeNotYours, "workorder", "the job is another crew's by now")
	}
	return nil
}
