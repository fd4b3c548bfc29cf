package kiosk

// Report begins a report.
func (k *Kiosk) Report() {
	k.Touch()
	if k.s.screen != ScreenHome {
		return
	}
	k.s.form, k.s.query, k.s.group = newForm(), "", ""
	k.turnTo(ScreenServices)
}

// ReportGroup begins a report with the services of one group.
func (k *Kiosk) ReportGroup(group string) {
	k.Touch()
	if k.s.screen != ScreenHome {
		return
	}
	k.s.form, k.s.query, k.s.group = newForm(), "", group
	k.turnTo(ScreenServices)
}

// Track begins to look up a reference.
func (k *Kiosk) Track() {
	k.Touch()
	if k.s.screen != ScreenHome {
		return
	}
	k.s.track = track{}
	k.turnTo(ScreenTrack)
}

// Home leaves everything and wipes it, as a person does who walks away.
func (k *Kiosk) Home() {
	lang, scale, contrast := k.s.lang, k.s.scale, k.s.contrast
	k.Reset()
	k.s.lang, k.s.scale, k.s.contrast = lang, scale, contrast
	k.Touch()
	k.changed()
}

// CanGoBack tells whether Back leads anywhere.
func (k *Kiosk) CanGoBack() bool {
	switch k.s.screen {
	case ScreenHome, ScreenReceipt, ScreenEnrol, ScreenClosed:
		return false
	}
	return !k.s.saving
}

// Back goes one page back. What was entered stays.
func (k *Kiosk) Back() {
	k.Touch()
	if !k.CanGoBack() {
		return
	}
	switch k.s.screen {
	case ScreenServices, ScreenTrack, ScreenAddress:
		if k.s.form.editing {
			k.takeBack()
			return
		}
		k.turnTo(ScreenHome)
	case ScreenRequest:
		k.turnTo(k.s.track.from)
	case ScreenNotFound:
		k.turnTo(ScreenTrack)
	case ScreenHere:
		k.turnTo(ScreenAddress)
	case ScreenPoint:
		k.turnTo(ScreenPlace)
	case ScreenFailed:
		k.turnTo(ScreenCheck)
	case ScreenStopped:
		k.turnTo(ScreenQuestion)
	default:
		k.backInForm()
	}
}
