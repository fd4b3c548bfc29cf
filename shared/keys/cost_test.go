package keys_test

import (
	"testing"

	"cityhall/shared/keys"
)

func BenchmarkLookup(b *testing.B) {
	r, err := keys.NewReference(nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r.Lookup([]byte("salt"))
	}
}

func BenchmarkPassword(b *testing.B) {
	for b.Loop() {
		keys.SpendPassword("correct horse battery staple")
	}
}

func BenchmarkWrap(b *testing.B) {
	for b.Loop() {
		if _, err := keys.Wrap("4711", make([]byte, 32), make([]byte, 32), nil); err != nil {
			b.Fatal(err)
		}
	}
}
