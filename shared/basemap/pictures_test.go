package basemap_test

import (
	"bytes"
	"context"
	"errors"
	"image/png"
	"sync"
	"testing"
	"time"

	"cityhall/shared/basemap"
)

func TestPicturesAreDrawnOnceAndFewAtATime(t *testing.T) {
	d := &slow{let: make(chan struct{}), edition: "0-1"}
	p := basemap.NewPictures(d, 1<<20, 2)
	var all sync.WaitGroup
	for x := range 4 {
		for range 5 {
			all.Go(func() {
				raw, err := p.PNG(t.Context(), tile(x))
				if err != nil {
					t.Error(err)
					return
				}
				img, err := png.Decode(bytes.NewReader(raw))
				if err != nil {
					t.Error(err)
					return
				}
				if r, _, _, _ := img.At(0, 0).RGBA(); int(r>>8) != x {
					t.Errorf("tile %d is another one", x)
				}
			})
		}
	}
	for range 4 {
		d.let <- struct{}{}
	}
	all.Wait()
	if d.count() != 4 || d.most > 2 {
		t.Errorf("%d drawings, %d at once", d.count(), d.most)
	}
}

// TestOneWhoGoesAwayLeavesThePictureToOthers has the caller that draws give up.
func TestOneWhoGoesAwayLeavesThePictureToOthers(t *testing.T) {
	d := &slow{let: make(chan struct{}), edition: "0-1"}
	p := basemap.NewPictures(d, 1<<20, 1)
	leaving, leave := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() { _, err := p.PNG(leaving, tile(1)); gone <- err }()
	for busy := false; !busy; time.Sleep(time.Millisecond) {
		d.mu.Lock()
		busy = d.at == 1
		d.mu.Unlock()
	}
	stayed := make(chan error)
	go func() { _, err := p.PNG(t.Context(), tile(1)); stayed <- err }()
	leave()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("the one who left hears %v", err)
	}
	d.let <- struct{}{}
	if err := <-stayed; err != nil {
		t.Errorf("the one who stayed hears %v", err)
	}
}
