package protocol

import (
	"time"

	"cityhall/shared/city"
)

// WipeOrder tells one device to hand its unsent work over and to delete all that
// it holds of the city. It travels in a Problem, whose whole body the server signs.
type WipeOrder struct {
	Device city.DeviceID `json:"device"`
	Public string        `json:"public"` // the device's own key, so that the order fits no other
	At     time.Time     `json:"at"`     // when staff gave it
}

// QuarantineHeader is the first line of a hand-over; envelopes follow, as many
// as in a push at most, in any order and with gaps.
type QuarantineHeader struct {
	Last  bool `json:"last,omitempty"`  // nothing more follows: the hand-over ends
	Wiped bool `json:"wiped,omitempty"` // a wipe order has been carried out
}

// QuarantineEnd closes the answer to a hand-over, after a PushVerdict for each
// envelope. The whole answer is signed.
type QuarantineEnd struct {
	End    bool `json:"end"`
	Taken  int  `json:"taken"`  // acts of this device in quarantine, over its life
	Closed bool `json:"closed"` // the hand-over has ended
}
