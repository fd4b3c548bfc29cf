package fieldapp

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cityhall/shared/city"
	"cityhall/shared/photo"
)

// MaxPhotos is how many photos one visit or finding takes; PageOfPictures how
// many the picker shows at a time.
const (
	MaxPhotos      = 20
	PageOfPictures = 12
)

// Picture is a file that the camera has left.
type Picture struct {
	Path string
	Name string
	When string
	At   time.Time
	Used bool   // it is on the form already
	Pick string // stage that it is picked for, or ""
	Bad  string // why it cannot be taken, in words
}

// Pictures is the picker.
type Pictures struct {
	Folder string
	Stage  string // for the next pick
	Staged bool   // before or after is asked at all
	All    []Picture
	Page   int
	Busy   int // pictures that are being taken over
}

// Picking is the picker that is open, or nil.
func (a *App) Picking() *Pictures { return a.picking }

// Shown gives the pictures of the page.
func (p *Pictures) Shown() []Picture {
	from := min(p.Page*PageOfPictures, len(p.All))
	return p.All[from:min(from+PageOfPictures, len(p.All))]
}

// Pages is how many pages there are.
func (p *Pictures) Pages() int { return (len(p.All) + PageOfPictures - 1) / PageOfPictures }

// Picked counts what is picked.
func (p *Pictures) Picked() int {
	n := 0
	for _, f := range p.All {
		if f.Pick != "" {
			n++
		}
	}
	return n
}

// OpenPictures shows what the camera has left.
func (a *App) OpenPictures() {
	if a.form == nil && a.find == nil {
		return
	}
	p := &Pictures{Folder: a.cfg.Pictures, Stage: "report", Staged: a.form != nil}
	if a.form != nil {
		p.Stage = "before"
		if slices.ContainsFunc(a.form.Photos, func(f FormPhoto) bool { return f.Stage == "before" }) {
			p.Stage = "after"
		}
	}
	var err error
	p.All, err = a.listPictures()
	a.picking = p
	a.push(ScreenPictures)
	if err != nil {
		a.problem = a.tell("field.pictures.unreadable")
		a.Changed(Same)
	}
}

// LookAgain reads the folder again, keeping what is picked.
func (a *App) LookAgain() {
	if a.picking == nil {
		return
	}
	list, err := a.listPictures()
	if err != nil {
		a.problem = a.tell("field.pictures.unreadable")
	}
	for i := range list {
		if j := slices.IndexFunc(a.picking.All, func(p Picture) bool { return p.Path == list[i].Path }); j >= 0 {
			list[i].Pick = a.picking.All[j].Pick
		}
	}
	a.picking.All, a.picking.Page = list, 0
	a.Changed(Same)
}

// listPictures gives the folder's pictures, newest first. A folder that is not
// there yet is empty.
func (a *App) listPictures() ([]Picture, error) {
	if a.cfg.Pictures == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(a.cfg.Pictures)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var out []Picture
	for _, e := range entries {
		if !slices.Contains([]string{".jpg", ".jpeg", ".png", ".webp"}, strings.ToLower(filepath.Ext(e.Name()))) {
			continue
		}
		info, infoErr := e.Info()
		if infoErr != nil || !info.Mode().IsRegular() {
			continue // gone since, or not a file
		}
		path := filepath.Join(a.cfg.Pictures, e.Name())
		out = append(out, Picture{Path: path, Name: e.Name(), At: info.ModTime(), When: a.when(info.ModTime()), Used: a.used(e.Name())})
	}
	slices.SortFunc(out, func(x, y Picture) int {
		if c := y.At.Compare(x.At); c != 0 {
			return c
		}
		return strings.Compare(y.Name, x.Name)
	})
	return out, err
}

// photos is the list of the form that is open.
func (a *App) photos() *[]FormPhoto {
	switch {
	case a.form != nil:
		return &a.form.Photos
	case a.find != nil:
		return &a.find.Photos
	}
	return nil
}

func (a *App) used(name string) bool {
	list := a.photos()
	return list != nil && slices.ContainsFunc(*list, func(f FormPhoto) bool { return f.From == name })
}

// SetStage says what the next picks show: before or after.
func (a *App) SetStage(stage string) {
	if a.picking != nil {
		a.picking.Stage = stage
		a.Changed(Same)
	}
}

