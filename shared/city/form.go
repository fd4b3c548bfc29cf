package city

import (
	"maps"
	"regexp"
	"slices"
)

// QuestionKind says how a question is answered.
type QuestionKind string

// The kinds of question.
const (
	AskChoice QuestionKind = "choice" // one of the options
	AskMany   QuestionKind = "many"   // any of the options
	AskYesNo  QuestionKind = "yesno"  // "yes" or "no"
	AskText   QuestionKind = "text"   // words, at most Max characters
	AskNumber QuestionKind = "number" // a whole number, written in digits
)

// Question is one thing that a service wants to know. A service's questions are
// asked in order; branching is ShowIf and StopIf and nothing more.
type Question struct {
	ID       string       `json:"id"`
	Kind     QuestionKind `json:"kind"`
	Label    Text         `json:"label"`
	Help     Text         `json:"help,omitempty"`
	Required bool         `json:"required,omitempty"`
	Options  []Option     `json:"options,omitempty"`
	Max      int          `json:"max,omitempty"`
	ShowIf   *Condition   `json:"show_if,omitempty"`
	StopIf   []Stop       `json:"stop_if,omitempty"`
}

// Option is a choice.
type Option struct {
	ID    string `json:"id"`
	Label Text   `json:"label"`
}

// Condition holds when the earlier question was answered with one of In.
type Condition struct {
	Question string   `json:"question"`
	In       []string `json:"in"`
}

// Stop ends the form with words: this service is the wrong way for this case.
type Stop struct {
	Condition
	Words Text `json:"words"`
}

// Answers are what somebody said, by question. One-valued questions have one entry.
type Answers map[string][]string

func (c *Condition) holds(a Answers) bool {
	return slices.ContainsFunc(a[c.Question], func(v string) bool { return slices.Contains(c.In, v) })
}

// Shown gives the questions that are asked, given the answers so far. A question
// that hangs on one that is not asked is not asked either.
func Shown(questions []Question, a Answers) []Question {
	asked := Answers{}
	var out []Question
	for _, q := range questions {
		if q.ShowIf == nil || q.ShowIf.holds(asked) {
			out = append(out, q)
			asked[q.ID] = a[q.ID]
		}
	}
	return out
}

// Stopped gives the words that end the form, when an answer calls for it. Answers
// to questions that are no longer asked stop nothing.
func Stopped(questions []Question, a Answers) (Text, bool) {
	asked := Answers{}
	for _, q := range Shown(questions, a) {
		asked[q.ID] = a[q.ID]
		for _, s := range q.StopIf {
			if s.holds(asked) {
				return s.Words, true
			}
		}
	}
	return nil, false
}

// Relevant drops the answers to questions that are no longer asked and tidies
// the rest, so that a changed mind leaves nothing behind.
func Relevant(questions []Question, a Answers) Answers {
	out := Answers{}
	for _, q := range Shown(questions, a) {
		if kept := said(a[q.ID]); len(kept) > 0 {
			out[q.ID] = kept
		}
	}
	return out
}

// said tidies answers; one of blanks alone is none.
func said(given []string) []string {
	var kept []string
	for _, v := range given {
		if v = tidy(v); v != "" {
			kept = append(kept, v)
		}
	}
	return kept
}

// tidied does so for all answers, whatever was asked.
func (a Answers) tidied() Answers {
	out := Answers{}
	for q, given := range a {
		if kept := said(given); len(kept) > 0 {
			out[q] = kept
		}
	}
	return out
}

// check bounds answers to a form that this version may not know.
func (a Answers) check() error {
	if len(a) > 200 {
		return fail(CodeTooLong, "answers", "at most 200 answers")
	}
	for _, q := range slices.Sorted(maps.Keys(a)) {
		if !ID(q).Valid() {
			return fail(CodeInvalid, "answers", "not the id of a question")
		}
		if len(a[q]) > 100 {
			return fail(CodeTooLong, "answers."+q, "at most 100 choices")
		}
		for _, v := range a[q] {
			if err := checkWords("answers."+q, v, MaxWords); err != nil {
				return err
			}
		}
	}
	return nil
}

var wholeNumber = regexp.MustCompile(`^-?[0-9]{1,12}$`)

// CheckAnswer says what is wrong with the answer to one question, or nil.
func CheckAnswer(q Question, given []string) error {
	field := "answers." + q.ID
	if given = said(given); len(given) == 0 {
		if q.Required {
			return fail(CodeRequired, field, "this question needs an answer")
		}
		return nil
	}
	if q.Kind != AskMany && len(given) > 1 {
		return fail(CodeInvalid, field, "one answer only")
	}
	for _, v := range given {
		switch q.Kind {
		case AskChoice, AskMany:
			if !slices.ContainsFunc(q.Options, func(o Option) bool { return o.ID == v }) {
				return fail(CodeNotOffered, field, "not one of the choices")
			}
		case AskYesNo:
			if v != "yes" && v != "no" {
				return fail(CodeNotOffered, field, "yes or no")
			}
		case AskNumber:
			if !wholeNumber.MatchString(v) {
				return fail(CodeInvalid, field, "a whole number in digits")
			}
		case AskText:
			most := q.Max
			if most == 0 {
				most = 500
			}
			if err := checkWords(field, v, most); err != nil {
				return err
			}
		default:
			return fail(CodeUnknown, field, "a kind of question that this version does not know")
		}
	}
	return nil
}

// CheckAnswers says what is wrong with the first answer that cannot stand.
func CheckAnswers(questions []Question, a Answers) error {
	for _, q := range Shown(questions, a) {
		if err := CheckAnswer(q, a[q.ID]); err != nil {
			return err
		}
	}
	if words, stop := Stopped(questions, a); stop {
		return fail(CodeStopped, "answers", words.In("en"))
	}
	return nil
}

// checkQuestions reports a form that could not be asked.
func checkQuestions(questions []Question) error {
	seen := map[string]bool{}
	for _, q := range questions {
		field := "questions." + q.ID
		if !ID(q.ID).Valid() || seen[q.ID] {
			return fail(CodeInvalid, field, "question ids are unique, of a-z, 0-9, - and _")
		}
		if q.Label["en"] == "" {
			return fail(CodeRequired, field+".label", "a question has a label in English")
		}
		if !slices.Contains([]QuestionKind{AskChoice, AskMany, AskYesNo, AskText, AskNumber}, q.Kind) {
			return fail(CodeNotOffered, field+".kind", "choice, many, yesno, text or number")
		}
		if (q.Kind == AskChoice || q.Kind == AskMany) && len(q.Options) == 0 {
			return fail(CodeRequired, field+".options", "a choice has options")
		}
		for _, o := range q.Options {
			if !ID(o.ID).Valid() || o.Label["en"] == "" {
				return fail(CodeInvalid, field+".options", "an option has an id and a label in English")
			}
		}
		if q.Max < 0 || q.Max > MaxWords {
			return fail(CodeInvalid, field+".max", "more characters than are taken")
		}
		if q.ShowIf != nil && !seen[q.ShowIf.Question] {
			return fail(CodeUnknown, field+".show_if", "hangs on a question that does not come before it")
		}
		seen[q.ID] = true
		for _, s := range q.StopIf {
			if !seen[s.Question] || s.Words["en"] == "" {
				return fail(CodeInvalid, field+".stop_if", "hangs on a question up to here and has words in English")
			}
		}
	}
	return nil
}
