package console

import (
	"errors"
	"io"
	"net/http"
	"time"

	"cityhall/shared/city"
	"cityhall/syncserver/store"
)

// photo serves a photo's bytes to who may see its request. The name of the bytes
// is never taken from the address: it comes from the record.
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
	h := v.g.Writer.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "private, max-age=3600")
	h.Set("ETag", `"`+p.Blob+`"`)
	http.ServeContent(v.g.Writer, v.g.Request, "", time.Time{}, f)
}
