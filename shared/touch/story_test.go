package touch_test

import (
	"image"
	"image/color"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"cityhall/shared/look"
	"cityhall/shared/touch"
	"cityhall/shared/words"
)

// stage is a shell in a window of the test driver, with what it said.
type stage struct {
	shell  *touch.Shell
	window fyne.Window
	said   []string
	active int
	now    time.Time
}

func open(t testing.TB, p touch.Prefs, d touch.Device, size fyne.Size) *stage {
	t.Helper()
	test.NewTempApp(t)
	st := &stage{now: time.Date(2026, 11, 23, 14, 5, 0, 0, time.UTC)}
	p.ReduceMotion = true
	k := touch.New(p, d, touch.Hooks{
		Activity: func() { st.active++ },
		Say:      func(s string) { st.said = append(st.said, s) },
		Words: func(l string) func(string, ...any) string {
			return words.In(l).T
		},
		Now: func() time.Time { return st.now },
	}, look.Brand{})
	st.shell = touch.NewShell(k)
	st.window = test.NewTempWindow(t, nil)
	st.shell.Mount(st.window)
	st.window.Resize(size)
	return st
}

func (st *stage) canvas() fyne.Canvas { return st.window.Canvas() }

// in picks words for the language of a kit, for text that has no key.
func in(k *touch.Kit, en, es string) string {
	if k.Prefs.Language == "es" {
		return es
	}
	return en
}

// homeStory is a page of the kind that a kiosk begins with.
func homeStory(k *touch.Kit, size fyne.Size) fyne.CanvasObject {
	brand := k.H(look.M, k.Icon(look.IconBuilding, look.Heading, k.Pal.OnPrimary),
		k.V(look.None, k.Para("Alder Bay", k.OnDeep(touch.Body.Bold())), k.Para(in(k, "Resident services", "Servicios para residentes"), k.OnDeep(touch.Caption.Muted()))))
	if k.Prefs.HighContrast {
		brand = k.H(look.M, k.Icon(look.IconBuilding, look.Heading, k.Pal.Primary), k.Para("Alder Bay", k.OnDeep(touch.Body.Bold())))
	}
	langs := k.Flow(look.S)
	for _, l := range words.Languages() {
		kind := touch.OnDeep
		if l.Code == k.Prefs.Language {
			kind = touch.OnDeepChosen
		}
		langs.Add(k.Button(kind, "", l.Name, func() {}))
	}
	welcome := k.Inset(look.L, look.XL, look.XL, look.XL, k.V(look.M, brand, k.Space(look.S),
		k.Head(in(k, "How can we help?", "¿En qué podemos ayudarle?"), k.OnDeep(touch.Display)),
		k.Para(in(k, "Touch a card to begin. No account needed.", "Toque una tarjeta para comenzar. No necesita una cuenta."), k.OnDeep(touch.Lead.Muted())),
		langs))
	tile := func(i look.Icon, tint int, en, es, subEN, subES string) fyne.CanvasObject {
		return k.Tile(touch.TileSpec{Icon: i, Tint: tint, Title: in(k, en, es), Sub: in(k, subEN, subES), Tap: func() {}})
	}
	cols := 2
	if k.Phone(size) {
		cols = 1
	}
	tiles := k.Grid(cols, look.M,
		tile(look.IconPothole, 0, "Report a problem", "Informar de un problema", "Potholes, street lights, graffiti", "Baches, alumbrado, grafitis"),
		tile(look.IconSearch, 3, "Track a request", "Seguir una solicitud", "See where your report is now", "Vea cómo va su informe"),
		tile(look.IconTrash, 1, "Trash and recycling", "Basura y reciclaje", "Pick-up days and missed collections", "Días de recolección y recolecciones no realizadas"),
		tile(look.IconMap, 2, "My address", "Mi dirección", "What concerns the place where you live", "Lo que corresponde al lugar donde vive"))
	bar := k.BottomBar(k.Grid(4, look.S,
		k.Tool(look.IconTextSize, k.T("common.text_size"), k.Prefs.TextScale > 1, func() {}),
		k.Tool(look.IconContrast, k.T("common.contrast"), k.Prefs.HighContrast, func() {}),
		k.Tool(look.IconSpeaker, k.T("common.listen"), false, func() {}),
		k.Tool(look.IconHelp, k.T("common.help"), false, func() {})))
	banner := k.Banner(touch.Warn, look.IconCloudOff, k.T("common.connection.offline"))
	if k.Wide(size) {
		return k.Side(size.Width*0.36, k.Hero(k.Scroll(welcome)), k.Frame(banner, k.Scroll(k.Pad(look.L, tiles)), bar))
	}
	return k.Frame(nil, k.Scroll(k.V(look.None, k.Hero(welcome), banner, k.Pad(look.L, tiles))), bar)
}

