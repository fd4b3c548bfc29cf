// Package console is the staff's web: sign in, inbox, request page, reviews and
// devices. Pages are made on the server and work without script; one small
// script of our own makes them live.
//
// A page asks store/read, which leaves out what the signed-in person's
// departments do not cover, and acts through Store.Act, the one write path. What
// a person may do is decided by the domain; the console only leaves out buttons
// that would be refused.
//
// Every form carries the id of the act that it will be and the head of the log
// when the page was made: posting twice does it once, and what changed since the
// page was made counts as not seen.
//
// Files: guard.go lets people in, typed.go keeps their forms meanwhile, page.go renders, inbox.go, request.go,
// review.go, notice.go, device.go and enrol.go are the pages, actions.go turns forms into
// acts, words.go and timeline.go say records in plain words, live.go tells open
// pages that something has changed.
package console
