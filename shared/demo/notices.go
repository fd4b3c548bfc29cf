package demo

import (
	"time"

	"cityhall/shared/city"
)

// notices are what the city tells its people these days: one of a part of it, one of
// all of it that is still to come, and one that is over.
func (b *builder) notices() {
	zone := b.city.Settings.Zone()
	day := func(days int) string { return b.now.In(zone).AddDate(0, 0, days).Format(time.DateOnly) }
	b.at = b.now.Add(-10 * time.Minute)
	for id, n := range []city.Notice{
		{Title: t("Low water pressure in the morning", "Poca presión de agua por la mañana"), Department: utilities, From: day(-2), Until: day(-2),
			Words: t("We replaced a valve at the pumping station.", "Cambiamos una válvula en la estación de bombeo.")},
		{Title: t("Hydrants are flushed", "Limpieza de hidrantes"), Department: utilities, From: day(-1), Until: day(8), Districts: []city.ID{"old-town", "millside"},
			Words: t("Between 9 am and 3 pm your water may be brown for a while. It is safe. Run the cold tap until it is clear, and wash nothing white before.",
				"Entre las 9 a. m. y las 3 p. m. el agua puede salir turbia por un rato. No es peligrosa. Deje correr el agua fría hasta que salga clara y no lave ropa blanca antes.")},
		{Title: t("Winter parking begins", "Empieza el estacionamiento de invierno"), Department: streets, From: day(4), Until: day(120),
			Words: t("When snow is announced, park on the even side of the street from 9 pm on, so that the plows get through. The garage at City Hall is free on those nights.",
				"Cuando se anuncie nieve, estacione en el lado par de la calle a partir de las 9 p. m. para que pasen las quitanieves. El estacionamiento del Ayuntamiento es gratis esas noches.")},
	} {
		b.act(&city.SetNotice{ID: city.ID("notice-" + string(rune('1'+id))), Notice: n})
	}
}
