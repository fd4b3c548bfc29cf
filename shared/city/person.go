package city

import "strings"

// Department is a part of the administration that answers for services.
type Department string

// Role is what a member of staff may do.
type Role string

// The roles. Admins may do all that the others may.
const (
	RoleReviewer   Role = "reviewer"   // decides what came in, approves work, answers
	RoleDispatcher Role = "dispatcher" // assigns and re-prioritises
	RoleAdmin      Role = "admin"      // services, devices, people
)

// Staff is a person at a desk. An empty Departments means all of them.
type Staff struct {
	Name        string       `json:"name"`
	Roles       []Role       `json:"roles"`
	Departments []Department `json:"departments,omitempty"`
	Active      bool         `json:"active"`
}

// Crew is a group that goes out together, with one tablet or several.
type Crew struct {
	Name       string     `json:"name"`
	Department Department `json:"department"`
	Members    []Member   `json:"members"`
}

// Member is one of a crew. The id never changes; names do.
type Member struct {
	ID   ID     `json:"id"`
	Name string `json:"name"`
}

// Person is the resident behind a request. Nothing here is ever required.
type Person struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
	Phone string `json:"phone,omitempty"`
}

// Empty tells whether the resident left no word about who they are.
func (p Person) Empty() bool { return p == Person{} }

// String keeps personal data out of logs and errors.
func (p Person) String() string { return "[private]" }

// GoString does the same for %#v.
func (p Person) GoString() string { return "[private]" }

func (p Person) tidied() Person {
	return Person{Name: tidy(p.Name), Email: tidy(p.Email), Phone: tidy(p.Phone)}
}

func (p Person) check() error {
	if err := checkWords("person.name", p.Name, 120); err != nil {
		return err
	}
	return CheckContact(p.Email, p.Phone)
}

// CheckContact reports an e-mail address or a phone number that nobody could
// use. Empty ones are fine.
func CheckContact(email, phone string) error {
	if email != "" {
		user, host, ok := strings.Cut(email, "@")
		if !ok || user == "" || !strings.Contains(strings.Trim(host, "."), ".") || strings.ContainsAny(email, " \t\n,;<>") || len(email) > 254 {
			return fail(CodeInvalid, "person.email", "not an e-mail address")
		}
	}
	if phone != "" {
		digits := 0
		for _, r := range phone {
			switch {
			case r >= '0' && r <= '9':
				digits++
			case !strings.ContainsRune(" +-().x", r):
				return fail(CodeInvalid, "person.phone", "not a phone number")
			}
		}
		if digits < 7 || digits > 20 {
			return fail(CodeInvalid, "person.phone", "not a phone number")
		}
	}
	return nil
}
