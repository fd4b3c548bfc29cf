package touch

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"cityhall/shared/look"
)

// keyboard is the on-screen keyboard. Its keys cannot take the focus, but the
// driver takes it from the entry on every press outside it; so the keyboard
// remembers the entry that it types into and gives the focus back.
type keyboard struct {
	widget.BaseWidget
	k      *Kit
	target *input
	page   keyPage
	shift  bool
	body   *fyne.Container
	ground *canvas.Rectangle
}

type keyPage int

const (
	pageLetters keyPage = iota
	pageSigns
	pageAccents
	pageNumbers
)

// letterRows are the letters of a language, three rows; accentRow goes above
// them where people need it all the time.
var letterRows = map[string][]string{
	"en": {"qwertyuiop", "asdfghjkl'", "zxcvbnm"},
	"es": {"qwertyuiop", "asdfghjklñ", "zxcvbnm"},
}

const (
	digitRow  = "1234567890"
	accentRow = "áéíóúü¿¡'-"
)

var signRows = []string{digitRow, "@#$%&*()/:", "-_+=;!?\"'"}
var accentRows = []string{"áéíóúüñç", "àèìòùäëï", "âêîôûöåø¿¡"}

func newKeyboard(k *Kit) *keyboard {
	b := &keyboard{k: k, ground: canvas.NewRectangle(k.Pal.Sunken)}
	b.body = k.Over()
	b.ExtendBaseWidget(b)
	b.Hide()
	b.build()
	return b
}

func (b *keyboard) rebuild(k *Kit) {
	b.k = k
	b.build()
}

// attach types into an entry from now on; false if it did so already.
func (b *keyboard) attach(in *input) bool {
	if b.target == in {
		return false
	}
	b.adopt(in)
	return true
}

func (b *keyboard) adopt(in *input) {
	b.target = in
	if !b.k.Device.keyboard {
		return
	}
	b.page = pageLetters
	if in.f.spec.Numeric {
		b.page = pageNumbers
	}
	b.shift = in.Text == "" && in.f.spec.capitals()
	b.build()
	if !b.Visible() {
		b.Show()
		b.k.shell.Refresh()
	}
}

func (b *keyboard) hide() {
	b.target = nil
	if b.Visible() {
		b.Hide()
		if b.k.shell != nil {
			b.k.shell.Refresh()
		}
	}
}

// HeightFor is the height of all rows, in pixels.
func (b *keyboard) HeightFor(width float32) float32 { return heightFor(b.body, width) }

func (b *keyboard) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(b.body) }

func (b *keyboard) parts() []fyne.CanvasObject { return []fyne.CanvasObject{b.body} }

func (b *keyboard) language() string {
	base, _, _ := strings.Cut(b.k.Prefs.Language, "-")
	if _, ok := letterRows[base]; ok {
		return base
	}
	return "en"
}

func (b *keyboard) roomy() bool {
	return b.k.shell != nil && b.k.shell.Size().Height >= 16*b.k.Target()
}

func (b *keyboard) build() {
	k := b.k
	b.ground.FillColor = k.Pal.Sunken
	if k.Pal.Edged {
		b.ground.StrokeColor, b.ground.StrokeWidth = k.Pal.Edge, k.line()
	}
	b.ground.TopLeftCornerRadius, b.ground.TopRightCornerRadius = k.radius(look.RadiusLarge), k.radius(look.RadiusLarge)
	var rows []fyne.CanvasObject
	if b.page == pageNumbers {
		rows = b.numberRows()
	} else {
		rows = b.typingRows()
	}
	inner := k.Middle(k.Target()*24, k.V(look.XS+2, rows...))
	b.body.Objects = []fyne.CanvasObject{b.ground, k.Inset(look.M, look.S, look.M, look.S, inner)}
	b.body.Refresh()
	if b.Visible() && k.shell != nil {
		k.shell.Refresh()
	}
}

func (b *keyboard) typingRows() []fyne.CanvasObject {
	var chars []string
	switch b.page {
	case pageSigns:
		chars = signRows
	case pageAccents:
		chars = accentRows
	default:
		chars = letterRows[b.language()]
	}
	var rows []fyne.CanvasObject
	if b.page == pageLetters && b.roomy() {
		rows = append(rows, b.row(digitRow, nil, nil))
	}
	if b.page == pageLetters && b.language() == "es" {
		rows = append(rows, b.row(accentRow, nil, nil))
	}
	for i, c := range chars {
		var before, after *key
		if i == len(chars)-1 {
			after = b.icon(look.IconBackspace, "common.keyboard.backspace", 1.5, func() { b.send(fyne.KeyBackspace) })
			if b.page != pageSigns {
				before = b.icon(look.IconShift, "common.keyboard.shift", 1.5, b.toggleShift)
				before.lit(b.shift)
			}
		}
		rows = append(rows, b.row(c, before, after))
	}
	return append(rows, b.bottomRow())
}

func (b *keyboard) bottomRow() fyne.CanvasObject {
	var keys []*key
	turn := func(words string, spoken string, to keyPage) {
		k := b.words(words, spoken, 1.5, func() { b.page = to; b.shift = false; b.build() })
		keys = append(keys, k)
	}
	if b.page == pageLetters {
		turn("123", "common.keyboard.signs", pageSigns)
	} else {
		turn("abc", "common.keyboard.letters", pageLetters)
	}
	if b.language() != "es" && b.page != pageAccents {
		turn("áñ", "common.keyboard.accents", pageAccents)
	}
	keys = append(keys, b.char(','),
		b.words(b.k.T("common.keyboard.space"), "common.keyboard.space", 4, func() { b.typed(' ') }),
		b.char('.'),
		b.icon(look.IconKeyboardHide, "common.keyboard.hide", 1.3, func() { b.leave() }),
		b.enterKey())
	return box(keyRow{b.k.Px(look.XS + 2), keys}, asObjects(keys)...)
}

func (b *keyboard) enterKey() *key {
	e := b.icon(look.IconForward, "common.keyboard.enter", 1.8, b.enter)
	if b.target != nil && b.target.MultiLine {
		e = b.icon(look.IconReturn, "common.keyboard.newline", 1.8, b.enter)
	}
	e.main()
	return e
}

// numberRows is the pad of a field that takes numbers only.
func (b *keyboard) numberRows() []fyne.CanvasObject {
	var rows []fyne.CanvasObject
	for _, c := range []string{"123", "456", "789"} {
		rows = append(rows, b.row(c, nil, nil))
	}
	last := []*key{
		b.icon(look.IconBackspace, "common.keyboard.backspace", 1, func() { b.send(fyne.KeyBackspace) }),
		b.char('0'), b.enterKeyPad(),
	}
	return append(rows, box(keyRow{b.k.Px(look.XS + 2), last}, asObjects(last)...))
}

func (b *keyboard) enterKeyPad() *key {
	e := b.icon(look.IconForward, "common.keyboard.enter", 1, b.enter)
	e.main()
	return e
}
