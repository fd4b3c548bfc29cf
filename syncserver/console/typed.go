package console

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"cityhall/shared/city"
)

// typedPrefix is before the names of a form's fields while somebody signs in.
const typedPrefix = "typed."

type typedField struct{ Name, Value string }

// typedFields lists the fields whose names begin with a prefix, without it.
func typedFields(in url.Values, prefix string) []typedField {
	var out []typedField
	for _, name := range sortedKeys(in) {
		if short, ok := strings.CutPrefix(name, prefix); ok {
			for _, v := range in[name] {
				out = append(out, typedField{short, v})
			}
		}
	}
	return out
}

// keepTyped asks who sent a form after the session had ended to sign in, and takes
// along what they typed. False: it is no form to come back to.
func (c *Console) keepTyped(g *gin.Context) bool {
	at := g.FullPath()
	if g.Request.Method != http.MethodPost || at == stickPath || at == base+"/sign-out" || g.Request.ParseForm() != nil {
		return false
	}
	in := g.Request.PostForm
	if !city.MutationID(in.Get("id")).Valid() || in.Get("seen") == "" {
		return false
	}
	c.outside(g, http.StatusUnauthorized, "sign-in", "Sign in", signInBody{Next: g.Request.URL.Path, Typed: typedFields(in, "")})
	return true
}

type typedBody struct {
	Name, Next string
	Typed      []typedField
}

// offerTyped lets who has just signed in send what they had typed before.
func (c *Console) offerTyped(g *gin.Context, staff city.ID, b signInBody) {
	who, _, err := c.read.Staff(g.Request.Context(), staff)
	if err != nil {
		c.broken(g, err)
		return
	}
	c.outside(g, http.StatusOK, "typed", "Signed in", typedBody{who.Name, b.Next, b.Typed})
}
