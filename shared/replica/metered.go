package replica

import (
	"context"
	"slices"

	"cityhall/shared/city"
)

// meteredSetting is the setting that lets photos go over a link that costs.
const meteredSetting = "replica.photos_on_metered"

// PhotosOnMetered tells whether photos go even where every megabyte costs.
func (r *Replica) PhotosOnMetered() bool { return r.onMetered.Load() }

// SetPhotosOnMetered changes and keeps that.
func (r *Replica) SetPhotosOnMetered(ctx context.Context, on bool) error {
	value := ""
	if on {
		value = "yes"
	}
	if err := r.SetSetting(ctx, meteredSetting, value); err != nil {
		return err
	}
	r.onMetered.Store(on)
	r.tell()
	r.Wake()
	return nil
}

// readMetered reads the setting; a damaged one spares the person's money.
func (r *Replica) readMetered(ctx context.Context) {
	value, err := r.Setting(ctx, meteredSetting)
	r.onMetered.Store(err == nil && value == "yes")
}

// SendPhotosNow sends the photos that wait for a cheaper link with the next
// round, which begins at once, and goes on with those until they are sent.
func (r *Replica) SendPhotosNow() {
	r.photosNow.Store(true)
	r.tell()
	r.Wake()
}

// photosWait tells whether photos wait for a link that is not metered. Acts,
// thumbnails and records never do.
func (r *Replica) photosWait() bool {
	return r.cfg.Metered != nil && !r.onMetered.Load() && !r.photosNow.Load() && r.cfg.Metered()
}

// photosSafe tells whether the bytes of an act's photos are in a backup as surely
// as the act itself. The city may have called a photo lost, and no longer waited
// for it; what arrived after that is safe only by a later mark.
func (r *Replica) photosSafe(ctx context.Context, e *entry) (bool, error) {
	if len(e.blobs) == 0 {
		return true, nil
	}
	var found []stored
	err := r.cache.read(ctx, func(f *cacheFile) (err error) {
		found, err = records(ctx, f.db, selectChildren, e.subject, city.KindPhoto)
		return err
	})
	if err != nil {
		return false, err
	}
	for _, p := range found {
		if !slices.Contains(e.blobs, p.Text("blob")) {
			continue
		}
		late := p.Writers["lost_at"] != ""
		if p.Text("arrived") == "" || late && p.seq > r.safeSeq() {
			return false, nil
		}
	}
	return true, nil
}
