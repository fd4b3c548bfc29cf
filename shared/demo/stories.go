package demo

import "cityhall/shared/city"

// story is what residents wrote about one service over the months, and what the
// city answered.
type story struct {
	service city.ID
	share   int     // of all requests, in parts of the sum
	months  [12]int // how much more or less in each month; 10 is usual
	team    string  // who went
	en, es  []string
	fixed   []string
	why     []string // why not fixed
	owner   string   // whose it is, when not the city's
}

var everyMonth = [12]int{10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10}

var stories = []story{
	{service: "fallen-tree", share: 11, months: [12]int{8, 8, 12, 8, 6, 14, 16, 14, 12, 20, 14, 8}, team: "Tree crew",
		en: []string{"Big maple limb came down in the wind last night.", "Tree is leaning over the sidewalk and the roots are coming up.", "Branch across the bike path, kids are climbing over it",
			"half a tree in the road by the school", "A dead ash. It dropped another branch this morning, right where people wait for the bus.", "Limb is hanging by a strip of bark over the playground fence."},
		es:    []string{"Se cayó una rama muy grande con el viento de anoche.", "El árbol está inclinado y ya se le ven las raíces.", "Hay una rama atravesada en la banqueta, no se puede pasar con la carriola."},
		fixed: []string{"Tree removed and street swept.", "Branch cut up and taken away.", "Hanging limb taken down; the tree is healthy.", "Trunk cleared. The stump will be ground in spring."},
		why:   []string{"The tree is sound. We will look at it again in spring.", "The tree stands on private land; the owner has been told."}, owner: "the power company"},
	{service: "pothole", share: 15, months: [12]int{8, 14, 22, 24, 16, 10, 7, 6, 6, 6, 6, 7}, team: "Street crew",
		en: []string{"Deep pothole, my tire went flat.", "Hole in the right lane just after the bridge.", "pothole getting bigger every week", "Same spot you patched in the spring, it is open again.",
			"Broken pavement in the bike lane, I almost fell.", "Dip in the crosswalk that fills with water when it rains."},
		es:    []string{"Un bache profundo, ya se ponchó una llanta.", "El hoyo cada semana está más grande.", "Pavimento roto en el carril de bicicletas, casi me caigo."},
		fixed: []string{"Hole filled with hot mix.", "Patched. This block is on the list to be paved next year.", "Pavement cut out and replaced."},
		why:   []string{"It is less than an inch deep. We will check it after the winter."}, owner: "the county highway office"},
	{service: "street-light", share: 10, months: [12]int{14, 12, 9, 8, 7, 6, 6, 8, 10, 14, 16, 16}, team: "Street crew",
		en: []string{"Light has been out for a week, very dark at the bus stop.", "Street lamp flickers all night in front of my window.", "three lights in a row are out", "Lamp stays on all day.",
			"The whole block is dark since the storm."},
		es:    []string{"La lámpara lleva una semana apagada y está muy oscuro.", "El foco parpadea toda la noche.", "Toda la cuadra está a oscuras."},
		fixed: []string{"Lamp replaced.", "Wiring repaired; all lights on this block work again.", "Sensor replaced."},
		why:   []string{"No fault found by day or by night. Tell us the pole number if it happens again."}, owner: "the power company"},
	{service: "trash", share: 14, months: [12]int{9, 9, 10, 11, 12, 12, 12, 12, 11, 9, 9, 11}, team: "Neighborhood services",
		en: []string{"Truck skipped our side of the street.", "Somebody left two mattresses on the corner.", "Recycling not picked up again, second time this month.", "Trash can at the park is overflowing.",
			"Pile of tires behind the old depot.", "bags of trash dumped by the river"},
		es:    []string{"No pasó el camión por nuestra cuadra.", "Dejaron dos colchones en la esquina.", "El bote del parque está lleno y huele mal."},
		fixed: []string{"Picked up.", "Dumped items removed.", "Picked up. We have spoken with the driver.", "Can emptied; it will now be emptied twice a week."},
		why:   []string{"Nothing was there when we came."}, owner: "the railroad"},
	{service: "graffiti", share: 9, months: [12]int{7, 7, 9, 10, 12, 13, 13, 12, 11, 10, 8, 7}, team: "Neighborhood services",
		en:    []string{"Tags all along the underpass.", "Spray paint on the library wall.", "Someone painted over the mural.", "ugly words on the bench by the pond", "Stickers covering the stop sign."},
		es:    []string{"Pintaron la pared de la biblioteca.", "Hay palabras feas en la banca del parque."},
		fixed: []string{"Painted over.", "Washed off.", "Bench sanded and sealed."},
		why:   []string{"It is a mural that the city has agreed to."}, owner: "the railroad"},
	{service: "water-leak", share: 8, months: [12]int{16, 14, 12, 10, 8, 8, 8, 8, 8, 10, 11, 13}, team: "Water department",
		en: []string{"Water bubbling up next to the curb.", "Hydrant drips and the gutter is full of ice.", "Storm drain is full of leaves, big puddle.", "small stream running down the hill since this morning",
			"Bad smell from the drain."},
		es:    []string{"Sale agua junto a la banqueta.", "La alcantarilla está tapada con hojas.", "El hidrante gotea desde ayer."},
		fixed: []string{"Leaking pipe replaced.", "Drain cleaned out.", "Hydrant valve replaced.", "Service line repaired; the street will be patched this week."},
		why:   []string{"The water comes from a spring, not from a pipe."}, owner: "the property owner"},
	{service: "sidewalk", share: 7, months: everyMonth, team: "Street crew",
		en:    []string{"Slab sticks up two inches, my mother tripped.", "No ramp on this corner, I have to go around the block in my wheelchair.", "Hedge covers half the sidewalk.", "broken concrete near the school gate"},
		es:    []string{"La losa está levantada y mi mamá se tropezó.", "No hay rampa en esta esquina."},
		fixed: []string{"Slab ground level.", "New ramp poured.", "Hedge cut back.", "Concrete replaced."},
		why:   []string{"The slab is within the limit of half an inch. We have marked it for a check next year."}, owner: "the property owner"},
	{service: "noise", share: 6, months: [12]int{6, 6, 8, 10, 12, 14, 15, 14, 12, 9, 7, 8}, team: "Neighborhood services",
		en:    []string{"Compressor behind the shop runs all night.", "Building site starts at 5 in the morning.", "dog barks every day from noon to six", "Music from the hall after midnight, every Saturday."},
		es:    []string{"La obra empieza a las 5 de la mañana.", "Música a todo volumen después de medianoche, cada sábado."},
		fixed: []string{"The owner has agreed to quiet hours.", "The machine has been moved indoors.", "The builder was warned and now starts at 7."},
		why:   []string{"We measured three times; it is below the limit."}, owner: "the state police"},
	{service: "sign", share: 6, months: everyMonth, team: "Street crew",
		en:    []string{"Street name sign is turned the wrong way.", "Walk button does nothing.", "Yield sign hidden behind a tree.", "signal only gives three cars time to turn"},
		es:    []string{"El botón para cruzar no sirve.", "El letrero de la calle está volteado."},
		fixed: []string{"Sign replaced.", "Sign turned back and fixed in place.", "Button replaced.", "Signal timing changed."},
		why:   []string{"The timing is right for the traffic we counted."}, owner: "the state highway department"},
	{service: "animal", share: 6, months: [12]int{7, 7, 9, 11, 12, 12, 11, 10, 11, 12, 10, 8}, team: "Neighborhood services",
		en:    []string{"Dead deer on the shoulder.", "Friendly brown dog without a collar, running along the road.", "Injured hawk by the pond.", "raccoon in the park in daylight, looks sick"},
		es:    []string{"Un perro suelto sin collar anda por la calle.", "Hay un venado muerto a un lado del camino."},
		fixed: []string{"Animal removed.", "The dog is back home.", "Taken to the wildlife center."},
		why:   []string{"The animal was gone when we came."}, owner: "the state wildlife office"},
	{service: "parking", share: 8, months: everyMonth, team: "Neighborhood services",
		en:    []string{"Gray van has not moved in three weeks.", "Car blocks my driveway again.", "Truck on the ramp, wheelchairs cannot cross.", "abandoned car with no plates"},
		es:    []string{"Un carro bloquea mi entrada otra vez.", "Una camioneta gris lleva tres semanas sin moverse."},
		fixed: []string{"Vehicle towed.", "The owner has moved it.", "Ticket issued and vehicle moved."},
		why:   []string{"The vehicle was gone when we came."}, owner: "the property owner"},
	{service: "snow", share: 9, months: [12]int{40, 34, 14, 2, 0, 0, 0, 0, 0, 0, 6, 28}, team: "Street crew",
		en:    []string{"Our street has not been plowed.", "Ice on the library steps.", "Bus stop is buried, people stand in the road.", "plow left a wall of snow across the crosswalk"},
		es:    []string{"No han pasado a quitar la nieve en nuestra calle.", "La parada del autobús está llena de nieve."},
		fixed: []string{"Plowed.", "Shoveled and salted.", "Pile removed."},
		why:   []string{"It had melted when we came."}, owner: "the property owner"},
}
