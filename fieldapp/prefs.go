package fieldapp

import (
	"encoding/json"
	"slices"

	"cityhall/shared/words"
)

// Prefs is how the person wants the screen.
type Prefs struct {
	Language  string  `json:"language"`
	TextScale float32 `json:"text_scale"` // 1, 1.25 or 1.5
	Sunlight  bool    `json:"sunlight"`   // high contrast
}

// TextScales are the text sizes on offer.
var TextScales = []float32{1, 1.25, 1.5}

// Prefs gives the preferences.
func (a *App) Prefs() Prefs { return a.prefs }

func (a *App) loadPrefs() error {
	text, err := a.r.Setting(a.ctx, "field.prefs")
	if err != nil {
		return err
	}
	a.prefs = Prefs{Language: a.cfg.Language, TextScale: 1}
	if text != "" && json.Unmarshal([]byte(text), &a.prefs) != nil {
		a.prefs = Prefs{Language: a.cfg.Language, TextScale: 1}
	}
	if !slices.Contains(TextScales, a.prefs.TextScale) {
		a.prefs.TextScale = 1
	}
	a.w = words.In(a.prefs.Language)
	a.prefs.Language = a.w.Code()
	return nil
}

// SetPrefs changes and keeps the preferences.
func (a *App) SetPrefs(p Prefs) {
	a.prefs, a.w = p, words.In(p.Language)
	raw, err := json.Marshal(p)
	if err == nil {
		err = a.r.SetSetting(a.ctx, "field.prefs", string(raw))
	}
	if loadErr := a.load(); err == nil {
		err = loadErr
	}
	a.Changed(Preferences)
	if err != nil {
		a.fail(err)
	}
}
