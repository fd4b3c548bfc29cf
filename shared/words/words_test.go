package words_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cityhall/shared/words"
)

var update = flag.Bool("update", false, "write the language files sorted, one key a line")

func read(t *testing.T, code string) (map[string]string, []byte) {
	t.Helper()
	raw, err := os.ReadFile(code + ".json")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	if err := json.Unmarshal(raw, &texts); err != nil {
		t.Fatalf("%s.json: %v", code, err)
	}
	return texts, raw
}

// tidy is how a language file must be written.
func tidy(t *testing.T, texts map[string]string) []byte {
	t.Helper()
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(texts[key]); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, "  "+strconv.Quote(key)+": "+strings.TrimSpace(b.String()))
	}
	return []byte("{\n" + strings.Join(lines, ",\n") + "\n}\n")
}

func TestFilesAreSortedOneKeyALine(t *testing.T) {
	for _, l := range words.Languages() {
		texts, raw := read(t, l.Code)
		want := tidy(t, texts)
		if *update {
			if err := os.WriteFile(l.Code+".json", want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if !bytes.Equal(raw, want) {
			t.Errorf("%s.json is not sorted with one key a line, or holds a key twice; go test -run Sorted -update mends it", l.Code)
		}
	}
}

var placeholder = regexp.MustCompile(`\{\{[^}]*\}\}`)

func TestLanguagesHaveTheSameKeysAndPlaceholders(t *testing.T) {
	en, _ := read(t, "en")
	for _, l := range words.Languages() {
		texts, _ := read(t, l.Code)
		for key, text := range en {
			other, ok := texts[key]
			if !ok {
				t.Errorf("%s lacks %q", l.Code, key)
				continue
			}
			a, b := placeholder.FindAllString(text, -1), placeholder.FindAllString(other, -1)
			slices.Sort(a)
			slices.Sort(b)
			if !slices.Equal(slices.Compact(a), slices.Compact(b)) {
				t.Errorf("%s: %q has placeholders %v, English has %v", l.Code, key, b, a)
			}
			if strings.TrimSpace(other) == "" {
				t.Errorf("%s: %q is empty", l.Code, key)
			}
		}
		for key := range texts {
			if _, ok := en[key]; !ok {
				t.Errorf("%s has %q and English has not", l.Code, key)
			}
		}
	}
}

func TestEveryErrorCodeHasWords(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "../city/error.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	ast.Inspect(f, func(node ast.Node) bool {
		v, ok := node.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 || !strings.HasPrefix(v.Names[0].Name, "Code") {
			return true
		}
		code, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		n++
		if !words.In("en").Has("error." + code) {
			t.Errorf("no words for error code %q", code)
		}
		return true
	})
	if n < 10 {
		t.Errorf("found %d error codes in the domain, want all of them", n)
	}
}

func TestT(t *testing.T) {
	en, es := words.In("en"), words.In("es-MX")
	for _, c := range []struct{ got, want string }{
		{en.T("common.steps", "n", 2, "total", 5), "Step 2 of 5"},
		{es.T("common.steps", map[string]any{"n": 2, "total": 5}), "Paso 2 de 5"},
		{en.T("common.sync.waiting", "count", 1), "1 thing waits to be sent"},
		{en.T("common.sync.waiting", "count", 12), "12 things wait to be sent"},
		{es.T("common.sync.waiting", "count", 1), "1 envío en espera"},
		{es.T("common.sync.waiting", "count", 1000000), "1000000 envíos en espera"},
		{es.T("no.such.key", "n", 1), "no.such.key"},
		{words.In("xx").T("common.back"), "Back"},
		{words.In("").T("common.back"), "Back"},
		{en.Error("required"), "Please answer this question."},
		{en.Error("from_a_newer_version"), "Something went wrong on our side. Please try again."},
		{en.T("common.empty.search", "text", "<b>&"), "Nothing found for “<b>&”"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	if es.Code() != "es" || words.In("xx").Code() != "en" {
		t.Errorf("codes %q %q, want es en", es.Code(), words.In("xx").Code())
	}
	if !es.Has("common.sync.waiting") || es.Has("nothing") {
		t.Error("Has is wrong")
	}
	if l := words.Languages(); len(l) < 2 || l[0].Name != "English" || l[1].Name != "Español" {
		t.Errorf("languages %v", l)
	}
}

func TestDates(t *testing.T) {
	zone := time.FixedZone("city", -8*3600)
	now := time.Date(2026, 11, 23, 14, 5, 0, 0, zone)
	at := func(d time.Duration) time.Time { return now.Add(d).UTC() }
	en, es := words.In("en"), words.In("es")
	day := 24 * time.Hour
	for _, c := range []struct{ got, want string }{
		{en.DayTime(at(0), now), "today 14:05"},
		{es.DayTime(at(0), now), "hoy 14:05"},
		{en.DayTime(at(-14*time.Hour), now), "today 00:05"},
		{en.DayTime(at(-15*time.Hour), now), "yesterday 23:05"},
		{en.Day(at(4*day), now), "Fri 27 Nov"},
		{es.Day(at(4*day), now), "vie 27 nov"},
		{en.Day(at(day), now), "tomorrow"},
		{en.Day(at(-400*day), now), "19 Oct 2025"},
		{en.LongDay(now, now), "Monday, November 23"},
		{es.LongDay(now, now), "lunes 23 de noviembre"},
		{en.LongDay(at(60*day).In(zone), now), "Friday, January 22, 2027"},
		{es.LongDay(at(60*day).In(zone), now), "viernes 22 de enero de 2027"},
		{en.PlainDate(now), "November 23, 2026"},
		{es.PlainDate(now), "23 de noviembre de 2026"},
		{es.Exact(now), "23 de noviembre de 2026, 14:05"},
		{en.Ago(at(-20*time.Second), now), "just now"},
		{en.Ago(at(30*time.Second), now), "just now"},
		{en.Ago(at(-5*time.Minute), now), "5 minutes ago"},
		{es.Ago(at(-time.Minute), now), "hace 1 minuto"},
		{en.Ago(at(-3*time.Hour), now), "3 hours ago"},
		{en.Ago(at(-20*time.Hour), now), "yesterday 18:05"},
		{en.Ago(at(2*time.Hour), now), "today 16:05"},
		{en.WorkingDays(3), "in 3 working days"},
		{es.WorkingDays(1), "en 1 día hábil"},
		{en.WorkingDays(0), "today"},
		{en.Duration(20 * time.Second), "less than a minute"},
		{en.Duration(45 * time.Minute), "45 min"},
		{en.Duration(130 * time.Minute), "2 h 10 min"},
		{en.Duration(2 * time.Hour), "2 h"},
		{es.Duration(71 * time.Hour), "3 días"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
