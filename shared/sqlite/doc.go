// Package sqlite opens, migrates, checks, backs up and salvages the project's
// SQLite files. It is the only importer of github.com/mattn/go-sqlite3.
//
// Open gives a *sql.DB on which every connection has been asked what it really
// does: write-ahead log, synchronous=FULL, foreign keys on, and so forth. A
// connection that answers otherwise is refused, because the driver silently
// lowers synchronous to NORMAL in WAL mode, and a power cut then loses rows
// that somebody was told are saved.
//
// Transactions begin with BEGIN IMMEDIATE, so a transaction that could not
// write fails at its start and not at its last statement. A transaction begun
// with sql.TxOptions{ReadOnly: true} (or InReadTx) is a plain snapshot: it takes
// no write lock and refuses to write.
//
// Migrate runs numbered SQL files, forward only. It works on any *sql.DB that
// knows $1 placeholders, so the server uses it for PostgreSQL too. MigrateSealed
// also notices that a table's definition was damaged.
//
// IsFull, IsCorrupt, IsDisk, IsBusy and IsConstraint tell the failures apart that
// callers treat differently; they look through wrapped errors.
//
// Backup writes a verified copy while others write. Salvage reads what can
// still be read of a damaged file, Carve what stands on its pages when not even its
// header or schema can be read. Replace swaps a finished file in.
package sqlite
