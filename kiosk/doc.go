// Package kiosk is what a kiosk does, without a screen: its journeys as a state
// machine. Package kiosk/view draws it; cmd/kiosk runs it.
//
// # The one type
//
// [Kiosk] holds where the resident is ([Screen]), what they have entered, and
// what the city has said so far. Its methods are what a person can do; what they
// can see is read back from it. One file is one journey: home, report (with its
// place, nearby reports, check and receipt), track, enrolment; session is the
// time a person stands there, and how every trace of it goes; connection says
// in which words the line is spoken of.
//
// A Kiosk belongs to one goroutine, the screen's. Slow work (disk, network, the
// stretched look-up key of a reference) goes through [Config.Async] and comes
// back to that goroutine; what comes back after the person has left is dropped.
//
// # Promises
//
// A receipt is there only after the replica has said that the report is durable.
// When it cannot be saved, the form stays whole and the screen says what to do.
// All that a resident enters lives in one value, which is replaced when they
// leave: nothing of it can be found in a Kiosk afterwards.
package kiosk
