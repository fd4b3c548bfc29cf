package fieldapp

import (
	"cityhall/shared/city"
	"cityhall/shared/replica"
)

// keepSmall bounds the thumbnails that are held undecoded: 8 KiB each at most.
const keepSmall = 500

// know keeps the thumbnail that a photo's record carries, so that the picture can
// be shown while its bytes are still on their way.
func (c imageCache) know(blob string, thumb []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.small[blob]; ok || len(thumb) == 0 {
		return
	}
	if len(c.small) >= keepSmall {
		clear(c.small)
	}
	c.small[blob] = thumb
	if c.state[blob] != ImageReady {
		delete(c.state, blob) // what could not be had can be shown now
	}
}

func (c imageCache) smallOf(blob string) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.small[blob]
}

// photoNote says what has to be said of a photo whose bytes the city has not;
// of this tablet's own photos the list of unsent work says more.
func (a *App) photoNote(p city.Photo) string {
	switch {
	case p.Lost():
		return a.T("field.photo.lost")
	case p.Arrived.IsZero():
		return a.T("field.photo.coming")
	}
	return ""
}

// PhotosOnMetered tells whether photos are sent even over mobile data.
func (a *App) PhotosOnMetered() bool { return a.r.PhotosOnMetered() }

// SetPhotosOnMetered changes and keeps that.
func (a *App) SetPhotosOnMetered(on bool) {
	if err := a.r.SetPhotosOnMetered(a.ctx, on); err != nil {
		a.fail(err)
		return
	}
	a.Refresh()
}

// SendPhotosNow sends the photos that wait for Wi-Fi.
func (a *App) SendPhotosNow() {
	a.r.SendPhotosNow()
	a.SyncNow()
}

// photosSent says how many photos of a line have arrived, and why the rest wait.
func (a *App) photosSent(l Line) string {
	key := "common.sync.photos"
	if l.waits && l.State != replica.StateSaved {
		key = "common.sync.photos_wait"
	}
	return a.T(key, "done", l.sent, "total", l.photos)
}
