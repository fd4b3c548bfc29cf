package photo

import (
	"bytes"
	"encoding/binary"
	"image"
)

// turn is how the pixels of a file have to be moved to stand upright, by the
// numbers of the Exif standard.
type turn int

const upright turn = 1

// orientation finds the Exif orientation of a JPEG. Whatever cannot be read is
// taken as upright: a wrong tag must not cost the picture.
func orientation(file []byte) turn {
	if len(file) < 4 || file[0] != 0xff || file[1] != 0xd8 {
		return upright
	}
	for at := 2; at+4 <= len(file) && file[at] == 0xff; {
		marker, size := file[at+1], int(binary.BigEndian.Uint16(file[at+2:]))
		if marker == 0xff { // fill byte
			at++
			continue
		}
		if marker == 0xda || marker == 0xd9 || size < 2 || at+2+size > len(file) {
			return upright
		}
		if body := file[at+4 : at+2+size]; marker == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")) {
			return fromTIFF(body[6:])
		}
		at += 2 + size
	}
	return upright
}

// fromTIFF reads tag 0x0112 of the first directory.
func fromTIFF(t []byte) turn {
	if len(t) < 8 {
		return upright
	}
	var order binary.ByteOrder = binary.BigEndian
	if t[0] == 'I' && t[1] == 'I' {
		order = binary.LittleEndian
	}
	at := int64(order.Uint32(t[4:]))
	if at+2 > int64(len(t)) {
		return upright
	}
	count := int64(order.Uint16(t[at:]))
	for i := range count {
		entry := at + 2 + 12*i
		if entry+12 > int64(len(t)) {
			return upright
		}
		if order.Uint16(t[entry:]) == 0x0112 {
			if v := turn(order.Uint16(t[entry+8:])); v >= 1 && v <= 8 {
				return v
			}
			return upright
		}
	}
	return upright
}

// apply moves the pixels. 2 to 4 mirror or turn by half, 5 to 8 swap the sides.
func (o turn) apply(src *image.RGBA) *image.RGBA {
	if o <= upright || o > 8 {
		return src
	}
	w, h := src.Rect.Dx(), src.Rect.Dy()
	size := image.Rect(0, 0, w, h)
	if o >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	dst := image.NewRGBA(size)
	for y := range h {
		for x := range w {
			dx, dy := o.move(x, y, w, h)
			copy(dst.Pix[dst.PixOffset(dx, dy):][:4], src.Pix[src.PixOffset(x, y):][:4])
		}
	}
	return dst
}

// move tells where the pixel x, y of a picture of w by h belongs.
func (o turn) move(x, y, w, h int) (int, int) {
	switch o {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return h - 1 - y, x
	case 7:
		return h - 1 - y, w - 1 - x
	case 8:
		return y, w - 1 - x
	}
	return x, y
}
