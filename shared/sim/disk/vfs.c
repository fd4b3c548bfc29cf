/* A shim in front of SQLite's own file system. Each operation on a file of a
 * simulated disk is told to Go first, whose answer is either 0, and the operation
 * goes on, or the SQLite error code with which it fails. Locks, shared memory and
 * reads are the system's own, so the program runs as it always does. */
#include "vfs.h"
#include "_cgo_export.h"

typedef struct { sqlite3_file base; int id; } shim_file;

static sqlite3_vfs shim, *sys;

static sqlite3_file *real(sqlite3_file *f) { return (sqlite3_file *)((shim_file *)f + 1); }

static int tell(sqlite3_file *f, int op, const void *buf, int n, sqlite3_int64 at) {
  int id = ((shim_file *)f)->id;
  return id ? diskEvent(id, op, (void *)buf, n, at) : 0;
}

static int shim_close(sqlite3_file *f) {
  diskClose(((shim_file *)f)->id);
  return real(f)->pMethods->xClose(real(f));
}
static int shim_read(sqlite3_file *f, void *b, int n, sqlite3_int64 at) {
  int rc = tell(f, OpRead, 0, n, at);
  return rc ? rc : real(f)->pMethods->xRead(real(f), b, n, at);
}
static int shim_write(sqlite3_file *f, const void *b, int n, sqlite3_int64 at) {
  int rc = tell(f, OpWrite, b, n, at);
  return rc ? rc : real(f)->pMethods->xWrite(real(f), b, n, at);
}
static int shim_truncate(sqlite3_file *f, sqlite3_int64 size) {
  int rc = tell(f, OpTruncate, 0, 0, size);
  return rc ? rc : real(f)->pMethods->xTruncate(real(f), size);
}
static int shim_sync(sqlite3_file *f, int flags) {
  int rc = tell(f, OpSync, 0, 0, 0);
  return rc ? rc : real(f)->pMethods->xSync(real(f), flags);
}
static int shim_size(sqlite3_file *f, sqlite3_int64 *n) { return real(f)->pMethods->xFileSize(real(f), n); }
static int shim_lock(sqlite3_file *f, int l) { return real(f)->pMethods->xLock(real(f), l); }
static int shim_unlock(sqlite3_file *f, int l) { return real(f)->pMethods->xUnlock(real(f), l); }
static int shim_reserved(sqlite3_file *f, int *r) { return real(f)->pMethods->xCheckReservedLock(real(f), r); }
static int shim_control(sqlite3_file *f, int op, void *arg) { return real(f)->pMethods->xFileControl(real(f), op, arg); }
static int shim_sector(sqlite3_file *f) { return real(f)->pMethods->xSectorSize(real(f)); }
/* No promise of atomic or ordered writes, whatever the system's disk can do. */
static int shim_character(sqlite3_file *f) { (void)f; return 0; }
static int shim_shm_map(sqlite3_file *f, int i, int n, int grow, void volatile **p) {
  int rc = grow ? tell(f, OpShare, 0, n, 0) : 0;
  return rc ? rc : real(f)->pMethods->xShmMap(real(f), i, n, grow, p);
}
static int shim_shm_lock(sqlite3_file *f, int o, int n, int l) { return real(f)->pMethods->xShmLock(real(f), o, n, l); }
static void shim_shm_barrier(sqlite3_file *f) { real(f)->pMethods->xShmBarrier(real(f)); }
static int shim_shm_unmap(sqlite3_file *f, int d) { return real(f)->pMethods->xShmUnmap(real(f), d); }

static const sqlite3_io_methods methods = {
  2, shim_close, shim_read, shim_write, shim_truncate, shim_sync, shim_size, shim_lock, shim_unlock, shim_reserved, shim_control,
  shim_sector, shim_character, shim_shm_map, shim_shm_lock, shim_shm_barrier, shim_shm_unmap,
};

static int shim_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out) {
  (void)v;
  int rc, id = 0;
  f->pMethods = 0;
  if (name && (rc = diskOpen((char *)name, &id))) return rc;
  if ((rc = sys->xOpen(sys, name, real(f), flags, out))) {
    diskClose(id);
    if (real(f)->pMethods) real(f)->pMethods->xClose(real(f));
    return rc;
  }
  ((shim_file *)f)->id = id;
  f->pMethods = &methods;
  return 0;
}
static int shim_delete(sqlite3_vfs *v, const char *name, int folder) {
  (void)v;
  int rc = diskDelete((char *)name, folder);
  return rc ? rc : sys->xDelete(sys, name, folder);
}

int disk_plug(void) {
  if (!sqlite3_vfs_find || !(sys = sqlite3_vfs_find(0))) return 1;
  shim = *sys; /* the rest is the system's own */
  shim.iVersion = 1;
  shim.zName = "cityhall-disk";
  shim.pNext = 0;
  shim.szOsFile = (int)sizeof(shim_file) + sys->szOsFile;
  shim.xOpen = shim_open;
  shim.xDelete = shim_delete;
  return sqlite3_vfs_register(&shim, 1);
}
