package keys_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"cityhall/shared/keys"
)

func TestPassword(t *testing.T) {
	hash, err := keys.HashPassword("contraseña larga", nil)
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("%s, %v", hash, err)
	}
	if ok, err := keys.VerifyPassword(hash, "contraseña larga"); !ok || err != nil {
		t.Errorf("the password is refused: %v", err)
	}
	for _, wrong := range []string{"", "contraseña largo", strings.Repeat("x", 513)} {
		if ok, err := keys.VerifyPassword(hash, wrong); ok || err != nil {
			t.Errorf("%q: %v, %v", wrong, ok, err)
		}
	}
	again, _ := keys.HashPassword("contraseña larga", nil)
	if again == hash {
		t.Error("two hashes have one salt")
	}
	if keys.NeedsRehash(hash) || !keys.NeedsRehash(strings.Replace(hash, "t=2", "t=1", 1)) || !keys.NeedsRehash("") {
		t.Error("NeedsRehash")
	}
	if _, err := keys.HashPassword(strings.Repeat("x", keys.MaxPasswordBytes+1), nil); !errors.Is(err, keys.ErrPasswordTooLong) {
		t.Errorf("too long: %v", err)
	}
	if keys.SpendPassword("anything") {
		t.Error("an unknown user got in")
	}
	for _, bad := range []string{"", "plain", "$2a$10$abc", strings.Replace(hash, "m=19456", "m=99999999", 1), strings.Replace(hash, "t=2", "t=0", 1),
		strings.Replace(hash, "p=1", "p=0", 1), hash[:len(hash)-3], strings.Replace(hash, "argon2id", "argon2i", 1), hash + "$"} {
		if ok, err := keys.VerifyPassword(bad, "contraseña larga"); ok || !errors.Is(err, keys.ErrPasswordHash) {
			t.Errorf("%q: %v, %v", bad, ok, err)
		}
	}
}

func TestWrap(t *testing.T) {
	secret, key := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	wrapped, err := keys.Wrap("4711", secret, key, nil)
	if err != nil || bytes.Contains(wrapped, key[:8]) {
		t.Fatalf("%v", err)
	}
	if got, err := keys.Unwrap("4711", secret, wrapped); err != nil || !bytes.Equal(got, key) {
		t.Fatalf("%v", err)
	}
	if cost := wrapped[1:10]; !bytes.Equal(cost, []byte{0, 1, 0, 0, 0, 0, 0, 2, 1}) {
		t.Errorf("a guess at a PIN costs %x; want 64 MiB, 2 passes, 1 thread", cost)
	}
	damaged := bytes.Clone(wrapped)
	damaged[len(damaged)-1] ^= 1
	greedy := bytes.Clone(wrapped)
	greedy[1] = 0xff // 4 TiB of memory
	for name, test := range map[string]struct {
		pin             string
		secret, wrapped []byte
	}{
		"wrong PIN":     {"4712", secret, wrapped},
		"other device":  {"4711", bytes.Repeat([]byte{3}, 32), wrapped},
		"no secret":     {"4711", nil, wrapped},
		"damaged":       {"4711", secret, damaged},
		"greedy header": {"4711", secret, greedy},
		"cut":           {"4711", secret, wrapped[:40]},
		"empty":         {"4711", secret, nil},
		"shifted":       {"4711\x01", secret[1:], wrapped},
	} {
		if _, err := keys.Unwrap(test.pin, test.secret, test.wrapped); !errors.Is(err, keys.ErrUnwrap) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
