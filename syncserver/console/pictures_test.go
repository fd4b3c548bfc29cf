package console_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
	"cityhall/shared/sim/stage"
)

// worn is a busy town after a restore: with names that break nowhere, devices in
// every state of leaving, photos on their way and acts that wait for others.
func worn(t *testing.T) (f *town, pages map[string]string) {
	f, kiosk, tablet, j, _ := busy(t)
	const long = "Straßenbeleuchtungsinstandhaltungsabteilung"
	f.act(system, &city.SetCrew{ID: "long", Crew: city.Crew{Name: long + " del Departamento", Department: "streets", Members: []city.Member{{ID: "x", Name: "X"}}}})
	leaving := map[string]*device{}
	for _, name := range []string{"revoked", "ordered", "handed", "wiped"} {
		d := f.enrolled(city.DeviceTablet, long+"-"+name, city.ScopePublic, city.ScopeCrew("long"))
		f.must(f.store.Greet(t.Context(), d.Device, protocol.Hello{Version: "0.2.0", Disk: 9 << 30, Clock: f.now()}))
		leaving[name] = d
	}
	f.must(f.store.Revoke(t.Context(), leaving["revoked"].ID))
	for _, name := range []string{"ordered", "handed", "wiped"} {
		f.must(f.store.OrderWipe(t.Context(), leaving[name].ID))
	}
	for _, name := range []string{"handed", "wiped"} {
		d, err := f.store.Device(t.Context(), leaving[name].ID)
		f.must(err)
		_, _, err = f.store.Quarantine(t.Context(), d, protocol.QuarantineHeader{Last: true, Wiped: name == "wiped"}, nil)
		f.must(err)
	}
	var thumb bytes.Buffer
	f.must(jpeg.Encode(&thumb, image.NewGray(image.Rect(0, 0, 320, 240)), nil))
	lost := city.NewID()
	for _, a := range []*city.AddPhoto{{Photo: city.NewID(), Blob: "ab", Stage: "after", Thumb: thumb.Bytes()}, {Photo: city.NewID(), Blob: "cd", Stage: "before"}, {Photo: lost, Blob: "ef", Stage: "after"}} {
		a.Request, a.Visit, a.Blob = j.request, j.visit, strings.Repeat(a.Blob, 32)
		tablet.do(dana, a)
	}
	f.act(staff("ruth", "Ruth Adeyemi"), &city.LosePhoto{Photo: lost})
	f.salvaged(tablet, j.request, 60)
	held := f.held(kiosk, tablet)
	stick := string(city.NewMutationID())
	f.must(f.console.SweepSticks())
	f.must(os.WriteFile(filepath.Join(f.sticks, stick+".json"), []byte(`{"Device":"`+long+`, truck 2","Acts":41,"New":12,"Refused":1,"Photos":3,"Revoked":true,"By":"ruth","File":"a"}`), 0o600))
	device := func(name, page string) string { return "devices/" + string(leaving[name].ID) + "/" + page }
	return f, map[string]string{"devices": "devices", "crews": "devices/" + string(tablet.ID) + "/crews", "crews-kiosk": "devices/" + string(kiosk.ID) + "/crews",
		"revoke": "devices/" + string(tablet.ID) + "/revoke", "revoked": device("revoked", "revoke"), "wipe": "devices/" + string(tablet.ID) + "/wipe",
		"stick": "devices/stick", "stick-taken": "devices/sticks/" + stick, "wipe-ordered": device("ordered", "wipe"), "wiped": device("wiped", "wipe"), "salvage": "salvage", "settled": "salvage?show=settled&done=settled",
		"reviews": "reviews", "request": "requests/" + string(j.request), "held": "requests/" + string(held)}
}

// held is a request with a note that waits for an act which has not arrived.
func (f *town) held(kiosk, tablet *device) city.ID {
	j := f.assigned(kiosk, "1 Mill Lane")
	env := tablet.prepared(dana, -time.Hour, &city.AddNote{Note: city.NewID(), Request: j.request, Text: "The gate code is 1204."})
	env.Deps = append(env.Deps, city.NewMutationID())
	if v := tablet.push(env); v.Verdict != city.VerdictHeld {
		f.t.Fatalf("%+v", v)
	}
	return j.request
}

// TestPicturesOfWear shows what wear leaves to staff, on a desk and on the
// narrowest screen there is, and goes through its forms by keyboard.
func TestPicturesOfWear(t *testing.T) {
	stage.Need(t, "chromium")
	f, pages := worn(t)
	shot := pictures(t)
	root := f.served()
	b := stage.NewBrowser(t, 1280, 800)
	f.signIn("ruth")
	b.Open(root)
	enter(b, "ruth", password, "What and where")
	for _, size := range []struct {
		name string
		w, h int
		dark bool
	}{{"1280", 1280, 800, false}, {"320", 320, 640, false}, {"dark", 900, 800, true}} {
		b.Resize(size.w, size.h)
		b.Dark(size.dark)
		for name, at := range pages {
			b.Open(root + at)
			b.SaveFullPNG(shot("wear-" + size.name + "-" + name))
			basics(t, b, size.name+"-"+name)
			tabThrough(t, b, size.name+"-"+name)
		}
		b.Open(root + pages["request"])
		b.Eval(`document.querySelectorAll("details").forEach(d => d.open = true)`, nil)
		b.SaveFullPNG(shot("wear-" + size.name + "-forms"))
		basics(t, b, size.name+"-forms")
	}
}

