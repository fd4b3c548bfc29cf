package town

import "cityhall/shared/city"

// The crews and districts of a town.
const (
	Trees   city.ID = "trees"   // two members
	Streets city.ID = "streets" // one member

	Harbor city.ID = "harbor"
	Mill   city.ID = "mill"
)

// furniture is what a town has before anybody reports anything.
func furniture() []city.Act {
	en := func(en, es string) city.Text { return city.Text{"en": en, "es": es} }
	return []city.Act{
		&city.SetCity{Settings: city.Settings{Name: "Millbrook", TimeZone: "America/New_York", Languages: []string{"en", "es"},
			Districts: []city.District{{ID: Harbor, Name: "Harbor"}, {ID: Mill, Name: "Mill Hill"}}, Phone: "555 0100"}},
		&city.SetCrew{ID: Trees, Crew: city.Crew{Name: "Tree crew North", Department: "parks",
			Members: []city.Member{{ID: "rosa", Name: "Rosa Delgado"}, {ID: "sam", Name: "Sam Okafor"}}}},
		&city.SetCrew{ID: Streets, Crew: city.Crew{Name: "Street crew", Department: "streets", Members: []city.Member{{ID: "lee", Name: "Lee Tran"}}}},
		&city.PublishService{ID: "fallen-tree", Service: city.Service{Name: en("Fallen tree or branch", "Árbol o rama caída"),
			Summary: en("A tree or a large branch lies where it should not", "Un árbol o una rama grande está donde no debe"), Icon: "tree", Group: "trees",
			Department: "parks", Crew: Trees, Promise: city.Promise{Days: 2, Working: true}, ShareContact: true, Active: true, Version: 1,
			Questions: []city.Question{
				{ID: "blocking", Kind: city.AskChoice, Required: true, Label: en("What does it block?", "¿Qué bloquea?"),
					Options: []city.Option{{ID: "road", Label: en("The road", "La calle")}, {ID: "walk", Label: en("The sidewalk", "La acera")}, {ID: "none", Label: en("Nothing", "Nada")}}},
				{ID: "wires", Kind: city.AskYesNo, Required: true, Label: en("Does it touch a power line?", "¿Toca un cable eléctrico?"),
					StopIf: []city.Stop{{Condition: city.Condition{Question: "wires", In: []string{"yes"}}, Words: en("Keep away and call 911.", "Aléjese y llame al 911.")}}},
				{ID: "lanes", Kind: city.AskNumber, Label: en("How many lanes?", "¿Cuántos carriles?"), ShowIf: &city.Condition{Question: "blocking", In: []string{"road"}}},
			}}},
		&city.PublishService{ID: "pothole", Service: city.Service{Name: en("Pothole", "Bache"), Icon: "pothole", Group: "streets", Department: "streets", Crew: Streets,
			Promise: city.Promise{Days: 5, Working: true}, Active: true, Version: 1,
			Questions: []city.Question{{ID: "size", Kind: city.AskText, Label: en("How large is it?", "¿Qué tamaño tiene?")}}}},
		&city.PublishService{ID: "light", Service: city.Service{Name: en("Street light is out", "Farola apagada"), Icon: "light", Group: "streets", Department: "streets",
			Promise: city.Promise{Days: 10}, Active: true, Version: 1}},
		&city.PublishService{ID: "old", Service: city.Service{Name: en("No longer offered", "Ya no se ofrece"), Icon: "sign", Group: "other", Department: "streets", Version: 1}},
	}
}
