package demo

import "cityhall/shared/city"

func sidewalk() *city.PublishService {
	return &city.PublishService{ID: "sidewalk", Service: city.Service{
		Name:     t("Broken sidewalk or ramp", "Acera o rampa dañada"),
		Summary:  t("A sidewalk, curb ramp or public stair is broken, uneven or blocked.", "Una acera, una rampa o una escalera pública está rota, dispareja o bloqueada."),
		Keywords: t("sidewalk ramp curb wheelchair stairs trip crack uneven blocked", "acera banqueta rampa silla de ruedas escalera tropezar grieta bloqueada"),
		Icon:     "sidewalk", Group: "streets", Department: streets, Crew: streetCrew, Promise: working(20),
		Questions: []city.Question{
			choice("what", t("What is wrong?", "¿Qué problema hay?"),
				o("uneven", "A raised or sunken slab", "Una losa levantada o hundida"), o("broken", "Broken or missing pieces", "Pedazos rotos o faltantes"), o("ramp", "A curb ramp is broken or missing", "Falta una rampa o está dañada"), o("blocked", "Something blocks the way", "Algo bloquea el paso")),
			yesNo("wheelchair", t("Can a wheelchair or stroller get past?", "¿Puede pasar una silla de ruedas o una carriola?")),
			when(choice("blocker", t("What blocks it?", "¿Qué la bloquea?"),
				o("plants", "Plants", "Plantas"), o("works", "Building works", "Una obra"), o("car", "A parked car", "Un carro estacionado"), o("other", "Something else", "Otra cosa")), "what", "blocked"),
			when(stop(yesNo("car_now", t("Is the car there right now?", "¿El carro está ahí ahora mismo?")),
				t("Please use “Parking problem” instead: it goes straight to the people who can move a car.", "Use mejor «Problema de estacionamiento»: llega directo a quienes pueden mover un carro."), "yes"), "blocker", "car"),
			optional(yesNo("fall", t("Has someone fallen here?", "¿Alguien se ha caído aquí?"))),
		},
	}}
}

func noise() *city.PublishService {
	return &city.PublishService{ID: "noise", Service: city.Service{
		Name:     t("Noise", "Ruido"),
		Summary:  t("Noise that comes back: building works, machines, music or barking.", "Ruido que se repite: obras, máquinas, música o ladridos."),
		Keywords: t("noise loud music party construction barking alarm machine night", "ruido música fiesta obra ladridos alarma máquina noche volumen"),
		Icon:     "noise", Group: "other", Department: neighborhood, Promise: working(10),
		Questions: []city.Question{
			choice("source", t("Where does it come from?", "¿De dónde viene?"),
				o("works", "Building works", "Una obra"), o("business", "A business or a machine", "Un negocio o una máquina"), o("home", "A home or a party", "Una casa o una fiesta"), o("animal", "An animal", "Un animal")),
			stop(yesNo("fight", t("Do you hear a fight, shots or calls for help?", "¿Escucha una pelea, disparos o gritos de auxilio?")),
				t("Call 911 now.", "Llame al 911 ahora mismo."), "yes"),
			choice("when", t("When is it worst?", "¿Cuándo es peor?"),
				o("day", "By day", "De día"), o("evening", "In the evening", "Por la tarde o noche"), o("night", "After 10 at night", "Después de las 10 de la noche")),
			optional(city.Question{ID: "times", Kind: city.AskNumber, Label: t("On how many days in the last two weeks?", "¿Cuántos días en las últimas dos semanas?")}),
		},
	}}
}

func sign() *city.PublishService {
	return &city.PublishService{ID: "sign", Service: city.Service{
		Name:     t("Traffic sign or signal", "Señal de tránsito o semáforo"),
		Summary:  t("A sign is missing, turned, hidden or damaged, or a signal does not work right.", "Falta una señal, está volteada, tapada o dañada, o un semáforo no funciona bien."),
		Keywords: t("sign signal traffic light stop street name crosswalk button missing", "señal semáforo alto tránsito letrero cruce botón falta poste"),
		Icon:     "sign", Group: "streets", Department: streets, Crew: streetCrew, Promise: working(3),
		Questions: []city.Question{
			choice("which", t("What is it?", "¿Qué es?"),
				o("stop", "A stop sign", "Una señal de alto"), o("signal", "A traffic signal", "Un semáforo"), o("name", "A street name sign", "Un letrero con el nombre de la calle"), o("other", "Another sign", "Otra señal")),
			when(stop(yesNo("gone", t("Is the stop sign missing or lying down?", "¿Falta la señal de alto o está tirada?")),
				t("Call 911 now. A crossing without its stop sign is dangerous.", "Llame al 911 ahora mismo. Un cruce sin señal de alto es peligroso."), "yes"), "which", "stop"),
			when(stop(choice("signal_problem", t("What does the signal do?", "¿Qué hace el semáforo?"),
				o("dark", "It is dark", "Está apagado"), o("blinking", "It only blinks", "Solo parpadea"), o("timing", "The timing is wrong", "Los tiempos están mal"), o("button", "The walk button does not work", "No sirve el botón para cruzar")),
				t("Call 911 now. Treat the crossing as an all-way stop.", "Llame al 911 ahora mismo. Mientras tanto, haga alto total en el cruce."), "dark"), "which", "signal"),
			when(choice("problem", t("What is wrong with it?", "¿Qué le pasa?"),
				o("missing", "It is missing", "No está"), o("turned", "It is turned or leaning", "Está volteada o inclinada"), o("hidden", "It is hidden", "Está tapada"), o("damaged", "It cannot be read", "No se puede leer")), "which", "stop", "name", "other"),
		},
	}}
}

