package basemap

import (
	"bytes"
	"context"
	"errors"
	"sync"

	"cityhall/shared/look"
)

// Pictures makes PNG files of tiles for many callers at once: each tile is drawn
// once, few at a time, and what was asked for last is kept.
type Pictures struct {
	from Drawer
	room chan struct{} // a token for each drawing at once

	mu     sync.Mutex
	memory *shelf[[]byte]
	making map[look.MapTile]*picture
}

// picture is one that is being made; raw and err are set when done is closed.
type picture struct {
	done chan struct{}
	raw  []byte
	err  error
}

// NewPictures keeps so many bytes of PNG files, and draws so many at once.
func NewPictures(from Drawer, memory int64, atOnce int) *Pictures {
	return &Pictures{from: from, room: make(chan struct{}, atOnce), memory: newShelf[[]byte](memory), making: map[look.MapTile]*picture{}}
}

// Edition is that of the drawer.
func (p *Pictures) Edition() string { return p.from.Edition() }

// PNG gives a tile. It waits for its turn to draw, no longer than ctx lasts; a
// caller that goes away does not take the picture from others.
func (p *Pictures) PNG(ctx context.Context, t look.MapTile) ([]byte, error) {
	for {
		p.mu.Lock()
		if raw, ok := p.memory.get(t); ok {
			p.mu.Unlock()
			return raw, nil
		}
		made := p.making[t]
		if made == nil {
			made = &picture{done: make(chan struct{})}
			p.making[t] = made
			p.mu.Unlock()
			p.make(ctx, t, made)
			return made.raw, made.err
		}
		p.mu.Unlock()
		select {
		case <-made.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if !errors.Is(made.err, context.Canceled) && !errors.Is(made.err, context.DeadlineExceeded) {
			return made.raw, made.err
		}
	}
}

// make draws a tile for all who wait for it.
func (p *Pictures) make(ctx context.Context, t look.MapTile, made *picture) {
	select {
	case p.room <- struct{}{}:
		made.raw, made.err = p.draw(ctx, t)
		<-p.room
	case <-ctx.Done():
		made.err = ctx.Err()
	}
	p.mu.Lock()
	delete(p.making, t)
	if made.err == nil {
		p.memory.put(t, made.raw, int64(len(made.raw)))
	}
	p.mu.Unlock()
	close(made.done)
}

func (p *Pictures) draw(ctx context.Context, t look.MapTile) ([]byte, error) {
	img, err := p.from.Draw(ctx, t)
	if err != nil {
		return nil, err
	}
	var raw bytes.Buffer
	if err := encoder.Encode(&raw, img); err != nil {
		return nil, err
	}
	return raw.Bytes(), nil
}
