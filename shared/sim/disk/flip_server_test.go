package disk_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
	"cityhall/syncserver"
	"cityhall/syncserver/store"
)

// serverFiles are the files of a server that bits flip in.
var serverFiles = []string{"city.db", "city.db-wal", "ledger", "server-keys.json", "blobs"}

// filledCity makes the folder of a server that was killed while it had reports, a
// photo and changes in its log. It gives the photo's name too.
func filledCity(t *testing.T) (data, photo string) {
	t.Helper()
	c, err := sim.NewCity(ctx, folder(t), sim.NewClock(noon))
	if err != nil {
		t.Fatal(err)
	}
	r, err := replica.Open(ctx, replica.Config{Dir: folder(t), Now: c.Clock.Now, Version: "disk", Transport: &sim.Line{To: c}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	link, err := c.Enrolment(ctx, city.DeviceKiosk, sim.Address, city.ScopePublic)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Enrol(ctx, link, "Library"); err != nil {
		t.Fatal(err)
	}
	o := newOwner("")
	for i := range 4 {
		if err := errors.Join(r.Step(ctx), o.work(r, rand.New(rand.NewPCG(1, uint64(i)))), r.Step(ctx)); err != nil {
			t.Fatal(err)
		}
		if i == 2 { // a part of the log stays in its own file
			if err := c.Restart(ctx, func() error { return nil }); err != nil {
				t.Fatal(err)
			}
		}
	}
	if photo, err = c.Server().Store().PutBlob(ctx, bytes.Repeat([]byte("photo"), 300)); err != nil {
		t.Fatal(err)
	}
	data, err = c.Backup()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return data, photo
}

// sends is all that a server sends to a kiosk that asks for everything, and the
// photo's bytes as the kiosk would take them.
func sends(s *store.Store, photo string) (string, error) {
	devices, err := s.Devices(ctx)
	if err != nil || len(devices) == 0 {
		return "", errors.Join(err, errors.New("the server knows no device"))
	}
	page, err := s.Pull(ctx, devices[0], protocol.Cursor{}, 1<<20)
	if err != nil {
		return "", err
	}
	raw, err := json.Marshal(page.Frames)
	if err != nil {
		return "", err
	}
	f, size, err := s.OpenBlob(ctx, photo)
	if err != nil {
		return "", err
	}
	defer f.Close()
	body, err := io.ReadAll(io.LimitReader(f, size))
	if err == nil && fmt.Sprintf("%x", sha256.Sum256(body)) != photo {
		err = errors.New("the photo's bytes do not have its name, which every device looks at")
	}
	return string(raw), err
}

// opened starts a server in a folder and gives what it sends and whether its
// verification finds something.
func opened(data, photo string) (sent string, findings int, err error) {
	s, err := syncserver.Open(ctx, syncserver.Config{Data: data, Now: sim.NewClock(noon).Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return "", 0, err
	}
	defer s.Close()
	sent, err = sends(s.Store(), photo)
	if err != nil {
		return "", 0, err
	}
	_, err = s.Store().Verify(ctx, func(store.Finding) { findings++ })
	return sent, findings, err
}

// flippedServer changes one bit of the server's files. noticed tells whether the
// start, a pull or the verification said so.
func flippedServer(t *testing.T, template, photo, before string, rng *rand.Rand) (noticed bool, err error) {
	t.Helper()
	data := copied(t, template)
	defer os.RemoveAll(data)
	name := filepath.Join(data, serverFiles[rng.IntN(len(serverFiles))])
	if filepath.Base(name) == "blobs" {
		found, err := filepath.Glob(filepath.Join(name, "*", photo))
		if err != nil || len(found) != 1 {
			return false, fmt.Errorf("the photo's file: %v %w", found, err)
		}
		name = found[0]
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		return false, err
	}
	at, bit := rng.IntN(len(raw)), rng.IntN(8)
	raw[at] ^= 1 << bit
	if err := os.WriteFile(name, raw, 0o600); err != nil {
		return false, err
	}
	where := fmt.Sprintf("%s, byte %d, bit %d", filepath.Base(name), at, bit)
	sent, findings, err := opened(data, photo)
	if err != nil {
		if strings.TrimSpace(err.Error()) == "" {
			return true, sim.Violation{Invariant: "a server that cannot go on says why", Detail: where}
		}
		return true, nil
	}
	if sent != before && !prefixOf(sent, before) {
		return findings > 0, sim.Violation{Invariant: "corruption is noticed before it is sent", Detail: fmt.Sprintf("%s: sent\n%s, not\n%s", where, sent, before)}
	}
	if sent != before && findings == 0 && filepath.Base(name) != "city.db-wal" {
		return false, sim.Violation{Invariant: "the verification finds what is missing", Detail: where}
	}
	return findings > 0, nil
}

// prefixOf tells whether a page is the beginning of another: what a log that was
// cut off says is right as far as it goes.
func prefixOf(sent, before string) bool {
	cut := strings.TrimSuffix(sent, "]")
	return sent == "null" || strings.HasPrefix(before, cut)
}

// Whatever bit flips in the files of a server: it says what is wrong, or sends
// nothing that is not what was recorded.
func TestFlippedBitsOfTheServerAreNoticed(t *testing.T) {
	n := *flips / 2
	if testing.Short() {
		n = min(n, 8)
	}
	template, photo := filledCity(t)
	before, findings, err := opened(copied(t, template), photo)
	if err != nil || findings > 0 || len(before) < 2000 {
		t.Fatal(len(before), findings, err)
	}
	rng := rand.New(rand.NewPCG(*oneSeed, 6))
	sum := figures{Figure: "flipped bits, server", Seed: *oneSeed, Operations: n, Acts: 12}
	for range n {
		noticed, err := flippedServer(t, template, photo, before, rng)
		if noticed {
			sum.Noticed++
		}
		if err != nil {
			sum.Violations++
			t.Errorf("%v\nreplay: go test -tags ci,migrated_fynedo ./shared/sim/disk -run '^%s$' -seed %d -flips %d", err, t.Name(), *oneSeed, 2*n)
		}
	}
	sum.print(t)
}