func animal() *city.PublishService {
	return &city.PublishService{ID: "animal", Service: city.Service{
		Name:     t("Animal: loose, hurt or dead", "Animal suelto, herido o muerto"),
		Summary:  t("A loose dog, a hurt animal or a dead animal in a public place.", "Un perro suelto, un animal herido o un animal muerto en la vía pública."),
		Keywords: t("animal dog cat loose stray dead hurt deer raccoon bite", "animal perro gato suelto callejero muerto herido venado mapache mordida"),
		Icon:     "animal", Group: "animals", Department: neighborhood, Promise: city.Promise{Days: 1},
		Questions: []city.Question{
			stop(yesNo("danger", t("Has it bitten someone, or is it threatening people now?", "¿Mordió a alguien o está amenazando a la gente ahora?")),
				t("Call 911 now. Go indoors or get into a car.", "Llame al 911 ahora mismo. Entre a un edificio o a un carro."), "yes"),
			choice("state", t("How is the animal?", "¿Cómo está el animal?"),
				o("loose", "Loose", "Suelto"), o("hurt", "Hurt or sick", "Herido o enfermo"), o("dead", "Dead", "Muerto")),
			choice("kind", t("What kind of animal is it?", "¿Qué animal es?"),
				o("dog", "A dog", "Un perro"), o("cat", "A cat", "Un gato"), o("deer", "A deer", "Un venado"), o("other", "Another animal", "Otro animal")),
			when(optional(yesNo("collar", t("Does it wear a collar?", "¿Trae collar?"))), "kind", "dog", "cat"),
		},
	}}
}

func parking() *city.PublishService {
	return &city.PublishService{ID: "parking", Service: city.Service{
		Name:     t("Parking problem", "Problema de estacionamiento"),
		Summary:  t("A car blocks a driveway, a ramp or a hydrant, or has been left for days.", "Un carro bloquea una entrada, una rampa o un hidrante, o lleva días abandonado."),
		Keywords: t("parking car abandoned blocked driveway hydrant tow truck vehicle", "estacionamiento carro abandonado bloqueado entrada hidrante grúa vehículo"),
		Icon:     "parking", Group: "streets", Department: neighborhood, Promise: working(2),
		Questions: []city.Question{
			choice("what", t("What is the problem?", "¿Cuál es el problema?"),
				o("driveway", "It blocks a driveway", "Bloquea una entrada"), o("ramp", "It blocks a ramp or crosswalk", "Bloquea una rampa o un cruce"), o("hydrant", "It blocks a hydrant", "Bloquea un hidrante"), o("left", "It has been left for days", "Lleva días abandonado")),
			when(stop(yesNo("fire", t("Is there a fire, or an ambulance that cannot get through?", "¿Hay un incendio o una ambulancia que no puede pasar?")),
				t("Call 911 now.", "Llame al 911 ahora mismo."), "yes"), "what", "driveway", "hydrant"),
			when(city.Question{ID: "days", Kind: city.AskNumber, Required: true, Label: t("For how many days has it been there?", "¿Cuántos días lleva ahí?")}, "what", "left"),
			help(optional(city.Question{ID: "plate", Kind: city.AskText, Max: 12, Label: t("What is the license plate?", "¿Cuál es la placa?")}),
				t("Letters and numbers only. Skip this if you do not know it.", "Solo letras y números. Si no la sabe, siga adelante.")),
		},
	}}
}

func snow() *city.PublishService {
	return &city.PublishService{ID: "snow", Service: city.Service{
		Name:     t("Snow and ice", "Nieve y hielo"),
		Summary:  t("A street, a city sidewalk or steps have not been plowed, shoveled or salted.", "Falta quitar la nieve o echar sal en una calle, acera o escalera de la ciudad."),
		Keywords: t("snow ice plow shovel salt slippery winter bus stop sidewalk", "nieve hielo sal pala quitanieves resbaloso invierno parada acera"),
		Icon:     "snow", Group: "streets", Department: streets, Crew: streetCrew, Promise: city.Promise{Days: 2},
		Questions: []city.Question{
			stop(choice("where", t("Where is the snow or ice?", "¿Dónde está la nieve o el hielo?"),
				o("street", "On a street", "En una calle"), o("sidewalk", "On a sidewalk or ramp", "En una acera o rampa"), o("bus", "At a bus stop", "En una parada de autobús"), o("home", "At a private home", "En una casa particular")),
				t("The owner has to clear snow at a private home. If the owner cannot, call 207 555 0100 and ask for snow help.", "En una casa particular le toca al dueño quitar la nieve. Si no puede hacerlo, llame al 207 555 0100 y pida ayuda con la nieve."), "home"),
			choice("how", t("How bad is it?", "¿Qué tan grave es?"),
				o("snow", "Deep snow", "Mucha nieve"), o("ice", "Ice", "Hielo"), o("pile", "A pile in the way", "Un montón que estorba")),
			when(yesNo("pass", t("Can cars still get through?", "¿Todavía pueden pasar los carros?")), "where", "street"),
		},
	}}
}
