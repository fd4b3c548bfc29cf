package photo_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"runtime"
	"testing"
	"testing/iotest"

	"cityhall/shared/city"
	"cityhall/shared/photo"
)

// quarters is a picture whose corners tell which way it stands: red, green,
// blue, white from top left, clockwise.
func quarters(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{200, 0, 0, 255}
			switch {
			case x >= w/2 && y < h/2:
				c = color.RGBA{0, 200, 0, 255}
			case x >= w/2:
				c = color.RGBA{0, 0, 200, 255}
			case y >= h/2:
				c = color.RGBA{255, 255, 255, 255}
			}
			img.Set(x, y, c)
		}
	}
	return img
}

func asJPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withExif puts an Exif segment with an orientation and a canary behind SOI.
func withExif(file []byte, order binary.AppendByteOrder, mark string, orientation uint16) []byte {
	tiff := []byte(mark)
	tiff = order.AppendUint16(tiff, 42)
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 1)
	tiff = order.AppendUint16(tiff, 0x0112)
	tiff = order.AppendUint16(tiff, 3)
	tiff = order.AppendUint32(tiff, 1)
	tiff = order.AppendUint16(tiff, orientation)
	tiff = append(tiff, 0, 0, 0, 0, 0, 0)
	body := append([]byte("Exif\x00\x00"), append(tiff, "CANARY-GPS-37.77"...)...)
	seg := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(body)+2))
	return append(append(append([]byte{}, file[:2]...), append(seg, body...)...), file[2:]...)
}

// hue names the colour in the middle of a quarter.
func hue(img image.Image, right, down bool) string {
	b := img.Bounds()
	x, y := b.Dx()/4, b.Dy()/4
	if right {
		x = b.Dx() * 3 / 4
	}
	if down {
		y = b.Dy() * 3 / 4
	}
	r, g, bl, _ := img.At(x, y).RGBA()
	switch {
	case r > 0xc000 && g > 0xc000:
		return "W"
	case r > 0x8000:
		return "R"
	case g > 0x8000:
		return "G"
	case bl > 0x8000:
		return "B"
	}
	return "?"
}

func TestOrientationStandsUprightAndMetadataGoes(t *testing.T) {
	plain := asJPEG(t, quarters(120, 80))
	// Corners as they must read afterwards, clockwise from top left.
	want := map[uint16]string{1: "RGBW", 2: "GRWB", 3: "BWRG", 4: "WBGR", 5: "RWBG", 6: "WRGB", 7: "BGRW", 8: "GBWR", 0: "RGBW", 9: "RGBW"}
	for o, corners := range want {
		for mark, order := range map[string]binary.AppendByteOrder{"II": binary.LittleEndian, "MM": binary.BigEndian} {
			p, err := photo.Take(bytes.NewReader(withExif(plain, order, mark, o)))
			if err != nil {
				t.Fatalf("orientation %d: %v", o, err)
			}
			img, err := jpeg.Decode(bytes.NewReader(p.JPEG))
			if err != nil {
				t.Fatal(err)
			}
			got := hue(img, false, false) + hue(img, true, false) + hue(img, true, true) + hue(img, false, true)
			if got != corners {
				t.Errorf("orientation %d %s: corners %s, want %s", o, mark, got, corners)
			}
			if tall := o >= 5 && o <= 8; (p.Height > p.Width) != tall {
				t.Errorf("orientation %d: %dx%d", o, p.Width, p.Height)
			}
			if bytes.Contains(p.JPEG, []byte("CANARY")) || bytes.Contains(p.JPEG, []byte("Exif")) || bytes.Contains(p.Thumb, []byte("CANARY")) {
				t.Errorf("orientation %d: metadata survived", o)
			}
		}
	}
}

