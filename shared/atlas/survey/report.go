package survey

import (
	"errors"
	"fmt"
)

// Note is something about one feature of a file. Features count from 1; 0 is the
// file as a whole. Lines of a table count as features, without its first line.
type Note struct {
	Feature int    `json:"feature,omitempty"`
	ID      string `json:"id,omitempty"` // what the city calls it
	What    string `json:"what"`
}

// File is what was made of one file.
type File struct {
	Name    string            `json:"file"`
	Sort    string            `json:"sort"`
	Kind    string            `json:"kind,omitempty"`
	Guessed bool              `json:"guessed,omitempty"` // from its name: no mapping says it
	Fields  map[string]string `json:"fields,omitempty"`  // what for → attribute, guesses included
	AsOf    string            `json:"as_of,omitempty"`
	Read    int               `json:"features"`
	Taken   int               `json:"taken"`
	Dropped int               `json:"dropped,omitempty"`
	Mended  int               `json:"mended,omitempty"`
	// Reasons count what was dropped and mended; Notes are the first of each.
	Reasons map[string]int `json:"reasons,omitempty"`
	Notes   []Note         `json:"notes,omitempty"`
}

// Report is what an import understood, dropped and why.
type Report struct {
	Files []File `json:"files"`
}

// notesOfAReason is how many features are named for one reason.
const notesOfAReason = 3

// ErrRefused means files that no places file was made of; the one that is there
// is untouched. The error's text names file and feature.
var ErrRefused = errors.New("the import was refused")

// refuse makes an error about a file, at a feature where there is one.
func refuse(file string, feature int, why any) error {
	if feature > 0 {
		return fmt.Errorf("%w: %s, feature %d: %w", ErrRefused, file, feature, reason(why))
	}
	return fmt.Errorf("%w: %s: %w", ErrRefused, file, reason(why))
}

func reason(why any) error {
	if err, ok := why.(error); ok {
		return err
	}
	return errors.New(fmt.Sprint(why))
}

func (f *File) note(feature int, id, what string) {
	if f.Reasons == nil {
		f.Reasons = map[string]int{}
	}
	if f.Reasons[what]++; f.Reasons[what] <= notesOfAReason {
		f.Notes = append(f.Notes, Note{Feature: feature, ID: id, What: what})
	}
}

func (f *File) drop(feature int, id, what string) {
	f.Dropped++
	f.note(feature, id, "dropped: "+what)
}

func (f *File) mend(feature int, id, what string) {
	f.Mended++
	f.note(feature, id, "mended: "+what)
}
