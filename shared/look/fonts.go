package look

import (
	"embed"
	"fmt"
	"strings"
)

// FontRegular and FontSemiBold are Inter as OpenType files, for programs. Their
// licence (SIL Open Font License 1.1) is fonts/LICENSE-Inter.txt.
var (
	//go:embed fonts/Inter-Regular.otf
	FontRegular []byte
	//go:embed fonts/Inter-SemiBold.otf
	FontSemiBold []byte
)

//go:embed fonts/*.woff2 fonts/LICENSE-Inter.txt
var webFonts embed.FS

// The unicode-range of the two parts that Inter is cut into for the web; a
// browser fetches the second only for a page that needs it.
const (
	rangeLatin    = "U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+0304,U+0308,U+0329,U+2000-206F,U+20AC,U+2122,U+2191,U+2193,U+2212,U+2215,U+FEFF,U+FFFD"
	rangeLatinExt = "U+0100-02BA,U+02BD-02C5,U+02C7-02CC,U+02CE-02D7,U+02DD-02FF,U+0304,U+0308,U+0329,U+1D00-1DBF,U+1E00-1E9F,U+1EF2-1EFF,U+2020,U+20A0-20AB,U+20AD-20C0,U+2113,U+2C60-2C7F,U+A720-A7FF"
)

// WebFont is one file to be served, with its licence's file among them.
type WebFont struct {
	Name string // such as "inter-latin-400-normal.woff2"
	Data []byte
}

// WebFonts returns the files that [FontFaces] refers to, and the licence.
func WebFonts() []WebFont {
	entries, err := webFonts.ReadDir("fonts")
	if err != nil {
		panic("look: embedded fonts: " + err.Error())
	}
	var fs []WebFont
	for _, e := range entries {
		b, err := webFonts.ReadFile("fonts/" + e.Name())
		if err != nil {
			panic("look: embedded fonts: " + err.Error())
		}
		fs = append(fs, WebFont{e.Name(), b})
	}
	return fs
}

// FontFaces returns the @font-face rules; base is the address under which the
// [WebFonts] are served, with its final slash ("/assets/fonts/").
func FontFaces(base string) string {
	var s strings.Builder
	for _, weight := range []int{400, 600} {
		for _, part := range []struct{ name, runes string }{{"latin-ext", rangeLatinExt}, {"latin", rangeLatin}} {
			fmt.Fprintf(&s, "@font-face{font-family:Inter;font-style:normal;font-weight:%d;font-display:swap;src:url(%sinter-%s-%d-normal.woff2) format(\"woff2\");unicode-range:%s}\n",
				weight, base, part.name, weight, part.runes)
		}
	}
	return s.String()
}
