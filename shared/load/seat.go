package load

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"cityhall/shared/city"
	"cityhall/shared/keys"
)

// Seat is a place for one device in a city that was made for it: how it joins, and
// what it may act on. Whoever has it can be the device.
type Seat struct {
	Code        string          `json:"code"`        // of its enrolment
	Fingerprint string          `json:"fingerprint"` // of the server's key
	Kind        city.DeviceKind `json:"kind"`
	// Of a tablet: its crew, and a request that the crew was given.
	Crew    city.ID     `json:"crew,omitempty"`
	Member  city.Member `json:"member,omitzero"`
	Request city.ID     `json:"request,omitempty"`
	// Of a kiosk: what is reported at it.
	Service city.ID `json:"service,omitempty"`
}

// WriteSeats writes a seat a line.
func WriteSeats(to io.Writer, seats []Seat) error {
	enc := json.NewEncoder(to)
	for _, s := range seats {
		if err := enc.Encode(s); err != nil {
			return fmt.Errorf("write the seats: %w", err)
		}
	}
	return nil
}

// ReadSeats reads what WriteSeats wrote.
func ReadSeats(from io.Reader) ([]Seat, error) {
	var out []Seat
	for dec := json.NewDecoder(from); ; {
		var s Seat
		err := dec.Decode(&s)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the seats: %w", err)
		}
		out = append(out, s)
	}
}

// key is the device's, made from its code: a second run is the same device to the
// server, which takes a code once, and no file of keys is needed.
func (s Seat) key() (keys.Identity, error) {
	seed := sha256.Sum256([]byte("cityhall load v1 " + s.Code))
	return keys.ParseIdentity(seed[:])
}

// act is something that a person at this device does.
func (s Seat) act() (city.Actor, city.Act) {
	if s.Kind == city.DeviceKiosk {
		return city.Actor{Kind: city.ActorResident}, &city.FileRequest{Request: city.NewID(), Service: s.Service,
			Place: city.Place{Address: "12 Juniper Avenue"}, Description: someText}
	}
	return city.Actor{Kind: city.ActorCrew, ID: s.Member.ID, Name: s.Member.Name, Crew: s.Crew},
		&city.AddNote{Note: city.NewID(), Request: s.Request, Text: someText}
}

// someText makes a record of about the 670 bytes that the city's have.
const someText = "The branch lies across the walk in front of the house. It is about as thick as an arm, and there are leaves on the " +
	"road as well. A neighbour says that it came down in the wind on Sunday night. Children pass here on their way to school, so " +
	"the crew put up two cones and a tape, and will come back with the saw tomorrow morning. Somebody should look at the rest of the tree too."
