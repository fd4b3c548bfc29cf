package city

import "time"

// SetCity configures the city.
type SetCity struct {
	Settings Settings `json:"settings"`
}

// Type implements Act.
func (a *SetCity) Type() Type { return "city.set@1" }

// Check implements Act.
func (a *SetCity) Check() error {
	if a.Settings.Name == "" {
		return fail(CodeRequired, "settings.name", "a city has a name")
	}
	if len(a.Settings.Languages) == 0 {
		return fail(CodeRequired, "settings.languages", "a city speaks a language")
	}
	if _, err := time.LoadLocation(a.Settings.TimeZone); err != nil {
		return fail(CodeUnknown, "settings.time_zone", "a name such as America/New_York")
	}
	if a.Settings.TabletDays < 0 || a.Settings.TabletDays > 365 {
		return fail(CodeInvalid, "settings.tablet_days", "at most a year")
	}
	return a.Settings.Calendar.check()
}

func (a *SetCity) plan(p *plan) error {
	if err := p.needStaff(wholeCity, RoleAdmin); err != nil {
		return err
	}
	return p.replace(Ref{KindCity, CityID}, a.Settings)
}

// PublishService makes a service, or a new version of one, live.
type PublishService struct {
	ID      ID      `json:"id"`
	Service Service `json:"service"`
}

// Type implements Act.
func (a *PublishService) Type() Type { return "service.publish@1" }

// Check implements Act.
func (a *PublishService) Check() error {
	if !a.ID.Valid() {
		return fail(CodeInvalid, "id", "a service's id is of a-z, 0-9, - and _")
	}
	return a.Service.check()
}

func (a *PublishService) plan(p *plan) error {
	ref := Ref{KindService, a.ID}
	if err := p.mayConfigure(ref, a.Service.Department); err != nil {
		return err
	}
	if err := p.replace(ref, a.Service); err != nil {
		return err
	}
	// Questions of one edition and the version of another would judge answers wrongly.
	for i := range p.writes {
		p.writes[i].lead = ref.Field("version")
	}
	return nil
}

// mayConfigure refuses everybody but an admin of the department that the thing is
// to belong to and of the one that it belongs to now.
func (p *plan) mayConfigure(ref Ref, to Department) error {
	rec, ok, err := p.view.Record(ref)
	if err != nil {
		return err
	}
	if from := Department(rec.Text("department")); ok && from != to {
		if err := p.needStaff(from, RoleAdmin); err != nil {
			return err
		}
	}
	return p.needStaff(to, RoleAdmin)
}

// SetCrew makes or changes a crew.
type SetCrew struct {
	ID   ID   `json:"id"`
	Crew Crew `json:"crew"`
}

// Type implements Act.
func (a *SetCrew) Type() Type { return "crew.set@1" }

// Check implements Act.
func (a *SetCrew) Check() error {
	if !a.ID.Valid() || a.Crew.Name == "" {
		return fail(CodeRequired, "crew.name", "a crew has an id and a name")
	}
	for _, m := range a.Crew.Members {
		if !m.ID.Valid() || m.Name == "" {
			return fail(CodeRequired, "crew.members", "a member has an id and a name")
		}
	}
	return nil
}

func (a *SetCrew) plan(p *plan) error {
	if err := p.mayConfigure(Ref{KindCrew, a.ID}, a.Crew.Department); err != nil {
		return err
	}
	return p.replace(Ref{KindCrew, a.ID}, a.Crew)
}

// SetStaff makes or changes a member of staff. How they sign in is not a record.
type SetStaff struct {
	ID    ID    `json:"id"`
	Staff Staff `json:"staff"`
}

// Type implements Act.
func (a *SetStaff) Type() Type { return "staff.set@1" }

// Check implements Act.
func (a *SetStaff) Check() error {
	if !a.ID.Valid() || a.Staff.Name == "" {
		return fail(CodeRequired, "staff.name", "a member of staff has an id and a name")
	}
	for _, r := range a.Staff.Roles {
		if r != RoleAdmin && r != RoleReviewer && r != RoleDispatcher {
			return fail(CodeNotOffered, "staff.roles", "reviewer, dispatcher or admin")
		}
	}
	return nil
}

func (a *SetStaff) plan(p *plan) error {
	if err := p.needStaff(wholeCity, RoleAdmin); err != nil {
		return err
	}
	return p.replace(Ref{KindStaff, a.ID}, a.Staff)
}
