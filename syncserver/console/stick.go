package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/syncserver/store"
)

const (
	stickPath = base + "/devices/stick"
	// stickPatience is how long a file may take to come, or an answer to go.
	stickPatience = 15 * time.Minute
	// stickStays is how long an answer can be fetched: it holds what the device may see.
	stickStays = time.Hour
	// maxSticks are taken in at once.
	maxSticks = 2
)

// Taken says what was on a stick.
type Taken struct {
	Device  string // name
	Acts    int
	New     int // of them, that the city did not have
	Refused int // of the new ones
	Photos  int
	Revoked bool
	Answer  string `json:"-"` // path of the file for the device
	// Of the page that shows it.
	By   city.ID
	File string // the answer's name for the stick
}

// Sticks takes in what devices without a line have saved to a stick.
type Sticks struct {
	// Folder is where answers wait to be fetched; all servers of a city share it.
	Folder string
	// Import takes in a file whose name ends in protocol.BundleExt and writes the
	// answer beside it. Its errors are those of package protocol, or our own fault.
	Import func(ctx context.Context, path string) (Taken, error)
}

type stickBody struct {
	*form
	Ending string
}

func (v *call) maySticks() bool {
	if !v.staff.May("", city.RoleAdmin) && !v.staff.May("", city.RoleDispatcher) {
		v.forbidden("Sticks are taken in by dispatchers and administrators.")
		return false
	}
	return true
}

func (v *call) stickForm() {
	if v.maySticks() {
		v.showStickForm(http.StatusOK, newForm(stickPath, "stick", v.seen))
	}
}

func (v *call) showStickForm(status int, f *form) {
	v.show(status, "stick", page{Title: "Read a USB stick", Nav: "devices", Body: stickBody{f, protocol.BundleExt}})
}

// takeStick takes a device's file in. The same form posted twice is taken in once;
// the file may come any number of times.
func (v *call) takeStick() {
	if !v.maySticks() {
		return
	}
	select {
	case v.busySticks <- struct{}{}:
		defer func() { <-v.busySticks }()
	default:
		v.message(http.StatusServiceUnavailable, "Other sticks are being read", "Nothing was changed. Try again in a minute.")
		return
	}
	if err := v.SweepSticks(); err != nil {
		v.broken(v.g, err)
		return
	}
	dir, err := os.MkdirTemp(v.Sticks.Folder, ".in-*")
	if err != nil {
		v.broken(v.g, err)
		return
	}
	defer os.RemoveAll(dir)
	f := newForm(stickPath, "stick", v.seen)
	path, err := v.receive(f, dir)
	if err != nil {
		v.refuseStick(f, err)
		return
	}
	to := stickPath + "s/" + string(f.ID)
	if _, err := v.taken(string(f.ID)); err == nil {
		v.g.Redirect(http.StatusSeeOther, to)
		return
	}
	done, err := v.Sticks.Import(v.ctx, path)
	if err == nil {
		err = v.keepTaken(string(f.ID), path, done)
	}
	if err != nil {
		v.refuseStick(f, err)
		return
	}
	v.Log.Info("stick taken in", "device", done.Device, "acts", done.Acts, "new", done.New, "staff", v.staff.ID)
	v.g.Redirect(http.StatusSeeOther, to)
}

// What is wrong with what was sent.
var (
	errStickForm   = errors.New("the form is not complete")
	errStickNone   = errors.New("no file was chosen")
	errStickAnswer = errors.New("it is an answer")
)

// receive writes the form's file into a folder, as it comes, and reads the id of the form.
func (v *call) receive(f *form, dir string) (path string, err error) {
	line := http.NewResponseController(v.g.Writer)
	_ = line.SetReadDeadline(time.Time{}) // where none can be set, there is none
	_ = line.SetWriteDeadline(time.Time{})
	defer time.AfterFunc(stickPatience, func() { _ = line.SetReadDeadline(time.Unix(1, 0)) }).Stop()
	parts, err := v.g.Request.MultipartReader()
	if err != nil {
		return "", errStickForm
	}
	f.ID = ""
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", errors.Join(errStickForm, err)
		}
		switch part.FormName() {
		case "id":
			raw, err := io.ReadAll(io.LimitReader(part, 64))
			if err != nil {
				return "", errors.Join(errStickForm, err)
			}
			f.ID = city.MutationID(raw)
		case "file":
			name := filepath.Base(part.FileName())
			if part.FileName() == "" {
				return "", errStickNone
			}
			if strings.HasSuffix(name, protocol.AnswerExt) {
				return "", errStickAnswer
			}
			path = filepath.Join(dir, trimmed(strings.TrimSuffix(name, protocol.BundleExt), 50)+protocol.BundleExt)
			if err := writeStick(path, part); err != nil {
				return "", err
			}
		}
	}
	if !f.ID.Valid() {
		return "", errStickForm
	}
	if path == "" {
		return "", errStickNone
	}
	return path, nil
}

func writeStick(path string, from io.Reader) error {
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return errors.Join(errStickForm, err) // a name that no file can have, or two files
	}
	_, err = io.Copy(out, from)
	return errors.Join(err, out.Close())
}

