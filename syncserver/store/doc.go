// Package store is the city's memory: the log, the records as they stand, the
// archive of every act, and who may sign in. It runs on SQLite and on PostgreSQL
// with the same SQL.
//
// There is one write path. Every act, of a device or of staff, goes through
// append: it takes the head row's lock, applies the act with city.Apply, writes
// the changes, and moves the head last. Whoever reads seq N therefore sees
// everything up to N. Acts that arrive together share one transaction.
//
// What a device reads is the log filtered by its scopes (pull.go). What pages
// read is in store/read.
package store