func TestBoundsAndThumbnail(t *testing.T) {
	for _, c := range []struct{ w, h, wantW, wantH int }{
		{4000, 3000, 2048, 1536}, {300, 5000, 123, 2048}, {2048, 100, 2048, 100}, {10, 8, 10, 8}, {20000, 3, 2048, 1},
	} {
		if testing.Short() && c.w*c.h > 4_000_000 {
			continue
		}
		p, err := photo.Take(bytes.NewReader(asJPEG(t, image.NewGray(image.Rect(0, 0, c.w, c.h)))))
		if err != nil {
			t.Fatalf("%dx%d: %v", c.w, c.h, err)
		}
		if p.Width != c.wantW || p.Height != c.wantH {
			t.Errorf("%dx%d became %dx%d, want %dx%d", c.w, c.h, p.Width, p.Height, c.wantW, c.wantH)
		}
		head, err := jpeg.DecodeConfig(bytes.NewReader(p.JPEG))
		if err != nil || head.Width != p.Width || head.Height != p.Height {
			t.Errorf("the bytes are %dx%d, %v; the photo says %dx%d", head.Width, head.Height, err, p.Width, p.Height)
		}
		if head, err := jpeg.DecodeConfig(bytes.NewReader(p.Thumb)); err != nil || max(head.Width, head.Height) > photo.ThumbSide {
			t.Errorf("thumbnail %dx%d, %v", head.Width, head.Height, err)
		}
	}
}

func TestTransparentPNGStandsOnWhite(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewNRGBA(image.Rect(0, 0, 40, 40))); err != nil {
		t.Fatal(err)
	}
	p, err := photo.Take(&b)
	if err != nil {
		t.Fatal(err)
	}
	img, _ := jpeg.Decode(bytes.NewReader(p.JPEG))
	if got := hue(img, false, false); got != "W" {
		t.Errorf("transparent became %s, want white", got)
	}
}

