package words

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed *.json
var files embed.FS

// Language is a language that the city speaks.
type Language struct {
	Code string // BCP 47, such as "es"
	Name string // in the language itself and its own script
}

// names are the own names of languages; a file without one shows its code.
var names = map[string]string{
	"ar": "العربية", "en": "English", "es": "Español", "hy": "Հայերեն", "ko": "한국어", "vi": "Tiếng Việt", "zh": "中文",
}

// library is every file, read once.
type library struct {
	bundle *i18n.Bundle
	texts  map[string]map[string]string // language, then key of the file
}

var load = sync.OnceValue(func() library {
	l := library{bundle: i18n.NewBundle(language.English), texts: map[string]map[string]string{}}
	entries, err := files.ReadDir(".")
	if err != nil {
		panic("words: " + err.Error())
	}
	for _, e := range entries {
		raw, err := files.ReadFile(e.Name())
		if err != nil {
			panic("words: " + err.Error())
		}
		texts := map[string]string{}
		if err := json.Unmarshal(raw, &texts); err != nil {
			panic(fmt.Sprintf("words: %s: %v", e.Name(), err))
		}
		code := strings.TrimSuffix(e.Name(), ".json")
		l.texts[code] = texts
		if err := l.bundle.AddMessages(language.MustParse(code), messages(texts)...); err != nil {
			panic(fmt.Sprintf("words: %s: %v", e.Name(), err))
		}
	}
	return l
})

// messages joins ".one" and ".other" keys into plural messages.
func messages(texts map[string]string) []*i18n.Message {
	var ms []*i18n.Message
	for key, text := range texts {
		if base, ok := strings.CutSuffix(key, ".one"); ok && texts[base+".other"] != "" {
			ms = append(ms, &i18n.Message{ID: base, One: text, Other: texts[base+".other"], Many: texts[base+".other"]})
			continue
		}
		if base, ok := strings.CutSuffix(key, ".other"); ok && texts[base+".one"] != "" {
			continue
		}
		ms = append(ms, &i18n.Message{ID: key, Other: text})
	}
	return ms
}

// Languages lists the languages that there are files for, English first.
func Languages() []Language {
	codes := slices.Sorted(maps.Keys(load().texts))
	slices.SortStableFunc(codes, func(a, b string) int {
		switch {
		case a == "en":
			return -1
		case b == "en":
			return 1
		}
		return 0
	})
	all := make([]Language, len(codes))
	for i, c := range codes {
		all[i] = Language{c, Name(c)}
	}
	return all
}

// Name is what those who speak a language call it, or its code.
func Name(code string) string {
	if n := names[code]; n != "" {
		return n
	}
	return code
}

// Words speaks one language.
type Words struct {
	code      string
	localizer *i18n.Localizer
}

// In returns the words of a language. A code that there is no file for, or that
// names a region ("es-MX"), falls to its language and then to English.
func In(code string) *Words {
	l := load()
	base, _, _ := strings.Cut(code, "-")
	if l.texts[code] == nil {
		code = base
	}
	if l.texts[code] == nil {
		code = "en"
	}
	return &Words{code, i18n.NewLocalizer(l.bundle, code)}
}

// Code is the language that is spoken, never empty.
func (w *Words) Code() string { return w.code }

// Has says whether this language itself has the key (a plural by its base).
func (w *Words) Has(key string) bool {
	texts := load().texts[w.code]
	_, plain := texts[key]
	_, plural := texts[key+".other"]
	return plain || plural
}

// T says the words for a key. Arguments are names and values by turns, or one
// map; "count" also chooses between singular and plural.
func (w *Words) T(key string, args ...any) string {
	data := arguments(args)
	c := &i18n.LocalizeConfig{MessageID: key, TemplateData: data}
	if n, ok := data["count"]; ok {
		c.PluralCount = n
	}
	// A message found in English only comes with an error and is still said.
	if s, _ := w.localizer.Localize(c); s != "" {
		return s
	}
	return key
}

// Error says what is wrong for the code of a city.Error. The arguments are those
// of its message; a code from a newer version is said in general words.
func (w *Words) Error(code string, args ...any) string {
	key := "error." + code
	if !w.Has(key) && !In("en").Has(key) {
		key = "error.internal"
	}
	return w.T(key, args...)
}

func arguments(args []any) map[string]any {
	if len(args) == 1 {
		if m, ok := args[0].(map[string]any); ok {
			return m
		}
	}
	data := make(map[string]any, len(args)/2)
	for i := 0; i+1 < len(args); i += 2 {
		data[fmt.Sprint(args[i])] = args[i+1]
	}
	return data
}
