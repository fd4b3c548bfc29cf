package console

import (
	"fmt"
	"slices"

	"cityhall/shared/city"
	"cityhall/syncserver/store/read"
)

// names says what configured things are called.
type names struct {
	services  []read.Service
	crews     []read.Crew
	districts []city.District
}

func (v *call) names() (names, error) {
	services, err := v.read.Services(v.ctx)
	if err != nil {
		return names{}, err
	}
	crews, err := v.read.Crews(v.ctx)
	return names{services, crews, v.city.Districts}, err
}

func (n names) find(id city.ID) (read.Service, bool) {
	i := slices.IndexFunc(n.services, func(s read.Service) bool { return s.ID == id })
	if i < 0 {
		return read.Service{}, false
	}
	return n.services[i], true
}

func (n names) service(id city.ID) string {
	if s, ok := n.find(id); ok {
		return s.Name.In("en")
	}
	return heading(string(id))
}

func (n names) icon(id city.ID) string {
	s, _ := n.find(id)
	if s.Icon == "" {
		return "document"
	}
	return s.Icon
}

func (n names) crew(id city.ID) string {
	for _, c := range n.crews {
		if c.ID == id {
			return c.Name
		}
	}
	return heading(string(id))
}

func (n names) district(id city.ID) string {
	for _, d := range n.districts {
		if d.ID == id {
			return d.Name
		}
	}
	return heading(string(id))
}

// departments are those that somebody is of; who is of all has those that there are.
func (n names) departments(by read.Staff) []city.Department {
	all := slices.Clone(by.Departments)
	if len(all) == 0 {
		for _, s := range n.services {
			all = append(all, s.Department)
		}
		for _, c := range n.crews {
			all = append(all, c.Department)
		}
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(d city.Department) bool { return d == "" })
}

// options are the choices of the inbox for who is signed in.
func (n names) options(by read.Staff, f read.Filter) (services, departments, districts, crews []option) {
	mine := func(d city.Department) bool { return len(by.Departments) == 0 || slices.Contains(by.Departments, d) }
	var depts []string
	for _, s := range n.services {
		if !mine(s.Department) {
			continue
		}
		services = append(services, option{string(s.ID), s.Name.In("en"), s.ID == f.Service})
		if !slices.Contains(depts, string(s.Department)) {
			depts = append(depts, string(s.Department))
		}
	}
	slices.Sort(depts)
	for _, d := range depts {
		departments = append(departments, option{d, heading(d), d == string(f.Department)})
	}
	for _, d := range n.districts {
		districts = append(districts, option{string(d.ID), d.Name, d.ID == f.District})
	}
	for _, c := range n.crews {
		crews = append(crews, option{string(c.ID), c.Name, c.ID == f.Crew})
	}
	return services, departments, districts, crews
}

// degrees writes a position as maps take it.
func degrees(p city.Place) string {
	if !p.OnMap() {
		return ""
	}
	return fmt.Sprintf("%.5f, %.5f", float64(p.Lat)/1e7, float64(p.Lon)/1e7)
}
