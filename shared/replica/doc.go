// Package replica is a device's copy of the city's records and its own work that
// the city does not have yet. Kiosk and field app are built on it.
//
// Two files lie in the device's folder. outbox.db is small and precious: who the
// device is, every act that a person did on it, drafts and settings. cache.db is
// what the server sent; it may be deleted at any instant and comes back by one
// snapshot, downloaded beside it part by part, and a pull. Photos lie beside them in files named by their SHA-256.
//
//	Record   stores acts; when it returns they survive a power cut
//	View     shows the cache with the device's own acts laid over it
//	Items    says how far each act has come: saved, sent, received, safe
//	Run      exchanges with the server for ever: hello, push, pull, blobs
//	Step     does one such round now
//
// Nobody ever waits for the network but Step, Run, Enrol and FetchBlob.
//
// What counts as received is the echo of an act in a pull, never the answer to a
// push. Echoes are written to cache.db in the transaction of their page, then
// copied to outbox.db, and the copy is repeated at every start. About an act whose
// echo is missing after a whole pull the server is asked; what it does not have is
// sent again: its id makes that harmless, and a server that was restored from a
// backup gets back what it lost. What only the cache remembers of the lost time
// goes to the city's staff as evidence before the cache is replaced. Once a day
// the cache is compared with the city's records, and what differs fetched again.
//
// A kiosk seals what a resident typed to the server's key before it is stored
// and cannot read it again. It keeps a stub of the public face: number, service,
// rounded place and look-up key.
//
// Every row carries a hash. A damaged act is set aside and shown as needing
// attention, and the others go on; a damaged record makes the cache be rebuilt.
package replica
