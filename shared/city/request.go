package city

import (
	"slices"
	"time"
)

// Status is where a request stands.
type Status string

// The statuses of a request.
const (
	StatusReceived Status = "received" // the city has it
	StatusAssigned Status = "assigned" // a crew has it on its list
	StatusWorking  Status = "working"  // a crew is there
	StatusChecking Status = "checking" // the crew is done; the office has yet to look
	StatusWaiting  Status = "waiting"  // waits for somebody outside the city; the promise pauses
	StatusClosed   Status = "closed"   // ended, with an Outcome. Closed is not fixed
)

// statusMoves lists the legal moves of a request.
var statusMoves = map[Status][]Status{
	"":             {StatusReceived, StatusClosed},
	StatusReceived: {StatusAssigned, StatusWaiting, StatusClosed},
	StatusAssigned: {StatusAssigned, StatusReceived, StatusWorking, StatusWaiting, StatusClosed},
	StatusWorking:  {StatusWorking, StatusAssigned, StatusChecking, StatusClosed},
	StatusChecking: {StatusAssigned, StatusClosed},
	StatusWaiting:  {StatusReceived, StatusAssigned, StatusClosed},
	StatusClosed:   {StatusReceived},
}

// endings are the fields that say how and when a request ended.
var endings = []string{"outcome", "closed_at", "words", "duplicate_of", "owner"}

// Outcome is how a request ended. Statistics never add different ones together.
type Outcome string

// The outcomes.
const (
	OutcomeFixed     Outcome = "fixed"
	OutcomeNotFixed  Outcome = "not_fixed" // and why
	OutcomeDuplicate Outcome = "duplicate" // and of which
	OutcomeNotOurs   Outcome = "not_ours"  // and whose
)

// Valid tells whether o is one of the outcomes.
func (o Outcome) Valid() bool {
	return slices.Contains([]Outcome{OutcomeFixed, OutcomeNotFixed, OutcomeDuplicate, OutcomeNotOurs}, o)
}

// Request is the public face of a request. Times are zero until they are known.
type Request struct {
	Number      string    `json:"number"`
	Service     ID        `json:"service"`
	Place       Place     `json:"place"`
	Status      Status    `json:"status"`
	Outcome     Outcome   `json:"outcome"`
	ReceivedAt  time.Time `json:"received_at"`
	DueAt       time.Time `json:"due_at"`
	AssignedAt  time.Time `json:"assigned_at"`
	ClosedAt    time.Time `json:"closed_at"`
	Team        string    `json:"team"`         // public name of the crew that has it
	Words       string    `json:"words"`        // what the city says of it to all
	Photos      []ID      `json:"photos"`       // published ones
	DuplicateOf ID        `json:"duplicate_of"` // the request that goes on
	Owner       string    `json:"owner"`        // whose it is, when not ours
	Archived    bool      `json:"archived"`     // closed for longer than PublicFor: for the office only
	Lookup      string    `json:"lookup"`       // look-up key of the reference; see keys.Reference
}

// Work is what crews and the office see of a request.
type Work struct {
	Description string     `json:"description"` // the resident's words
	Answers     Answers    `json:"answers"`
	Place       Place      `json:"place"`
	Language    string     `json:"language"`
	Department  Department `json:"department"`
	Crew        ID         `json:"crew"`
	WorkOrder   ID         `json:"workorder"`
	Source      string     `json:"source"`   // kiosk, crew, office, import
	FiledAt     time.Time  `json:"filed_at"` // by the device's clock
	Pauses      []Pause    `json:"pauses"`
	PausedAt    time.Time  `json:"paused_at"`
	Reason      string     `json:"reason"` // why not fixed, waiting or reopened; not public
}

// LoadRequest reads a request's public face.
func LoadRequest(view View, id ID) (Request, bool, error) {
	var r Request
	ok, err := load(view, Ref{KindRequest, id}, &r)
	return r, ok, err
}

// LoadWork reads a request's inner face.
func LoadWork(view View, id ID) (Work, bool, error) {
	var w Work
	ok, err := load(view, Ref{KindWork, id}, &w)
	return w, ok, err
}
