package touch

import (
	"fmt"
	"math"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"cityhall/shared/look"
)

// DialogButton closes the dialog and then does its work.
type DialogButton struct {
	Kind  ButtonKind
	Icon  look.Icon
	Label string
	Tap   func()
}

// DialogSpec is a question that cannot wait, such as "Are you still there?".
type DialogSpec struct {
	Icon        look.Icon
	Title, Text string
	Buttons     []DialogButton
	Countdown   bool // a ring that SetLeft draws, in place of the icon
	OnEscape    func()
}

// Dialog is a calm card over a veil. The focus stays inside it.
type Dialog struct {
	s       *Shell
	spec    DialogSpec
	root    *veil
	ring    *canvas.Arc
	seconds *Para
	left    time.Duration
	total   time.Duration
}

// veil is the overlay: it swallows touches beside the card.
type veil struct {
	widget.BaseWidget
	d    *Dialog
	body fyne.CanvasObject
}

// dialogEms is the most width of the card in sizes of body text.
const dialogEms = 31

// Ask shows a dialog; one that is open is replaced.
func (s *Shell) Ask(spec DialogSpec) *Dialog {
	if s.dialog != nil {
		s.dialog.Close()
	}
	s.keys.hide()
	d := &Dialog{s: s, spec: spec}
	d.root = &veil{d: d}
	d.root.ExtendBaseWidget(d.root)
	s.dialog = d
	d.rebuild(s.k)
	s.k.say(sentence([]string{spec.Title, spec.Text}))
	return d
}

// rebuild draws the dialog in a kit, first or anew.
func (d *Dialog) rebuild(k *Kit) {
	var parts []fyne.CanvasObject
	switch {
	case d.spec.Countdown:
		parts = append(parts, d.dial(k))
	case d.spec.Icon != "":
		disc := k.Over(canvas.NewCircle(k.Pal.PrimarySoft), k.Center(k.Icon(d.spec.Icon, look.Heading, k.Pal.Primary)))
		parts = append(parts, k.Center(box(square{k.Size(look.Display) * 1.7}, disc)))
	}
	parts = append(parts, k.Head(d.spec.Title, Heading.Center()))
	if d.spec.Text != "" {
		parts = append(parts, k.Para(d.spec.Text, Lead.Muted().Center()))
	}
	buttons := make([]fyne.CanvasObject, len(d.spec.Buttons))
	for i, b := range d.spec.Buttons {
		buttons[i] = k.Button(b.Kind, b.Icon, b.Label, func() {
			d.Close()
			if b.Tap != nil {
				b.Tap()
			}
		})
	}
	parts = append(parts, k.Space(look.XS), d.arrangeButtons(k, buttons))
	card := k.Card(k.Pad(look.S, k.V(look.M, parts...)))
	inner := k.Pad(look.L, k.Middle(k.Size(look.Body)*dialogEms, card))
	d.root.body = k.Over(canvas.NewRectangle(k.Pal.Veil), box(upright{}, inner))
	d.SetLeft(d.left, d.total)
	d.present(buttons)
}

// arrangeButtons puts two short answers side by side, else below each other.
func (d *Dialog) arrangeButtons(k *Kit, buttons []fyne.CanvasObject) fyne.CanvasObject {
	room := min(d.s.Size().Width-4*k.Px(look.L), k.Size(look.Body)*dialogEms) - 2*k.Px(look.L+look.S)
	need := row{gap: k.Px(look.M)}.MinSize(buttons).Width
	if len(buttons) > 0 && need <= room {
		return k.Grid(len(buttons), look.M, buttons...)
	}
	return k.V(look.S, buttons...)
}

func (d *Dialog) present(buttons []fyne.CanvasObject) {
	c := d.s.canvas
	if c == nil {
		return
	}
	c.Overlays().Remove(d.root)
	d.root.Resize(c.Size())
	c.Overlays().Add(d.root)
	d.root.Refresh()
	for i, b := range d.spec.Buttons {
		if b.Kind == Primary {
			c.Focus(buttons[i].(*Press))
		}
	}
}

// dial is the countdown ring with the seconds in it.
func (d *Dialog) dial(k *Kit) fyne.CanvasObject {
	track := canvas.NewArc(0, 360, 0.84, k.Pal.Line)
	d.ring = canvas.NewArc(0, 360, 0.84, k.Pal.Primary)
	d.ring.CornerRadius = k.Px(3)
	d.seconds = k.Text("", Heading.Center())
	face := k.Over(track, d.ring, box(upright{}, d.seconds)) // as wide as the ring: the seconds come later
	return k.Center(box(square{k.Size(look.Display) * 2}, face))
}

// SetLeft draws how much of a countdown is left; the program's clock drives it.
func (d *Dialog) SetLeft(left, total time.Duration) {
	d.left, d.total = left, total
	if d.ring == nil || total <= 0 {
		return
	}
	d.ring.EndAngle = 360 * float32(max(0, min(1, float64(left)/float64(total))))
	d.ring.Refresh()
	d.seconds.SetText(fmt.Sprint(int(math.Ceil(max(0, left.Seconds())))))
}

// Close takes the dialog away.
func (d *Dialog) Close() {
	if d.s.dialog != d {
		return
	}
	d.s.dialog = nil
	if d.s.canvas != nil {
		d.s.canvas.Overlays().Remove(d.root)
	}
}

// upright keeps one child at its height in the middle.
type upright struct{ overLayout }

func (upright) Layout(os []fyne.CanvasObject, s fyne.Size) {
	for _, o := range os {
		h := min(s.Height, heightFor(o, s.Width))
		place(o, 0, (s.Height-h)/2, s.Width, h)
	}
}

// CreateRenderer is part of fyne.Widget.
func (v *veil) CreateRenderer() fyne.WidgetRenderer { return &veilRenderer{v} }

type veilRenderer struct{ v *veil }

func (r *veilRenderer) Layout(s fyne.Size)           { r.v.body.Resize(s) }
func (r *veilRenderer) MinSize() fyne.Size           { return fyne.NewSize(1, 1) }
func (r *veilRenderer) Refresh()                     { r.Layout(r.v.Size()); canvas.Refresh(r.v.body) }
func (r *veilRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.v.body} }
func (r *veilRenderer) Destroy()                     {}

// Tapped beside the card does nothing but count as a sign of life.
func (v *veil) Tapped(*fyne.PointEvent) { v.d.s.k.activity() }

func (v *veil) parts() []fyne.CanvasObject { return []fyne.CanvasObject{v.body} }

func (v *veil) element() Node { return Node{Role: RoleDialog, Label: v.d.spec.Title} }
