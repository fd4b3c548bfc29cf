package touch

import (
	"time"

	"fyne.io/fyne/v2"

	"cityhall/shared/look"
)

// rest ends all motion.
func (m *Map) rest() { m.drag.stop() }

// panning turns finger drags into pans, both ways.
type panning struct {
	m     *Map
	way   fyne.Position // moved since the finger came down, in pixels
	free  bool          // beyond what a wobbly tap moves
	speed fyne.Position // pixels a second
	last  time.Time
	anim  *fyne.Animation
}

func (p *panning) now() time.Time {
	if p.m.k.hooks.Now == nil {
		return time.Time{}
	}
	return p.m.k.hooks.Now()
}

func (p *panning) dragged(dx, dy float32) {
	p.stop()
	p.m.k.activity()
	now := p.now()
	if dt := float32(now.Sub(p.last).Seconds()); dt > 0 && dt < 0.1 {
		p.speed = fyne.NewPos(0.6*p.speed.X-0.4*dx/dt, 0.6*p.speed.Y-0.4*dy/dt)
	}
	p.last = now
	p.way = p.way.AddXY(dx, dy)
	if !p.free { // the slop is not made up for: the map starts without a jump
		p.free = !near(p.way, fyne.Position{}, p.m.k.slop())
		return
	}
	p.m.pan(-dx, -dy)
}

func (p *panning) end() {
	speed, free := p.speed, p.free
	p.way, p.free, p.speed = fyne.Position{}, false, fyne.Position{}
	late := p.now().Sub(p.last) > 80*time.Millisecond
	if !free || p.m.k.Prefs.ReduceMotion || late || near(speed, fyne.Position{}, 120) {
		p.m.settle()
		return
	}
	done := float32(0)
	p.anim = fyne.NewAnimation(look.Fling, func(f float32) {
		p.m.pan(speed.X*0.35*(f-done), speed.Y*0.35*(f-done))
		done = f
		if f >= 1 {
			p.m.settle()
		}
	})
	p.anim.Curve = fyne.AnimationEaseOut
	p.anim.Start()
}

func (p *panning) stop() {
	if p.anim != nil {
		p.anim.Stop()
		p.anim = nil
	}
}
