// Package syncserver is the city's server: the protocol that devices speak
// (shared/protocol), the staff console, and the health page, on one store.
//
// server.go puts it together; auth.go proves who a device is; hello.go, push.go,
// pull.go, live.go and blob.go are the endpoints, one file each. A handler reads
// a request, asks the store and writes the answer: it decides nothing.
package syncserver
