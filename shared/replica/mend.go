package replica

import (
	"crypto/sha256"
	"slices"
)

// longestMend bounds the columns in which a flipped bit is looked for, in bytes:
// every try costs a hash.
const longestMend = 2048

// Where a row has its envelope, and the hash that the envelope alone has to have.
const (
	atEnvelope = 6
	atContent  = 7
)

// mend reads a row. One that is a single bit away from its hash, the commonest
// damage there is, is put right and as good as it was. The envelope is judged by
// its own hash, which spares most of the work.
func mend(values []any) row {
	found := rowOf(values)
	if found.sound {
		return found
	}
	fits := func() bool { return rowOf(values).sound }
	envelope := func() bool {
		sum := sha256.Sum256([]byte(text(values[atEnvelope])))
		return string(sum[:]) == text(values[atContent])
	}
	tried := []int{atEnvelope}
	if envelope() {
		tried = others(len(values))
	} else {
		fits = envelope
	}
	for _, i := range tried {
		was := values[i]
		if !flipUntil(values, i, fits) {
			values[i] = was
			continue
		}
		if fixed := rowOf(values); fixed.sound {
			fixed.sound, fixed.mended = false, true
			return fixed
		}
		values[i] = was
	}
	return found
}

func others(n int) []int {
	var out []int
	for i := range n {
		if i != atEnvelope {
			out = append(out, i)
		}
	}
	return out
}

// flipUntil flips one bit after the other in a value until the row fits.
func flipUntil(values []any, i int, fits func() bool) bool {
	switch v := values[i].(type) {
	case int64:
		for bit := range 64 {
			if values[i] = v ^ 1<<bit; fits() {
				return true
			}
		}
	case string, []byte:
		raw := []byte(text(v))
		for bit := range 8 * min(len(raw), longestMend) {
			flipped := slices.Clone(raw)
			flipped[bit/8] ^= 1 << (bit % 8)
			if values[i] = flipped; fits() {
				return true
			}
		}
	}
	return false
}
