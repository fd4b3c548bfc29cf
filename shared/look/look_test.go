package look_test

import (
	"encoding/xml"
	"image/color"
	"io"
	"regexp"
	"strings"
	"testing"

	"cityhall/shared/look"
)

func TestTextContrast(t *testing.T) {
	purple := look.Brand{Primary: look.RGB(0xB08CE0), Deep: look.RGB(0x8899AA), Accent: look.RGB(0xFFEE00)}
	for name, c := range map[string]struct {
		p   look.Palette
		min float64
	}{
		"day": {look.Day(), 4.5}, "dark": {look.Dark(), 4.5}, "high contrast": {look.HighContrast(), 7},
		"brand too pale for white text": {look.Day().WithBrand(purple), 4.5},
	} {
		for _, pair := range c.p.TextPairs() {
			if r := look.Contrast(pair.Ink, pair.Under); r < c.min {
				t.Errorf("%s: %s: contrast %.2f, want %.1f", name, pair.Name, r, c.min)
			}
		}
		if r := look.Contrast(c.p.Edge, c.p.Surface); r < 3 {
			t.Errorf("%s: edge of controls: contrast %.2f, want 3", name, r)
		}
		if r := look.Contrast(c.p.Focus, c.p.Ground); r < 3 {
			t.Errorf("%s: focus ring: contrast %.2f, want 3", name, r)
		}
	}
}

func TestContrastKnownValues(t *testing.T) {
	for _, c := range []struct {
		a, b color.NRGBA
		want float64
	}{
		{look.RGB(0), look.RGB(0xFFFFFF), 21},
		{look.RGB(0x777777), look.RGB(0xFFFFFF), 4.48}, // just fails, as WCAG's own example says
		{look.RGB(0xFFFFFF), look.RGB(0xFFFFFF), 1},
	} {
		if got := look.Contrast(c.a, c.b); got < c.want-0.01 || got > c.want+0.01 {
			t.Errorf("contrast %v %v = %.3f, want %.2f", c.a, c.b, got, c.want)
		}
	}
}

func TestBrandKeepsDarkAndHighContrast(t *testing.T) {
	b := look.Brand{Primary: look.RGB(0x7A1F3D)}
	if got := look.Day().WithBrand(b).Primary; got != b.Primary {
		t.Errorf("day primary %v, want the city's %v", got, b.Primary)
	}
	if look.Dark().WithBrand(b) != look.Dark() || look.HighContrast().WithBrand(b) != look.HighContrast() {
		t.Error("a brand must not change dark and high contrast")
	}
}

func TestCSSDefinesWhatItUses(t *testing.T) {
	css := look.CSS(look.Brand{})
	for _, want := range []string{":root{", "prefers-color-scheme:dark", "prefers-contrast:more", look.VarInk + ":#14213d", "--text-body:1.031rem", "--space-m:1rem", "--tint-6-soft:"} {
		if !strings.Contains(css, want) {
			t.Errorf("CSS lacks %q", want)
		}
	}
	if strings.Count(css, "{") != strings.Count(css, "}") {
		t.Error("CSS braces do not match")
	}
	if bad := regexp.MustCompile(`:;|%!`).FindString(css); bad != "" {
		t.Errorf("CSS holds %q", bad)
	}
}

func TestFontFacesNameServedFiles(t *testing.T) {
	served := map[string]int{}
	for _, f := range look.WebFonts() {
		served[f.Name] = len(f.Data)
	}
	urls := regexp.MustCompile(`url\(/a/([^)]+)\)`).FindAllStringSubmatch(look.FontFaces("/a/"), -1)
	if len(urls) != 4 {
		t.Fatalf("%d font files named, want 4", len(urls))
	}
	for _, u := range urls {
		if served[u[1]] == 0 {
			t.Errorf("%s is named but not served", u[1])
		}
	}
	if served["LICENSE-Inter.txt"] == 0 {
		t.Error("the licence must be served beside the fonts")
	}
	if string(look.FontRegular[:4]) != "OTTO" || string(look.FontSemiBold[:4]) != "OTTO" {
		t.Error("program fonts are not OpenType/CFF")
	}
}

func TestIconsAreWellFormed(t *testing.T) {
	if n := len(look.Icons()); n < 45 {
		t.Errorf("%d icons, want at least 45", n)
	}
	for _, i := range look.Icons() {
		d := xml.NewDecoder(strings.NewReader(i.SVG(look.RGB(0x123456))))
		for {
			_, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Errorf("icon %s: %v", i, err)
				break
			}
		}
		if !strings.Contains(i.SVG(look.RGB(0x123456)), `stroke="#123456"`) || !strings.Contains(i.Inline(), "currentColor") {
			t.Errorf("icon %s does not take its colour", i)
		}
	}
	if look.Icon("from-a-newer-version").Known() {
		t.Error("an unknown icon is known")
	}
}