// TurnPictures shows another page.
func (a *App) TurnPictures(by int) {
	if p := a.picking; p != nil {
		p.Page = min(max(0, p.Page+by), max(0, p.Pages()-1))
		a.Changed(Same)
	}
}

// PickPicture picks a picture, changes what it shows, or lets it go.
func (a *App) PickPicture(path string) {
	p := a.picking
	if p == nil || p.Busy > 0 {
		return
	}
	i := slices.IndexFunc(p.All, func(f Picture) bool { return f.Path == path })
	if i < 0 || p.All[i].Used {
		return
	}
	f := &p.All[i]
	switch {
	case f.Pick == p.Stage:
		f.Pick = ""
	case f.Pick == "" && p.Picked()+len(*a.photos()) >= MaxPhotos:
		a.problem = a.tell("field.pictures.enough", "n", MaxPhotos)
	default:
		f.Pick, f.Bad = p.Stage, ""
	}
	a.Changed(Same)
}

// taken is a picture that was read, or why not.
type taken struct {
	photo FormPhoto
	path  string
	err   error
}

// TakePictures takes over what is picked. A file that is no photo says so in its
// place; the others are taken, and nothing else is touched.
func (a *App) TakePictures() {
	p := a.picking
	if p == nil || p.Busy > 0 {
		return
	}
	if p.Picked() == 0 {
		a.Back()
		return
	}
	var picks []Picture
	for _, f := range p.All {
		if f.Pick != "" {
			picks = append(picks, f)
		}
	}
	slices.Reverse(picks) // oldest first, as they were taken
	p.Busy, a.problem = len(picks), nil
	a.Changed(Same)
	form := a.photos()
	a.cfg.Background(func() {
		for _, f := range picks {
			t := a.takePicture(f)
			a.cfg.Post(func() { a.took(p, form, t) })
		}
	})
}

// takePicture runs in the background: decode, bound, re-encode, save.
func (a *App) takePicture(f Picture) taken {
	file, err := os.Open(f.Path)
	if err != nil {
		return taken{path: f.Path, err: err}
	}
	defer file.Close()
	img, err := photo.Take(file)
	if err != nil {
		return taken{path: f.Path, err: err}
	}
	sha, err := a.r.SaveBlob(a.ctx, img.JPEG)
	if err != nil {
		return taken{path: f.Path, err: err}
	}
	if thumb, err := photo.Thumbnail(bytes.NewReader(img.Thumb), photo.ThumbSide); err == nil {
		a.images.put(sha, thumb)
	}
	return taken{path: f.Path, photo: FormPhoto{ID: city.NewID(), Blob: sha, Stage: f.Pick, Bytes: len(img.JPEG),
		Width: img.Width, Height: img.Height, Thumb: img.Thumb, From: f.Name}}
}

// took puts a picture on the form that it was picked for, if that is still open.
func (a *App) took(p *Pictures, form *[]FormPhoto, t taken) {
	p.Busy--
	i := slices.IndexFunc(p.All, func(f Picture) bool { return f.Path == t.path })
	if t.err != nil {
		if _, known := city.AsError(t.err); known {
			p.All[i].Bad = a.say(t.err)
		} else {
			a.cfg.Log.Error("take picture", "err", t.err)
			p.All[i].Bad = a.T("field.pictures.unreadable_file")
		}
		p.All[i].Pick = ""
	} else if form == a.photos() {
		*form = append(*form, t.photo)
		p.All[i].Pick, p.All[i].Used = "", true
		a.dirty = true
		a.flush()
	}
	if p.Busy > 0 || a.picking != p {
		a.Changed(Same)
		return
	}
	if slices.ContainsFunc(p.All, func(f Picture) bool { return f.Bad != "" }) {
		a.problem = a.tell("field.pictures.some_bad")
		a.Changed(Same)
		return
	}
	a.Back()
}

// SetPhotoStage changes what a photo of the form shows.
func (a *App) SetPhotoStage(id city.ID, stage string) {
	a.Set(func(f *Form) {
		for i := range f.Photos {
			if f.Photos[i].ID == id {
				f.Photos[i].Stage = stage
			}
		}
	})
}

// DropPhoto takes a photo off the form that is open.
func (a *App) DropPhoto(id city.ID) {
	list := a.photos()
	if list == nil {
		return
	}
	*list = slices.DeleteFunc(*list, func(f FormPhoto) bool { return f.ID == id })
	a.dirty = true
	a.flush()
	a.Changed(Same)
}
