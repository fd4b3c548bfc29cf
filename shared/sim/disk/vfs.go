package disk

/*
#include <stdlib.h>
#include "vfs.h"

enum { OpRead = 1, OpWrite, OpTruncate, OpSync, OpShare };
*/
import "C"

import (
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"unsafe"

	_ "github.com/mattn/go-sqlite3" // brings the SQLite that the shim is put into
)

// The SQLite error codes with which operations fail.
const (
	full          = 13
	failRead      = 10 | 1<<8
	failWrite     = 10 | 3<<8
	failSync      = 10 | 4<<8
	failTruncate  = 10 | 6<<8
	failDelete    = 10 | 10<<8
	failShareSize = 10 | 19<<8
)

var (
	plug sync.Once

	reg     sync.Mutex
	disks   = map[string]*Disk{} // by folder
	handles = map[C.int]handle{}
	lastID  C.int
)

// handle is one open file of a disk.
type handle struct {
	disk *Disk
	file *file
}

// diskOf finds the disk that a file is on; nil for one that is not simulated.
func diskOf(path string) *Disk {
	reg.Lock()
	defer reg.Unlock()
	return disks[filepath.Dir(path)]
}

//export diskOpen
func diskOpen(name *C.char, id *C.int) C.int {
	path := C.GoString(name)
	d := diskOf(path)
	if d == nil || strings.HasSuffix(path, "-shm") {
		return 0
	}
	f, rc := d.open(path)
	if rc != 0 {
		return C.int(rc)
	}
	reg.Lock()
	defer reg.Unlock()
	lastID++
	handles[lastID] = handle{d, f}
	*id = lastID
	return 0
}

//export diskClose
func diskClose(id C.int) {
	reg.Lock()
	h, ok := handles[id]
	delete(handles, id)
	reg.Unlock()
	if ok {
		h.disk.close(h.file)
	}
}

//export diskEvent
func diskEvent(id, op C.int, buf unsafe.Pointer, n C.int, at C.longlong) C.int {
	reg.Lock()
	h, ok := handles[id]
	reg.Unlock()
	if !ok {
		return 0
	}
	switch op {
	case C.OpRead:
		return C.int(h.disk.read())
	case C.OpWrite:
		return C.int(h.disk.write(h.file, int64(at), C.GoBytes(buf, n)))
	case C.OpTruncate:
		return C.int(h.disk.truncate(h.file, int64(at)))
	case C.OpSync:
		return C.int(h.disk.sync(h.file))
	}
	return C.int(h.disk.share())
}

//export diskDelete
func diskDelete(name *C.char, folder C.int) C.int {
	path := C.GoString(name)
	d := diskOf(path)
	if d == nil {
		return 0
	}
	return C.int(d.delete(path, folder != 0))
}

func plugIn() error {
	if rc := C.disk_plug(); rc != 0 {
		return errors.New("disk: SQLite takes no file system")
	}
	return nil
}
