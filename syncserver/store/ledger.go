package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/sqlite"
)

// ErrLedger means that the ledger cannot be believed. It is never guessed at:
// what it holds is what a restored database does not know.
var ErrLedger = errors.New("the ledger is damaged")

// The kinds of lines of a ledger.
const (
	lineMark    = "mark"    // the head was seen here, durably
	lineRevoke  = "revoke"  // a device is no longer welcome
	lineRestore = "restore" // the history was rewound: a new epoch begins here
	lineBackup  = "backup"  // a verified backup reaches up to here
	lineEnrol   = "enrol"   // a device is one of the city's
	lineGrants  = "grants"  // what a device may see has changed
	lineErase   = "erase"   // what a resident gave was erased by law
	lineWipe    = "wipe"    // a revoked device is to delete all that it holds
	lineWiped   = "wiped"   // and said that it has
	lineSeal    = "seal"    // the key that a tablet's records of persons are sealed to
	lineLogin   = "login"   // a name and password of staff
	lineMove    = "move"    // the database lives in PostgreSQL now; without a why, in a file again
)

// ledgerLine is one line of the ledger. Link is SHA-256, in hex, over the link
// of the line before and this line without its own.
type ledgerLine struct {
	N      int64         `json:"n"` // from 1
	At     time.Time     `json:"at"`
	Kind   string        `json:"kind"`
	Epoch  string        `json:"epoch,omitempty"`
	Seq    int64         `json:"seq,omitempty"`
	Hash   []byte        `json:"hash,omitempty"` // chain hash at Seq
	Device city.DeviceID `json:"device,omitempty"`
	Why    string        `json:"why,omitempty"`
	Link   string        `json:"link"`

	Who      *ledgerDevice  `json:"who,omitempty"`    // of an enrolment
	Grants   string         `json:"grants,omitempty"` // scopes, one space between
	GrantRev int64          `json:"grant_rev,omitempty"`
	Erased   *ledgerErasure `json:"erased,omitempty"`
	SealTo   string         `json:"seal_to,omitempty"` // X25519, base64url
	Login    *ledgerLogin   `json:"login,omitempty"`
}

// after gives the line its place behind another and its text.
func (l *ledgerLine) after(n int64, link string) ([]byte, error) {
	l.N, l.Link = n+1, ""
	raw, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append([]byte(link), raw...))
	l.Link = hex.EncodeToString(sum[:])
	raw, err = json.Marshal(l)
	return append(raw, '\n'), err
}

// ledger is an append-only file outside the database and its backups. It says
// what a restored database has forgotten. Every line is on the disk before what
// it tells of is answered; several processes may append.
type ledger struct {
	path string

	mu      sync.Mutex
	file    os.FileInfo // the file that was last read or written; nil: none yet
	size    int64       // of it then
	n       int64
	link    string
	mark    ledgerLine // newest of mark and restore
	backup  ledgerLine // newest
	moved   string     // where in PostgreSQL the database lives; empty: in a file
	revoked map[city.DeviceID]bool
	kept    []ledgerLine // what no newer line makes superfluous, in order
}

// compactLines is how long the ledger may become before what newer lines have
// made superfluous is left out: about 4 MB.
const compactLines = 20_000

// openLedger reads the whole ledger; one that does not exist is empty.
func openLedger(path string) (*ledger, error) {
	l := &ledger{path: path}
	raw, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	_, err = l.read(raw)
	return l, err
}

// read takes the text in and gives the length of what is whole. Bytes behind the
// last line end were cut off while they were written: nobody relied on them yet.
func (l *ledger) read(raw []byte) (int64, error) {
	l.n, l.link, l.mark, l.backup, l.moved, l.revoked, l.kept, l.size = 0, "", ledgerLine{}, ledgerLine{}, "", map[city.DeviceID]bool{}, nil, 0
	return l.take(raw)
}

// take takes in the text behind what was read before.
func (l *ledger) take(raw []byte) (int64, error) {
	whole := int64(bytes.LastIndexByte(raw, '\n') + 1)
	for at := int64(0); at < whole; {
		end := at + int64(bytes.IndexByte(raw[at:], '\n')) + 1
		var line ledgerLine
		err := json.Unmarshal(raw[at:end], &line)
		if err == nil {
			var text []byte
			if text, err = line.after(l.n, l.link); err == nil && !bytes.Equal(text, raw[at:end]) {
				err = errors.New("it does not follow from the line before")
			}
		}
		if err != nil {
			return 0, fmt.Errorf(`%w: %s, line %d: %w. The server does not start with it, because revoked devices might come back. `+
				`Put back a copy of the file; or, if there is none, move it away, start, revoke again every device that must stay out, `+
				`and, if the database was restored since, restore it once more with "cityhall restore"`, ErrLedger, l.path, l.n+1, err)
		}
		l.note(line)
		at = end
	}
	l.size += whole
	return l.size, nil
}

// refresh takes in what other servers have written since.
func (l *ledger) refresh() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, err := l.open()
	if err != nil {
		l.size = -1
		return fmt.Errorf("read the ledger: %w", err)
	}
	return f.Close()
}

// ofKind gives the kept lines of a kind, in order.
func (l *ledger) ofKind(kind string) []ledgerLine {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(l.kept), func(line ledgerLine) bool { return line.Kind != kind })
}

func (l *ledger) isRevoked(id city.DeviceID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.revoked[id]
}

func (l *ledger) newest() ledgerLine {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mark
}

