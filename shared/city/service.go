package city

import "strings"

// Service is something that residents can ask for.
type Service struct {
	Name         Text       `json:"name"`
	Summary      Text       `json:"summary,omitempty"`
	Keywords     Text       `json:"keywords,omitempty"` // words that people use for it, with spaces between
	Icon         string     `json:"icon"`
	Group        string     `json:"group"` // streets, trees, waste, water, animals, other
	Department   Department `json:"department"`
	Crew         ID         `json:"crew,omitempty"` // who usually goes
	Promise      Promise    `json:"promise"`
	Questions    []Question `json:"questions,omitempty"`
	ShareContact bool       `json:"share_contact,omitempty"` // crews may see the resident's contact
	Active       bool       `json:"active"`
	Version      int        `json:"version"`
}

// LoadService reads a service; false when there is none.
func LoadService(view View, id ID) (Service, bool, error) {
	var s Service
	ok, err := load(view, Ref{KindService, id}, &s)
	return s, ok, err
}

// reaches is how many metres apart two reports of a group may lie and still be
// about one thing: the next pothole or lamp is another one, a fallen tree is long
// and given by the nearest house, water runs, and animals walk.
var reaches = map[string]int{"streets": 75, "waste": 75, "trees": 120, "water": 200, "animals": 400}

// Reach is how many metres apart two open reports may lie and still be about one
// thing, so that a person is asked whether they are.
func (s Service) Reach() int {
	if m, ok := reaches[s.Group]; ok {
		return m
	}
	return 150
}

// Matches tells whether every word of the query begins a word of the service's
// name, summary or keywords in the language. An empty query matches.
func (s Service) Matches(query, lang string) bool {
	words := strings.Fields(Fold(s.Name.In(lang) + " " + s.Summary.In(lang) + " " + s.Keywords.In(lang)))
	for _, want := range strings.Fields(Fold(query)) {
		found := false
		for _, w := range words {
			found = found || strings.HasPrefix(w, want)
		}
		if !found {
			return false
		}
	}
	return true
}

var foldings = strings.NewReplacer("á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u", "ü", "u", "ñ", "n",
	",", " ", ".", " ", ";", " ", "-", " ", "'", "", "’", "")

// Fold reduces words to what a hurried typist would give: small letters without
// accents and punctuation.
func Fold(s string) string { return foldings.Replace(strings.ToLower(s)) }

func (s Service) check() error {
	if s.Name["en"] == "" {
		return fail(CodeRequired, "service.name", "a service has a name in English")
	}
	if s.Department == "" {
		return fail(CodeRequired, "service.department", "a service has a department")
	}
	if s.Promise.Days < 0 || s.Promise.Days > 3650 {
		return fail(CodeInvalid, "service.promise", "a promise is 0 to 3650 days")
	}
	return checkQuestions(s.Questions)
}
