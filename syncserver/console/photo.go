package console

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"time"

	"cityhall/shared/city"
	"cityhall/syncserver/store"
)

// photo serves a photo's bytes to who may see its request, and while those are on
// their way its thumbnail. The name of the bytes is never taken from the address:
// it comes from the record.
func (v *call) photo() {
	id := city.ID(v.g.Param("id"))
	if !id.Valid() {
		v.notFound()
		return
	}
	p, ok, err := v.read.Photo(v.ctx, v.staff, id)
	if err != nil {
		v.broken(v.g, err)
		return
	}
	if ok && !p.Arrived && len(p.Thumb) > 0 {
		v.picture("image/jpeg", "no-store", bytes.NewReader(p.Thumb))
		return
	}
	if !ok || !p.Arrived {
		v.notFound()
		return
	}
	f, _, err := v.Store.OpenBlob(v.ctx, p.Blob)
	if errors.Is(err, store.ErrNoBlob) {
		v.notFound()
		return
	}
	if err != nil {
		v.broken(v.g, err)
		return
	}
	defer f.Close()
	head := make([]byte, 512)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		v.broken(v.g, err)
		return
	}
	kind := http.DetectContentType(head[:n])
	if kind != "image/jpeg" && kind != "image/png" && kind != "image/webp" {
		v.notFound() // whatever was uploaded, only a picture is shown as one
		return
	}
	v.g.Header("ETag", `"`+p.Blob+`"`)
	v.picture(kind, "private, max-age=3600", f)
}

// picture sends what a browser may show as a picture and nothing else.
func (v *call) picture(kind, cache string, data io.ReadSeeker) {
	v.g.Header("Content-Type", kind)
	v.g.Header("Content-Security-Policy", "default-src 'none'; sandbox")
	v.g.Header("Cache-Control", cache)
	http.ServeContent(v.g.Writer, v.g.Request, "", time.Time{}, data)
}
