package touch

import (
	"math"
	"slices"
	"strconv"

	"fyne.io/fyne/v2"

	"cityhall/shared/look"
)

// newHead tells how much there is, or what to do, and holds the way from the
// map to the list and back, always in the same place.
func (m *Map) newHead() fyne.CanvasObject {
	k, words := m.k, ""
	switch {
	case m.view.list && len(m.view.only) > 0:
		words = k.T("common.map.cluster", "count", len(m.view.only))
	case m.view.list && m.spec.Here != nil && m.spec.Here.Name != "":
		words = k.T("common.map.nearest")
	case m.view.list && m.spec.Here != nil:
		words = k.T("common.map.from_here")
	case m.view.list:
		words = k.T("common.map.from_middle")
	case m.spec.Pick != nil:
		words = k.T("common.map.pick")
	default:
		words = k.T("common.map.count", "count", len(m.spec.Marks))
	}
	parts := []fyne.CanvasObject{Grow(k.Para(words, Body))}
	if len(m.spec.Marks) > 0 || m.view.list || m.spec.List != nil {
		icon, short := look.IconList, "common.map.list_short"
		if m.view.list {
			icon, short = look.IconMap, "common.map.map_short"
		}
		tap := func() { m.setList(!m.view.list, nil) }
		if m.spec.List != nil && !m.view.list {
			tap = m.spec.List
		}
		toggle := k.Button(Secondary, icon, k.T(short), tap)
		toggle.SetLabel(m.toggleLabel())
		parts = append(parts, toggle)
	}
	return k.Ground(k.Pal.Surface, k.Inset(look.S, look.M, look.S, look.M, k.H(look.M, parts...)))
}

func (m *Map) toggleLabel() string {
	if m.view.list {
		return m.k.T("common.map.map")
	}
	return m.k.T("common.map.list")
}

// newList is what is on the map in words, nearest first: for people who do not
// see it, and for those who would rather read.
func (m *Map) newList() fyne.CanvasObject {
	k, from := m.k, m.view.at
	if m.spec.Here != nil {
		from = project(m.spec.Here.At)
	} else if m.view.zoom == 0 {
		from, _ = extent(m.places)
	}
	order := slices.Clone(m.view.only)
	if len(order) == 0 {
		for i := range m.spec.Marks {
			order = append(order, i)
		}
	}
	order = slices.DeleteFunc(order, func(i int) bool { return i >= len(m.spec.Marks) })
	far := make([]float64, len(m.places))
	for _, i := range order {
		far[i], _ = way(from, m.places[i])
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case far[a] < far[b]:
			return -1
		case far[a] > far[b]:
			return 1
		}
		return 0
	})
	list := k.List(ListSpec{
		Name:  m.spec.Name,
		Count: func() int { return len(order) },
		Row: func(n int) RowSpec {
			mark := m.spec.Marks[order[n]]
			sub := k.away(way(from, m.places[order[n]]))
			if mark.Sub != "" {
				sub += " · " + mark.Sub
			}
			return RowSpec{Icon: mark.Icon, Tint: mark.Tint, Title: mark.Label, Sub: sub, Tap: func() { m.open(order[n]) }}
		},
		Empty: k.Empty(look.IconMapPin, k.T("common.map.empty.title"), k.T("common.map.empty.text"), nil),
	})
	return k.Pad(look.S, list)
}

// away says a distance and a direction, such as "350 m to the north".
func (k *Kit) away(metres float64, eighth int) string {
	if metres < 5 {
		return k.T("common.map.away.here")
	}
	directions := [8]string{"n", "ne", "e", "se", "s", "sw", "w", "nw"}
	return k.T("common.map.away."+directions[eighth], "distance", k.Distance(metres))
}

// Distance says a length in metres with two digits that matter, as people do.
func (k *Kit) Distance(metres float64) string {
	digits := max(1, math.Pow(10, math.Floor(math.Log10(max(1, metres)))-1))
	metres = math.Round(metres/digits) * digits
	if metres < 1000 {
		return k.T("common.map.metres", "n", strconv.Itoa(int(metres)))
	}
	return k.T("common.map.kilometres", "n", strconv.FormatFloat(metres/1000, 'f', -1, 64))
}
