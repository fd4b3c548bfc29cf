package syncserver

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"cityhall/syncserver/store"
)

// photosEvery bounds how often the store of photos is asked how it is, photosPatience
// how long who asks us waits for that: a balancer soon takes a server for dead.
const (
	photosEvery    = 30 * time.Second
	photosPatience = time.Second
)

// What the store of photos is found to be.
const (
	photosOK   = "ok"
	photosAway = "away"
	photosSlow = "slow" // it has not answered yet
)

// photosLook is how the store of photos was when last looked at.
type photosLook struct {
	mu    sync.Mutex
	at    time.Time
	found string
	ended chan struct{} // of the look under way; nil when there is none
}

// look gives what was found, and looks again if that was long ago. At most one look
// is under way, however many ask.
func (l *photosLook) look(ctx context.Context, s *store.Store, now time.Time, log *slog.Logger) string {
	l.mu.Lock()
	if age := now.Sub(l.at); l.ended == nil && (age < 0 || age >= photosEvery) {
		l.at, l.ended = now, make(chan struct{})
		go l.ask(context.WithoutCancel(ctx), s, log)
	}
	ended, found := l.ended, l.found
	l.mu.Unlock()
	if ended == nil {
		return found
	}
	patience := time.NewTimer(photosPatience)
	defer patience.Stop()
	select {
	case <-patience.C:
		return photosSlow
	case <-ended:
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.found
	}
}

func (l *photosLook) ask(ctx context.Context, s *store.Store, log *slog.Logger) {
	found, err := photosOK, s.LookAtBlobs(ctx)
	if err != nil {
		found = photosAway
		log.Error("photos cannot be kept", "err", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.found = found
	close(l.ended)
	l.ended = nil
}

// keepPhotosEvery is how often the housekeeping of photos is done.
const keepPhotosEvery = time.Hour

// startKeepingPhotos does the housekeeping of photos at once and then every hour
// until ctx ends. The channel is closed when the last has ended.
func (s *Server) startKeepingPhotos(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for timer := time.NewTimer(0); ; timer.Reset(keepPhotosEvery) {
			select {
			case <-ctx.Done():
				timer.Stop()
				return
			case <-timer.C:
			}
			if err := s.store.KeepPhotos(ctx); err != nil && ctx.Err() == nil {
				s.log.Error("photos not kept", "err", err)
			}
			if err := s.office.SweepSticks(); err != nil {
				s.log.Error("old answers not removed", "err", err)
			}
		}
	}()
	return done
}
