package touch

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"cityhall/shared/look"
)

var (
	fontRegular  = fyne.NewStaticResource("Inter-Regular.otf", look.FontRegular)
	fontSemiBold = fyne.NewStaticResource("Inter-SemiBold.otf", look.FontSemiBold)
)

// Theme is the kit's face towards Fyne. Only the text entry and scroll bars
// are drawn from it; everything else takes its colours from the kit.
type Theme struct{ k *Kit }

// Color returns the palette's colour for a name of Fyne's.
func (t *Theme) Color(n fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	p := t.k.Pal
	switch n {
	case theme.ColorNameBackground:
		return p.Ground
	case theme.ColorNameForeground:
		return p.Ink
	case theme.ColorNamePrimary, theme.ColorNameHyperlink:
		return p.Primary
	case theme.ColorNameForegroundOnPrimary:
		return p.OnPrimary
	case theme.ColorNameInputBackground, theme.ColorNameInputBorder, theme.ColorNameHover, theme.ColorNameShadow:
		return color.Transparent // the field draws its own box
	case theme.ColorNameOverlayBackground, theme.ColorNameMenuBackground:
		return p.Surface
	case theme.ColorNameSeparator:
		return p.Line
	case theme.ColorNamePlaceHolder, theme.ColorNameDisabled:
		return p.Muted
	case theme.ColorNameButton, theme.ColorNameDisabledButton:
		return p.Sunken
	case theme.ColorNameFocus:
		return p.Focus
	case theme.ColorNamePressed:
		return p.Press
	case theme.ColorNameSelection:
		return look.Alpha(p.Primary, 0x48)
	case theme.ColorNameScrollBar:
		return look.Alpha(p.Muted, 0x90)
	case theme.ColorNameScrollBarBackground:
		return color.Transparent
	case theme.ColorNameSuccess:
		return p.Good
	case theme.ColorNameWarning:
		return p.Warn
	case theme.ColorNameError:
		return p.Bad
	}
	return theme.DefaultTheme().Color(n, theme.VariantLight)
}

// Font is Inter; symbols and fixed-width text fall to Fyne's own.
func (t *Theme) Font(s fyne.TextStyle) fyne.Resource {
	switch {
	case s.Monospace || s.Symbol:
		return theme.DefaultTheme().Font(s)
	case s.Bold:
		return fontSemiBold
	}
	return fontRegular
}

// Icon falls to Fyne's own: the kit's icons are drawn by Kit.Icon.
func (t *Theme) Icon(n fyne.ThemeIconName) fyne.Resource { return theme.DefaultTheme().Icon(n) }

// Size returns lengths in pixels for the text entry and scroll bars.
func (t *Theme) Size(n fyne.ThemeSizeName) float32 {
	k := t.k
	switch n {
	case theme.SizeNameText:
		return k.Size(look.Body)
	case theme.SizeNameCaptionText:
		return k.Size(look.Caption)
	case theme.SizeNameHeadingText:
		return k.Size(look.Heading)
	case theme.SizeNameSubHeadingText:
		return k.Size(look.Title)
	case theme.SizeNamePadding:
		return k.Px(look.XS)
	case theme.SizeNameInnerPadding:
		return k.Px(12)
	case theme.SizeNameLineSpacing:
		return k.Px(look.XS)
	case theme.SizeNameInlineIcon:
		return k.Size(look.Body) * 1.3
	case theme.SizeNameInputRadius, theme.SizeNameSelectionRadius:
		return k.radius(look.RadiusSmall)
	case theme.SizeNameInputBorder:
		return max(2, k.Device.unit*1.6)
	case theme.SizeNameScrollBar:
		return k.Px(10)
	case theme.SizeNameScrollBarSmall:
		return k.Px(5)
	case theme.SizeNameScrollBarRadius:
		return k.Px(5)
	}
	return theme.DefaultTheme().Size(n)
}
