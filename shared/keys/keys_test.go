package keys_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"cityhall/shared/keys"

	"pgregory.net/rapid"
)

func serverKeys(t testing.TB) *keys.ServerKeys {
	t.Helper()
	k, err := keys.NewServerKeys(nil)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSecretsDoNotPrint(t *testing.T) {
	k := serverKeys(t)
	r, _ := keys.NewReference(bytes.NewReader([]byte("CityHallDemo")))
	code, _ := keys.NewEnrolCode(bytes.NewReader([]byte("CityHallDemo")))
	sealing, _ := keys.NewSealingKey(nil)
	for name, secret := range map[string]any{"reference": r, "code": code, "identity": k.Identity, "mac": k.MAC,
		"sealing": sealing, "server": k, "pointer": &r} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
			if got := fmt.Sprintf(verb, secret); got != "[private]" {
				t.Errorf("%s by %s: %s", name, verb, got)
			}
		}
		for _, log := range []func(*bytes.Buffer) slog.Handler{
			func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
			func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		} {
			var b bytes.Buffer
			slog.New(log(&b)).Info("x", "value", secret)
			if !strings.Contains(b.String(), "[private]") {
				t.Errorf("%s is logged: %s", name, b.String())
			}
		}
	}
	if !strings.HasPrefix(fmt.Sprint(fmt.Errorf("for %v", r)), "for [private]") {
		t.Error("a reference shows in an error")
	}
}

