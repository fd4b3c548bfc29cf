package fieldapp

import "cityhall/shared/city"

// say puts an error in the crew's words: those for its field if there are any,
// then the app's own for its code, then everybody's.
func (a *App) say(err error) string {
	e, ok := city.AsError(err)
	if !ok {
		return a.w.Error(string(city.CodeInternal))
	}
	for _, key := range []string{"field.error." + e.Field + "." + string(e.Code), "field.error." + string(e.Code)} {
		if a.w.Has(key) {
			return a.T(key, "max", e.Max)
		}
	}
	return a.w.Error(string(e.Code), "max", e.Max)
}

// saying is something that stands on the screen, in whatever language the person
// then reads. Nil says nothing.
type saying func() string

func (s saying) words() string {
	if s == nil {
		return ""
	}
	return s()
}

func (a *App) tell(key string, args ...any) saying {
	return func() string { return a.T(key, args...) }
}

func (a *App) fault(err error) saying {
	return func() string { return a.say(err) }
}
