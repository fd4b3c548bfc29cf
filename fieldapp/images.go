package fieldapp

import (
	"bytes"
	"image"
	"os"
	"sync"

	"cityhall/shared/photo"
)

// ImageState says whether a picture can be shown.
type ImageState int

// The states of a picture.
const (
	ImageLoading ImageState = iota
	ImageReady
	ImageElsewhere // it is with the city and there is no connection
	ImageBad       // the file is no picture
)

// ViewSide is the longer side in pixels of pictures that fill a screen.
const ViewSide = 1600

// keepImages bounds the memory: a thumbnail is at most 400 kB, a full view 10 MB.
const (
	keepImages = 60
	keepViews  = 2
)

// imageCache holds decoded pictures by name, oldest first out.
type imageCache struct {
	mu    *sync.Mutex
	found map[string]image.Image
	state map[string]ImageState
	order *[]string
	views *[]string
	small map[string][]byte // thumbnails that came in the photos' records
}

func newImageCache() imageCache {
	return imageCache{&sync.Mutex{}, map[string]image.Image{}, map[string]ImageState{}, &[]string{}, &[]string{}, map[string][]byte{}}
}

func (c imageCache) put(name string, img image.Image) {
	c.mu.Lock()
	defer c.mu.Unlock()
	queue, most := c.order, keepImages
	if b := img.Bounds(); max(b.Dx(), b.Dy()) > photo.ThumbSide {
		queue, most = c.views, keepViews
	}
	if _, ok := c.found[name]; !ok {
		*queue = append(*queue, name)
	}
	c.found[name], c.state[name] = img, ImageReady
	for len(*queue) > most {
		delete(c.found, (*queue)[0])
		delete(c.state, (*queue)[0])
		*queue = (*queue)[1:]
	}
}

// begin tells whether a picture is there, and otherwise whether to go and get it.
func (c imageCache) begin(name string) (img image.Image, state ImageState, fetch bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if img, ok := c.found[name]; ok {
		return img, ImageReady, false
	}
	state, known := c.state[name]
	if !known {
		c.state[name] = ImageLoading
	}
	return nil, state, !known
}

func (c imageCache) fail(name string, s ImageState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state[name] = s
}

// retry forgets what could not be had, once there is a connection.
func (c imageCache) retry(online bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, s := range c.state {
		if online && s == ImageElsewhere {
			delete(c.state, name)
		}
	}
}

func (c imageCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.found)
	clear(c.state)
	clear(c.small)
	*c.order, *c.views = nil, nil
}

// Thumb gives a small picture of a blob, or begins to get it. View gives a large
// one, File that of a file in the picker.
func (a *App) Thumb(blob string) (image.Image, ImageState) {
	return a.image(blob, func() (image.Image, ImageState) {
		if small, err := photo.Thumbnail(bytes.NewReader(a.images.smallOf(blob)), photo.ThumbSide); err == nil {
			return small, ImageReady
		}
		return a.readBlob(blob, photo.ThumbSide)
	})
}

// View gives a picture that fills the screen.
func (a *App) View(blob string) (image.Image, ImageState) {
	return a.image("view/"+blob, func() (image.Image, ImageState) { return a.readBlob(blob, ViewSide) })
}

// File gives a small picture of a file in the pictures folder.
func (a *App) File(path string) (image.Image, ImageState) {
	return a.image("file/"+path, func() (image.Image, ImageState) {
		file, err := os.Open(path)
		if err != nil {
			return nil, ImageBad
		}
		defer file.Close()
		img, err := photo.Thumbnail(file, photo.ThumbSide)
		if err != nil {
			return nil, ImageBad
		}
		return img, ImageReady
	})
}

func (a *App) image(name string, get func() (image.Image, ImageState)) (image.Image, ImageState) {
	img, state, fetch := a.images.begin(name)
	if !fetch {
		return img, state
	}
	a.cfg.Background(func() {
		img, state := get()
		if state == ImageReady {
			a.images.put(name, img)
		} else {
			a.images.fail(name, state)
		}
		a.cfg.Post(func() { a.imageCame() })
	})
	img, state, _ = a.images.begin(name) // there already when the background is now
	return img, state
}

// imageCame shows a picture on the screens that have any.
func (a *App) imageCame() {
	switch a.Screen() {
	case ScreenJob, ScreenJobs, ScreenFinish, ScreenPictures, ScreenCheck, ScreenFind, ScreenPhoto:
		a.Changed(Same)
	}
}

// readBlob reads a photo from disk, or from the city when it is not here.
func (a *App) readBlob(sha string, side int) (image.Image, ImageState) {
	raw, ok, err := a.r.Blob(a.ctx, sha)
	if err == nil && !ok {
		raw, err = a.r.FetchBlob(a.net, sha)
	}
	if err != nil {
		return nil, ImageElsewhere
	}
	img, err := photo.Thumbnail(bytes.NewReader(raw), side)
	if err != nil {
		return nil, ImageBad
	}
	return img, ImageReady
}

// OpenPhoto fills the screen with a photo.
func (a *App) OpenPhoto(blob string) {
	if blob != "" && a.unlocked() && a.Screen() != ScreenPhoto {
		a.viewing = blob
		a.push(ScreenPhoto)
	}
}

// Viewing is the photo that fills the screen.
func (a *App) Viewing() string { return a.viewing }