func TestIdentityRoundTrip(t *testing.T) {
	id := identity(t, 7)
	again, err := keys.ParseIdentity(id.Seed())
	if err != nil || again.Public() != id.Public() {
		t.Fatalf("%v", err)
	}
	public, err := keys.ParsePublicKey(id.Public().String())
	if err != nil || public != id.Public() {
		t.Fatalf("%v", err)
	}
	if len(public.Fingerprint()) != 26 || public.Fingerprint() == identity(t, 8).Public().Fingerprint() {
		t.Errorf("fingerprint %s", public.Fingerprint())
	}
	for _, bad := range []string{"", "a", public.String() + "A", public.String()[:42] + "!", public.String()[:42]} {
		if _, err := keys.ParsePublicKey(bad); !errors.Is(err, keys.ErrKey) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := keys.ParseIdentity(make([]byte, 31)); !errors.Is(err, keys.ErrKey) {
		t.Errorf("31 bytes: %v", err)
	}
	if !(keys.Identity{}).IsZero() || id.IsZero() {
		t.Error("IsZero")
	}
}

func TestSignBytesIsForOnePurpose(t *testing.T) {
	id := identity(t, 1)
	message := []byte(`{"wipe":"device"}`)
	signature := keys.SignBytes(id, keys.LabelWipe, message)
	for name, test := range map[string]struct {
		key       keys.PublicKey
		label     keys.Label
		message   string
		signature []byte
		want      bool
	}{
		"genuine":       {id.Public(), keys.LabelWipe, string(message), signature, true},
		"other purpose": {id.Public(), keys.LabelHello, string(message), signature, false},
		"other key":     {identity(t, 2).Public(), keys.LabelWipe, string(message), signature, false},
		"other message": {id.Public(), keys.LabelWipe, string(message) + " ", signature, false},
		"shifted label": {id.Public(), keys.LabelWipe + "{", string(message[1:]), signature, false},
		"cut":           {id.Public(), keys.LabelWipe, string(message), signature[:63], false},
		"none":          {id.Public(), keys.LabelWipe, string(message), nil, false},
	} {
		if got := keys.VerifyBytes(test.key, test.label, []byte(test.message), test.signature); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestSealOpens(t *testing.T) {
	first, _ := keys.NewSealingKey(nil)
	second, _ := keys.NewSealingKey(nil)
	ring := keys.NewKeyring(first)
	old := ring.Newest()
	ring.Add(second)
	if ring.Newest().ID() == old.ID() || ring.Newest().ID() != second.Public().ID() {
		t.Fatal("the newest key is not the one added last")
	}
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		id := rapid.String().Draw(t, "id")
		for _, public := range []keys.SealingPublic{old, ring.Newest()} {
			info := keys.SealInfo(public.ID(), id, "report.file@1")
			sealed, err := public.Seal(info, plain)
			if err != nil || len(sealed) != len(plain)+keys.SealOverhead {
				t.Fatalf("%d bytes for %d, %v", len(sealed), len(plain), err)
			}
			got, err := ring.Open(public.ID(), info, sealed)
			if err != nil || !bytes.Equal(got, plain) {
				t.Fatalf("%v", err)
			}
			if _, err := ring.Open(public.ID(), keys.SealInfo(public.ID(), id+"x", "report.file@1"), sealed); !errors.Is(err, keys.ErrSealed) {
				t.Fatalf("for another mutation: %v", err)
			}
			sealed[rapid.IntRange(0, len(sealed)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 6).Draw(t, "bit")
			if _, err := ring.Open(public.ID(), info, sealed); !errors.Is(err, keys.ErrSealed) {
				t.Fatalf("damaged: %v", err)
			}
		}
	})
	if _, err := ring.Open("NOSUCHKEY", nil, nil); !errors.Is(err, keys.ErrNoSealingKey) {
		t.Errorf("unknown key: %v", err)
	}
	for _, cut := range [][]byte{nil, make([]byte, 31), make([]byte, 47)} {
		if _, err := ring.Open(old.ID(), nil, cut); !errors.Is(err, keys.ErrSealed) {
			t.Errorf("%d bytes: %v", len(cut), err)
		}
	}
	if _, err := (keys.SealingPublic{}).Seal(nil, nil); !errors.Is(err, keys.ErrNoSealingKey) {
		t.Errorf("no key: %v", err)
	}
	if keys.NewKeyring().Newest().String() != "" {
		t.Error("an empty ring has a key")
	}
}

func TestSealInfoIsUnambiguous(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[ab]{0,3}`)
		a := [3]string{text.Draw(t, "a1"), text.Draw(t, "a2"), text.Draw(t, "a3")}
		b := [3]string{text.Draw(t, "b1"), text.Draw(t, "b2"), text.Draw(t, "b3")}
		same := bytes.Equal(keys.SealInfo(a[0], a[1], a[2]), keys.SealInfo(b[0], b[1], b[2]))
		if same != (a == b) {
			t.Fatalf("%q and %q", a, b)
		}
	})
}

func TestSealingPublicRoundTrip(t *testing.T) {
	key, _ := keys.NewSealingKey(nil)
	public, err := keys.ParseSealingPublic(key.Public().String())
	if err != nil || public.ID() != key.Public().ID() || len(public.ID()) != 13 {
		t.Fatalf("%s: %v", public.ID(), err)
	}
	b, err := key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	again, err := keys.ParseSealingKey(b)
	if err != nil || again.Public().String() != public.String() {
		t.Errorf("%v", err)
	}
	for _, bad := range []string{"", "abc", "*", public.String() + "AAAA"} {
		if _, err := keys.ParseSealingPublic(bad); !errors.Is(err, keys.ErrKey) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestMAC(t *testing.T) {
	key, other := serverKeys(t).MAC, serverKeys(t).MAC
	cursor := []byte("epoch, seq, hash")
	mac := keys.MAC(key, cursor)
	if len(mac) != keys.MACBytes || !keys.CheckMAC(key, cursor, mac) {
		t.Fatal("its own MAC is refused")
	}
	for i := range mac {
		bad := bytes.Clone(mac)
		bad[i] ^= 1
		if keys.CheckMAC(key, cursor, bad) {
			t.Errorf("byte %d changed", i)
		}
	}
	if keys.CheckMAC(other, cursor, mac) || keys.CheckMAC(key, append(cursor, 0), mac) || keys.CheckMAC(key, cursor, nil) ||
		keys.CheckMAC(key, cursor, mac[:8]) {
		t.Error("accepted for something else")
	}
	again, err := keys.ParseMACKey(key.Bytes())
	if err != nil || !keys.CheckMAC(again, cursor, mac) {
		t.Errorf("read back: %v", err)
	}
	if _, err := keys.ParseMACKey(nil); !errors.Is(err, keys.ErrKey) {
		t.Errorf("no bytes: %v", err)
	}
}

func TestEnrolment(t *testing.T) {
	k := serverKeys(t)
	code, err := keys.NewEnrolCode(nil)
	if err != nil {
		t.Fatal(err)
	}
	typed, err := keys.ParseEnrolCode(" " + strings.ToLower(code.Show()) + " ")
	if err != nil || typed.Hash(k.MAC) != code.Hash(k.MAC) || len(code.Show()) != 12 {
		t.Fatalf("%v", err)
	}
	if typed.Hash(serverKeys(t).MAC) == code.Hash(k.MAC) {
		t.Error("the hash does not depend on the server's key")
	}
	want := keys.Enrolment{URL: "https://hall.example:8443/sync", Code: code, Fingerprint: k.Identity.Public().Fingerprint()}
	got, err := keys.ParseEnrolment(want.Link() + "\r\n")
	if err != nil || got != want {
		t.Fatalf("%v", err)
	}
	for _, url := range []string{"http://127.0.0.1:8080", "http://localhost", "http://[::1]:80"} {
		e := want
		e.URL = url
		if got, err := keys.ParseEnrolment(e.Link()); err != nil || got != e {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, url := range []string{"", "http://hall.example", "ftp://hall.example", "https://user:pw@hall.example", "https://h/?x=1", "https://", "hall"} {
		e := want
		e.URL = url
		if _, err := keys.ParseEnrolment(e.Link()); !errors.Is(err, keys.ErrEnrolment) {
			t.Errorf("%q: %v", url, err)
		}
	}
	link := want.Link()
	for name, bad := range map[string]string{"empty": "", "no query": "cityhall://enrol", "other scheme": "https" + link[8:],
		"two codes": link + "&c=1", "no key": strings.Replace(link, "k=", "x=", 1), "short key": link + "&k=", "bad escape": link + "%zz",
		"bad key": strings.Replace(link, "k="+want.Fingerprint, "k=ABC", 1)} {
		if _, err := keys.ParseEnrolment(bad); !errors.Is(err, keys.ErrEnrolment) {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), strings.ReplaceAll(code.Show(), "-", "")) {
			t.Errorf("%s: the error shows the code: %v", name, err)
		}
	}
	_, err = keys.ParseEnrolment(strings.Replace(link, "c="+strings.ReplaceAll(code.Show(), "-", ""), "c=123", 1))
	var fault *keys.CodeError
	if !errors.As(err, &fault) || fault.Fault != keys.CodeShort {
		t.Errorf("short code: %v", err)
	}
}
