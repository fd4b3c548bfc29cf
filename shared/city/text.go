package city

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Text is words by language code. English is always there.
type Text map[string]string

// In gives the words in a language, or in English where they are missing.
func (t Text) In(lang string) string {
	if s := t[lang]; s != "" {
		return s
	}
	return t["en"]
}

// MaxWords is the most characters a resident or a crew may write in one field.
const MaxWords = 4000

// tidy trims a person's words and drops what no screen can show. Line breaks,
// emoji and right-to-left text stay as they are.
func tidy(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r < 0x20 && r != '\n' || r == 0x7f {
			return -1
		}
		return r
	}, s))
}

func tidyText(t Text) Text {
	out := Text{}
	for lang, words := range t {
		out[lang] = tidy(words)
	}
	return out
}

// checkWords reports words that are longer than max characters.
func checkWords(field, s string, most int) error {
	if utf8.RuneCountInString(s) > most {
		e := fail(CodeTooLong, field, "at most "+strconv.Itoa(most)+" characters")
		e.Max = most
		return e
	}
	return nil
}
