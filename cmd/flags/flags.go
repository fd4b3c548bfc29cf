package flags

import (
	"os"
	"regexp"

	"github.com/alecthomas/kong"
)

// Parse fills config, a pointer to a struct with kong's tags, from the command
// line and the environment. Names are accepted after one dash or two, as Go
// programs do. It ends the program when the command line makes no sense.
func Parse(config any, name, description string) *kong.Context {
	parser := kong.Must(config, kong.Name(name), kong.Description(description), kong.UsageOnError())
	ctx, err := parser.Parse(twoDashes(os.Args[1:]))
	parser.FatalIfErrorf(err)
	return ctx
}

var oneDash = regexp.MustCompile(`^-[a-z][a-z0-9-]`)

// twoDashes makes -name into --name. What follows a bare -- stays as it is.
func twoDashes(args []string) []string {
	out := make([]string, 0, len(args))
	for i, a := range args {
		if a == "--" {
			return append(out, args[i:]...)
		}
		if oneDash.MatchString(a) {
			a = "-" + a
		}
		out = append(out, a)
	}
	return out
}
