package city

// AnOldNote is what a note could have looked like in an earlier version: the
// words were called body, and who it is for came along.
type AnOldNote struct {
	Note    ID     `json:"note"`
	Request ID     `json:"request"`
	Body    string `json:"body"`
	For     string `json:"for"`
}

// Type implements Act.
func (a *AnOldNote) Type() Type { return "note.add@0" }

// Check implements Act.
func (a *AnOldNote) Check() error {
	if a.Body == "" {
		return fail(CodeRequired, "body", "a note has words")
	}
	return nil
}

func (a *AnOldNote) plan(*plan) error { panic("an old form changes nothing itself") }

func (a *AnOldNote) upcast() (Act, error) {
	now := &AddNote{Note: a.Note, Request: a.Request, Text: a.For + ": " + a.Body}
	return now, now.Check()
}

// WithAnOldNote registers AnOldNote until the function is called.
func WithAnOldNote() func() {
	register(func() Act { return &AnOldNote{} })
	return func() { delete(acts, "note.add@0") }
}

// Blank makes an empty act of a type.
func Blank(t Type) Act { return acts[t]() }
