package architecture_test

import (
	"slices"
	"strings"
)

const module = "cityhall/"

// part is a folder with one place in the architecture; a folder below it is of
// the same part unless it is named itself.
type part struct {
	dir string
	// may is what the part may import of ours, and why.
	may []edge
}

type edge struct{ to, why string }

// programs are the edges that both device programs have.
var programs = []edge{
	{"cmd/flags", "every program reads its command line the same way"},
	{"cmd/window", "both programs have a window of the same manners"},
	{"shared/peripheral", "main chooses the real printer, camera and clock"},
	{"shared/replica", "main opens the device's files and runs the engine"},
	{"shared/keys", "main reads the device's identity"},
	{"shared/touch", "main gives the kit to the screens"},
	{"shared/look", "main reads the city's colours"},
	{"shared/atlas", "main opens the places database"},
	{"shared/basemap", "main says where drawn tiles are kept"},
	{"shared/photo", "main bounds what a camera gives"},
	{"shared/words", "main chooses the languages"},
	{"shared/city", "main names devices and people"},
}

var parts = []part{
	{"shared/city", nil},
	{"shared/protocol", []edge{{"shared/city", "what is on the wire is mutations and records"}}},
	{"shared/keys", []edge{{"shared/city", "keys belong to devices and people"}, {"shared/protocol", "what is signed is a request of the protocol"}}},
	{"shared/sqlite", []edge{{"shared/city", "a full disk is an error that people are told"}}},
	{"shared/photo", []edge{{"shared/city", "a bad photo is an error that people are told"}}},
	{"shared/look", nil},
	{"shared/words", []edge{{"shared/city", "every error code has its words"}}},
	{"shared/atlas", []edge{{"shared/city", "places are the domain's"}, {"shared/sqlite", "the places database is a file of SQLite"}}},
	{"shared/basemap", []edge{
		{"shared/atlas", "the map is drawn from the places database"}, {"shared/look", "in the city's colours and letters"},
		{"shared/sqlite", "a city's own map is a file of SQLite"}, {"shared/city", "a map that cannot be read is an error that people are told"},
	}},
	{"shared/demo", []edge{
		{"shared/city", "an invented city is made of the domain"}, {"shared/protocol", "its past came as mutations"},
		{"shared/atlas", "its streets and addresses"}, {"shared/photo", "its photos"},
	}},
	{"shared/replica", []edge{
		{"shared/city", "pending mutations are applied on the device"}, {"shared/protocol", "it speaks to the server"},
		{"shared/keys", "it signs and seals"}, {"shared/sqlite", "outbox and cache are files"}, {"shared/photo", "photos are bounded before they wait"},
	}},
	{"shared/load", []edge{
		{"shared/city", "its devices do what people do"}, {"shared/protocol", "they speak to the server"}, {"shared/keys", "they sign and seal"},
	}},
	{"shared/peripheral", []edge{{"shared/city", "a failing device is an error that people are told"}, {"shared/photo", "a camera gives photos"}}},
	{"shared/touch", []edge{{"shared/look", "the kit is drawn from the design tokens"}}},
	{"kiosk", presenter}, {"fieldapp", append([]edge{{"shared/photo", "crews add photos, bounded and stripped before they wait"}}, presenter...)},
	{"kiosk/view", append([]edge{{"kiosk", "screens show their presenter's state"}, {"shared/atlas", "my address shows what the atlas tells of it"}}, view...)},
	{"fieldapp/view", append([]edge{{"fieldapp", "screens show their presenter's state"}}, view...)},
	{"syncserver/store", []edge{
		{"shared/city", "the store applies mutations"}, {"shared/protocol", "it keeps the log as it came"},
		{"shared/keys", "it keeps devices' keys"}, {"shared/sqlite", "one of the two engines"},
		{"shared/photo", "a photo that came without a thumbnail gets one"},
	}},
	{"syncserver", []edge{
		{"syncserver/store", "the server's one place of truth"}, {"shared/city", "the domain"}, {"shared/protocol", "devices speak it"},
		{"shared/keys", "requests are verified"}, {"shared/atlas", "places of pages"}, {"shared/basemap", "the map of pages"}, {"shared/words", "the pages' words"},
		{"shared/look", "the pages' style"}, {"shared/photo", "photos are made anew on the server too"}, {"shared/sqlite", "it opens the embedded database"},
	}},
	{"cmd/kiosk", append([]edge{{"kiosk", "main wires the presenter"}, {"kiosk/view", "main shows the screens"}}, programs...)},
	{"cmd/fieldapp", append([]edge{{"fieldapp", "main wires the presenter"}, {"fieldapp/view", "main shows the screens"}}, programs...)},
	{"cmd/syncserver", []edge{{"cmd/flags", "every program reads its command line the same way"}, {"syncserver", "main starts the server"}, {"syncserver/store", "main opens the store"}, {"shared/city", "main names the city"},
		{"shared/keys", "main reads the server's keys"}}},
	{"cmd/flags", nil},
	{"cmd/window", []edge{{"shared/touch", "the window holds a shell and serves its probe"}}},
	{"cmd/cityhall", []edge{
		{"cmd/flags", "every program reads its command line the same way"},
		{"syncserver", "the demo's server, and administration"}, {"syncserver/store", "backup, restore, verify"}, {"kiosk/view", "previews"},
		{"shared/load", "load as devices make it"}, {"shared/demo", "the demo city"}, {"shared/atlas", "its places database"}, {"shared/basemap", "a city's own map is looked at before it is given out"}, {"shared/city", "it speaks of the domain"},
		{"shared/peripheral", "a display for machines without one, and programs that end with this one"}, {"shared/keys", "enrolment"}, {"shared/sqlite", "checks of files"},
		{"shared/replica", "what a device without a line has is carried to the city by hand"},
	}},
	{"shared/sim", []edge{{"shared", "a city in a box holds every part"}, {"syncserver", "and a real server"}, {"kiosk", "and presenters"}, {"fieldapp", "and presenters"}}},
	{"shared/architecture", nil},
}

