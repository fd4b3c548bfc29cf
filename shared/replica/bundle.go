package replica

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
)

// bundleNote is the setting that names the bundle that was saved last: its answer
// is taken, once, and no other.
const bundleNote = "replica.bundle"

// maxBundleText bounds the acts of one bundle, which are in memory together.
const maxBundleText = 32 << 20

// Bundle is a file for the city, to be carried there by hand.
type Bundle struct {
	Path   string
	Acts   int
	Photos int
	Left   int // acts and photos for which there was no room in this one
}

// outgoing is a bundle that is being put together.
type outgoing struct {
	header protocol.BundleHeader
	acts   [][]byte // the body of each part of acts
	end    tip      // of the bundle's own stream
	Bundle
}

// savedBundle is what bundleNote says.
type savedBundle struct {
	ID     string `json:"id"`
	Cursor string `json:"cursor"` // that the cache had then
}

// ExportBundle writes all that the city has not confirmed into a file in a folder,
// for a device that has no line. Nothing changes its state: what counts is the
// answer, which ImportAnswer reads. On a device that was never enrolled it is a
// *city.Error with CodeNotNow.
func (r *Replica) ExportBundle(ctx context.Context, folder string) (Bundle, error) {
	r.stepping.Lock()
	defer r.stepping.Unlock()
	id := r.who()
	if id == nil {
		return Bundle{}, city.Fail(city.CodeNotNow, "", "this device was never enrolled")
	}
	o := outgoing{header: protocol.BundleHeader{Format: protocol.BundleFormat, ID: rand.Text(), Device: id.device, Server: id.serverKey.String()}}
	place := *r.cache.target().at.Load()
	o.end.stream = "usb-" + strings.ToLower(o.header.ID)
	var err error
	if o.header.Hello, err = r.facts(ctx, o.end, place); err == nil {
		err = r.collectActs(ctx, &o)
	}
	if err == nil {
		err = r.collectPhotos(ctx, &o)
	}
	if err != nil {
		return Bundle{}, err
	}
	note, err := json.Marshal(savedBundle{ID: o.header.ID, Cursor: place.cursor})
	if err != nil {
		return Bundle{}, err
	}
	if err := r.SetSetting(ctx, bundleNote, string(note)); err != nil {
		return Bundle{}, explain(err)
	}
	name := "cityhall-" + fileName(id.name) + "-" + r.cfg.Now().UTC().Format("20060102-150405") + protocol.BundleExt
	o.Path = filepath.Join(folder, name)
	return o.Bundle, explain(r.writeBundle(&o, id.key))
}

// fileName keeps what every file system takes.
func fileName(name string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			return c
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		}
		return '-'
	}, name[:min(len(name), 30)])
}

// collectActs puts what waits on a stream that is the bundle's own, so that it
// fits whatever the line brings meanwhile. Ids and contents stay.
func (r *Replica) collectActs(ctx context.Context, o *outgoing) error {
	waiting, err := r.unsent(ctx)
	if err != nil {
		return err
	}
	text := 0
	for len(waiting) > 0 && o.Acts < protocol.MaxBundleActs && text < maxBundleText {
		batch := withinOnePush(waiting[:min(len(waiting), protocol.MaxBatch, protocol.MaxBundleActs-o.Acts)])
		at := &standing{stream: o.end.stream, n: o.end.n, link: o.end.link}
		for i := range batch {
			o.end.place(&batch[i])
		}
		body, err := encodePush(at, batch)
		if err != nil {
			return err
		}
		o.acts = append(o.acts, body)
		o.header.Parts = append(o.header.Parts, protocol.NewPart(protocol.PartActs, body))
		o.Acts += len(batch)
		text += len(body)
		waiting = waiting[len(batch):]
	}
	o.Left += len(waiting)
	return nil
}

// collectPhotos names the photos that wait and are sound; their bytes are read
// once more when the file is written.
func (r *Replica) collectPhotos(ctx context.Context, o *outgoing) error {
	names, err := r.waitingBlobs(ctx)
	if err != nil {
		return err
	}
	room := int64(protocol.MaxBundle - protocol.MaxBundleHeader - maxBundleText - protocol.MaxPushBody)
	for _, sha := range names {
		data, err := os.ReadFile(r.ownPath(sha))
		if err != nil || nameOf(data) != sha {
			continue // a round on the line says so of it
		}
		if room -= int64(len(data)); room < 0 || len(o.header.Parts) == protocol.MaxBundleParts {
			o.Left++
			continue
		}
		o.header.Parts = append(o.header.Parts, protocol.NewPart(protocol.PartBlob, data))
		o.Photos++
	}
	return nil
}

// writeBundle gives the file its name when it is whole and on the stick.
func (r *Replica) writeBundle(o *outgoing, key keys.Identity) error {
	part := o.Path + ".part"
	f, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("save to the stick: %w", err)
	}
	defer os.Remove(part) // without effect once it has its name
	err = protocol.WriteHeader(f, o.header, func(b []byte) []byte { return keys.SignBytes(key, keys.LabelBundle, b) })
	for i := 0; err == nil && i < len(o.header.Parts); i++ {
		err = r.writePart(f, o, i)
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(part, o.Path)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(o.Path))
	}
	if err != nil {
		return fmt.Errorf("save to the stick: %w", err)
	}
	return nil
}

func (r *Replica) writePart(to io.Writer, o *outgoing, i int) error {
	if i < len(o.acts) {
		_, err := to.Write(o.acts[i])
		return err
	}
	p := o.header.Parts[i]
	f, err := os.Open(r.ownPath(p.SHA256))
	if err != nil {
		return err
	}
	defer f.Close()
	n, err := io.Copy(to, f)
	if err == nil && n != p.Bytes {
		err = fmt.Errorf("photo %s has changed", p.SHA256)
	}
	return err
}

// Answers lists the files in a folder that may hold an answer, the newest last.
func Answers(folder string) ([]string, error) {
	return filepath.Glob(filepath.Join(globbed(folder), "*"+protocol.AnswerExt))
}

// globbed makes a folder's name stand for itself only.
func globbed(folder string) string {
	var b bytes.Buffer
	for _, c := range folder {
		if strings.ContainsRune(`*?[\`, c) {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}
