package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"cityhall/shared/load"
)

// Load is the command line of the load program.
type Load struct {
	Seats LoadSeats `cmd:"" help:"Make a city with room for the devices, in an empty folder, before its server starts."`
	Play  LoadPlay  `cmd:"" default:"withargs" help:"Play the devices (the default)."`
}

// LoadPlay plays one of three scenarios.
type LoadPlay struct {
	Server  string `help:"Address of the server, such as http://127.0.0.1:8080." required:""`
	From    string `help:"File of seats that \"cityhall load seats\" has written." default:"seats.ndjson" type:"existingfile"`
	Devices int    `help:"How many of the seats to take; 0 takes all."`
	Pid     int    `help:"Process of the server, on this machine: its memory and descriptors are measured."`

	Acts      float64       `help:"Acts a second, over all devices."`
	For       time.Duration `help:"How long." default:"30s"`
	Day       string        `help:"Let the rate follow a day in that time, with -acts at its busiest: \"city\" for an ordinary city's, or a CSV export of reports with a column OPEN_DT."`
	Live      bool          `help:"Hold a live connection of each device too, and make a round at every poke."`
	Reconnect int           `help:"So many devices come back at once, each with a queue."`
	Queue     int           `help:"Acts in each queue." default:"5"`
	Idle      int           `help:"So many devices hold a live connection; -acts a second happen meanwhile."`
	Patience  time.Duration `help:"How long to wait for the last echoes; what is missing then is lost." default:"2m"`
}

// errLost makes the program's exit status say so.
var errLost = errors.New("acts were lost")

// Run plays and prints the figures. Acts that were lost are an error.
func (l LoadPlay) Run(ctx context.Context, t terminal) error {
	seats, err := l.seats()
	if err != nil {
		return err
	}
	day, err := l.day()
	if err != nil {
		return err
	}
	crowd, err := load.Open(ctx, load.Config{Server: l.Server, Seats: seats, PID: l.Pid, Patience: l.Patience, Now: time.Now})
	if err != nil {
		return err
	}
	defer crowd.Close()
	fmt.Fprintf(t.err, "cityhall: %d devices have their seats, playing\n", len(seats))
	var f load.Figures
	switch {
	case l.Idle > 0:
		f, err = crowd.Idle(ctx, l.Acts, l.For)
	case l.Reconnect > 0:
		f, err = crowd.Reconnect(ctx, l.Queue)
	default:
		f, err = crowd.Acts(ctx, l.Acts, l.For, day, l.Live)
	}
	if err != nil {
		return err
	}
	if err := json.NewEncoder(t.out).Encode(f); err != nil {
		return err
	}
	if f.Lost > 0 {
		return fmt.Errorf("%w: %d", errLost, f.Lost)
	}
	return nil
}

func (l LoadPlay) seats() ([]load.Seat, error) {
	f, err := os.Open(l.From)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all, err := load.ReadSeats(f)
	if err != nil {
		return nil, err
	}
	want := max(l.Devices, l.Reconnect, l.Idle)
	if want > len(all) {
		return nil, fmt.Errorf("%d devices, but %s has %d seats", want, l.From, len(all))
	}
	if want > 0 {
		all = all[:want]
	}
	return all, nil
}

func (l LoadPlay) day() (*load.Day, error) {
	switch l.Day {
	case "":
		return nil, nil
	case "city":
		return &load.OneDay, nil
	}
	f, err := os.Open(l.Day)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	day, err := load.ReadDay(f)
	return &day, err
}

// writeFile writes a file that others may not read, whole or not at all.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path+".part", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path+".part"))
	}
	return os.Rename(path+".part", path)
}
