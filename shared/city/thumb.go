package city

import "encoding/binary"

// MaxThumb is the size, in bytes, of the small picture that a photo's record
// carries; MaxThumbSide bounds its width and height in pixels.
const (
	MaxThumb     = 8 << 10
	MaxThumbSide = 640
)

// goodThumb gives a small picture that is safe to keep and to show at once, or
// nil. The photo matters more than its thumbnail, so a bad one is left out and
// refuses nothing. Only the marks are read: no pixel is decoded here.
func goodThumb(jpeg []byte) []byte {
	if len(jpeg) > MaxThumb || !plainJPEG(jpeg) {
		return nil
	}
	return jpeg
}

// The marks of a JPEG file that have a meaning here; see ITU T.81, table B.1.
const (
	markSOI  = 0xd8
	markEOI  = 0xd9
	markSOF0 = 0xc0 // baseline
	markSOF2 = 0xc2 // progressive
	markDHT  = 0xc4
	markDQT  = 0xdb
	markDRI  = 0xdd
	markSOS  = 0xda
	markAPP0 = 0xe0 // JFIF: density, no secrets
)

// plainJPEG tells whether bytes are one JPEG picture of a bounded size that says
// nothing but its pixels: no place, no device, no comment, nothing after its end.
func plainJPEG(b []byte) bool {
	if len(b) < 4 || b[0] != 0xff || b[1] != markSOI || b[len(b)-2] != 0xff || b[len(b)-1] != markEOI {
		return false
	}
	sized := false
	for at := 2; at+4 <= len(b) && b[at] == 0xff; {
		mark, body := b[at+1], int(binary.BigEndian.Uint16(b[at+2:]))
		if body < 2 || at+2+body > len(b) {
			return false
		}
		segment := b[at+4 : at+2+body]
		switch mark {
		case markSOF0, markSOF2:
			if sized || !boundedFrame(segment) {
				return false
			}
			sized = true
		case markSOS:
			return sized && plainScans(b[at+2+body:])
		case markAPP0:
			if len(segment) > 14 { // a picture within, or more than JFIF has
				return false
			}
		case markDHT, markDQT, markDRI:
		default:
			return false
		}
		at += 2 + body
	}
	return false
}

func boundedFrame(segment []byte) bool {
	if len(segment) < 6 {
		return false
	}
	h, w := binary.BigEndian.Uint16(segment[1:]), binary.BigEndian.Uint16(segment[3:])
	return w > 0 && h > 0 && w <= MaxThumbSide && h <= MaxThumbSide
}

// plainScans reads on after the first scan's header. A progressive picture has
// tables and scans between its pixels; anything else there is not ours.
func plainScans(b []byte) bool {
	for i := 0; i+1 < len(b); i++ {
		if b[i] != 0xff {
			continue
		}
		switch mark := b[i+1]; {
		case mark == markEOI:
			return i+2 == len(b)
		case mark == 0 || mark >= 0xd0 && mark <= 0xd7 || mark == 0xff: // a pixel's 0xff, a restart, padding
		case mark == markDHT || mark == markDQT || mark == markDRI || mark == markSOS:
			if i+4 > len(b) {
				return false
			}
			body := int(binary.BigEndian.Uint16(b[i+2:]))
			if body < 2 || i+2+body > len(b) {
				return false
			}
			i += 1 + body
		default:
			return false
		}
	}
	return false
}
