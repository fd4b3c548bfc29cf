package console_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"net/http"
	"strings"
	"testing"

	"cityhall/shared/city"
)

// TestPhotoOnItsWay shows the thumbnail while the photo is on its way, and lets
// staff stop waiting for it.
func TestPhotoOnItsWay(t *testing.T) {
	f := newTown(t)
	kiosk, tablet := f.devices()
	j := f.finished(kiosk, tablet, "5 Oak Street")
	var thumb bytes.Buffer
	f.must(jpeg.Encode(&thumb, image.NewGray(image.Rect(0, 0, 40, 30)), nil))
	waiting := city.NewID()
	tablet.do(dana, &city.AddPhoto{Photo: waiting, Request: j.request, Visit: j.visit, Blob: strings.Repeat("ab", 32), Stage: "after", Thumb: thumb.Bytes()})
	page := "/console/requests/" + string(j.request)
	contains(t, f.get("maya", page, http.StatusOK), "Small copy; the photo is on its way", `src="/console/photos/`+string(waiting)+`"`, "Stop waiting for a photo")
	w := f.send(http.MethodGet, "/console/photos/"+string(waiting), f.signIn("maya"), nil)
	if w.Code != http.StatusOK || !bytes.Equal(w.Body.Bytes(), thumb.Bytes()) || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("thumbnail: %d, %d bytes, %v", w.Code, w.Body.Len(), w.Header())
	}
	f.post("maya", page, page+"/photo-lost", http.StatusUnprocessableEntity)
	f.post("maya", page, page+"/photo-lost", http.StatusSeeOther, "photo", string(waiting))
	after := f.get("maya", page, http.StatusOK)
	contains(t, after, "Small copy; the photo will not come", "stopped waiting for a photo")
	if strings.Contains(after, `name="photo" value="`+string(waiting)) {
		t.Error("it can be said twice")
	}
}
