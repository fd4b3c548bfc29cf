// Package demo is Alder Bend, an invented city of some forty streets on both
// sides of an invented river: its services, crews, staff and the requests of the
// last fourteen months, as the acts that make them.
//
// New is pure: the same seed and the same hour give the same city to the byte.
// Apply the acts in their order, each by the city's own programs:
//
//	for _, a := range city.Acts { store.Act(ctx, demo.Actor, a.ID, 0, a.Act) }
//
// Names, addresses and telephone numbers are made up; the numbers are from the
// range that is kept free for fiction and the e-mail addresses end in
// example.org. The place on the map is a forest.
package demo
