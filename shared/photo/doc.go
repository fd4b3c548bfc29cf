// Package photo turns whatever a camera made into a picture that is safe to keep
// and to send: checked, turned upright, bounded, re-encoded and without any
// metadata.
//
// Use [Take] for a picture that somebody has chosen, on a device and again on
// the server. It reads the header first, so that a small file that claims to be
// enormous costs next to nothing. [Small] makes the thumbnail that travels in a
// photo's record, [Thumbnail] a picture for a screen.
//
// Promises:
//   - Nothing over MaxBytes is read and nothing over MaxPixels is decoded.
//   - What comes out holds pixels only: no position, no device name, no date.
//   - A refusal is a *city.Error with the code too_large or not_a_photo; any
//     other error is the reader's.
package photo
