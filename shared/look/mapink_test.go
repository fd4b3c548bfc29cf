package look_test

import (
	"testing"

	"cityhall/shared/look"
)

func TestNamesOnTheMapCanBeRead(t *testing.T) {
	for theme, least := range map[look.MapTheme]float64{look.MapLight: 4.5, look.MapDark: 4.5, look.MapContrast: 7} {
		for _, pair := range theme.Ink().TextPairs() {
			if r := look.Contrast(pair.Ink, pair.Under); r < least {
				t.Errorf("theme %d: %s: contrast %.2f, want %.1f", theme, pair.Name, r, least)
			}
		}
	}
}
