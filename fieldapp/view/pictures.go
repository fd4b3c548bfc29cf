package view

import (
	"strconv"

	"fyne.io/fyne/v2"

	"cityhall/fieldapp"
	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// pictures is the picker: what the camera has left, newest first.
func (p *page) pictures() fyne.CanvasObject {
	t, s := p.t, p.a.Picking()
	if s == nil {
		return t.Empty(look.IconPhoto, "", "", nil)
	}
	take := t.T("field.pictures.take", "count", s.Picked())
	if s.Busy > 0 {
		take = t.T("field.pictures.busy", "count", s.Busy)
	} else if s.Picked() == 0 {
		take = t.T("field.pictures.none_picked")
	}
	b := t.Button(touch.Primary, look.IconCheck, take, p.a.TakePictures)
	if s.Busy > 0 || s.Picked() == 0 {
		b.Disable()
	}
	var parts []fyne.CanvasObject
	if s.Staged {
		parts = append(parts, t.Para(t.T("field.pictures.stage"), touch.Body.Bold()), t.Grid(2, look.S,
			p.toggle(t.T("field.stage.before"), s.Stage == "before", func() { p.a.SetStage("before") }),
			p.toggle(t.T("field.stage.after"), s.Stage == "after", func() { p.a.SetStage("after") })))
	}
	if len(s.All) == 0 {
		text := t.T("field.pictures.empty_text", "folder", s.Folder)
		if s.Folder == "" {
			text = t.T("field.pictures.no_folder")
		}
		again := t.Button(touch.Secondary, look.IconSync, t.T("field.pictures.again"), p.a.LookAgain)
		parts = append(parts, t.Space(look.L), t.Empty(look.IconCamera, t.T("field.pictures.empty"), text, again))
	} else {
		parts = append(parts, p.pictureGrid(s), p.pager(s))
	}
	return p.frame(t.T("field.pictures.title"), t.H(look.M, touch.Grow(b)), parts...)
}

func (p *page) pictureGrid(s *fieldapp.Pictures) fyne.CanvasObject {
	t := p.t
	columns := 3
	if p.narrow() {
		columns = 2
	}
	width := min(p.size.Width, p.column()) - 2*t.Px(p.gap())
	side := (width-float32(columns-1)*t.Px(look.M))/float32(columns) - 2*t.Px(look.S)
	var cells []fyne.CanvasObject
	for _, f := range s.Shown() {
		cells = append(cells, p.picture(f, side))
	}
	return t.Grid(columns, look.M, cells...)
}

func (p *page) picture(f fieldapp.Picture, side float32) fyne.CanvasObject {
	t := p.t
	img, state := p.a.File(f.Path)
	label := f.Name + ", " + f.When
	parts := []fyne.CanvasObject{t.Photo(img, side, side*0.75, label), t.Line(f.When, touch.Caption.Muted())}
	switch {
	case f.Bad != "" || state == fieldapp.ImageBad:
		words := f.Bad
		if words == "" {
			words = t.T("field.photo.bad")
		}
		parts[1] = t.Line(f.Name, touch.Caption.Muted())
		parts = append(parts, t.Para(words, touch.Caption.Bold().In(t.Pal.Bad)))
	case f.Used:
		parts = append(parts, t.Chip(touch.Neutral, t.T("field.pictures.used")))
	case f.Pick == "report":
		parts = append(parts, t.Chip(touch.Good, t.T("field.pictures.picked")))
	case f.Pick != "":
		parts = append(parts, t.Chip(touch.Good, t.T("field.stage."+f.Pick)))
	case state == fieldapp.ImageLoading:
		parts = append(parts, t.Line(t.T("common.loading"), touch.Caption.Muted()))
	}
	b := t.Press(label, t.Pad(look.S, t.V(look.XS, parts...)), func() { p.a.PickPicture(f.Path) })
	b.Fill, b.Selected, b.Radius = t.Pal.Surface, f.Pick != "", t.Px(look.M)
	if f.Pick != "" {
		b.Fill, b.Stroke, b.Width = t.Pal.PrimarySoft, t.Pal.Primary, 3
	}
	if f.Used {
		b.Disable()
	}
	return b
}

// pager leads to older pictures, and looks for new ones.
func (p *page) pager(s *fieldapp.Pictures) fyne.CanvasObject {
	t := p.t
	newer := t.Button(touch.Secondary, look.IconChevronLeft, t.T("field.pictures.newer"), func() { p.a.TurnPictures(-1) })
	older := t.Button(touch.Secondary, look.IconChevronRight, t.T("field.pictures.older"), func() { p.a.TurnPictures(1) })
	if s.Page == 0 {
		newer.Disable()
	}
	if s.Page+1 >= s.Pages() {
		older.Disable()
	}
	again := t.Button(touch.Quiet, look.IconSync, t.T("field.pictures.again"), p.a.LookAgain)
	if s.Pages() < 2 {
		return t.Center(again)
	}
	where := t.Para(strconv.Itoa(s.Page+1)+" / "+strconv.Itoa(s.Pages()), touch.Caption.Muted().Center())
	return t.V(look.S, t.Grid(2, look.M, newer, older), where, t.Center(again))
}

// photo fills the screen with one picture.
func (p *page) photo() fyne.CanvasObject {
	t := p.t
	img, state := p.a.View(p.a.Viewing())
	note := ""
	if img == nil && state != fieldapp.ImageBad {
		if small, have := p.a.Thumb(p.a.Viewing()); have == fieldapp.ImageReady {
			img, note = small, t.T("field.photo.small")
		}
	}
	if img == nil {
		title, text := t.T("common.loading"), ""
		if state == fieldapp.ImageElsewhere {
			title, text = t.T("field.photo.elsewhere"), t.T("field.photo.elsewhere_text")
		} else if state == fieldapp.ImageBad {
			title = t.T("field.photo.bad")
		}
		return t.Frame(p.head(t.T("common.photo")), t.Empty(look.IconPhoto, title, text, nil), nil)
	}
	room := fyne.NewSize(p.size.Width-2*t.Px(p.gap()), p.size.Height-t.Size(look.Body)*11)
	b := img.Bounds()
	scale := min(room.Width/float32(b.Dx()), room.Height/float32(b.Dy()))
	var picture fyne.CanvasObject = t.Photo(img, float32(b.Dx())*scale, float32(b.Dy())*scale, t.T("common.photo"))
	if note != "" {
		picture = t.V(look.M, picture, t.Para(note, touch.Body.Muted().Center()))
	}
	return t.Frame(p.head(t.T("common.photo")), t.Center(picture), nil)
}
