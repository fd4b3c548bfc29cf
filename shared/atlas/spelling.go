package atlas

import "unicode/utf8"

// mistakes is how many wrong letters a word of a length may have.
func mistakes(letters int) int {
	switch {
	case letters < 3:
		return 0
	case letters < 7:
		return 1
	}
	return 2
}

const maxName = 64

// distances is the working memory of one comparison after another.
type distances struct{ rows [3][maxName + 1]uint8 }

// score compares what was typed with the beginning of a name: -1 when too many
// letters are wrong. A letter left out, put in, changed or swapped with its
// neighbour is one mistake.
func (d *distances) score(typed []rune, name string) int {
	allowed := mistakes(len(typed))
	if len(typed) == 0 || len(typed) > maxName || utf8.RuneCountInString(name)+allowed < len(typed) {
		return -1
	}
	whole, start := d.compare(typed, name, allowed)
	score := -1
	if whole <= allowed {
		score = wholeWord + nameStart - mistake*whole + 8
	}
	if start <= allowed && len(typed) > 3 { // three letters begin too many names
		score = max(score, wordPrefix+nameStart-mistake*start+4)
	}
	return score
}

// compare gives the distance to the whole name and to its nearest beginning, each
// more than allowed when it is too far.
func (d *distances) compare(typed []rune, name string, allowed int) (whole, start int) {
	far := uint8(allowed + 1)
	before, last, now := &d.rows[0], &d.rows[1], &d.rows[2]
	for i := range len(typed) + 1 {
		last[i] = uint8(min(i, int(far)))
	}
	start = int(last[len(typed)])
	var previous rune
	j := 0
	for _, c := range name {
		j++
		if j > len(typed)+allowed {
			return int(far), start
		}
		now[0] = uint8(min(j, int(far)))
		// Only cells near the diagonal can be within what is allowed.
		low, high := max(1, j-allowed), min(len(typed), j+allowed)
		if low > 1 {
			now[low-1] = far
		}
		least := far
		for i := low; i <= high; i++ {
			cost := last[i-1]
			if typed[i-1] != c {
				cost++
			}
			up := far
			if i < j+allowed {
				up = last[i] + 1
			}
			v := min(cost, now[i-1]+1, up)
			if i > 1 && j > 1 && typed[i-1] == previous && typed[i-2] == c {
				v = min(v, before[i-2]+1)
			}
			now[i] = min(v, far)
			least = min(least, now[i])
		}
		if high < len(typed) {
			now[len(typed)] = far
		}
		start = min(start, int(now[len(typed)]))
		if least >= far && now[0] >= far {
			return int(far), start
		}
		before, last, now = last, now, before
		previous = c
	}
	return int(last[len(typed)]), start
}