// tabThrough goes round a page with the Tab key and wants to see where it is.
func tabThrough(t *testing.T, b *stage.Browser, page string) {
	t.Helper()
	for range 14 {
		b.Press("Tab")
		var hidden string
		b.Eval(`(() => { const e = document.activeElement; if (e === document.body) return "";
const shown = [e, e.closest("label")].some(x => x && ["", "::after"].some(p => { const s = getComputedStyle(x, p || null); return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0 }));
const r = e.getBoundingClientRect();
return shown && r.bottom > 0 && r.top < innerHeight ? "" : e.outerHTML.slice(0, 120) })()`, &hidden)
		if hidden != "" {
			t.Errorf("%s: the focus is not to be seen on %s", page, hidden)
		}
	}
}

// TestPicturesOfNotices writes notices as staff do, and shows what they see, at a desk
// and on the narrowest phone.
func TestPicturesOfNotices(t *testing.T) {
	stage.Need(t, "chromium")
	f := newTown(t)
	shot := pictures(t)
	root := f.served()
	b := stage.NewBrowser(t, 1280, 800)
	b.Allow("422")
	f.signIn("ruth")
	b.Open(root + "notices")
	enter(b, "ruth", password, "No notices yet")
	save := func(name string) {
		t.Helper()
		b.SaveFullPNG(shot("notices-" + name))
		basics(t, b, name)
	}
	save("empty")
	b.ClickText("Write a notice")
	b.WaitText("Español", 10*time.Second)
	save("new")
	b.Fill("#notice-title-es", "Mantenimiento del alcantarillado y desratización en el distrito histórico")
	b.ClickText("Publish")
	b.WaitText("Nothing is saved yet", 10*time.Second)
	save("errors")
	b.Resize(360, 640)
	save("errors-360")
	b.Resize(1280, 800)
	b.Fill("#notice-title-en", "Sewer maintenance in the historic district, with strong smells and short closures of sidewalks")
	b.Fill("#notice-words-en", "Between 9 am and 3 pm crews clean the sewers. Keep windows to the street closed.\n\nCall 311 if you need help with stairs or ramps.")
	b.Fill("#notice-words-es", "Entre las 9 a. m. y las 3 p. m. las cuadrillas limpian el alcantarillado. Mantenga cerradas las ventanas que dan a la calle.\n\nLlame al 311 si necesita ayuda con escaleras o rampas.")
	b.ClickText("Old Town")
	b.Eval(`[["from","2026-05-18"],["until","2026-05-22"]].forEach(([n, v]) => { document.querySelector("[name=" + n + "]").value = v })`, nil)
	b.Select("select[name=department]", "Parks")
	save("filled")
	b.ClickText("Publish")
	b.WaitText("Saved. Kiosks have it", 10*time.Second)
	at := b.URL()

	long := hydrants("long")
	long.Notice.Title["en"] = strings.Repeat("Straßenbeleuchtungsinstandhaltung", 3)
	long.Notice.Words = city.Text{"en": strings.Repeat("ohneTrennung", 30), "ar": "قد تكون المياه بنية اللون لبعض الوقت."}
	f.act(system, long)
	for i, days := range [][2]string{{"2026-04-01", "2026-04-30"}, {"2026-05-14", "2026-05-14"}, {"2026-09-01", "2027-03-31"}} {
		n := hydrants(city.ID("n-" + days[0]))
		n.Notice.From, n.Notice.Until = days[0], days[1]
		n.Notice.Title = city.Text{"en": []string{"Leaves are collected", "The library closes at noon", "Winter parking begins"}[i]}
		n.Notice.Districts = [][]city.ID{nil, {"north"}, {"north", "old-town"}}[i]
		f.act(system, n)
	}
	back := hydrants("taken-back")
	back.Notice.Withdrawn = true
	f.act(system, back)
	for _, size := range []struct {
		name string
		w, h int
		dark bool
	}{{"1280", 1280, 800, false}, {"360", 360, 640, false}, {"320", 320, 640, false}, {"dark", 900, 800, true}} {
		b.Resize(size.w, size.h)
		b.Dark(size.dark)
		for name, to := range map[string]string{"list": root + "notices", "one": at, "long": root + "notices/long", "taken-back": root + "notices/taken-back", "write": root + "notices/new"} {
			b.Open(to)
			save(size.name + "-" + name)
			tabThrough(t, b, size.name+"-"+name)
		}
	}

	// Somebody else saves first; then the session ends over a form.
	b.Resize(1280, 800)
	b.Dark(false)
	b.Open(root + "notices/taken-back")
	back.Notice.Words = city.Text{"en": "The water may be brown until Friday.", "es": "El agua puede salir turbia hasta el viernes."}
	f.act(staff("maya", "Maya Ellison"), back)
	b.ClickText("Publish again")
	b.WaitText("What came in later", 10*time.Second)
	save("two-editions")
	b.Allow("401")
	b.Open(root + "notices/new")
	b.Fill("#notice-title-en", "Not to be lost")
	f.pass(13 * time.Hour)
	b.ClickText("Publish")
	b.WaitText("Your session has ended", 10*time.Second)
	save("session-ended")
	enter(b, "ruth", password, "You are signed in")
	save("session-again")
	b.ClickText("Send what I typed")
	b.WaitText("Nothing is saved yet", 10*time.Second)
	var typed string
	if b.Eval(`document.querySelector("#notice-title-en").value`, &typed); typed != "Not to be lost" {
		t.Errorf("what was typed is %q now", typed)
	}
}
