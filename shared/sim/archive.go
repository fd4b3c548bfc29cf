package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cityhall/shared/city"
	"cityhall/shared/protocol"
)

// stampFormat is how the server writes times.
const stampFormat = "2006-01-02T15:04:05.000Z"

// checkArchive: each act is in the archive as itself, at a time of the server's
// clock, and has overwritten nothing that its author had not seen.
func (f *Fleet) checkArchive(ctx context.Context) error {
	rows, err := f.city.Server().Store().DB().QueryContext(ctx, `SELECT id, received, code, field, verdict, envelope FROM mutation`)
	if err != nil {
		return err
	}
	defer rows.Close()
	now := f.city.Clock.Now().UTC().Format(stampFormat)
	from := start.UTC().Format(stampFormat)
	bases := map[city.MutationID]map[city.FieldRef]city.MutationID{}
	for rows.Next() {
		var id city.MutationID
		var received, code, field, verdict string
		var envelope []byte
		if err := rows.Scan(&id, &received, &code, &field, &verdict, &envelope); err != nil {
			return err
		}
		if received < from || received > now {
			return Violation{"no clock of a device decides", fmt.Sprintf("%s was received at %s", id, received)}
		}
		if code == string(city.CodeInvalid) && field == "id" {
			return Violation{"an act is never taken for another", fmt.Sprintf("%s came with the id of one that is known", id)}
		}
		if verdict == string(city.VerdictErased) && len(envelope) == 0 {
			continue
		}
		var e protocol.Envelope
		if err := json.Unmarshal(envelope, &e); err != nil {
			return fmt.Errorf("envelope of %s: %w", id, err)
		}
		bases[id] = e.Base
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return f.checkOverwrites(ctx, bases)
}

// checkStreams: where the archive has all of a stream, its contents make the
// link that the server believes the stream to end with.
func (f *Fleet) checkStreams(ctx context.Context) error {
	rows, err := f.city.Server().Store().DB().QueryContext(ctx, `SELECT s.device, s.stream, s.last_n, s.link, m.n, m.content
		FROM stream s JOIN mutation m ON m.device = s.device AND m.stream = s.stream ORDER BY s.device, s.stream, m.n`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var of string
	var at int64
	var link protocol.Hash
	for rows.Next() {
		var device, stream string
		var last, n int64
		var end, content []byte
		if err := rows.Scan(&device, &stream, &last, &end, &n, &content); err != nil {
			return err
		}
		if name := device + "/" + stream; of != name {
			of, at, link = name, 0, protocol.Hash{}
		}
		if at++; n != at {
			continue // some came by another stream before
		}
		link = protocol.Link(link, protocol.Hash(content))
		if n == last && !bytes.Equal(link[:], end) {
			return Violation{"a stream is one device's, from its first act on", fmt.Sprintf("%s does not chain up to %d", of, n)}
		}
	}
	return rows.Err()
}

// writing is who wrote a field last, and what.
type writing struct {
	value string
	by    city.MutationID
}

// checkOverwrites goes through the log: whoever changes a value has seen the one
// before, but for states, whose moves are judged by the table of legal moves.
func (f *Fleet) checkOverwrites(ctx context.Context, bases map[city.MutationID]map[city.FieldRef]city.MutationID) error {
	rows, err := f.city.Server().Store().DB().QueryContext(ctx, `SELECT kind, id, whole, fields, writer, ws FROM change WHERE kind <> 'none' ORDER BY seq`)
	if err != nil {
		return err
	}
	defer rows.Close()
	last := map[city.FieldRef]writing{}
	for rows.Next() {
		var ref city.Ref
		var whole int
		var fields, ws []byte
		var by city.MutationID
		if err := rows.Scan(&ref.Kind, &ref.ID, &whole, &fields, &by, &ws); err != nil {
			return err
		}
		if fields == nil { // erased by law: what stood there nobody can tell any more
			maps.DeleteFunc(last, func(at city.FieldRef, _ writing) bool { return strings.HasPrefix(string(at), ref.String()+"/") })
			continue
		}
		var values map[string]json.RawMessage
		var writers map[string]city.MutationID
		if json.Unmarshal(fields, &values) != nil || json.Unmarshal(ws, &writers) != nil {
			return fmt.Errorf("a row of the log that is no JSON: %s", ref)
		}
		for name, value := range values {
			at := ref.Field(name)
			is := writing{string(value), by}
			if other, ok := writers[name]; ok {
				is.by = other
			}
			was, known := last[at]
			if last[at] = is; !known || was.value == is.value || is.by == was.by || !judged(ref.Kind, name) {
				continue
			}
			if base, ok := bases[is.by]; ok && base[at] != was.by {
				return Violation{"nothing is overwritten unseen", fmt.Sprintf("%s: %s by %s, whose author saw %q, took the place of %s by %s",
					at, is.value, is.by, base[at], was.value, was.by)}
			}
		}
	}
	return rows.Err()
}

// follows are fields that nobody chooses: they go with a state.
var follows = []string{"visit", "assigned_at", "team", "request", "closed_at", "by", "due_at", "paused_at", "pauses"}

// judged tells whether a field is one that needs to be seen before it is changed.
func judged(kind city.Kind, name string) bool {
	return kind != city.KindReview && name != "status" && name != "state" && !slices.Contains(follows, name)
}
