package photo

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	_ "image/png" // decoder
	"io"

	_ "golang.org/x/image/webp" // decoder

	"cityhall/shared/city"
)

// What is taken in, and what comes out.
const (
	MaxBytes  = 32 << 20   // of the file
	MaxPixels = 24_000_000 // width times height
	MaxSide   = 2048       // pixels of the longer side that is kept
	ThumbSide = 320        // pixels of a thumbnail's longer side

	quality = 84
)

// Photo is a picture as it is kept. Width and Height are of JPEG, in pixels,
// upright. Thumb is a JPEG of at most city.MaxThumb bytes, for the record.
type Photo struct {
	JPEG   []byte
	Width  int
	Height int
	Thumb  []byte
}

// Take reads a JPEG, PNG or WebP picture.
func Take(r io.Reader) (Photo, error) {
	img, err := decode(r)
	if err != nil {
		return Photo{}, err
	}
	img = fit(img, MaxSide)
	out := Photo{Width: img.Bounds().Dx(), Height: img.Bounds().Dy()}
	if out.JPEG, err = encode(img, quality); err != nil {
		return Photo{}, err
	}
	out.Thumb, err = small(img)
	return out, err
}

// Thumbnail reads a picture and gives it upright with at most side pixels on its
// longer side, for a screen.
func Thumbnail(r io.Reader, side int) (image.Image, error) {
	img, err := decode(r)
	if err != nil {
		return nil, err
	}
	return fit(img, side), nil
}

// picture is decoded pixels and how they have to be turned.
type picture struct {
	image.Image
	turn turn
}

// decode reads the header, judges it, and only then the pixels.
func decode(r io.Reader) (image.Image, error) {
	in := &limited{r: r, left: MaxBytes}
	var read bytes.Buffer
	head, _, err := image.DecodeConfig(io.TeeReader(in, &read))
	if err != nil {
		return nil, in.judge(err)
	}
	if head.Width < 1 || head.Height < 1 {
		return nil, notAPhoto()
	}
	if int64(head.Width)*int64(head.Height) > MaxPixels {
		return nil, tooLarge()
	}
	if _, err := io.Copy(&read, in); err != nil {
		return nil, in.judge(err)
	}
	img, _, err := image.Decode(bytes.NewReader(read.Bytes()))
	if err != nil {
		return nil, notAPhoto()
	}
	if b := img.Bounds(); b.Empty() || int64(b.Dx())*int64(b.Dy()) > MaxPixels {
		return nil, notAPhoto()
	}
	return picture{img, orientation(read.Bytes())}, nil
}

func encode(img image.Image, q int) ([]byte, error) {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: q}); err != nil {
		return nil, fmt.Errorf("encode photo: %w", err)
	}
	return out.Bytes(), nil
}

var errTooLong = errors.New("photo: too many bytes")

// limited refuses to hand out more than it has left, and remembers what the
// reader below said, because decoders replace errors by their own.
type limited struct {
	r    io.Reader
	left int
	err  error
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= n; l.left < 0 {
		l.err = errTooLong
		return 0, l.err
	}
	if err != nil && err != io.EOF {
		l.err = err
	}
	return n, err
}

// judge tells a broken disk or network from a file that is not a picture.
func (l *limited) judge(err error) error {
	switch {
	case errors.Is(l.err, errTooLong):
		return tooLarge()
	case l.err != nil:
		return fmt.Errorf("read photo: %w", l.err)
	}
	return notAPhoto()
}

func tooLarge() error {
	return city.Fail(city.CodeTooLarge, "photo", "a photo has at most 24 megapixels and 32 MiB")
}

func notAPhoto() error {
	return city.Fail(city.CodeNotAPhoto, "photo", "not a JPEG, PNG or WebP picture that can be read")
}

// paper is what shows through a picture with transparent parts.
var paper = image.NewUniform(color.White)
