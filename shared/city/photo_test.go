package city_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"slices"
	"testing"

	"cityhall/shared/city"
)

func small(t testing.TB, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (w *world) photo(id city.ID) (city.Record, city.Photo) {
	w.t.Helper()
	rec, ok, err := w.hall.Record(city.Ref{Kind: city.KindPhoto, ID: id})
	var p city.Photo
	if err != nil || !ok || rec.Into(&p) != nil {
		w.t.Fatalf("photo %s: %v %v", id, ok, err)
	}
	return rec, p
}

// TestThumbnailsThatAreNoneAreLeftOut: the photo stands, whatever came as its
// thumbnail, and what is kept says nothing but its pixels.
func TestThumbnailsThatAreNoneAreLeftOut(t *testing.T) {
	good := small(t, 40, 30)
	with := func(mark byte, body string) []byte { // a segment behind the start
		seg := append([]byte{0xff, mark, 0, byte(len(body) + 2)}, body...)
		return slices.Concat(good[:2], seg, good[2:])
	}
	for name, c := range map[string]struct {
		thumb []byte
		keeps bool
	}{
		"good":            {good, true},
		"largest":         {small(t, city.MaxThumbSide, city.MaxThumbSide), true},
		"none":            {nil, false},
		"words":           {[]byte("a letter"), false},
		"too many pixels": {small(t, city.MaxThumbSide+1, 8), false},
		"too many bytes":  {append(good[:len(good):len(good)], make([]byte, city.MaxThumb)...), false},
		"a place in Exif": {with(0xe1, "Exif\x00\x00GPS 37.77"), false},
		"a comment":       {with(0xfe, "taken by Dana"), false},
		"long JFIF":       {with(0xe0, "JFIF with a picture within"), false},
		"a tail":          {append(slices.Clone(good), "tail\xff\xd9"...), false},
		"cut off":         {good[:len(good)/2], false},
	} {
		w := newWorld(t).until("started")
		w.must(treeCrew, change(photo, func(a *city.AddPhoto) { a.Thumb = c.thumb }))
		if _, p := w.photo("photo-1"); bytes.Equal(p.Thumb, c.thumb) != (c.keeps || c.thumb == nil) || !c.keeps && p.Thumb != nil {
			t.Errorf("%s: %d bytes came, %d were kept", name, len(c.thumb), len(p.Thumb))
		}
	}
}

// TestPhotoIsLostAndFound goes through what may become of a photo's bytes.
func TestPhotoIsLostAndFound(t *testing.T) {
	w := newWorld(t).until("started")
	w.must(treeCrew, photo())
	lost, arrive := &city.LosePhoto{Photo: "photo-1"}, &city.ArrivePhoto{Photo: "photo-1", Blob: photo().Blob, Thumb: small(t, 4, 3)}
	first := city.OwnID(arrive.Type(), must(w.photo("photo-1")))
	w.must(reviewer, lost)
	rec, p := w.photo("photo-1")
	if !p.Lost() || p.LostBy != reviewer.Name || !p.Arrived.IsZero() {
		t.Fatalf("lost: %+v", p)
	}
	if city.OwnID(arrive.Type(), rec) == first {
		t.Error("after the photo was called lost its arrival would pass for one that was told before")
	}
	_, err := w.try(reviewer, lost)
	wants(t, err, city.CodeNotNow, "photo")
	w.must(system, arrive)
	if _, p = w.photo("photo-1"); p.Lost() || p.LostBy != "" || p.Arrived.IsZero() || !bytes.Equal(p.Thumb, arrive.Thumb) {
		t.Fatalf("found: %+v", p)
	}
	_, err = w.try(reviewer, lost)
	wants(t, err, city.CodeNotNow, "photo")
	w.must(system, &city.MissPhoto{Photo: "photo-1"})
	if _, p = w.photo("photo-1"); !p.Arrived.IsZero() || p.Lost() {
		t.Fatalf("missed: %+v", p)
	}
	w.must(system, arrive)
	_, err = w.try(system, &city.MissPhoto{Photo: "photo-9"})
	wants(t, err, city.CodeUnknown, "photo")
	_, err = w.try(system, &city.ArrivePhoto{Photo: "photo-1", Blob: string(bytes.Repeat([]byte("c"), 64))})
	wants(t, err, city.CodeInvalid, "blob")
	_, err = w.try(system, &city.LosePhoto{Photo: "photo-9"})
	wants(t, err, city.CodeUnknown, "photo")
	wants(t, (&city.ArrivePhoto{Photo: "p", Blob: "x"}).Check(), city.CodeInvalid, "blob")
	wants(t, (&city.ArrivePhoto{}).Check(), city.CodeInvalid, "photo")
	wants(t, (&city.MissPhoto{}).Check(), city.CodeInvalid, "photo")
	wants(t, (&city.LosePhoto{}).Check(), city.CodeInvalid, "photo")
}

func must(r city.Record, _ city.Photo) city.Record { return r }

// FuzzPhotoThumb: whatever is kept can be sized without a panic, and is within
// its bounds.
func FuzzPhotoThumb(f *testing.F) {
	good := small(f, 16, 12)
	f.Add(good)
	f.Add(good[:len(good)-2])
	f.Add([]byte{0xff, 0xd8, 0xff, 0xda, 0, 2, 0xff, 0xd9})
	f.Fuzz(func(t *testing.T, thumb []byte) {
		w := newWorld(t).until("started")
		w.must(treeCrew, change(photo, func(a *city.AddPhoto) { a.Thumb = thumb }))
		_, p := w.photo("photo-1")
		if len(p.Thumb) > city.MaxThumb {
			t.Fatalf("%d bytes were kept", len(p.Thumb))
		}
		if head, err := jpeg.DecodeConfig(bytes.NewReader(p.Thumb)); err == nil && max(head.Width, head.Height) > city.MaxThumbSide {
			t.Fatalf("%dx%d was kept", head.Width, head.Height)
		}
	})
}
