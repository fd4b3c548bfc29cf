package console

import (
	"net/url"
	"slices"
	"strings"

	"cityhall/shared/city"
)

// form is an act that somebody is about to do: what they have typed so far and
// what is wrong with it.
type form struct {
	Action  string // address
	Name    string
	ID      city.MutationID
	Seen    int64
	Open    bool
	Values  url.Values
	Errors  map[string]string
	Problem string // what is wrong with no field in particular
}

// newForm makes an empty form with the id of the act that it will be.
func newForm(action, name string, seen int64) *form {
	return &form{Action: action, Name: name, ID: city.NewMutationID(), Seen: seen, Values: url.Values{}, Errors: map[string]string{}}
}

// Value gives what was typed into a field.
func (f *form) Value(name string) string { return f.Values.Get(name) }

// Self is the form itself, for templates whose data embeds it.
func (f *form) Self() *form { return f }

// Has tells whether a field has a value among several.
func (f *form) Has(name, value string) bool { return slices.Contains(f.Values[name], value) }

// refuse puts an error beside its field, or on top when the form has no such field.
func (f *form) refuse(e *city.Error, fields ...string) {
	words := fieldWords[f.Name+": "+string(e.Code)+" "+e.Field]
	if words == "" {
		words = fieldWords[string(e.Code)+" "+e.Field]
	}
	switch {
	case words != "":
	case e.Code == city.CodeTooLong && e.Max > 0:
		words = "Shorten this to " + grouped(e.Max) + " characters."
	default:
		words = sentence(e.Message)
	}
	if slices.Contains(fields, e.Field) {
		f.Errors[e.Field] = words
		return
	}
	if general := problemWords[e.Code]; general != "" {
		words = general
	}
	f.Problem = words
}

// fieldWords say in plain words what a code means for a field, of any form or of
// the one named in front.
var fieldWords = map[string]string{
	"required crew":         "Choose a crew.",
	"unknown crew":          "This crew is no longer there. Choose another one.",
	"required reason":       "Say why. The words stay in the history.",
	"required words":        "Say why it is not fixed. The resident reads this.",
	"required outcome":      "Choose how it ended.",
	"required duplicate_of": "Enter the number of the request that goes on. It cannot be this one.",
	"unknown duplicate_of":  "There is no request with this number. Check it in the inbox.",
	"required owner":        "Say whose it is, so that the resident knows where to turn.",
	"required text":         "Write something first.",
	"not_offered priority":  "Choose a priority.",
	"required department":   "Choose the department that tells it.",
	"unknown districts":     "One of these districts is no longer there. Choose again.",
	"invalid from":          "Choose the first day.",
	"invalid until":         "Choose a last day. It cannot be before the first, or more than two years after it.",

	"notice: required title": "Write a title in English.",
	"notice: required words": "Write in English what residents should know.",
}

var problemWords = map[city.Code]string{
	city.CodeNotNow:    "This is not possible any more: the request has moved on. What you typed is still here; look at the status above.",
	city.CodeStale:     "Somebody was quicker. Look at what has changed above, then try again.",
	city.CodeForbidden: "Your role does not allow this.",
}

// fieldView is one field as the templates draw it.
type fieldView struct {
	Form              *form
	Name, Label, Hint string
	Lang, Type        string // of what is typed; empty: English words
	Rows              int
	Options           []option
}

// ID names the field's element.
func (f fieldView) ID() string { return f.Form.Name + "-" + f.Name }

// In makes it a field for words in a language.
func (f fieldView) In(lang string) fieldView {
	f.Lang = lang
	return f
}

// Of makes it an input of another type than text.
func (f fieldView) Of(kind string) fieldView {
	f.Type = kind
	return f
}

// Tall gives it so many rows.
func (f fieldView) Tall(rows int) fieldView {
	f.Rows = rows
	return f
}

// Value is what was typed.
func (f fieldView) Value() string { return f.Form.Value(f.Name) }

// Error is what is wrong, or empty.
func (f fieldView) Error() string { return f.Form.Errors[f.Name] }

// Described lists the elements that explain the field.
func (f fieldView) Described() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.ID()+"-hint")
	}
	if f.Error() != "" {
		ids = append(ids, f.ID()+"-error")
	}
	return strings.Join(ids, " ")
}

func newField(f *form, name, label, hint string) fieldView {
	return fieldView{Form: f, Name: name, Label: label, Hint: hint, Rows: 3}
}

func newChoice(f *form, name, label, hint string, options []option) fieldView {
	options = slices.Clone(options)
	for i := range options {
		if f.Values.Has(name) {
			options[i].Selected = f.Has(name, options[i].Value)
		}
	}
	return fieldView{Form: f, Name: name, Label: label, Hint: hint, Options: options}
}
