package read

import (
	"cmp"
	"slices"
)

// sortBy sorts by a text, keeping what is alike in its order.
func sortBy[T any](list []T, key func(T) string) {
	slices.SortStableFunc(list, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
}
