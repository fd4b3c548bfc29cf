package syncserver

import (
	"context"
	"time"
)

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
