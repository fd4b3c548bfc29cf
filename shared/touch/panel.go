package touch

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"cityhall/shared/look"
)

// Card is a raised white surface.
func (k *Kit) Card(body fyne.CanvasObject) *fyne.Container {
	bg := canvas.NewRectangle(k.Pal.Surface)
	bg.CornerRadius = k.radius(look.RadiusLarge)
	bg.Shadow = k.shadow()
	if k.Pal.Edged {
		bg.StrokeColor, bg.StrokeWidth = k.Pal.Edge, k.line()
	}
	return k.Over(bg, k.Pad(look.L, body))
}

// Panel is a tinted surface for a remark of some tone.
func (k *Kit) Panel(t Tone, body fyne.CanvasObject) *fyne.Container {
	ink, soft, _ := k.tone(t)
	bg := canvas.NewRectangle(soft)
	bg.CornerRadius = k.radius(look.RadiusMedium)
	if k.Pal.Edged {
		bg.StrokeColor, bg.StrokeWidth = ink, k.line()
	}
	return k.Over(bg, k.Inset(look.M, look.M, look.M, look.M, body))
}

// deep is the civic gradient and what is read on it: from, to, ink, second ink.
func (k *Kit) deep() (from, to, ink, muted color.NRGBA) {
	p := k.Pal
	switch {
	case p.Edged:
		return p.Surface, p.Surface, p.Ink, p.Ink
	case k.Prefs.Dark:
		return p.PrimarySoft, p.PrimaryDeep, p.Ink, p.Ink
	}
	return p.Primary, p.PrimaryDeep, p.OnPrimary, p.OnMuted
}

// deepTint is laid on the civic gradient under a button.
func (k *Kit) deepTint() color.NRGBA {
	if k.Prefs.Dark {
		return look.Alpha(look.RGB(0xFFFFFF), 0x1c)
	}
	return look.Alpha(look.RGB(0x00141C), 0x48)
}

// OnDeep is a style in the colour of words on the civic gradient.
func (k *Kit) OnDeep(st Style) Style {
	_, _, ink, muted := k.deep()
	if st.muted {
		return st.In(muted)
	}
	return st.In(ink)
}

// Hero is the civic gradient with two quiet rings, as ground for a welcome.
func (k *Kit) Hero(body fyne.CanvasObject) *fyne.Container {
	from, to, ink, _ := k.deep()
	if k.Pal.Edged {
		return k.Over(canvas.NewRectangle(from), k.underlined(body))
	}
	ring := func(alpha uint8) *canvas.Circle {
		c := canvas.NewCircle(color.Transparent)
		c.StrokeColor, c.StrokeWidth = look.Alpha(ink, alpha), k.Px(15)
		return c
	}
	deco := &fyne.Container{Layout: rings{}, Objects: []fyne.CanvasObject{ring(0x0e), ring(0x12)}}
	clip := container.NewClip(deco)
	clip.ExtendBaseWidget(clip) // else a size that is set before the first MinSize is lost
	return k.Over(canvas.NewLinearGradient(from, to, 35), clip, body)
}

// rings hangs two circles into the upper right corner, inside the area only.
type rings struct{}

func (rings) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

func (rings) heightFor([]fyne.CanvasObject, float32) float32 { return 0 }

func (rings) Layout(os []fyne.CanvasObject, s fyne.Size) {
	d := min(s.Width, s.Height)
	place(os[0], s.Width-d*0.62, -d*0.34, d*0.9, d*0.9)
	place(os[1], s.Width-d*0.3, d*0.3, d*0.5, d*0.5)
}

// underlined draws the lower edge that shadow and colour do not show.
func (k *Kit) underlined(body fyne.CanvasObject) *fyne.Container {
	line := canvas.NewRectangle(k.Pal.Edge)
	line.SetMinSize(fyne.NewSize(1, k.line()))
	return k.V(look.None, Grow(body), line)
}

// TopBar is the head of a page: the way back, its title, and what stands at
// the right (language, help). The title is the page's heading.
func (k *Kit) TopBar(back *Press, title string, right ...fyne.CanvasObject) *fyne.Container {
	_, _, ink, _ := k.deep()
	parts := []fyne.CanvasObject{}
	if back != nil {
		parts = append(parts, back)
	}
	parts = append(parts, Grow(k.Head(title, Title.In(ink))))
	parts = append(parts, right...)
	bar := k.Inset(look.M, look.L, look.M, look.L, k.H(look.M, parts...))
	from, to, _, _ := k.deep()
	if k.Pal.Edged {
		return k.Over(canvas.NewRectangle(from), k.underlined(bar))
	}
	return k.Over(canvas.NewHorizontalGradient(from, to), bar)
}

// BottomBar is the foot of a page, where the main action always is.
func (k *Kit) BottomBar(body fyne.CanvasObject) *fyne.Container {
	c := k.Pal.Line
	if k.Pal.Edged {
		c = k.Pal.Edge
	}
	line := canvas.NewRectangle(c)
	line.SetMinSize(fyne.NewSize(1, k.line()))
	return k.Ground(k.Pal.Surface, k.V(look.None, line, k.Inset(look.M, look.L, look.M, look.L, body)))
}

// TileSpec is a large way in, as on the home page.
type TileSpec struct {
	Icon       look.Icon
	Tint       int
	Title, Sub string
	Tap        func()
}

// Tile is a card with icon, title and a line of explanation.
func (k *Kit) Tile(t TileSpec) *Press {
	words := []fyne.CanvasObject{k.Para(t.Title, Title)}
	label := t.Title
	if t.Sub != "" {
		words = append(words, k.Para(t.Sub, Body.Muted()))
		label += ". " + t.Sub
	}
	body := k.V(look.M, k.IconChip(t.Icon, t.Tint, look.Title), k.V(look.XS, words...))
	p := k.Press(label, k.Pad(look.L, body), t.Tap)
	p.Fill, p.Elevated, p.Radius = k.Pal.Surface, true, k.radius(look.RadiusLarge)
	if k.Pal.Edged {
		p.Stroke = k.Pal.Edge
	}
	return p
}

// Empty says that there is nothing, and what to do about it.
func (k *Kit) Empty(icon look.Icon, title, text string, action *Press) *fyne.Container {
	t := k.Pal.Tints[4]
	bg := canvas.NewCircle(t.Soft)
	side := k.Size(look.Display) * 2
	disc := k.Over(bg, k.Center(k.Icon(icon, look.Heading, t.Ink)))
	parts := []fyne.CanvasObject{
		k.Center(box(square{side}, disc)),
		k.Para(title, Title.Center()), k.Para(text, Body.Muted().Center()),
	}
	if action != nil {
		parts = append(parts, k.Space(look.XS), k.Center(action))
	}
	return k.Center(k.Middle(k.Size(look.Body)*24, k.V(look.S, parts...)))
}

// square keeps what is in it at one size.
type square struct{ side float32 }

func (l square) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSquareSize(l.side) }

func (l square) heightFor([]fyne.CanvasObject, float32) float32 { return l.side }

func (l square) Layout(os []fyne.CanvasObject, s fyne.Size) {
	for _, o := range os {
		place(o, (s.Width-l.side)/2, (s.Height-l.side)/2, l.side, l.side)
	}
}
