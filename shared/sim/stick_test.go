package sim_test

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/replica"
	"cityhall/shared/sim"
)

// desk is somebody of the office at the console.
type desk struct {
	t      *testing.T
	to     http.Handler
	cookie string
}

func signedIn(t *testing.T, c *sim.City, name string, roles ...city.Role) *desk {
	t.Helper()
	set := &city.SetStaff{ID: city.ID(name), Staff: city.Staff{Name: name, Roles: roles, Active: true}}
	if _, err := c.Server().Store().Act(ctx, city.Actor{Kind: city.ActorSystem}, city.NewMutationID(), 0, set); err != nil {
		t.Fatal(err)
	}
	if err := c.Server().Store().SetLogin(ctx, name, city.ID(name), "correct horse"); err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, to: c.Server().Handler()}
	r := httptest.NewRequest(http.MethodPost, "/console/sign-in", strings.NewReader(url.Values{"name": {name}, "password": {"correct horse"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := d.do(r)
	d.cookie, _, _ = strings.Cut(w.Header().Get("Set-Cookie"), ";")
	if w.Code != http.StatusSeeOther || d.cookie == "" {
		t.Fatalf("sign in: %d", w.Code)
	}
	return d
}

func (d *desk) do(r *http.Request) *httptest.ResponseRecorder {
	r.Header.Set("Cookie", d.cookie)
	w := httptest.NewRecorder()
	d.to.ServeHTTP(w, r)
	return w
}

func (d *desk) get(path string) *httptest.ResponseRecorder {
	return d.do(httptest.NewRequest(http.MethodGet, path, nil))
}

// brings posts a file as a browser does.
func (d *desk) brings(id city.MutationID, name string, file []byte) *httptest.ResponseRecorder {
	d.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	form.WriteField("id", string(id))
	form.WriteField("seen", "1")
	part, err := form.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(file)
	}
	if err != nil || form.Close() != nil {
		d.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/console/devices/stick", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return d.do(r)
}

// A stick goes through the console: what the device had is taken in once, the answer
// is fetched by who brought it, and the device shows its work as received.
func TestStickThroughTheConsole(t *testing.T) {
	c := newCity(t)
	kiosk, _ := onSticks(t, c, city.DeviceKiosk)
	filed := record(t, kiosk, report(city.NewID()))
	b := save(t, kiosk)
	raw, err := os.ReadFile(b.Path)
	if err != nil {
		t.Fatal(err)
	}
	maya, rosa := signedIn(t, c, "maya", city.RoleDispatcher), signedIn(t, c, "rosa", city.RoleAdmin)
	id := city.NewMutationID()
	for range 2 { // the second time as by a double click
		w := maya.brings(id, filepath.Base(b.Path), raw)
		if at := w.Header().Get("Location"); w.Code != http.StatusSeeOther || at != "/console/devices/sticks/"+string(id) {
			t.Fatalf("brought: %d to %s: %s", w.Code, at, w.Body)
		}
	}
	at := "/console/devices/sticks/" + string(id)
	if w := maya.get(at); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "<dt>New to the city</dt><dd>1</dd>") {
		t.Errorf("what it held: %d %s", w.Code, w.Body)
	}
	if w := rosa.get(at + "/answer"); w.Code != http.StatusNotFound {
		t.Errorf("somebody else gets the answer: %d", w.Code)
	}
	w := maya.get(at + "/answer")
	_, named, err := mime.ParseMediaType(w.Header().Get("Content-Disposition"))
	if err != nil || w.Code != http.StatusOK || named["filename"] != strings.TrimSuffix(filepath.Base(b.Path), protocol.BundleExt)+protocol.AnswerExt {
		t.Fatalf("the answer: %d %v, %v", w.Code, named, err)
	}
	answer := filepath.Join(t.TempDir(), named["filename"])
	body, err := io.ReadAll(w.Body)
	if err == nil {
		err = os.WriteFile(answer, body, 0o600)
	}
	if err == nil {
		err = kiosk.ImportAnswer(ctx, answer)
	}
	if err != nil || state(t, kiosk, filed) != replica.StateReceived {
		t.Errorf("after the answer the act is %s, %v", state(t, kiosk, filed), err)
	}

	folder := filepath.Join(c.Data(), "sticks")
	old := c.Clock.Now().Add(-2 * time.Hour)
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != 2 {
		t.Fatalf("beside the answer and its page: %v, %v", left, err)
	}
	for _, f := range left {
		if err := os.Chtimes(filepath.Join(folder, f.Name()), old, old); err != nil {
			t.Fatal(err)
		}
	}
	if w := maya.brings(city.NewMutationID(), filepath.Base(b.Path), raw[:len(raw)-1]); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("half a file: %d", w.Code)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("left after an hour: %v, %v", left, err)
	}
	if w := maya.get(at); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "not here any more") {
		t.Errorf("after an hour: %d", w.Code)
	}
}

// What is no bundle of this city is turned away with the reason, and leaves nothing.
func TestStickThatIsNone(t *testing.T) {
	c, other := newCity(t), newCity(t)
	kiosk, _ := onSticks(t, c, city.DeviceKiosk)
	stranger, _ := onSticks(t, other, city.DeviceKiosk)
	record(t, kiosk, report(city.NewID()))
	read := func(r *replica.Replica) []byte {
		raw, err := os.ReadFile(save(t, r).Path)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	good, theirs := read(kiosk), read(stranger)
	forged := bytes.Replace(good, []byte(`"version":"`), []byte(`"version":"x`), 1)
	damaged := bytes.Clone(good)
	damaged[len(damaged)-2] ^= 1
	maya := signedIn(t, c, "maya", city.RoleDispatcher)
	before, err := c.Server().Store().Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for what, bad := range map[string]struct {
		name string
		file []byte
		says string
	}{
		"another city's":  {"a.cityhall-bundle", theirs, "another city"},
		"a changed one":   {"a.cityhall-bundle", forged, "No device of this city has signed"},
		"a damaged one":   {"a.cityhall-bundle", damaged, "is damaged"},
		"half of one":     {"a.cityhall-bundle", good[:len(good)/2], "no whole bundle"},
		"an empty file":   {"a.cityhall-bundle", nil, "no whole bundle"},
		"a photo":         {"IMG_2041.jpg", bytes.Repeat([]byte{0xff, 0xd8, '\n'}, 1000), "no whole bundle"},
		"an answer":       {"a.cityhall-answer", good, "goes back to the device"},
		"no file":         {"", nil, "Choose the file"},
		"a name with way": {"../../../etc/passwd.cityhall-bundle", theirs, "another city"},
	} {
		w := maya.brings(city.NewMutationID(), bad.name, bad.file)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), bad.says) {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
	}
	for what, r := range map[string]*http.Request{
		"no form":        httptest.NewRequest(http.MethodPost, "/console/devices/stick", bytes.NewReader(good)),
		"an endless one": httptest.NewRequest(http.MethodPost, "/console/devices/stick", strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"id\"\r\n\r\n"+strings.Repeat("7", 1<<20))),
	} {
		r.Header.Set("Content-Type", map[bool]string{true: "text/plain", false: "multipart/form-data; boundary=x"}[what == "no form"])
		if w := maya.do(r); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", what, w.Code)
		}
	}
	if left, err := os.ReadDir(filepath.Join(c.Data(), "sticks")); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if after, err := c.Server().Store().Head(ctx); err != nil || after.Seq != before.Seq {
		t.Errorf("the log went from %d to %d, %v", before.Seq, after.Seq, err)
	}
}
