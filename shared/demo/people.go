package demo

import "cityhall/shared/city"

// The departments.
const (
	parks        city.Department = "parks"
	streets      city.Department = "streets"
	utilities    city.Department = "utilities"
	neighborhood city.Department = "neighborhood"
)

// The crews.
const (
	treeCrew   city.ID = "tree-crew"
	streetCrew city.ID = "street-crew"
)

func crews() []*city.SetCrew {
	return []*city.SetCrew{
		{ID: treeCrew, Crew: city.Crew{Name: "Tree crew", Department: parks, Members: []city.Member{
			{ID: "dana", Name: "Dana Whitlock"}, {ID: "luis", Name: "Luis Ferrer"}, {ID: "priya", Name: "Priya Raman"}}}},
		{ID: streetCrew, Crew: city.Crew{Name: "Street crew", Department: streets, Members: []city.Member{
			{ID: "sam", Name: "Sam Kowalski"}, {ID: "noemi", Name: "Noemí Aguilar"}, {ID: "jonah", Name: "Jonah Beck"}}}},
	}
}

func staff() []*city.SetStaff {
	return []*city.SetStaff{
		{ID: "maya", Staff: city.Staff{Name: "Maya Ellison", Roles: []city.Role{city.RoleReviewer},
			Departments: []city.Department{parks, streets, neighborhood}, Active: true}},
		{ID: "tomas", Staff: city.Staff{Name: "Tomás Rivera", Roles: []city.Role{city.RoleDispatcher},
			Departments: []city.Department{parks, streets, utilities}, Active: true}},
		{ID: "ruth", Staff: city.Staff{Name: "Ruth Adeyemi", Roles: []city.Role{city.RoleAdmin}, Active: true}},
	}
}

// logins are for a city that anybody may look into: they are shown on purpose.
func logins() []Login {
	return []Login{
		{Name: "maya", Password: "demo-maya-alder", Staff: "maya", About: "reviewer: decides, approves and answers"},
		{Name: "tomas", Password: "demo-tomas-alder", Staff: "tomas", About: "dispatcher: assigns and sets priorities"},
		{Name: "ruth", Password: "demo-ruth-alder", Staff: "ruth", About: "admin: services, devices and people"},
	}
}

// residents left these names; nobody real has them.
var residents = []city.Person{
	{Name: "Ann Petrova", Email: "ann.petrova@example.org"},
	{Name: "Marcus Boyd", Phone: "207 555 0114"},
	{Name: "Guadalupe Serrano", Phone: "207 555 0121", Email: "lupe.serrano@example.org"},
	{Name: "Tess O’Dell", Email: "tess.odell@example.org"},
	{Name: "Wei Zhang", Phone: "207 555 0137"},
	{Name: "Harold Finney", Phone: "207 555 0142"},
	{Name: "Ifeoma Obi", Email: "ifeoma.obi@example.org"},
	{Name: "José Luis Paredes", Phone: "207 555 0155"},
	{Name: "Karin Lindqvist", Email: "karin.l@example.org", Phone: "207 555 0163"},
	{Name: "Bashir Haddad", Email: "bashir.haddad@example.org"},
	{Name: "Rosa Imelda Núñez", Phone: "207 555 0178"},
	{Name: "Deb Carmody", Email: "deb.carmody@example.org"},
	{Email: "third-floor@example.org"},
	{Phone: "207 555 0189"},
}
