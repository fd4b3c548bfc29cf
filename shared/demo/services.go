package demo

import "cityhall/shared/city"

// services lists what residents can ask for, in the order of the city's list.
func services() []*city.PublishService {
	all := []*city.PublishService{
		fallenTree(), pothole(), streetLight(), trash(), graffiti(), waterLeak(),
		sidewalk(), noise(), sign(), animal(), parking(), snow(),
	}
	for _, s := range all {
		s.Service.Active, s.Service.Version = true, 1
	}
	return all
}

func yesNo(id string, label city.Text) city.Question {
	return city.Question{ID: id, Kind: city.AskYesNo, Label: label, Required: true}
}

func choice(id string, label city.Text, options ...city.Option) city.Question {
	return city.Question{ID: id, Kind: city.AskChoice, Label: label, Required: true, Options: options}
}

func o(id, en, es string) city.Option { return city.Option{ID: id, Label: t(en, es)} }

// stop ends the form with words when the question is answered so.
func stop(q city.Question, words city.Text, in ...string) city.Question {
	q.StopIf = append(q.StopIf, city.Stop{Condition: city.Condition{Question: q.ID, In: in}, Words: words})
	return q
}

// when asks the question only after such an answer to an earlier one.
func when(q city.Question, question string, in ...string) city.Question {
	q.ShowIf = &city.Condition{Question: question, In: in}
	return q
}

func help(q city.Question, words city.Text) city.Question {
	q.Help = words
	return q
}

func optional(q city.Question) city.Question {
	q.Required = false
	return q
}

func working(days int) city.Promise { return city.Promise{Days: days, Working: true} }

func fallenTree() *city.PublishService {
	return &city.PublishService{ID: "fallen-tree", Service: city.Service{
		Name:     t("Fallen tree or branch", "Árbol o rama caída"),
		Summary:  t("A tree or a large branch is down, hanging or about to fall on city land or a street.", "Un árbol o una rama grande se cayó, está colgando o está por caerse en la calle o en terreno de la ciudad."),
		Keywords: t("tree branch limb fallen leaning storm wind trunk roots blocked", "árbol rama tronco caído tormenta viento raíces bloqueado inclinado"),
		Icon:     "tree", Group: "trees", Department: parks, Crew: treeCrew, Promise: working(2), ShareContact: true,
		Questions: []city.Question{
			help(stop(yesNo("danger", t("Is anyone hurt or in danger right now?", "¿Hay alguien herido o en peligro en este momento?")),
				t("Call 911 now. Stay well away from the tree until help comes.", "Llame al 911 ahora mismo. Manténgase lejos del árbol hasta que llegue ayuda."), "yes"),
				t("For example, someone is under the tree or inside a car it fell on.", "Por ejemplo, alguien está debajo del árbol o dentro de un carro sobre el que cayó.")),
			stop(choice("wires", t("Is the tree touching a wire, or is a wire down?", "¿El árbol toca un cable, o hay un cable en el suelo?"),
				o("no", "No", "No"), o("yes", "Yes", "Sí"), o("unsure", "I am not sure", "No estoy seguro o segura")),
				t("Call 911 now. A wire on the ground can kill. Keep at least 30 feet away and keep others back.", "Llame al 911 ahora mismo. Un cable en el suelo puede matar. Aléjese al menos 10 metros y no deje que nadie se acerque."), "yes"),
			choice("what", t("What came down?", "¿Qué se cayó?"),
				o("tree", "A whole tree", "Un árbol entero"), o("branch", "A large branch", "Una rama grande"), o("hanging", "Nothing yet: it hangs or leans", "Todavía nada: está colgando o inclinado")),
			choice("blocks", t("What does it block?", "¿Qué está bloqueando?"),
				o("road", "The whole street", "Toda la calle"), o("lane", "One lane", "Un carril"), o("sidewalk", "The sidewalk", "La acera"), o("property", "A building or a car", "Un edificio o un carro"), o("nothing", "Nothing", "Nada")),
			when(yesNo("around", t("Can cars get around it?", "¿Pueden pasar los carros por un lado?")), "blocks", "road", "lane"),
			when(help(optional(choice("owner", t("Whose building or car is it?", "¿De quién es el edificio o el carro?"),
				o("mine", "Mine", "Mío"), o("other", "Someone else’s", "De otra persona"), o("city", "The city’s", "De la ciudad"))),
				t("We clear trees from city land. For damage to your own things, also call your insurance.", "Retiramos árboles de terrenos de la ciudad. Si se dañó algo suyo, llame también a su seguro.")), "blocks", "property"),
			optional(choice("size", t("How thick is the trunk or branch?", "¿Qué tan grueso es el tronco o la rama?"),
				o("arm", "Like an arm", "Como un brazo"), o("body", "Like a person", "Como una persona"), o("thicker", "Thicker", "Más grueso"))),
		},
	}}
}

