package view

import (
	"path/filepath"

	"fyne.io/fyne/v2"

	"cityhall/shared/look"
	"cityhall/shared/touch"
)

// stick offers the way by hand.
func (p *page) stick() fyne.CanvasObject {
	t := p.t
	save := t.Button(touch.Secondary, look.IconDevice, t.T("field.stick.save"), func() { p.withStick(p.a.SaveToStick) })
	read := t.Button(touch.Secondary, look.IconReturn, t.T("field.stick.read"), func() { p.withStick(p.a.ReadFromStick) })
	if p.a.Syncing() {
		save.Disable()
		read.Disable()
	}
	return p.section("", t.Para(t.T("field.stick.title"), touch.Lead.Bold()), t.Para(t.T("field.stick.text"), touch.Body), t.Flow(look.M, save, read))
}

// withStick asks which one when there are several.
func (p *page) withStick(do func(folder string)) {
	t, sticks := p.t, p.a.Sticks()
	switch len(sticks) {
	case 0:
		p.a.NoStick()
		return
	case 1:
		do(sticks[0])
		return
	}
	var buttons []touch.DialogButton
	for _, folder := range sticks[:min(len(sticks), 3)] {
		buttons = append(buttons, touch.DialogButton{Kind: touch.Secondary, Label: filepath.Base(folder), Tap: func() { do(folder) }})
	}
	buttons = append(buttons, touch.DialogButton{Kind: touch.Secondary, Label: t.T("common.cancel")})
	p.v.shell.Ask(touch.DialogSpec{Icon: look.IconDevice, Title: t.T("field.stick.which"), Text: t.T("field.stick.which_text"), Buttons: buttons})
}
