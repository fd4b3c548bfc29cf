// Package store is the city's memory: the log, the records as they stand, the
// archive of every act, and who may sign in. It runs on SQLite and on PostgreSQL
// with the same SQL.
//
// There is one write path. Every act, of a device or of staff, goes through
// append: it takes the head row's lock, applies the act with city.Apply, writes
// the changes, and moves the head last. Whoever reads seq N therefore sees
// everything up to N. Acts that arrive together share one transaction.
//
// Beside the database stands the ledger (ledger.go): an append-only file, outside
// the database and its backups, of where the head was (at most once a second and
// at a clean end), of revocations and of restores. It is replayed before anything
// is served. A database that was put back by nobody's word is noticed by the
// ledger, or, if by less than a second, by the first cursor that does not fit
// (lineage.go); either begins a new epoch, and devices put back what they hold.
//
// Backup, Restore and Verify are for SQLite. The safe mark, up to which devices
// may forget what they delivered, moves only when a backup has been read back,
// and never past a photo whose bytes are not in it.
//
// What a device reads is the log filtered by its scopes (pull.go). What pages
// read is in store/read.
package store