func pothole() *city.PublishService {
	return &city.PublishService{ID: "pothole", Service: city.Service{
		Name:     t("Pothole or broken street", "Bache o pavimento roto"),
		Summary:  t("A hole, a dip or broken pavement where cars and bikes go.", "Un hoyo, un hundimiento o pavimento roto por donde pasan carros y bicicletas."),
		Keywords: t("pothole hole road pavement asphalt street bump dip sinkhole bike", "bache hoyo calle pavimento asfalto hundimiento socavón bicicleta"),
		Icon:     "pothole", Group: "streets", Department: streets, Crew: streetCrew, Promise: working(5),
		Questions: []city.Question{
			choice("where", t("Where in the street is it?", "¿En qué parte de la calle está?"),
				o("lane", "In a car lane", "En un carril de carros"), o("bike", "In a bike lane", "En un carril de bicicletas"), o("crosswalk", "In a crosswalk", "En un cruce peatonal"), o("parking", "Where cars park", "Donde se estacionan carros")),
			choice("size", t("How big is it?", "¿Qué tan grande es?"),
				o("plate", "Like a dinner plate", "Como un plato"), o("door", "Like a car door", "Como la puerta de un carro"), o("bigger", "Bigger", "Más grande")),
			when(stop(yesNo("open", t("Does the ground look hollow, or is it still caving in?", "¿El suelo se ve hueco o se sigue hundiendo?")),
				t("Call 911 now. Keep people and cars away from the edge.", "Llame al 911 ahora mismo. No deje que personas ni carros se acerquen al borde."), "yes"), "size", "bigger"),
			optional(yesNo("damage", t("Has it damaged a car or a bike?", "¿Ya dañó algún carro o bicicleta?"))),
		},
	}}
}

func streetLight() *city.PublishService {
	return &city.PublishService{ID: "street-light", Service: city.Service{
		Name:     t("Street light out", "Alumbrado público apagado"),
		Summary:  t("A street light is dark, flickers, stays on all day or is damaged.", "Una lámpara de la calle no prende, parpadea, queda prendida de día o está dañada."),
		Keywords: t("light lamp dark pole bulb flicker street night broken", "luz lámpara foco farol poste oscuro parpadea noche alumbrado"),
		Icon:     "light", Group: "streets", Department: streets, Crew: streetCrew, Promise: working(7),
		Questions: []city.Question{
			choice("problem", t("What is wrong with the light?", "¿Qué le pasa a la lámpara?"),
				o("out", "It is dark", "No prende"), o("flicker", "It flickers", "Parpadea"), o("day", "It is on all day", "Queda prendida de día"), o("damaged", "The pole or lamp is damaged", "El poste o la lámpara está dañada")),
			when(stop(yesNo("wires", t("Is the pole down, or can you see bare wires?", "¿El poste está caído o se ven cables pelados?")),
				t("Call 911 now. Do not touch the pole and keep others away.", "Llame al 911 ahora mismo. No toque el poste y no deje que nadie se acerque."), "yes"), "problem", "damaged"),
			when(choice("how_many", t("How many lights are dark?", "¿Cuántas lámparas están apagadas?"),
				o("one", "One", "Una"), o("few", "Two or three in a row", "Dos o tres seguidas"), o("block", "The whole block", "Toda la cuadra")), "problem", "out", "flicker"),
			help(optional(city.Question{ID: "pole", Kind: city.AskText, Max: 20, Label: t("What number is on the pole?", "¿Qué número tiene el poste?")}),
				t("Most poles have a small metal tag at eye level. Skip this if you cannot see one.", "La mayoría tiene una placa de metal a la altura de los ojos. Si no la ve, siga adelante.")),
		},
	}}
}