var presenter = []edge{
	{"shared/replica", "reads the device's copy, records acts"}, {"shared/city", "speaks of the domain"}, {"shared/atlas", "searches places"}, {"shared/basemap", "has the map drawn"},
	{"shared/words", "says it in the person's language"},
}

var view = []edge{
	{"shared/replica", "they show the states of what waits"},
	{"shared/touch", "screens are built of the kit"}, {"shared/look", "they name its colours, icons and sizes"},
	{"shared/city", "they show the domain"}, {"shared/words", "they show words"},
}

// partOf is the part that a folder belongs to, or nil.
func partOf(dir string) *part {
	var best *part
	for i := range parts {
		if below(dir, parts[i].dir) && (best == nil || len(parts[i].dir) > len(best.dir)) {
			best = &parts[i]
		}
	}
	return best
}

// checkEdges looks at our imports of our own packages. Tests may put together
// what they like, since nothing of them ships.
func checkEdges(s *source) (found []finding) {
	if s.syntax == nil || s.test {
		return nil
	}
	from := partOf(s.dir)
	if from == nil {
		return []finding{s.finding(1, "edge", "the folder %s has no place in the architecture: give it one, with its edges and why, in the table of this test", s.dir)}
	}
	for _, i := range s.imports {
		target, ours := strings.CutPrefix(i.path, module)
		if !ours {
			continue
		}
		to := partOf(target)
		allowed := to == from || to != nil && slices.ContainsFunc(from.may, func(e edge) bool { return e.to == to.dir || from.dir == "shared/sim" && below(target, e.to) })
		if to != nil && from.dir == "shared/sim" && (to.dir == "shared/touch" || strings.HasSuffix(to.dir, "/view")) {
			allowed = false
		}
		if !allowed {
			found = append(found, s.finding(i.line, "edge", "%s may not import %s; it may import %s", from.dir, target, from.list()))
		}
	}
	return found
}

// list is what the part may import, with the reasons.
func (p *part) list() string {
	var words []string
	for _, e := range p.may {
		words = append(words, e.to+" ("+e.why+")")
	}
	if len(words) == 0 {
		return "nothing of ours"
	}
	return strings.Join(words, ", ")
}

// wall keeps a library behind a few packages.
type wall struct {
	library string
	behind  []string
	tests   bool // it stands in tests too
	why     string
}

var views = []string{"shared/touch", "kiosk/view", "fieldapp/view", "cmd"}

var walls = []wall{
	{"fyne.io/fyne/v2/app", []string{"cmd/window"}, true, "it drags in OpenGL: the tests of everything else stay headless and fast"},
	{"fyne.io/fyne/v2/dialog", nil, true, "stock dialogs look like a developer's tool and speak the system's language only"},
	{"fyne.io", views, true, "presenters and all below them run without a screen"},
	{"github.com/gin-gonic/gin", []string{"syncserver"}, true, "devices have no web server"},
	{"github.com/mattn/go-sqlite3", []string{"shared/sqlite", "shared/sim"}, true, "its defaults lose rows at a power cut; one package opens files and reads the settings back"},
	{"github.com/jackc/pgx", []string{"syncserver/store", "shared/sim/postgres"}, false, "one package knows that there are two engines"},
	{"github.com/hashicorp/go-retryablehttp", []string{"shared/replica"}, false, "one package decides what is tried again"},
	{"github.com/chromedp", []string{"shared/sim"}, false, "browsers are for tests"},
	{"github.com/jezek/xgb", []string{"shared/sim", "shared/peripheral"}, false, "the display's own protocol is a peripheral"},
	{"cityhall/shared/sim", []string{"shared/sim"}, false, "nothing of the simulator ships; tests alone import it"},
	{"cityhall/shared/keys/cheap", []string{"shared/sim"}, false, "outside tests a guess at a password costs what it should"},
	{"testing", []string{"shared/sim"}, false, "what ships has no tests in it"},
}

// impure are the standard library's packages that the domain stays free of.
var impure = []string{"os", "net", "database/sql", "io/fs", "os/exec", "net/http", "crypto/rand", "math/rand", "math/rand/v2"}

// checkWalls looks at imports of libraries.
func checkWalls(s *source) (found []finding) {
	for _, i := range s.imports {
		for _, w := range walls {
			if !below(i.path, w.library) || s.test && !w.tests {
				continue
			}
			if !belowAny(s.dir, w.behind) {
				found = append(found, s.finding(i.line, "wall", "%s is imported only below %s: %s", w.library, strings.Join(w.behind, ", "), w.why))
			}
			break
		}
		if s.dir != "shared/city" || s.test {
			continue
		}
		library := strings.Contains(i.path, ".") && i.path != "github.com/google/uuid"
		if library || slices.Contains(impure, i.path) {
			found = append(found, s.finding(i.line, "pure", "the domain is the standard library and uuid, without I/O, clock or chance: the same on device, server and simulator"))
		}
	}
	return found
}
