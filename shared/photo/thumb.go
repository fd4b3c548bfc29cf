package photo

import (
	"image"
	"io"

	"cityhall/shared/city"
)

// smaller are the sides and qualities of a thumbnail, the best first. The last
// one fits whatever the picture is: noise of 48 by 48 pixels has under 4 KiB.
var smaller = []struct{ side, quality int }{{ThumbSide, 70}, {ThumbSide, 50}, {256, 50}, {192, 45}, {128, 40}, {96, 35}, {48, 30}}

// Small makes the thumbnail that a photo's record carries: a JPEG without
// metadata of at most city.MaxThumb bytes.
func Small(r io.Reader) ([]byte, error) {
	img, err := decode(r)
	if err != nil {
		return nil, err
	}
	return small(fit(img, ThumbSide))
}

func small(img image.Image) ([]byte, error) {
	var out []byte
	var err error
	for _, s := range smaller {
		img = fit(img, s.side)
		if out, err = encode(img, s.quality); err != nil || len(out) <= city.MaxThumb {
			return out, err
		}
	}
	return nil, notAPhoto()
}
