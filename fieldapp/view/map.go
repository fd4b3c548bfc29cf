package view

import (
	"strconv"
	"strings"

	"fyne.io/fyne/v2"

	"cityhall/fieldapp"
	"cityhall/shared/city"
	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// maps are where a person is looking on each of the maps. A page that is left
// closes them; where they looked stays while the page can be come back to.
type maps struct {
	jobs, piece, near, where *touch.MapView
	turn                     int        // of the near map
	live                     *touch.Map // that is on the screen, or nil
}

func newMaps() maps {
	return maps{jobs: touch.NewMapView(), piece: touch.NewMapView(), near: touch.NewMapView(), where: touch.NewMapView()}
}

// leave hears no more of tiles.
func (m *maps) leave() {
	for _, v := range []*touch.MapView{m.jobs, m.piece, m.near, m.where} {
		v.Close()
	}
	m.live = nil
}

// forget begins maps anew whose pages were gone back from.
func (m *maps) forget(a *fieldapp.App) {
	if !a.On(fieldapp.ScreenWhere) {
		m.where.Close()
		m.where = touch.NewMapView()
	}
}

// moved shows where the tablet is now, without building the page again.
func (m *maps) moved(a *fieldapp.App) {
	if m.live != nil {
		m.live.SetHere(here(a))
	}
}

// here is the tablet's place for a map, or nil.
func here(a *fieldapp.App) *touch.Here {
	f, fresh := a.Here()
	if !fresh {
		return nil
	}
	return &touch.Here{At: touch.Point{Lat: f.Lat, Lon: f.Lon}, Within: f.Within}
}

func point(p city.Place) touch.Point { return touch.Point{Lat: p.Lat, Lon: p.Lon} }

// closest is how far one may go in: single lamps are told apart.
const closest = 19

// mapped makes a map of the city.
func (p *page) mapped(spec touch.MapSpec) fyne.CanvasObject {
	if b, known := p.a.Bounds(); known {
		spec.Bounds = touch.Bounds(b)
	}
	spec.Tiles, spec.MaxZoom, spec.Here, spec.Attribution = p.v.tiles(), closest, here(p.a), p.a.MapCredit()
	m := p.t.Map(spec)
	p.v.maps.live = m
	return m
}

// jobsMap is the list of open jobs as a map.
func (p *page) jobsMap() fyne.CanvasObject {
	t := p.t
	var marks []touch.Mark
	unmapped, open := 0, p.a.Page()
	for _, j := range p.a.Jobs() {
		if !j.Place.OnMap() {
			unmapped++
			continue
		}
		mark := touch.Mark{ID: string(j.ID), At: point(j.Place), Label: j.Line(), Sub: p.jobChip(j).Words, Icon: p.icon(j.Icon), Tint: tint(j.Icon)}
		mark.Selected = open != nil && open.ID == j.ID && p.wide()
		marks = append(marks, mark)
	}
	body := p.mapped(touch.MapSpec{Name: t.T("field.nav.jobs"), View: p.v.maps.jobs, Marks: marks, List: func() { p.a.ShowMap(false) },
		Open: func(id string) { p.a.OpenJob(city.ID(id)) }})
	var head fyne.CanvasObject
	if said := p.said(); len(said) > 0 && (open == nil || !p.wide()) {
		head = t.V(look.S, said...)
	}
	foot := []fyne.CanvasObject{t.H(look.M, touch.Grow(t.Button(touch.Secondary, look.IconMapPin, t.T("field.near.open"), p.a.OpenNear)))}
	if unmapped > 0 {
		foot = append([]fyne.CanvasObject{t.Para(t.T("field.jobs.unmapped", "count", unmapped), touch.Caption.Muted())}, foot...)
	}
	return t.Frame(head, body, t.Ground(t.Pal.Surface, t.Inset(look.None, p.gap(), look.S, p.gap(), t.V(look.S, foot...))))
}

// near is what is open around a place: the crew's jobs and everybody's requests.
func (p *page) near() fyne.CanvasObject {
	t, a, maps := p.t, p.a, &p.v.maps
	from, focus, turn := a.NearFrom()
	if maps.turn != turn {
		maps.near.Close()
		if maps.near, maps.turn = touch.NewMapView(), turn; from.OnMap() {
			maps.near.Look(point(from), 16)
		}
	}
	view := maps.near
	requests, _ := a.OpenRequests()
	own := a.OwnJobs()
	marks := make([]touch.Mark, 0, len(requests)+len(a.Assets()))
	for _, r := range requests {
		m := p.requestMark(r, own)
		if m.Selected = r.ID == focus; m.Selected {
			marks = append([]touch.Mark{m}, marks...)
			continue
		}
		marks = append(marks, m)
	}
	for i, l := range a.Assets() {
		marks = append(marks, touch.Mark{ID: "asset " + strconv.Itoa(i), At: touch.Point{Lat: l.At.Lat, Lon: l.At.Lon}, Label: l.Title(), Sub: l.Address,
			Icon: assetIcon(l.Kind), Tint: 1})
	}
	body := p.mapped(touch.MapSpec{Name: t.T("field.near.title"), View: view, Marks: marks, Open: func(id string) {
		if n, ok := strings.CutPrefix(id, "asset "); ok {
			p.askAsset(n)
			return
		}
		a.OpenRequest(city.ID(id))
	}})
	head := append([]fyne.CanvasObject{p.head(t.T("field.near.title"))}, p.said()...)
	if none := a.NoAssets(); none != "" {
		head = append(head, t.Banner(touch.Info, look.IconInfo, none))
	}
	assets := t.Button(touch.Secondary, look.IconSearch, t.T("field.near.assets"), func() { at := view.Centre(); a.ShowAssets(at.Lat, at.Lon) })
	return t.Frame(t.V(look.None, head...), body, t.BottomBar(t.H(look.M, touch.Grow(assets))))
}

// requestMark is a request on the map; a job of the crew says so.
func (p *page) requestMark(r fieldapp.Near, own map[city.ID]fieldapp.Job) touch.Mark {
	name, icon := p.a.ServiceOf(r.Request)
	sub := p.a.RequestStatus(r)
	if j, ok := own[r.ID]; ok {
		sub = p.T("field.near.mine") + " · " + p.jobChip(j).Words
	}
	label := name
	if line := r.Request.Place.Line(); line != "" {
		label += " · " + line
	}
	return touch.Mark{ID: string(r.ID), At: point(r.Request.Place), Label: label, Sub: sub, Icon: p.icon(icon), Tint: tint(icon)}
}

func assetIcon(kind string) look.Icon {
	for part, icon := range map[string]look.Icon{"hydrant": look.IconWater, "light": look.IconLight, "tree": look.IconTree} {
		if strings.Contains(kind, part) {
			return icon
		}
	}
	return look.IconMapPin
}

// askAsset offers to report something about a hydrant or a lamp.
func (p *page) askAsset(number string) {
	i, err := strconv.Atoi(number)
	if all := p.a.Assets(); err == nil && i < len(all) {
		l := all[i]
		p.v.shell.Ask(touch.DialogSpec{Icon: assetIcon(l.Kind), Title: l.Title(), Text: strings.TrimSpace(l.Address + "\n" + l.Note), Buttons: []touch.DialogButton{
			{Kind: touch.Primary, Icon: look.IconPlus, Label: p.T("field.near.about"), Tap: func() { p.a.ReportAsset(l) }},
			{Kind: touch.Secondary, Label: p.T("common.close")},
		}})
	}
}

// piece is a small map of the open job, which leads to the whole one.
func (p *page) piece(j *fieldapp.JobPage) fyne.CanvasObject {
	t, tiles := p.t, p.v.tiles()
	switch {
	case !j.Place.OnMap() || !p.a.HasMap():
		return nil
	case tiles == nil:
		return t.H(look.None, touch.Grow(t.Button(touch.Secondary, look.IconMap, t.T("field.job.map"), p.a.OpenNearJob)))
	}
	return t.MapPiece(touch.PieceSpec{Label: j.Where + ". " + t.T("field.job.map"), Tiles: tiles, View: p.v.maps.piece, High: t.Target() * 3.6,
		Mark: touch.Mark{At: point(j.Place), Icon: p.icon(j.Icon), Tint: tint(j.Icon)}, Open: p.a.OpenNearJob})
}
