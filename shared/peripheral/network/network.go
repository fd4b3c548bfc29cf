package network

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/godbus/dbus/v5"
)

// NetworkManager's names, and the values of its property Metered.
const (
	service = "org.freedesktop.NetworkManager"
	path    = "/org/freedesktop/NetworkManager"

	meteredYes   = 1
	meteredGuess = 3
)

// How often NetworkManager is asked, and how long it may take.
const (
	askEvery = 10 * time.Second
	patience = 2 * time.Second
)

// Link is what is known of the device's link. It is safe for concurrent use.
type Link struct{ metered atomic.Bool }

// Metered tells whether the link costs by the megabyte, as last heard.
func (l *Link) Metered() bool { return l.metered.Load() }

// Watch asks NetworkManager every ten seconds until ctx ends. address is a D-Bus
// address; empty means the system's bus. changed, unless nil, is called after the
// answer is another one than before.
func Watch(ctx context.Context, address string, log *slog.Logger, changed func()) *Link {
	l := &Link{}
	go l.watch(ctx, address, log, changed)
	return l
}

func (l *Link) watch(ctx context.Context, address string, log *slog.Logger, changed func()) {
	var bus *dbus.Conn
	defer func() {
		if bus != nil {
			bus.Close()
		}
	}()
	said := ""
	for timer := time.NewTimer(0); ; timer.Reset(askEvery) {
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		metered, err := ask(ctx, &bus, address)
		if err != nil && err.Error() != said {
			said = err.Error()
			log.Info("no word on metered links", "err", err) // once: many machines have no NetworkManager
		}
		if l.metered.Swap(metered) != metered && changed != nil {
			changed()
		}
	}
}

// ask connects if need be. A connection that fails is made anew the next time.
func ask(ctx context.Context, bus **dbus.Conn, address string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if *bus == nil || !(*bus).Connected() {
		conn, err := connect(address)
		if err != nil {
			return false, err
		}
		*bus = conn
	}
	var value dbus.Variant
	err := (*bus).Object(service, path).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", dbus.FlagNoAutoStart, service, "Metered").Store(&value)
	if err != nil {
		return false, err
	}
	metered, ok := value.Value().(uint32)
	return ok && (metered == meteredYes || metered == meteredGuess), nil
}

func connect(address string) (*dbus.Conn, error) {
	if address == "" {
		return dbus.ConnectSystemBus()
	}
	return dbus.Connect(address)
}
