package fieldapp

import "os"

// beginAnew begins anew after the tablet was wiped: nothing of the city, of a person
// or of unfinished work stays in memory, and the first screen asks for a code.
func (a *App) beginAnew() {
	a.images.clear()
	a.closeAtlas()
	if a.cfg.Tiles != "" {
		if err := os.RemoveAll(a.cfg.Tiles); err != nil {
			a.cfg.Log.Warn("remove the map", "err", err)
		}
	}
	*a = App{Changed: a.Changed, cfg: a.cfg, ctx: a.ctx, net: a.net, r: a.r, w: a.w, prefs: a.prefs, link: a.link, touched: a.touched,
		fields: map[string]saying{}, images: newImageCache(), lock: lock{digits: PINDigits}, stack: []Screen{ScreenEnrol}}
	a.notice = a.tell("field.wiped")
	a.Changed(Back)
}
