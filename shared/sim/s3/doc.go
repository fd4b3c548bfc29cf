// Package s3 gives tests a real S3 server of their own: versitygw, an S3 gateway
// over a folder, built from the Go module proxy at a pinned version. It is a program
// that tests run and no dependency of ours: building it takes some two minutes of
// one core the first time on a machine, and nothing after that, since the program is
// kept in the user's cache folder.
//
// Between the test and the server stands a network that a test can spoil: see Fault.
package s3
