package syncserver

import (
	"context"
	"sync"
	"time"

	"cityhall/syncserver/store"
)

// photosEvery bounds how often the store of photos is asked how it is.
const photosEvery = 30 * time.Second

// photosLook is how the store of photos was when last looked at.
type photosLook struct {
	mu  sync.Mutex
	at  time.Time
	err error
}

func (l *photosLook) look(ctx context.Context, s *store.Store, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if age := now.Sub(l.at); age < 0 || age >= photosEvery {
		l.at, l.err = now, s.LookAtBlobs(context.WithoutCancel(ctx))
	}
	return l.err
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
		}
	}()
	return done
}