func trash() *city.PublishService {
	return &city.PublishService{ID: "trash", Service: city.Service{
		Name:     t("Trash and dumping", "Basura y desechos tirados"),
		Summary:  t("Your trash was not picked up, a public can is full, or someone dumped trash.", "No recogieron su basura, un bote público está lleno o alguien tiró desechos."),
		Keywords: t("trash garbage recycling bin can missed pickup dumped mattress litter couch", "basura reciclaje bote recolección desechos colchón sofá tiradero"),
		Icon:     "trash", Group: "waste", Department: neighborhood, Promise: working(3),
		Questions: []city.Question{
			choice("what", t("What is the problem?", "¿Cuál es el problema?"),
				o("missed", "My trash was not picked up", "No recogieron mi basura"), o("dumped", "Someone dumped trash", "Alguien tiró basura"), o("can", "A public can is full", "Un bote público está lleno")),
			when(choice("cart", t("Which cart was missed?", "¿Qué bote no recogieron?"),
				o("trash", "Trash", "Basura"), o("recycling", "Recycling", "Reciclaje"), o("yard", "Yard waste", "Restos de jardín"), o("all", "All of them", "Todos")), "what", "missed"),
			when(stop(yesNo("out_early", t("Was the cart at the curb by 7 in the morning?", "¿Estaba el bote en la acera antes de las 7 de la mañana?")),
				t("Trucks start at 7. Please leave the cart out: if it is still full tomorrow at noon, report it then.", "Los camiones salen a las 7. Deje el bote afuera; si mañana al mediodía sigue lleno, avísenos entonces."), "no"), "what", "missed"),
			when(city.Question{ID: "items", Kind: city.AskMany, Required: true, Label: t("What was dumped? Choose all that you see.", "¿Qué tiraron? Marque todo lo que vea."), Options: []city.Option{
				o("furniture", "Furniture or a mattress", "Muebles o un colchón"), o("bags", "Bags of trash", "Bolsas de basura"), o("tires", "Tires", "Llantas"), o("building", "Building waste", "Escombro"), o("chemicals", "Paint, oil or chemicals", "Pintura, aceite o químicos")}}, "what", "dumped"),
			when(stop(yesNo("leaking", t("Is something leaking, smoking or giving off a strong smell?", "¿Hay algo que gotea, echa humo o huele muy fuerte?")),
				t("Call 911 now and say it may be a chemical spill. Stay upwind and do not touch it.", "Llame al 911 ahora mismo y diga que puede ser un derrame químico. Aléjese y no toque nada."), "yes"), "items", "chemicals"),
		},
	}}
}

func graffiti() *city.PublishService {
	return &city.PublishService{ID: "graffiti", Service: city.Service{
		Name:     t("Graffiti", "Grafiti"),
		Summary:  t("Paint, stickers or scratches on something that belongs to the city or faces the street.", "Pintas, calcomanías o rayones en algo de la ciudad o que da a la calle."),
		Keywords: t("graffiti paint tag spray sticker vandalism wall hate", "grafiti pinta pintura rayón calcomanía vandalismo pared odio"),
		Icon:     "graffiti", Group: "streets", Department: neighborhood, Promise: working(5),
		Questions: []city.Question{
			choice("on", t("What is it on?", "¿Dónde está?"),
				o("city", "A city building, bench or sign", "En un edificio, banca o señal de la ciudad"), o("bridge", "A bridge or underpass", "En un puente o paso a desnivel"), o("private", "A private wall or fence", "En una pared o cerca privada")),
			yesNo("hate", t("Does it threaten or insult a group of people?", "¿Amenaza o insulta a un grupo de personas?")),
			when(help(yesNo("permission", t("Are you the owner, or do you have the owner’s permission?", "¿Es usted el dueño o tiene permiso del dueño?")),
				t("We may paint over private walls only with permission.", "Solo podemos pintar paredes privadas con permiso.")), "on", "private"),
			optional(choice("height", t("How high up is it?", "¿A qué altura está?"),
				o("reach", "Within reach", "Al alcance de la mano"), o("ladder", "It needs a ladder", "Se necesita escalera"))),
		},
	}}
}

func waterLeak() *city.PublishService {
	return &city.PublishService{ID: "water-leak", Service: city.Service{
		Name:     t("Water leak or blocked drain", "Fuga de agua o alcantarilla tapada"),
		Summary:  t("Water comes out of the street, a hydrant leaks, or a drain is blocked.", "Sale agua de la calle, un hidrante gotea o una alcantarilla está tapada."),
		Keywords: t("water leak pipe hydrant drain flood sewer smell pressure main", "agua fuga tubo hidrante alcantarilla inundación drenaje olor presión"),
		Icon:     "water", Group: "water", Department: utilities, Promise: working(1),
		Questions: []city.Question{
			choice("what", t("What do you see?", "¿Qué ve usted?"),
				o("street", "Water coming out of the ground", "Agua que sale del suelo"), o("hydrant", "A leaking hydrant", "Un hidrante que gotea"), o("drain", "A blocked storm drain", "Una alcantarilla tapada"), o("sewer", "Sewage coming up", "Aguas negras que se desbordan")),
			stop(yesNo("flooding", t("Is water getting into a home or covering the road?", "¿El agua está entrando a una casa o cubre la calle?")),
				t("Call our emergency line now: 207 555 0100, day and night. If anyone is in danger, call 911.", "Llame ya a nuestra línea de emergencia: 207 555 0100, de día y de noche. Si alguien corre peligro, llame al 911."), "yes"),
			when(choice("flow", t("How much water is it?", "¿Cuánta agua sale?"),
				o("drip", "Drips", "Gotea"), o("hose", "Like a garden hose", "Como una manguera"), o("river", "A lot more", "Mucho más")), "what", "street", "hydrant"),
			when(optional(yesNo("freezing", t("Is it turning to ice?", "¿Se está congelando?"))), "flow", "hose", "river"),
		},
	}}
}
