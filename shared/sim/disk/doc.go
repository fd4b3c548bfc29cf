// Package disk is a disk that can lose its power, for tests. A shim in front of
// SQLite's file system models the cache of a disk: what is written is seen at
// once, but survives a power cut only if a sync of its file came after.
//
//	New      takes a folder under watch; every SQLite file in it is simulated
//	CutAt    cuts the power at the nth write, truncation, sync or deletion
//	FailAt   lets the nth operation fail, once or from then on
//	Fill     makes the disk full: what is there may be written over, nothing grows
//	Settle   after a cut: leaves in the folder what the disk had kept
//
// At a cut a seed decides what of the unsynced sectors (512 bytes) survives:
// nothing, a beginning of all writes in their order with the last one torn, any
// subset, or everything. A file whose folder entry was never synced may be gone,
// and a deleted one may be back. From then on each operation fails, so that what
// the program does after the cut cannot be taken for a promise.
//
// The shim is SQLite's default file system from the first New on: the programs
// run on it unchanged, with their own settings, locks and shared memory. Files
// that are written without SQLite (photos, keys) are not simulated.
//
// That it proves something its own test shows: with synchronous=NORMAL, which is
// what the driver makes of a WAL, acknowledged rows are lost; with FULL none is.
package disk