func (l *ledger) note(line ledgerLine) {
	l.n, l.link = line.N, line.Link
	switch line.Kind {
	case lineRevoke:
		l.revoked[line.Device] = true
		l.noteDevice(line)
	case lineEnrol, lineGrants, lineWipe, lineWiped, lineSeal:
		l.noteDevice(line)
	case lineLogin:
		l.noteLogin(line)
	case lineRestore:
		l.mark = line
		l.kept = append(l.kept, line)
	case lineErase:
		l.kept = append(l.kept, line)
	case lineMark:
		l.mark = line
	case lineMove:
		l.moved = line.Why
		l.kept = append(slices.DeleteFunc(l.kept, func(k ledgerLine) bool { return k.Kind == lineMove }), line)
	case lineBackup:
		l.backup = line
	}
}

// append writes lines and returns once they are on the disk. Without a ledger
// there is nothing to do.
func (l *ledger) append(lines ...ledgerLine) error {
	if l == nil || len(lines) == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.add(lines...)
}

// appendMark notes the head, unless a restore was noted since the caller looked:
// then the head that it saw is of an epoch that has ended.
func (l *ledger) appendMark(line, seen ledgerLine) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mark.Epoch != seen.Epoch {
		return nil
	}
	return l.add(line)
}

func (l *ledger) add(lines ...ledgerLine) error {
	if err := l.write(lines); err != nil {
		l.size = -1 // whatever is there is read again before the next line
		return fmt.Errorf("write the ledger: %w", err)
	}
	if l.n >= compactLines && l.n >= 2*int64(len(l.kept)+2) {
		return l.compact()
	}
	return nil
}

// open gives the file under its lock, with what others have appended taken in.
func (l *ledger) open() (*os.File, error) {
	for {
		f, err := os.OpenFile(l.path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		if err := l.catchUp(f); errors.Is(err, errReplaced) {
			f.Close()
			continue
		} else if err != nil {
			f.Close()
			return nil, err
		}
		return f, nil
	}
}

// errReplaced means that another process has removed the file that was just locked,
// or has put another one in its place.
var errReplaced = errors.New("the file was replaced")

// lockInPlace waits for the lock of a file and looks whether it is still the one at
// path; errReplaced if not.
func lockInPlace(f *os.File, path string) error {
	if _, err := sqlite.Lock(f, true); err != nil {
		return err
	}
	mine, err := f.Stat()
	if err != nil {
		return err
	}
	if there, err := os.Stat(path); err != nil || !os.SameFile(mine, there) {
		return errReplaced
	}
	return nil
}

func (l *ledger) catchUp(f *os.File) error {
	if err := lockInPlace(f, l.path); err != nil {
		return err
	}
	mine, err := f.Stat()
	if err != nil {
		return err
	}
	same := l.file != nil && os.SameFile(mine, l.file) && l.n > 0 && l.size > 0
	l.file = mine
	if same && mine.Size() == l.size {
		return nil
	}
	from, read := int64(0), l.read
	if same && mine.Size() > l.size { // others have only appended
		from, read = l.size, l.take
	}
	raw, err := io.ReadAll(io.NewSectionReader(f, from, mine.Size()-from))
	if err != nil {
		return err
	}
	whole, err := read(raw)
	if err == nil && whole < mine.Size() {
		err = f.Truncate(whole)
	}
	return err
}

func (l *ledger) write(lines []ledgerLine) error {
	f, err := l.open()
	if err != nil {
		return err
	}
	defer f.Close()
	at, first := l.size, l.n == 0
	var all []byte
	n, link := l.n, l.link
	for i := range lines {
		text, err := lines[i].after(n, link)
		if err != nil {
			return err
		}
		all = append(all, text...)
		n, link = lines[i].N, lines[i].Link
	}
	if _, err := f.WriteAt(all, at); err != nil {
		return errors.Join(err, f.Truncate(at)) // no half line stays on a full disk
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if first {
		if err := syncFolder(filepath.Dir(l.path)); err != nil {
			return err
		}
	}
	for _, line := range lines {
		l.note(line)
	}
	l.size = at + int64(len(all))
	return nil
}

// compact puts a file in the ledger's place that says the same in fewer lines.
func (l *ledger) compact() error {
	old, err := l.open()
	if err != nil {
		return err
	}
	defer old.Close() // and with it the lock, after the new one is in place
	keep := append([]ledgerLine{}, l.kept...)
	if l.mark.Kind == lineMark {
		keep = append(keep, l.mark)
	}
	if l.backup.Kind != "" {
		keep = append(keep, l.backup)
	}
	var all []byte
	var n int64
	link := ""
	for i := range keep {
		text, err := keep[i].after(n, link)
		if err != nil {
			return err
		}
		all = append(all, text...)
		n, link = keep[i].N, keep[i].Link
	}
	if err := writeFile(l.path+".new", bytes.NewReader(all)); err != nil {
		return fmt.Errorf("shorten the ledger: %w", err)
	}
	if err := os.Rename(l.path+".new", l.path); err != nil {
		return fmt.Errorf("shorten the ledger: %w", err)
	}
	if _, err := l.read(all); err != nil {
		return err
	}
	l.file = nil // which is another one now
	return syncFolder(filepath.Dir(l.path))
}

// writeFile writes a new file of mode 0600 and syncs it.
func writeFile(path string, from io.Reader) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err = io.Copy(f, from); err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