// formStory is a question page with every kind of answer.
func formStory(k *touch.Kit, size fyne.Size) fyne.CanvasObject {
	top := k.TopBar(k.Button(touch.OnDeep, look.IconBack, k.T("common.back"), func() {}), in(k, "Fallen tree", "Árbol caído"))
	choice := k.Choice(touch.ChoiceSpec{Label: in(k, "What is the tree blocking?", "¿Qué está bloqueando el árbol?"), Options: []touch.Option{
		{Value: "road", Label: in(k, "The street", "La calle"), Hint: in(k, "Cars cannot pass", "Los automóviles no pueden pasar"), Icon: look.IconRoad},
		{Value: "walk", Label: in(k, "The sidewalk", "La acera"), Icon: look.IconSidewalk},
	}, Value: []string{"road"}})
	many := k.Choice(touch.ChoiceSpec{Label: in(k, "What else is true?", "¿Qué más es cierto?"), Multi: true, Options: []touch.Option{
		{Value: "wire", Label: in(k, "A power line is down", "Hay un cable eléctrico caído")},
	}, Value: []string{"wire"}, Error: k.T("error.required")})
	name := k.Field(touch.FieldSpec{Label: in(k, "Your name", "Su nombre"), Hint: k.T("common.optional"), Value: "Ana Muñoz", Max: 60})
	more := k.Field(touch.FieldSpec{Label: in(k, "What happened?", "¿Qué pasó?"), Lines: 3, Max: 500, Error: k.T("error.too_long")})
	foot := k.BottomBar(k.H(look.M, k.Button(touch.Quiet, "", k.T("common.skip"), func() {}), touch.Grow(k.Space(look.S)),
		k.Button(touch.Primary, look.IconForward, k.T("common.continue"), func() {})))
	body := k.Middle(k.Size(look.Body)*34, k.Pad(look.L, k.V(look.L, k.Steps(2, 5), choice, k.Card(k.V(look.M, name, more)), many)))
	return k.Frame(top, k.Scroll(body), foot)
}

// statusStory shows how the kit says how things stand.
func statusStory(k *touch.Kit, size fyne.Size) fyne.CanvasObject {
	top := k.TopBar(k.IconButton(touch.OnDeep, look.IconBack, k.T("common.back"), func() {}), "AB-2041")
	badges := k.Flow(look.S)
	for _, s := range []touch.SyncState{touch.Saved, touch.Sent, touch.Received, touch.Safe, touch.Attention} {
		badges.Add(k.SyncBadge(touch.SyncSpec{State: s}))
	}
	badges.Add(k.SyncBadge(touch.SyncSpec{State: touch.Sent, Detail: k.T("common.sync.photos", "done", 2, "total", 3)}))
	chips := k.Flow(look.S, k.Chip(touch.Good, in(k, "Fixed", "Reparado")), k.Chip(touch.Warn, in(k, "Due tomorrow", "Vence mañana")),
		k.Chip(touch.Bad, in(k, "Not fixed", "No reparado")), k.Chip(touch.Info, in(k, "A crew is coming", "Va en camino una cuadrilla")), k.Chip(touch.Neutral, in(k, "We have it", "Lo tenemos")))
	facts := k.Card(k.Facts([]touch.Fact{
		{Label: in(k, "Service", "Servicio"), Value: in(k, "Fallen tree", "Árbol caído"), Change: func() {}},
		{Label: in(k, "Place", "Lugar"), Value: "412 Alder Street, Bayside", Change: func() {}},
	}))
	timeline := k.Timeline([]touch.TimelineItem{
		{When: in(k, "today 14:05", "hoy 14:05"), Title: in(k, "Fixed", "Reparado"), Tone: touch.Good, Text: in(k, "The tree was cut and taken away.", "El árbol fue cortado y retirado."),
			Extra: k.Photo(photo(), k.Px(120), k.Px(80), in(k, "The street after the work", "La calle después del trabajo"))},
		{When: in(k, "yesterday 09:12", "ayer 09:12"), Title: in(k, "We have it", "Lo tenemos"), Tone: touch.Neutral},
	})
	code := k.H(look.M, k.QR("https://alderbay.example/r/AB-2041", k.Px(110), in(k, "Code to follow this on your phone", "Código para seguirlo en su teléfono")),
		touch.Grow(k.V(look.XS, k.Para("AB-2041", touch.Heading.In(k.Pal.Primary)), k.Para(in(k, "Keep this number.", "Guarde este número."), touch.Body.Muted()))))
	row := k.ListRow(touch.RowSpec{Icon: look.IconTree, Tint: 1, Title: in(k, "Fallen tree on Alder Street at the corner of the school", "Árbol caído en la calle Alder junto a la escuela"), Sub: "412 Alder Street", Side: "2 h",
		Chip: &touch.ChipSpec{Tone: touch.Warn, Words: in(k, "Due tomorrow", "Vence mañana")}, Sync: &touch.SyncSpec{State: touch.Saved}, Tap: func() {}})
	remark := k.Panel(touch.Info, k.Para(in(k, "A crew is coming by Friday.", "Una cuadrilla llegará el viernes a más tardar."), touch.Body))
	body := k.V(look.L, k.Head(in(k, "Your report", "Su informe"), touch.Heading), badges, chips, code, remark, facts, row, k.Card(timeline),
		k.Progress(0.66, k.T("common.sync.photos", "done", 2, "total", 3)),
		k.Grid(2, look.S, k.Button(touch.Secondary, look.IconPrinter, k.T("common.print"), func() {}), k.Button(touch.Danger, look.IconTrash, k.T("common.delete"), func() {})))
	banner := k.Banner(touch.Good, look.IconCloudCheck, k.T("common.connection.online"))
	return k.Frame(k.V(look.None, top, banner), k.Scroll(k.Middle(k.Size(look.Body)*40, k.Pad(look.L, body))), nil)
}