func TestRefusals(t *testing.T) {
	good := asJPEG(t, quarters(64, 64))
	cases := map[string]struct {
		in   io.Reader
		code city.Code
	}{
		"empty":          {bytes.NewReader(nil), city.CodeNotAPhoto},
		"words":          {bytes.NewReader([]byte("GIF89a is not taken either, nor is a letter")), city.CodeNotAPhoto},
		"half a picture": {bytes.NewReader(good[:len(good)/2]), city.CodeNotAPhoto},
		"huge claim":     {bytes.NewReader(claim(20000, 20000)), city.CodeTooLarge},
		"no pixels":      {bytes.NewReader(claim(0, 10)), city.CodeNotAPhoto},
		"endless":        {io.MultiReader(bytes.NewReader(good), zeros{}), city.CodeTooLarge},
	}
	for name, c := range cases {
		if _, err := photo.Take(c.in); city.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	broken := errors.New("the card was pulled out")
	_, err := photo.Take(io.MultiReader(bytes.NewReader(good[:100]), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) {
		t.Errorf("a reader's error became %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// claim is the start of a PNG that says it is w by h.
func claim(w, h uint32) []byte {
	head := binary.BigEndian.AppendUint32([]byte("IHDR"), w)
	head = append(binary.BigEndian.AppendUint32(head, h), 8, 6, 0, 0, 0)
	out := binary.BigEndian.AppendUint32([]byte("\x89PNG\r\n\x1a\n"), 13)
	return binary.BigEndian.AppendUint32(append(out, head...), crc32.ChecksumIEEE(head))
}

// TestHugeClaimIsCheap holds the figure: a small file that claims 400 megapixels
// costs no memory to speak of.
func TestHugeClaimIsCheap(t *testing.T) {
	file := append(claim(20000, 20000), make([]byte, 4_700_000)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := photo.Take(bytes.NewReader(file))
	runtime.ReadMemStats(&after)
	if city.CodeOf(err) != city.CodeTooLarge {
		t.Fatalf("not refused: %v", err)
	}
	if cost := after.TotalAlloc - before.TotalAlloc; cost > 1<<20 {
		t.Errorf("the refusal allocated %d bytes", cost)
	}
}

// TestHugeJPEGIsCheap does the same with the picture that a camera would claim
// to have made: 4.7 MB, whole and valid but for its size of 400 megapixels.
func TestHugeJPEGIsCheap(t *testing.T) {
	file := asJPEG(t, noise(3000, 1900))
	for at := 2; ; at += 2 + int(binary.BigEndian.Uint16(file[at+2:])) {
		if file[at+1] == 0xc0 { // the frame's height and width
			binary.BigEndian.PutUint16(file[at+5:], 20000)
			binary.BigEndian.PutUint16(file[at+7:], 20000)
			break
		}
	}
	if len(file) < 4_700_000 {
		t.Fatalf("a file of %d bytes is none of 4.7 MB", len(file))
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := photo.Take(bytes.NewReader(file))
	_, err2 := photo.Small(bytes.NewReader(file))
	runtime.ReadMemStats(&after)
	if city.CodeOf(err) != city.CodeTooLarge || city.CodeOf(err2) != city.CodeTooLarge {
		t.Fatalf("not refused: %v, %v", err, err2)
	}
	if cost := after.TotalAlloc - before.TotalAlloc; cost > 64<<20 {
		t.Errorf("the refusal allocated %d MiB", cost>>20)
	} else {
		t.Logf("%d bytes that claim 400 megapixels cost %d KiB", len(file), cost>>10)
	}
}

func noise(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	x := uint32(1)
	for i := range img.Pix {
		x = x*1664525 + 1013904223
		img.Pix[i] = byte(x >> 24)
	}
	return img
}

// TestThumbnailFitsItsRecord takes the picture that compresses worst.
func TestThumbnailFitsItsRecord(t *testing.T) {
	for name, img := range map[string]image.Image{"noise": noise(1200, 900), "plain": quarters(1200, 900), "a pixel": quarters(1, 1)} {
		p, err := photo.Take(bytes.NewReader(asJPEG(t, img)))
		if err != nil {
			t.Fatal(err)
		}
		again, err := photo.Small(bytes.NewReader(p.JPEG))
		if err != nil {
			t.Fatal(err)
		}
		for _, thumb := range [][]byte{p.Thumb, again} {
			if head, err := jpeg.DecodeConfig(bytes.NewReader(thumb)); err != nil || len(thumb) > city.MaxThumb || max(head.Width, head.Height) > photo.ThumbSide {
				t.Errorf("%s: %d bytes, %dx%d, %v", name, len(thumb), head.Width, head.Height, err)
			}
		}
	}
}

// TestLargestPhotoIsBounded keeps the scaler from asking for 32 bytes a pixel.
func TestLargestPhotoIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("scales 12 megapixels")
	}
	file := asJPEG(t, image.NewYCbCr(image.Rect(0, 0, 4000, 3000), image.YCbCrSubsampleRatio420))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := photo.Take(bytes.NewReader(file)); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if cost := after.Mallocs - before.Mallocs; cost > 2_000_000 {
		t.Errorf("%d allocations for one photo", cost)
	}
	if peak := after.HeapSys - before.HeapSys; after.HeapSys > before.HeapSys && peak > 192<<20 {
		t.Errorf("one 12-megapixel photo grew the heap by %d MiB", peak>>20)
	}
}

func FuzzTake(f *testing.F) {
	plain := asJPEG(f, quarters(16, 12))
	f.Add(plain)
	f.Add(withExif(plain, binary.LittleEndian, "II", 6))
	f.Add(claim(3, 3))
	f.Add([]byte("RIFF\x24\x00\x00\x00WEBPVP8 "))
	f.Fuzz(func(t *testing.T, file []byte) {
		p, err := photo.Take(bytes.NewReader(file))
		if err != nil {
			if c := city.CodeOf(err); c != city.CodeNotAPhoto && c != city.CodeTooLarge {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		head, err := jpeg.DecodeConfig(bytes.NewReader(p.JPEG))
		if err != nil || head.Width != p.Width || head.Height != p.Height || max(p.Width, p.Height) > photo.MaxSide {
			t.Fatalf("%dx%d, %v", p.Width, p.Height, err)
		}
	})
}
