package view_test

import "cityhall/shared/city"

// services are those of a small city; two of them ask questions.
func services() []city.Act {
	list := []struct{ id, group, icon, en, es, enSub, esSub string }{
		{"pothole", "streets", "pothole", "Pothole", "Bache", "A hole in a street or bike lane", "Un hoyo en la calle o el carril bici"},
		{"light", "streets", "light", "Street light out", "Farola apagada", "Dark, flickering or damaged", "Apagada, parpadeante o dañada"},
		{"sign", "streets", "sign", "Traffic sign or signal", "Señal o semáforo", "Missing, turned or dark", "Falta, está girada o apagada"},
		{"sidewalk", "streets", "sidewalk", "Broken sidewalk", "Acera rota", "Loose, raised or missing slabs", "Losas sueltas, levantadas o que faltan"},
		{"graffiti", "streets", "graffiti", "Graffiti", "Pintadas", "On public walls and furniture", "En muros y mobiliario público"},
		{"bin", "waste", "trash", "Missed collection", "Recogida omitida", "Your bin was not emptied", "No se vació su contenedor"},
		{"leak", "water", "water", "Water leak", "Fuga de agua", "Water where none should be", "Agua donde no debería haberla"},
		{"drain", "water", "water", "Blocked drain", "Desagüe obstruido", "Water does not run off", "El agua no se va"},
		{"animal", "animals", "animal", "Dead animal", "Animal muerto", "On a street or in a park", "En una calle o un parque"},
		{"noise", "other", "noise", "Noise", "Ruido", "Building sites and machines", "Obras y máquinas"},
	}
	acts := []city.Act{tree(), dumping()}
	for _, s := range list {
		acts = append(acts, &city.PublishService{ID: city.ID(s.id), Service: city.Service{Name: both(s.en, s.es), Summary: both(s.enSub, s.esSub), Icon: s.icon,
			Group: s.group, Department: "streets", Promise: city.Promise{Days: 5, Working: true}, Active: true, Version: 2}})
	}
	return append(acts, &city.PublishService{ID: "fallen-tree", Service: city.Service{Name: both("Old form", "Formulario antiguo"), Department: "parks", Version: 2}})
}

func tree() city.Act {
	danger := city.Question{ID: "danger", Kind: city.AskYesNo, Required: true, Label: both("Is anyone hurt or in danger right now?", "¿Hay alguien herido o en peligro ahora mismo?"),
		Help: both("For example, somebody cannot get out of a car.", "Por ejemplo, alguien no puede salir de un coche."),
		StopIf: []city.Stop{{Condition: city.Condition{Question: "danger", In: []string{"yes"}},
			Words: both("Call 911 now. They come at once; we cannot.", "Llame ahora al 911. Ellos acuden enseguida; nosotros no podemos.")}}}
	where := city.Question{ID: "where", Kind: city.AskChoice, Required: true, Label: both("What does the tree lie on?", "¿Sobre qué está el árbol?"), Options: []city.Option{
		{ID: "street", Label: both("A street or sidewalk", "Una calle o acera")}, {ID: "house", Label: both("A house or a car", "Una casa o un coche")},
		{ID: "wires", Label: both("Electric wires", "Cables eléctricos")}, {ID: "park", Label: both("A park or something else", "Un parque u otra cosa")}}}
	return &city.PublishService{ID: "tree", Service: city.Service{Name: both("Fallen or dangerous tree", "Árbol caído o peligroso"),
		Summary: both("Trunks and large branches on streets, paths and houses", "Troncos y ramas grandes en calles, caminos y casas"),
		Icon:    "tree", Group: "trees", Department: "parks", Promise: city.Promise{Days: 2, Working: true}, ShareContact: true, Active: true, Version: 1,
		Questions: []city.Question{where, danger}}}
}

func dumping() city.Act {
	what := city.Question{ID: "what", Kind: city.AskMany, Required: true, Label: both("What was left there?", "¿Qué han dejado allí?"), Options: []city.Option{
		{ID: "sofa", Label: both("Furniture", "Muebles")}, {ID: "paint", Label: both("Paint or chemicals", "Pintura o productos químicos")}, {ID: "tires", Label: both("Tires", "Neumáticos")}}}
	many := city.Question{ID: "many", Kind: city.AskNumber, Label: both("How many pieces are there, about?", "¿Cuántas piezas hay, más o menos?")}
	who := city.Question{ID: "who", Kind: city.AskText, Label: both("Did you see a vehicle? What did it look like?", "¿Vio un vehículo? ¿Cómo era?")}
	return &city.PublishService{ID: "dumping", Service: city.Service{Name: both("Illegal dumping", "Vertido ilegal"),
		Summary: both("Sofas, tires, rubble left outside", "Sofás, neumáticos o escombros abandonados"), Icon: "trash", Group: "waste", Department: "streets",
		Promise: city.Promise{Days: 10}, Active: true, Version: 1, Questions: []city.Question{what, many, who}}}
}
