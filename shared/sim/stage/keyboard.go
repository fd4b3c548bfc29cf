package stage

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// stroke is how a character is made: a key, with Shift or without.
type stroke struct {
	code  xproto.Keycode
	shift bool
}

// keyboard knows the key for each character, and gives keys to characters that
// the display's own (American) layout lacks.
type keyboard struct {
	conn    *xgb.Conn
	perCode byte
	strokes map[xproto.Keysym]stroke
	free    []xproto.Keycode
}

// Characters that people here write and the American layout lacks. They get
// keys before any program starts, since a program that learns of a new key
// while it reads the old one's press may take one for the other.
const written = "áéíóúüñàèòçïêôãõ¡«“‘–€º"
const writtenShifted = "ÁÉÍÓÚÜÑÀÈÒÇÏÊÔÃÕ¿»”’—…ª"

// mediaKeys is what the names of keys such as "play" and "brighter" begin with.
// No program here listens to them, so their keys are taken too.
const mediaKeys = 0x1008

// named are the keys that make no character.
var named = map[string]xproto.Keysym{
	"BackSpace": 0xff08, "Tab": 0xff09, "Return": 0xff0d, "Escape": 0xff1b, "Delete": 0xffff,
	"Home": 0xff50, "Left": 0xff51, "Up": 0xff52, "Right": 0xff53, "Down": 0xff54, "Page_Up": 0xff55, "Page_Down": 0xff56, "End": 0xff57,
	"F1": 0xffbe, "F2": 0xffbf, "F5": 0xffc2, "F11": 0xffc8, "space": ' ',
	"shift": 0xffe1, "ctrl": 0xffe3, "alt": 0xffe9,
}

func readKeyboard(conn *xgb.Conn) (*keyboard, error) {
	setup := xproto.Setup(conn)
	first := setup.MinKeycode
	count := byte(setup.MaxKeycode-first) + 1
	mapping, err := xproto.GetKeyboardMapping(conn, first, count).Reply()
	if err != nil {
		return nil, err
	}
	k := &keyboard{conn: conn, perCode: mapping.KeysymsPerKeycode, strokes: map[xproto.Keysym]stroke{}}
	per := int(k.perCode)
	for i := range int(count) {
		code, syms, used := first+xproto.Keycode(i), mapping.Keysyms[i*per:(i+1)*per], false
		for level, sym := range syms {
			used = used || sym != 0 && sym>>16 != mediaKeys
			if _, known := k.strokes[sym]; !known && sym != 0 && level < 2 {
				k.strokes[sym] = stroke{code, level == 1}
			}
		}
		if !used {
			k.free = append(k.free, code)
		}
	}
	lower, upper := []rune(written), []rune(writtenShifted)
	for i := range lower {
		if err := k.give(keysym(lower[i]), keysym(upper[i])); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// give lays two characters on a key that has none.
func (k *keyboard) give(plain, shifted xproto.Keysym) error {
	if len(k.free) == 0 {
		return fmt.Errorf("no key is left for %#x", plain)
	}
	code := k.free[0]
	k.free = k.free[1:]
	syms := make([]xproto.Keysym, k.perCode)
	syms[0], syms[1] = plain, shifted
	if err := xproto.ChangeKeyboardMappingChecked(k.conn, 1, code, k.perCode, syms).Check(); err != nil {
		return fmt.Errorf("give a key to %#x: %w", plain, err)
	}
	for level, sym := range syms[:2] {
		if _, known := k.strokes[sym]; !known {
			k.strokes[sym] = stroke{code, level == 1}
		}
	}
	return nil
}

// find is the stroke for a symbol; fresh says that the key was given it just
// now, so that programs have yet to hear of it.
func (k *keyboard) find(sym xproto.Keysym) (s stroke, fresh bool, err error) {
	if s, ok := k.strokes[sym]; ok {
		return s, false, nil
	}
	err = k.give(sym, sym)
	return k.strokes[sym], true, err
}

// chord reads "Return", "a" or "ctrl+shift+Tab": the symbol and its modifiers.
func chord(name string) (sym xproto.Keysym, modifiers []xproto.Keysym, err error) {
	parts := strings.Split(name, "+")
	for i, part := range parts {
		s, ok := named[part]
		if runes := []rune(part); !ok && len(runes) == 1 {
			s, ok = keysym(unicode.ToLower(runes[0])), true
		}
		if !ok {
			return 0, nil, fmt.Errorf("no key is called %q", part)
		}
		if i < len(parts)-1 {
			modifiers = append(modifiers, s)
		}
		sym = s
	}
	return sym, modifiers, nil
}

// keysym is the X11 name of a character: Latin-1 as it is, others as Unicode.
func keysym(r rune) xproto.Keysym {
	switch {
	case r == '\n':
		return named["Return"]
	case r == '\t':
		return named["Tab"]
	case r < 0x100:
		return xproto.Keysym(r)
	}
	return xproto.Keysym(0x01000000 | r)
}
