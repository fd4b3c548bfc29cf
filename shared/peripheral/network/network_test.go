//go:build linux

package network_test

import (
	"bufio"
	"context"
	"log/slog"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"

	"cityhall/shared/peripheral/network"
)

// bus starts a message bus of the test's own and gives its address.
func bus(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("dbus-daemon")
	if err != nil {
		t.Skip("needs dbus-daemon")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "--session", "--nofork", "--print-address", "--address=unix:tmpdir="+t.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// manager answers as NetworkManager does.
func manager(t *testing.T, address string, metered uint32) *prop.Properties {
	t.Helper()
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	p, err := prop.Export(conn, "/org/freedesktop/NetworkManager", prop.Map{"org.freedesktop.NetworkManager": {
		"Metered": {Value: metered, Emit: prop.EmitFalse}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName("org.freedesktop.NetworkManager", dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	return p
}

func watch(t *testing.T, address string) (*network.Link, <-chan struct{}) {
	t.Helper()
	changed := make(chan struct{}, 4)
	return network.Watch(t.Context(), address, slog.New(slog.DiscardHandler), func() { changed <- struct{}{} }), changed
}

// TestMetered hears each answer that NetworkManager has, over a real bus.
func TestMetered(t *testing.T) {
	for value, want := range map[uint32]bool{0: false, 1: true, 2: false, 3: true, 4: false} {
		address := bus(t)
		manager(t, address, value)
		l, changed := watch(t, address)
		select {
		case <-changed:
			if !want || !l.Metered() {
				t.Errorf("%d: metered %v, want %v", value, l.Metered(), want)
			}
		case <-time.After(map[bool]time.Duration{true: 10 * time.Second, false: 300 * time.Millisecond}[want]):
			if want {
				t.Errorf("%d: nothing was heard", value)
			}
		}
	}
}

// TestNobodyThere: without a bus, or with nobody on it, no link is metered.
func TestNobodyThere(t *testing.T) {
	for _, address := range []string{"unix:path=/nowhere", bus(t)} {
		l, changed := watch(t, address)
		select {
		case <-changed:
			t.Errorf("%s: something was heard", address)
		case <-time.After(200 * time.Millisecond):
		}
		if l.Metered() {
			t.Errorf("%s: metered", address)
		}
	}
}