// pinStory and emptyStory are small pages of the field app.
func pinStory(k *touch.Kit, _ fyne.Size) fyne.CanvasObject {
	pad := k.PINPad(touch.PINSpec{Label: in(k, "Type your PIN", "Escriba su PIN"), Digits: 6, Error: k.T("error.sign_in"), Done: func(string) {}})
	return k.Frame(k.TopBar(nil, "Alder Bay"), k.Scroll(k.Pad(look.L, pad)), nil)
}

func emptyStory(k *touch.Kit, _ fyne.Size) fyne.CanvasObject {
	empty := k.Empty(look.IconInbox, k.T("common.empty.title"), in(k, "Jobs that the office gives your crew appear here by themselves.", "Los trabajos que la oficina asigna a su cuadrilla aparecen aquí solos."),
		k.Button(touch.Secondary, look.IconSync, k.T("common.retry"), func() {}))
	return k.Frame(k.TopBar(nil, in(k, "My jobs", "Mis trabajos")), k.List(touch.ListSpec{Name: "jobs", Count: func() int { return 0 }, Empty: empty}), nil)
}

var stories = []touch.Page{
	{Name: "home", Build: homeStory}, {Name: "form", Build: formStory}, {Name: "status", Build: statusStory},
	{Name: "pin", Build: pinStory}, {Name: "empty", Build: emptyStory}, {Name: "list", Build: listStory(10000)},
}

func listStory(n int) func(*touch.Kit, fyne.Size) fyne.CanvasObject {
	return func(k *touch.Kit, _ fyne.Size) fyne.CanvasObject {
		list := k.List(touch.ListSpec{Name: in(k, "My jobs", "Mis trabajos"), Count: func() int { return n }, Row: func(i int) touch.RowSpec {
			s := touch.RowSpec{Icon: look.IconTree, Tint: i % 6, Title: in(k, "Fallen tree ", "Árbol caído ") + string(rune('A'+i%26)), Sub: "412 Alder Street", Tap: func() {},
				Chip: &touch.ChipSpec{Tone: touch.Tone(i % 5), Words: in(k, "Due tomorrow", "Vence mañana")}}
			if i%3 == 0 {
				s.Sync = &touch.SyncSpec{State: touch.SyncState(i % 5)}
			}
			return s
		}})
		return k.Frame(k.TopBar(nil, in(k, "My jobs", "Mis trabajos")), k.Pad(look.S, list), nil)
	}
}

func photo() image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, 160, 90))
	for y := range 90 {
		for x := range 160 {
			img.Set(x, y, color.NRGBA{uint8(40 + x/2), uint8(120 + y/2), uint8(90 + x/4), 255})
		}
	}
	return img
}
