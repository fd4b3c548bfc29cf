package sqlite

import "strings"

// splitStatements cuts an SQL text at the semicolons that end statements:
// drivers for PostgreSQL run one at a time. Quotes, comments, dollar quotes and
// the bodies of triggers stay whole; comments are left out.
func splitStatements(text string) []string {
	var list []string
	var statement strings.Builder
	words, depth, trigger := 0, 0, false
	flush := func() {
		if s := strings.TrimSpace(statement.String()); s != "" {
			list = append(list, s)
		}
		statement.Reset()
		words, depth, trigger = 0, 0, false
	}
	for len(text) > 0 {
		token, kind := nextToken(text)
		text = text[len(token):]
		switch kind {
		case tokenComment:
			statement.WriteByte(' ')
			continue
		case tokenWord:
			words++
			switch strings.ToUpper(token) {
			case "TRIGGER":
				trigger = trigger || words <= 4 // CREATE [OR REPLACE | TEMP] TRIGGER
			case "BEGIN", "CASE":
				depth++
			case "END":
				depth--
			}
		case tokenSemicolon:
			if !trigger || depth <= 0 {
				flush()
				continue
			}
		}
		statement.WriteString(token)
	}
	flush()
	return list
}

type tokenKind int

const (
	tokenOther tokenKind = iota
	tokenWord
	tokenComment
	tokenSemicolon
)

func nextToken(text string) (string, tokenKind) {
	switch c := text[0]; {
	case strings.HasPrefix(text, "--"):
		return upTo(text, 2, "\n"), tokenComment
	case strings.HasPrefix(text, "/*"):
		return upTo(text, 2, "*/"), tokenComment
	case c == '\'' || c == '"' || c == '`':
		// A doubled quote reads as two literals side by side, which is the same.
		return upTo(text, 1, string(c)), tokenOther
	case c == '$':
		if end := strings.IndexByte(text[1:], '$'); end >= 0 && isWord(text[1:1+end]) && !startsWithDigit(text[1:]) {
			tag := text[:end+2]
			return upTo(text, len(tag), tag), tokenOther
		}
		return text[:1], tokenOther
	case c == ';':
		return text[:1], tokenSemicolon
	case isWord(text[:1]):
		n := 1
		for n < len(text) && isWord(text[n:n+1]) {
			n++
		}
		return text[:n], tokenWord
	}
	return text[:1], tokenOther
}

// upTo returns text up to and with the first end at or after from.
func upTo(text string, from int, end string) string {
	if i := strings.Index(text[from:], end); i >= 0 {
		return text[:from+i+len(end)]
	}
	return text
}

func isWord(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if (c < 'a' || c > 'z') && (s[i] < '0' || s[i] > '9') && s[i] != '_' {
			return false
		}
	}
	return true
}

func startsWithDigit(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }
