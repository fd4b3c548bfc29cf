package console

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"cityhall/shared/city"
	"cityhall/shared/look"
)

//go:embed templates/*.html
var templates embed.FS

// page is what the layout shows around a body.
type page struct {
	Title   string
	City    string
	Staff   string
	Nav     string // the part of the console that is open
	Admin   bool
	Review  bool // may decide reviews
	Reviews int  // open ones
	Seen    int64
	Done    string // what has just been done
	Watch   string // how the page follows changes: "list", "case" or empty
	Body    any
}

// loadPages is the same for every console of a process.
var loadPages = sync.OnceValues(readPages)

func readPages() (map[string]*template.Template, error) {
	assets, err := loadAssets()
	if err != nil {
		return nil, err
	}
	layout, err := template.New("layout.html").Funcs(template.FuncMap{
		"icon":   func(name string) template.HTML { return template.HTML(look.Icon(name).Inline()) }, // our own drawings
		"asset":  func(name string) string { return base + "/assets/" + name + "?v=" + assets[name].version },
		"path":   func(parts ...string) string { return base + "/" + strings.Join(parts, "/") },
		"lines":  func(s string) []string { return strings.Split(s, "\n") },
		"field":  newField,
		"choice": newChoice,
		"plural": plural,
		"filter": func(name, label, all string, options []option) filterView {
			return filterView{name, label, all, options}
		},
		"devices": func(list []deviceView, admin bool) deviceTable { return deviceTable{list, admin} },
	}).ParseFS(templates, "templates/layout.html", "templates/parts.html")
	if err != nil {
		return nil, fmt.Errorf("console templates: %w", err)
	}
	pages := map[string]*template.Template{}
	names, err := templates.ReadDir("templates")
	if err != nil {
		return nil, fmt.Errorf("console templates: %w", err)
	}
	for _, f := range names {
		name := strings.TrimSuffix(f.Name(), ".html")
		if name == "layout" || name == "parts" {
			continue
		}
		t, err := layout.Clone()
		if err == nil {
			t, err = t.ParseFS(templates, "templates/"+f.Name())
		}
		if err != nil {
			return nil, fmt.Errorf("console template %s: %w", name, err)
		}
		pages[name] = t
	}
	return pages, nil
}

// write renders into memory first: a template that fails half way must not send
// half a page.
func (c *Console) write(g *gin.Context, status int, name string, p page) {
	var b bytes.Buffer
	if err := c.pages[name].Execute(&b, p); err != nil {
		c.Log.Error("page", "page", name, "err", err)
		g.Data(http.StatusInternalServerError, "text/plain; charset=utf-8", []byte("The page could not be made.\n"))
		g.Abort()
		return
	}
	g.Data(status, "text/html; charset=utf-8", b.Bytes())
	g.Abort()
}

// outside shows a page to somebody who is not signed in.
func (c *Console) outside(g *gin.Context, status int, name, title string, body any) {
	settings, err := c.read.Settings(g.Request.Context())
	if err != nil {
		c.Log.Error("settings", "err", err) // the page can do without the city's name
	}
	c.write(g, status, name, page{Title: title, City: cityName(settings), Body: body})
}

func cityName(s city.Settings) string {
	if s.Name == "" {
		return "City Hall"
	}
	return s.Name
}

// show renders a page for who is signed in.
func (v *call) show(status int, name string, p page) {
	p.City, p.Staff, p.Seen = cityName(v.city), v.staff.Name, v.seen
	p.Admin, p.Review = v.staff.May("", city.RoleAdmin), v.staff.May("", city.RoleReviewer)
	if p.Done == "" {
		p.Done = doneWords[v.g.Query("done")]
	}
	if p.Review {
		var err error
		if p.Reviews, err = v.read.CountReviews(v.ctx, v.staff); err != nil {
			v.broken(v.g, err)
			return
		}
	}
	v.write(v.g, status, name, p)
}

type messageBody struct{ Heading, Words, Back string }

// message is a page of a few words, for what cannot be shown or done.
func (v *call) message(status int, heading, words string) {
	v.show(status, "message", page{Title: heading, Body: messageBody{heading, words, base + "/requests"}})
}

func (v *call) notFound() {
	v.message(http.StatusNotFound, "There is nothing here", "It may never have existed, or it belongs to another department. Check the number, or search in the inbox.")
}

func (v *call) forbidden(words string) {
	v.message(http.StatusForbidden, "This is not yours to do", words)
}

// plain is message for who is not signed in.
func (c *Console) plain(g *gin.Context, status int, heading, words string) {
	c.outside(g, status, "message", heading, messageBody{heading, words, base + "/requests"})
}

// broken says that it is our fault, with a number that finds the line in the log.
func (c *Console) broken(g *gin.Context, err error) {
	number := uuid.NewString()[:8]
	c.Log.Error("console", "number", number, "route", g.FullPath(), "err", err)
	if g.Request.Context().Err() != nil {
		g.Abort() // nobody waits for the answer any more
		return
	}
	c.write(g, http.StatusInternalServerError, "message", page{Title: "Something went wrong on our side", City: "City Hall",
		Body: messageBody{"Something went wrong on our side", "Nothing that you entered was changed half way. Try again; if it stays, tell the people who run the system this number: " + number + ".", base + "/requests"}})
}
