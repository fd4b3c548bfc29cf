package survey

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cityhall/shared/atlas"
)

// Options say what to import.
type Options struct {
	Folder string
	// Mapping is the file of the mapping; empty means geography.map in the folder,
	// which need not be there.
	Mapping string
	// Out is the places file, replaced only by a whole new one.
	Out string
	Now time.Time
	// Progress is told of every file, each some thousand features and at its end.
	Progress func(file string, features int)
	Limits   Limits
}

// Import reads the folder and makes the places file. The report tells what was
// read so far also when there is an error. The same files give the same bytes.
func Import(ctx context.Context, o Options) (Report, error) {
	g, report, err := Read(ctx, o)
	if err != nil {
		return report, err
	}
	if o.Progress != nil {
		o.Progress(filepath.Base(o.Out), 0)
	}
	if err := atlas.Build(ctx, o.Out, g); err != nil {
		return report, fmt.Errorf("make the places file: %w", err)
	}
	return report, nil
}

// Read is Import without the file at the end of it.
func Read(ctx context.Context, o Options) (atlas.Geography, Report, error) {
	o.Limits = o.Limits.orDefault()
	var report Report
	layers, err := layers(o.Folder, o.Mapping)
	if err != nil {
		return atlas.Geography{}, report, err
	}
	b := &builder{o: o, g: atlas.Geography{AsOf: map[string]string{}}, areas: map[string]int{}}
	for _, l := range layers {
		f := File{Name: l.file, Sort: l.sort, Kind: l.kind, Guessed: l.guessed, AsOf: l.asOf}
		if l.sort != "skip" {
			err = b.file(ctx, &l, &f)
		}
		report.Files = append(report.Files, f)
		if err != nil {
			return atlas.Geography{}, report, err
		}
	}
	b.finish(&report)
	if len(b.g.Streets)+len(b.g.Houses)+len(b.g.Areas)+len(b.g.Spots) == 0 {
		return atlas.Geography{}, report, refuse(o.Folder, 0, "nothing in it is geography")
	}
	return b.g, report, nil
}

// layers are the files of the folder in the order in which they are read.
func layers(folder, mapping string) ([]layer, error) {
	var out []layer
	raw, err := os.ReadFile(cmp.Or(mapping, filepath.Join(folder, mappingName)))
	if err == nil {
		if out, err = readMapping(bytes.NewReader(raw)); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrRefused, err)
		}
	} else if mapping != "" || !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read the mapping: %w", err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("read the folder: %w", err)
	}
	for _, e := range entries {
		name := strings.TrimSuffix(strings.ToLower(e.Name()), ".gz")
		ext := filepath.Ext(name)
		if e.IsDir() || ext != ".geojson" && ext != ".json" && ext != ".csv" || slices.ContainsFunc(out, func(l layer) bool { return l.file == e.Name() }) {
			continue
		}
		l, ok := guessLayer(e.Name())
		if !ok || ext == ".csv" && l.sort != "addresses" {
			l = layer{sort: "skip", file: e.Name(), guessed: true}
		}
		out = append(out, l)
	}
	// Streets first: they say where the city is.
	slices.SortStableFunc(out, func(a, b layer) int { return cmp.Compare(rank(a.sort), rank(b.sort)) })
	return out, nil
}

// looked is how many features are read to learn which attributes there are.
const looked = 200

const progressEvery = 5000

// file reads one file into the geography.
func (b *builder) file(ctx context.Context, l *layer, f *File) error {
	path := filepath.Join(b.o.Folder, l.file)
	latin, err := b.prepare(ctx, path, l)
	if err != nil {
		return refuse(l.file, 0, err)
	}
	f.Fields = l.fields
	if latin {
		f.note(0, "", "read as Windows-1252 (Latin-1): it is not UTF-8")
	}
	s, err := open(ctx, path, latin, b.o.Limits)
	if err != nil {
		return refuse(l.file, 0, err)
	}
	defer s.close()
	edited := ""
	read, err := records(s, path, func(ft feature, columns []string) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		edited = max(edited, b.edited(ft))
		b.feature(l, &ft, columns, f)
		if ft.wrong == notDegrees {
			return errors.New(notDegrees)
		}
		if b.o.Progress != nil && f.Read%progressEvery == 0 {
			b.o.Progress(l.file, f.Read)
		}
		return b.full()
	})
	if err != nil {
		return refuse(l.file, read+1, err)
	}
	return b.close(l, f, edited)
}

