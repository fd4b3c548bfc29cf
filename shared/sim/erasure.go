package sim

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cityhall/shared/city"
)

// resident is the name under which somebody files a report: it is found nowhere
// any more once the city has forgotten it.
func resident(words string) city.Person { return city.Person{Name: who + words} }

const who = "who-"

// erase lets the office forget by law who filed one of the reports.
func (f *Fleet) erase(ctx context.Context, _ *Device) error {
	rows, err := f.city.Server().Store().DB().QueryContext(ctx, `SELECT id, fields->>'name' FROM record WHERE kind = 'request.person' AND fields->>'name' <> ''
		ORDER BY (SELECT min(seq) FROM change WHERE change.id = record.id), id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var known []city.ID
	names := map[city.ID]string{}
	for rows.Next() {
		var id city.ID
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			return err
		}
		known, names[id] = append(known, id), name
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if len(known) == 0 {
		f.Faults["erasure"]-- // nobody yet
		return nil
	}
	id := known[f.rng.IntN(len(known))]
	f.erased[id], f.gone[strings.TrimPrefix(names[id], who)] = names[id], true
	return f.forgetPerson(ctx, id)
}

func (f *Fleet) forgetPerson(ctx context.Context, id city.ID) error {
	_, err := f.city.Server().Store().Erase(ctx, city.Actor{Kind: city.ActorSystem}, city.NewMutationID(), id, "asked for")
	return err
}

// eraseAgain is what a person has to do after a restore without a ledger, as far
// as that backup knows of it.
func (f *Fleet) eraseAgain(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(f.erased)) {
		err := f.forgetPerson(ctx, id)
		if _, told := city.AsError(err); told {
			delete(f.erased, id)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// checkErased: what was erased by law is nowhere, and stays so.
func (f *Fleet) checkErased(ctx context.Context) error {
	const invariant = "what was erased stays so"
	for id, name := range f.erased {
		for _, query := range []string{`SELECT count(*) FROM record WHERE CAST(fields AS TEXT) LIKE $1`,
			`SELECT count(*) FROM change WHERE CAST(fields AS TEXT) LIKE $1`,
			`SELECT count(*) FROM mutation WHERE CAST(args AS TEXT) LIKE $1`} {
			var n int
			if err := f.city.Server().Store().DB().QueryRowContext(ctx, query, "%\""+name+"\"%").Scan(&n); err != nil {
				return err
			}
			if n > 0 {
				return Violation{invariant, fmt.Sprintf("%s of %s: %s", name, id, query)}
			}
		}
		for _, d := range f.devices {
			shown, err := all(ctx, d.Replica)
			if err != nil {
				return err
			}
			for ref, text := range shown {
				if strings.Contains(text, `"`+name+`"`) {
					return Violation{invariant, fmt.Sprintf("%s shows %s in %s", d.Name, name, ref)}
				}
			}
		}
	}
	return nil
}
