package touch

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"cityhall/shared/look"
)

// notice is a part that is told as one thing: a chip, a banner, a picture.
type notice struct {
	widget.BaseWidget
	role, label string
	body        fyne.CanvasObject
}

func newNotice(role, label string, body fyne.CanvasObject) *notice {
	n := &notice{role: role, label: label, body: body}
	n.ExtendBaseWidget(n)
	return n
}

// CreateRenderer is part of fyne.Widget.
func (n *notice) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(n.body) }

// HeightFor is the height of the body at a width.
func (n *notice) HeightFor(width float32) float32 { return heightFor(n.body, width) }

// AccessibilityLabel is the words that stand for it.
func (n *notice) AccessibilityLabel() string { return n.label }

// AccessibilityRole is part of fyne.Accessible.
func (n *notice) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

func (n *notice) element() Node { return Node{Role: n.role, Label: n.label} }

func (n *notice) parts() []fyne.CanvasObject { return []fyne.CanvasObject{n.body} }

// ChipSpec is a status in words; its shape follows from the tone.
type ChipSpec struct {
	Tone  Tone
	Words string
}

// Chip says a status in words, colour and shape.
func (k *Kit) Chip(t Tone, words string) fyne.CanvasObject {
	ink, soft, icon := k.tone(t)
	return k.chip(icon, ink, soft, words)
}

func (k *Kit) chip(icon look.Icon, ink, soft color.NRGBA, words string) fyne.CanvasObject {
	bg := canvas.NewRectangle(soft)
	bg.CornerRadius = k.Size(look.Caption) * 0.95
	if k.Pal.Edged {
		bg.StrokeColor, bg.StrokeWidth = ink, k.line()
	}
	body := k.H(look.XS+2, k.Icon(icon, look.Caption, ink), k.Para(words, Caption.Bold().In(ink)))
	pill := k.Over(bg, k.Inset(3, 12, 3, 9, body))
	return k.H(look.None, newNotice(RoleStatus, words, pill))
}

// Banner is a quiet line across the page: the connection, a problem.
func (k *Kit) Banner(t Tone, icon look.Icon, words string) fyne.CanvasObject {
	ink, soft, shape := k.tone(t)
	if icon == "" {
		icon = shape
	}
	bg := canvas.NewRectangle(soft)
	if k.Pal.Edged {
		bg.StrokeColor, bg.StrokeWidth = ink, k.line()
	}
	line := k.H(look.S, k.Icon(icon, look.Body, ink), Grow(k.Para(words, Body.Bold().In(ink))))
	return newNotice(RoleStatus, words, k.Over(bg, k.Inset(look.S, look.L, look.S, look.L, line)))
}

// SyncState is how far something that was entered here has come.
type SyncState int

// The states, in order; Attention may come after any.
const (
	Saved     SyncState = iota // on this device
	Sent                       // handed to the city, no answer yet
	Received                   // the city says that it has it
	Safe                       // it is in a backup
	Attention                  // a person must look
)

// SyncSpec is a state with an optional detail, such as "2 of 3 photos sent".
type SyncSpec struct {
	State  SyncState
	Detail string
}

func (k *Kit) sync(s SyncState) (icon look.Icon, t Tone, key string) {
	switch s {
	case Sent:
		return look.IconCloudUp, Info, "common.sync.sent"
	case Received:
		return look.IconCloudCheck, Good, "common.sync.received"
	case Safe:
		return look.IconShield, Good, "common.sync.safe"
	case Attention:
		return look.IconWarning, Bad, "common.sync.attention"
	}
	return look.IconDevice, Neutral, "common.sync.saved"
}

// SyncBadge says truthfully how far something has come, in words and shape.
func (k *Kit) SyncBadge(s SyncSpec) fyne.CanvasObject {
	icon, t, key := k.sync(s.State)
	ink, soft, _ := k.tone(t)
	words := k.T(key)
	if s.Detail != "" {
		words += " · " + s.Detail
	}
	return k.chip(icon, ink, soft, words)
}

// Steps shows how far a person has come: bars, and "Step 2 of 5" in words.
func (k *Kit) Steps(current, total int) fyne.CanvasObject {
	words := k.T("common.steps", "n", current, "total", total)
	bars := make([]fyne.CanvasObject, total)
	for i := range bars {
		c := k.Pal.Line
		if i < current {
			c = k.Pal.Primary
		}
		bar := canvas.NewRectangle(c)
		if k.Pal.Edged {
			bar.StrokeColor, bar.StrokeWidth = k.Pal.Edge, k.line()
		}
		bar.CornerRadius = k.Px(3)
		bar.SetMinSize(fyne.NewSize(k.Px(8), k.Px(6)))
		bars[i] = bar
	}
	body := k.V(look.XS+2, k.Para(words, Caption.Bold().Muted()), k.Grid(total, look.XS+2, bars...))
	return newNotice(RoleProgress, words, body)
}

// Progress shows a share of a whole, 0 to 1, with words.
func (k *Kit) Progress(done float32, words string) fyne.CanvasObject {
	track, fill := canvas.NewRectangle(k.Pal.Line), canvas.NewRectangle(k.Pal.Primary)
	track.CornerRadius, fill.CornerRadius = k.Px(4), k.Px(4)
	bar := &fyne.Container{Layout: share{max(0, min(done, 1)), k.Px(8), k.RTL()}, Objects: []fyne.CanvasObject{track, fill}}
	return newNotice(RoleProgress, words, k.V(look.XS+2, k.Para(words, Caption.Bold().Muted()), bar))
}

// share gives its second object a share of the width.
type share struct {
	of     float32
	height float32
	rtl    bool
}

func (l share) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSquareSize(l.height) }

func (l share) heightFor([]fyne.CanvasObject, float32) float32 { return l.height }

func (l share) Layout(os []fyne.CanvasObject, s fyne.Size) {
	os[0].Resize(s)
	w := s.Width * l.of
	x := float32(0)
	if l.rtl {
		x = s.Width - w
	}
	place(os[1], x, 0, w, s.Height)
}