// refuseStick says what is wrong with a file; nothing of it was taken.
func (v *call) refuseStick(f *form, err error) {
	var large *http.MaxBytesError
	status, words := http.StatusUnprocessableEntity, ""
	switch {
	case errors.As(err, &large):
		status, words = http.StatusRequestEntityTooLarge, "This file is larger than any that a device saves. Choose the file that the device named."
	case errors.Is(err, errStickForm):
		v.message(http.StatusBadRequest, "This form is not complete", "Nothing was taken in. Open the page again and choose the file there.")
		return
	case errors.Is(err, errStickNone):
		words = "Choose the file on the stick. Its name ends in " + protocol.BundleExt + "."
	case errors.Is(err, errStickAnswer):
		words = "This is an answer that goes back to the device. Choose the file whose name ends in " + protocol.BundleExt + "."
	case errors.Is(err, protocol.ErrOtherCity):
		words = "A device of another city has saved this file. Nothing was taken in."
	case errors.Is(err, protocol.ErrStranger):
		words = "No device of this city has signed this file, or somebody has changed it. Nothing was taken in."
	case errors.Is(err, protocol.ErrBundle):
		words = "Nothing was taken in: " + err.Error() + "."
	case store.Unavailable(err), errors.Is(err, store.ErrBlobsAway):
		v.Store.NoteTrouble(err)
		v.Log.Warn("stick not taken in", "err", err)
		status, words = http.StatusServiceUnavailable, "The database or the store of photos does not answer just now. Nothing is lost: what was taken in counts, and the stick can be read again later."
	case errors.Is(err, syscall.ENOSPC):
		status, words = http.StatusInsufficientStorage, "The server's disk is full. Nothing is lost: what was taken in counts, and the stick can be read again once there is room."
	default:
		v.broken(v.g, err)
		return
	}
	next := newForm(stickPath, "stick", v.seen)
	next.Errors["file"] = words
	v.showStickForm(status, next)
}

// keepTaken puts the answer where it is fetched, and what the page says after it.
func (v *call) keepTaken(id, path string, done Taken) error {
	done.By, done.File = v.staff.ID, filepath.Base(strings.TrimSuffix(path, protocol.BundleExt)+protocol.AnswerExt)
	at := filepath.Join(v.Sticks.Folder, id)
	if err := os.Rename(done.Answer, at+protocol.AnswerExt); err != nil {
		return err
	}
	text, err := json.Marshal(done)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, text, 0o600); err != nil { // the file has been read
		return err
	}
	return os.Rename(path, at+".json")
}

// taken reads what a stick held; fs.ErrNotExist when there is no such, or not any more.
func (v *call) taken(id string) (Taken, error) {
	var done Taken
	raw, err := os.ReadFile(filepath.Join(v.Sticks.Folder, id+".json"))
	if err == nil {
		err = json.Unmarshal(raw, &done)
	}
	done.Answer = filepath.Join(v.Sticks.Folder, id+protocol.AnswerExt)
	return done, err
}

// takenOne finds the stick of the address, for who brought it.
func (v *call) takenOne() (id string, done Taken, ok bool) {
	if !v.maySticks() {
		return "", done, false
	}
	id = v.g.Param("id")
	if !city.MutationID(id).Valid() {
		v.notFound()
		return "", done, false
	}
	done, err := v.taken(id)
	if errors.Is(err, fs.ErrNotExist) || err == nil && done.By != v.staff.ID {
		v.message(http.StatusNotFound, "This answer is not here any more", "An answer waits for an hour. Read the stick again: what is here already is not taken in twice.")
		return "", done, false
	}
	if err != nil {
		v.broken(v.g, err)
		return "", done, false
	}
	return id, done, true
}

type takenBody struct {
	ID string
	Taken
}

func (v *call) stick() {
	if id, done, ok := v.takenOne(); ok {
		v.show(http.StatusOK, "stick-taken", page{Title: "Read from " + done.Device, Nav: "devices", Body: takenBody{id, done}})
	}
}

func (v *call) stickAnswer() {
	_, done, ok := v.takenOne()
	if !ok {
		return
	}
	f, err := os.Open(done.Answer)
	if err != nil {
		v.broken(v.g, err)
		return
	}
	defer f.Close()
	line := http.NewResponseController(v.g.Writer)
	_ = line.SetWriteDeadline(time.Time{})
	defer time.AfterFunc(stickPatience, func() { _ = line.SetWriteDeadline(time.Unix(1, 0)) }).Stop()
	v.g.Header("Content-Type", "application/octet-stream")
	v.g.Header("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": done.File}))
	http.ServeContent(v.g.Writer, v.g.Request, "", time.Time{}, f)
}

// SweepSticks removes the answers that have waited long enough, and what a crash
// has left of a file that was coming.
func (c *Console) SweepSticks() error { return c.removeSticks(stickStays) }

// removeSticks removes what is older than an age.
func (c *Console) removeSticks(age time.Duration) error {
	if err := os.MkdirAll(c.Sticks.Folder, 0o700); err != nil {
		return fmt.Errorf("make the folder of sticks: %w", err)
	}
	all, err := os.ReadDir(c.Sticks.Folder)
	if err != nil {
		return fmt.Errorf("look for old answers: %w", err)
	}
	for _, e := range all {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) { // another server was quicker
			continue
		}
		if err != nil {
			return fmt.Errorf("look for old answers: %w", err)
		}
		if age > 0 && c.Now().Sub(info.ModTime()) < age {
			continue
		}
		if err := os.RemoveAll(filepath.Join(c.Sticks.Folder, e.Name())); err != nil {
			return fmt.Errorf("remove an old answer: %w", err)
		}
	}
	return nil
}
