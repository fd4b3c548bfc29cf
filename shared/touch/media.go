package touch

import (
	"image"
	"image/color"
	"image/draw"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	qrcode "github.com/skip2/go-qrcode"

	"cityhall/shared/look"
)

// Photo shows a picture cut to a place of w by h pixels, with rounded corners.
// The alt words are spoken. A nil image shows an empty frame with an icon.
func (k *Kit) Photo(img image.Image, w, h float32, alt string) fyne.CanvasObject {
	frame := canvas.NewRectangle(k.Pal.Sunken)
	frame.CornerRadius = k.radius(look.RadiusSmall)
	if k.Pal.Edged {
		frame.StrokeColor, frame.StrokeWidth = k.Pal.Edge, k.line()
	}
	var inside fyne.CanvasObject = k.Center(k.Icon(look.IconPhoto, look.Lead, k.Pal.Muted))
	if img != nil {
		c := canvas.NewImageFromImage(filling(img, w/h))
		c.FillMode = canvas.ImageFillStretch
		c.CornerRadius = frame.CornerRadius
		inside = c
	}
	return newNotice(RoleImage, alt, k.H(look.None, box(exact{fyne.NewSize(w, h)}, frame, inside)))
}

// filling cuts the middle out of a picture, so that it has the ratio of its place.
func filling(img image.Image, ratio float32) image.Image {
	b := img.Bounds()
	w, h := float32(b.Dx()), float32(b.Dy())
	if w > h*ratio {
		w = h * ratio
	} else {
		h = w / ratio
	}
	r := image.Rect(0, 0, max(1, int(w)), max(1, int(h)))
	out := image.NewNRGBA(r)
	at := image.Pt(b.Min.X+(b.Dx()-r.Dx())/2, b.Min.Y+(b.Dy()-r.Dy())/2)
	draw.Draw(out, r, img, at, draw.Src)
	return out
}

// exact keeps all children at one size.
type exact struct{ size fyne.Size }

func (l exact) MinSize([]fyne.CanvasObject) fyne.Size { return l.size }

func (l exact) heightFor([]fyne.CanvasObject, float32) float32 { return l.size.Height }

func (l exact) Layout(os []fyne.CanvasObject, _ fyne.Size) {
	for _, o := range os {
		o.Resize(l.size)
	}
}

// QR shows text as a QR code, side pixels square, dark on white in every
// palette because cameras want it so. Text that is too long for a code shows
// as an empty frame; the caller prints the address beside it anyway.
func (k *Kit) QR(text string, side float32, alt string) fyne.CanvasObject {
	white := canvas.NewRectangle(color.White)
	white.CornerRadius = k.radius(look.RadiusSmall)
	objects := []fyne.CanvasObject{white}
	if q, err := qrcode.New(text, qrcode.Medium); err == nil {
		img := canvas.NewImageFromImage(q.Image(-6))
		img.ScaleMode, img.FillMode = canvas.ImageScalePixels, canvas.ImageFillContain
		img.CornerRadius = white.CornerRadius
		objects = append(objects, img)
	}
	return newNotice(RoleImage, alt, k.H(look.None, box(exact{fyne.NewSquareSize(side)}, objects...)))
}

// TimelineItem is one thing that happened.
type TimelineItem struct {
	When, Title, Text string
	Tone              Tone
	Extra             fyne.CanvasObject // a photo, a button; may be nil
}

// Timeline tells what happened, newest where the caller puts it.
func (k *Kit) Timeline(items []TimelineItem) *fyne.Container {
	rows := make([]fyne.CanvasObject, len(items))
	for i, it := range items {
		ink, soft, icon := k.tone(it.Tone)
		disc := canvas.NewCircle(soft)
		if k.Pal.Edged {
			disc.StrokeColor, disc.StrokeWidth = ink, k.line()
		}
		side := k.Size(look.Body) * 2
		dot := k.Over(disc, k.Center(k.Icon(icon, look.Caption, ink)))
		rail := canvas.NewRectangle(k.Pal.Line)
		if i == len(items)-1 {
			rail.FillColor = color.Transparent
		}
		words := []fyne.CanvasObject{k.Para(it.Title, Body.Bold()), k.Para(it.When, Caption.Muted())}
		if it.Text != "" {
			words = append(words, k.Para(it.Text, Body))
		}
		words = append(words, it.Extra)
		body := k.Inset(look.None, look.None, look.M, look.None, k.V(look.XS, words...))
		rows[i] = box(railed{side, k.Px(look.M), k.Px(2), k.RTL()}, dot, rail, body)
	}
	return k.V(look.None, rows...)
}

// railed lays a dot, the line below it and the words beside both.
type railed struct {
	side, gap, thick float32
	rtl              bool
}

func (l railed) MinSize(os []fyne.CanvasObject) fyne.Size {
	m := os[2].MinSize()
	return fyne.NewSize(m.Width+l.side+l.gap, max(m.Height, l.side))
}

func (l railed) heightFor(os []fyne.CanvasObject, w float32) float32 {
	return max(l.side, heightFor(os[2], w-l.side-l.gap))
}

func (l railed) Layout(os []fyne.CanvasObject, s fyne.Size) {
	x, words := float32(0), l.side+l.gap
	if l.rtl {
		x, words = s.Width-l.side, 0
	}
	place(os[0], x, 0, l.side, l.side)
	place(os[1], x+(l.side-l.thick)/2, l.side, l.thick, max(0, s.Height-l.side))
	place(os[2], words, 0, max(0, s.Width-l.side-l.gap), s.Height)
}

// Fact is a label with its value, such as a question with its answer.
type Fact struct {
	Label, Value string
	Change       func() // adds a button that leads back to the question
}

// Facts lists labels and values with hairlines between them.
func (k *Kit) Facts(facts []Fact) *fyne.Container {
	var rows []fyne.CanvasObject
	for i, f := range facts {
		if i > 0 {
			line := canvas.NewRectangle(k.Pal.Line)
			line.SetMinSize(fyne.NewSize(1, k.line()))
			rows = append(rows, line)
		}
		parts := []fyne.CanvasObject{Grow(k.V(look.None, k.Para(f.Label, Caption.Muted()), k.Para(f.Value, Body.Bold())))}
		if f.Change != nil {
			b := k.Button(Quiet, "", k.T("common.change"), f.Change)
			b.SetLabel(k.T("common.change") + ": " + f.Label)
			parts = append(parts, b)
		}
		rows = append(rows, k.H(look.M, parts...))
	}
	return k.V(look.S+2, rows...)
}
