package touch

// cluster is what is drawn as one thing: a mark, or several that would lie on
// top of each other. It stands where its first mark is.
type cluster struct {
	at    world
	marks []int // indices, in the order given; one at least
}

// clusters groups places so that those that remain are at least gap apart along
// one axis, in units of the world. Earlier places stay, later ones join them.
func clusters(places []world, gap float64) []cluster {
	type cell struct{ x, y int }
	found := make([]cluster, 0, min(len(places), 256))
	cells := map[cell][]int{} // numbers of clusters by where they stand
	for i, p := range places {
		c := cell{int(p.x / gap), int(p.y / gap)}
		best, nearest := -1, gap
		for dy := -1; dy <= 1; dy++ {
			for dx := -1; dx <= 1; dx++ {
				for _, n := range cells[cell{c.x + dx, c.y + dy}] {
					if d := p.apart(found[n].at); d < nearest {
						best, nearest = n, d
					}
				}
			}
		}
		if best >= 0 {
			found[best].marks = append(found[best].marks, i)
			continue
		}
		cells[c] = append(cells[c], len(found))
		found = append(found, cluster{at: p, marks: []int{i}})
	}
	return found
}
