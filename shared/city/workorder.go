package city

import (
	"slices"
	"time"
)

// JobState is where a work order stands.
type JobState string

// The states of a work order.
const (
	JobAssigned  JobState = "assigned"
	JobStarted   JobState = "started"
	JobDone      JobState = "done"      // the crew is finished; the office has yet to look
	JobApproved  JobState = "approved"  // the office agrees
	JobCancelled JobState = "cancelled" // no longer to be done
)

var jobMoves = map[JobState][]JobState{
	"":           {JobAssigned},
	JobAssigned:  {JobAssigned, JobStarted, JobCancelled},
	JobStarted:   {JobStarted, JobAssigned, JobDone, JobCancelled},
	JobDone:      {JobAssigned, JobApproved, JobCancelled},
	JobApproved:  {JobAssigned},
	JobCancelled: {},
}

// Priority orders a crew's list.
type Priority string

// The priorities, most pressing first.
const (
	PriorityUrgent Priority = "urgent"
	PriorityHigh   Priority = "high"
	PriorityNormal Priority = "normal"
	PriorityLow    Priority = "low"
)

// Rank is 0 for the most pressing; unknown ones rank with normal.
func (p Priority) Rank() int {
	if i := slices.Index([]Priority{PriorityUrgent, PriorityHigh, PriorityNormal, PriorityLow}, p); i >= 0 {
		return i
	}
	return 2
}

// WorkOrder is a job for a crew. Its Parent is the request.
type WorkOrder struct {
	Request     ID        `json:"request"`
	Crew        ID        `json:"crew"`
	State       JobState  `json:"state"`
	Priority    Priority  `json:"priority"`
	DueAt       time.Time `json:"due_at"`
	AssignedAt  time.Time `json:"assigned_at"`
	Instruction string    `json:"instruction"` // the office's words to the crew
	Returned    string    `json:"returned"`    // why the office sent it back
	Visit       ID        `json:"visit"`       // the present or last visit
}

// LoadWorkOrder reads a work order.
func LoadWorkOrder(view View, id ID) (WorkOrder, bool, error) {
	var w WorkOrder
	ok, err := load(view, Ref{KindWorkOrder, id}, &w)
	return w, ok, err
}

// Visit is one stay of a crew at a job. Times are the device's, kept as evidence.
type Visit struct {
	WorkOrder  ID         `json:"workorder"`
	Crew       ID         `json:"crew"`
	By         string     `json:"by"`
	StartedAt  time.Time  `json:"started_at"`
	FinishedAt time.Time  `json:"finished_at"`
	Outcome    Outcome    `json:"outcome"` // fixed or not_fixed
	Reason     string     `json:"reason"`
	Notes      string     `json:"notes"`
	Minutes    int        `json:"minutes"` // labour, all hands together
	Materials  []Material `json:"materials"`
}

// Material is something that was used up.
type Material struct {
	Name     string `json:"name"`
	Quantity string `json:"quantity"` // a decimal number and its unit, "2.5 m3"
}

// Note is something that somebody wrote down about a request.
type Note struct {
	Text string    `json:"text"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
}

// Photo is a picture and what it shows. Its bytes are the blob.
type Photo struct {
	Blob    string    `json:"blob"`  // SHA-256 of the bytes, hex
	Stage   string    `json:"stage"` // report, before, after
	Caption string    `json:"caption"`
	Visit   ID        `json:"visit"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Bytes   int       `json:"bytes"`
	Width   int       `json:"width"`
	Height  int       `json:"height"`
	Public  bool      `json:"public"`
	Thumb   []byte    `json:"thumb"`   // a small JPEG, or none
	Arrived time.Time `json:"arrived"` // when the server had all bytes; zero while they are on their way
	LostAt  time.Time `json:"lost_at"` // when somebody said that they will not come
	LostBy  string    `json:"lost_by"`
}

// Lost tells whether the city has stopped waiting for the photo's bytes.
func (p Photo) Lost() bool { return !p.LostAt.IsZero() }