// prepare learns a file's encoding, attributes and day.
func (b *builder) prepare(ctx context.Context, path string, l *layer) (latin bool, err error) {
	if latin, err = looksLatin(ctx, path, b.o.Limits); err != nil {
		return false, err
	}
	have, err := attributes(ctx, path, latin, b.o.Limits)
	if err != nil {
		return false, err
	}
	if absent := l.missing(have); len(absent) > 0 && len(have) > 0 {
		return false, errors.New("it has no attribute " + strings.Join(absent, ", ") + "; it has " + strings.Join(have, ", "))
	}
	l.guessFields(have)
	if l.asOf == "" {
		l.asOf, err = b.fileDay(path)
	}
	return latin, err
}

// feature takes one feature, or tells why not.
func (b *builder) feature(l *layer, ft *feature, columns []string, f *File) {
	f.Read++
	if ft.wrong == "" && l.fields["lat"] != "" && len(ft.shape.lines) == 0 {
		ft.place(l.fields["lat"], l.fields["lon"])
	}
	if ft.wrong == "" && b.far(*ft) {
		ft.wrong = "it lies far from the city's streets"
	}
	if ft.wrong == "" {
		b.take(l, ft, columns)
	}
	if ft.wrong != "" {
		f.drop(ft.number, ft.id, ft.wrong)
		return
	}
	f.Taken++
	if ft.mended != "" {
		f.mend(ft.number, ft.id, ft.mended)
	}
}

// close judges a file as a whole and dates it.
func (b *builder) close(l *layer, f *File, edited string) error {
	if f.Read == 0 {
		f.note(0, "", "it holds no features")
	} else if f.Dropped*2 > f.Read {
		first := Note{}
		for _, n := range f.Notes {
			if strings.HasPrefix(n.What, "dropped") {
				first = n
				break
			}
		}
		return refuse(l.file, first.Feature, fmt.Sprintf("%d of %d features cannot be used; %s", f.Dropped, f.Read, first.What))
	}
	if f.AsOf == "" {
		f.AsOf = cmp.Or(edited, l.asOf)
	}
	for _, kind := range b.kinds(l) {
		if old := b.g.AsOf[kind]; old == "" || f.AsOf < old {
			b.g.AsOf[kind] = f.AsOf // what is known is as old as its oldest part
		}
	}
	if l.sort == "streets" {
		b.center()
	}
	if b.o.Progress != nil {
		b.o.Progress(l.file, f.Read)
	}
	return nil
}

// records reads a file of either form.
func records(s *source, path string, each func(feature, []string) error) (int, error) {
	if strings.HasSuffix(strings.TrimSuffix(strings.ToLower(path), ".gz"), ".csv") {
		return readTable(s, each)
	}
	return readGeoJSON(s, func(f feature) error { return each(f, nil) })
}

// attributes are those that the first features of a file have.
func attributes(ctx context.Context, path string, latin bool, l Limits) ([]string, error) {
	s, err := open(ctx, path, latin, l)
	if err != nil {
		return nil, err
	}
	defer s.close()
	seen := map[string]bool{}
	read, err := records(s, path, func(f feature, columns []string) error {
		for _, name := range columns {
			seen[name] = true
		}
		for name := range f.values {
			seen[name] = true
		}
		if f.number == looked {
			return errStop
		}
		return nil
	})
	if err != nil && !errors.Is(err, errStop) {
		return nil, fmt.Errorf("feature %d: %w", read+1, err)
	}
	return slices.Sorted(maps.Keys(seen)), nil
}
