package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"

	"github.com/mattn/go-sqlite3"
)

// salvageTries bounds how often a gap of one table is narrowed, about ten seconds
// on a small machine. leapStep is less than the rows of a page of most tables.
const (
	salvageTries        = 100_000
	leapStep            = 8
	leapsBeforeDoubling = 4096
)

// Salvaged says what Salvage got out of one table.
type Salvaged struct {
	Rows int // handed to visit
	Gaps int // ids, or the whole upper end, where nothing could be read
}

// errStrayRow is a row outside of the stretch asked for, or one seen before: a
// damaged page points to the wrong place.
var errStrayRow = errors.New("a row is out of order")

var plainName = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// Salvage hands visit every row that can still be read, in no fixed order, of a table
// with row ids in the closed database at path; the file is not changed. Values (int64,
// float64, string, []byte, nil) follow columns and may be damaged: compare hashes. An
// error means that no row is within reach, visit failed or ctx ended.
func Salvage(ctx context.Context, path, table string, columns []string,
	visit func(rowID int64, values []any) error) (Salvaged, error) {
	if err := prepareFile(path, true); err != nil {
		return Salvaged{}, fmt.Errorf("salvage %s: %w", path, err)
	}
	for _, name := range append([]string{table}, columns...) {
		if !plainName.MatchString(name) {
			return Salvaged{}, fmt.Errorf("salvage %s: %q is no plain name", path, name)
		}
	}
	db := sql.OpenDB(&connector{
		// A schema that is damaged in part is read as far as it goes.
		source: fileURI(path) + "?mode=ro&_query_only=1&_writable_schema=1",
		driver: &sqlite3.SQLiteDriver{},
	})
	defer db.Close()
	db.SetMaxOpenConns(1)
	from := `SELECT rowid, "` + strings.Join(columns, `", "`) + `" FROM "` + table + `" WHERE rowid BETWEEN $1 AND $2 ORDER BY rowid `
	s := &salvager{ctx: ctx, db: db, width: len(columns), visit: visit, up: from + `ASC`, down: from + `DESC`}
	err := s.all()
	if err == nil && s.done.Rows == 0 && s.lastErr != nil {
		err = s.lastErr
	}
	if err != nil {
		return s.done, fmt.Errorf("salvage %s of %s: %w", table, path, err)
	}
	return s.done, nil
}

type salvager struct {
	ctx      context.Context
	db       *sql.DB
	up, down string
	width    int
	visit    func(int64, []any) error
	done     Salvaged
	lastErr  error
}

// stretch is a range of row ids, both ends included.
type stretch struct{ low, high int64 }

// all reads from the lower end to the first unreadable row, then whatever lies
// behind it, and goes on so until no row is in sight. Then it narrows the gaps,
// wide ones first, so that no bad page uses up the tries while others wait.
func (s *salvager) all() error {
	low := int64(1) // ids below 1 are read, but not sought
	var gaps []stretch
	last, whole, err := s.run(s.up, stretch{math.MinInt64, math.MaxInt64})
	var code sqlite3.Error
	if last == nil && errors.As(s.lastErr, &code) && code.Code == sqlite3.ErrNotADB {
		return err // its head is gone: the engine opens no row of it, wherever one looks
	}
	for err == nil && !whole {
		if last != nil {
			low = max(low, *last+1)
		}
		var next int64
		if next, last, whole, err = s.leap(low); next > 0 {
			gaps = append(gaps, stretch{low, next - 1})
		} else {
			if err == nil {
				s.done.Gaps++ // the upper end, of which nothing more is in sight
			}
			break
		}
	}
	for tries := 0; err == nil && len(gaps) > 0; tries++ {
		if tries == salvageTries {
			s.done.Gaps += len(gaps)
			break
		}
		var rest *stretch
		rest, err = s.narrow(gaps[0])
		gaps = gaps[1:]
		switch {
		case rest == nil:
		case rest.low == rest.high:
			s.done.Gaps++
		default:
			middle := rest.low + (rest.high-rest.low)/2
			gaps = append(gaps, stretch{rest.low, middle}, stretch{middle + 1, rest.high})
		}
	}
	return err
}

// leap looks for readable rows above low, in steps smaller than a page at first
// and doubling later, and reads on from there. It returns where it landed, 0 for
// nowhere, and what run said. Halving would not do: the end is not known, and
// every id beyond it leads to the last page.
func (s *salvager) leap(low int64) (at int64, last *int64, whole bool, err error) {
	for ahead, i := int64(leapStep), 0; low <= math.MaxInt64-ahead; i++ {
		at = low + ahead
		last, whole, err = s.run(s.up, stretch{at, math.MaxInt64})
		if err != nil || whole || last != nil {
			return at, last, whole, err
		}
		if i < leapsBeforeDoubling {
			ahead += leapStep
		} else if ahead *= 2; ahead < 0 {
			break
		}
	}
	return 0, nil, false, nil
}

// narrow reads a stretch from both ends and returns what is left, nil if nothing.
func (s *salvager) narrow(r stretch) (*stretch, error) {
	last, whole, err := s.run(s.up, r)
	if err != nil || whole {
		return nil, err
	}
	if last != nil {
		if *last == r.high {
			return nil, nil
		}
		r.low = *last + 1
	}
	last, whole, err = s.run(s.down, r)
	if err != nil || whole {
		return nil, err
	}
	if last != nil {
		if *last == r.low {
			return nil, nil
		}
		r.high = *last - 1
	}
	return &r, nil
}

// run visits rows until the end (whole) or the first that cannot be read, and
// returns the id of the last one visited. An error ends the salvage.
func (s *salvager) run(query string, r stretch) (last *int64, whole bool, err error) {
	rows, err := s.db.QueryContext(s.ctx, query, r.low, r.high)
	if err != nil {
		return nil, false, s.unreadable(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		values := make([]any, s.width)
		into := []any{&id}
		for i := range values {
			into = append(into, &values[i])
		}
		if err := rows.Scan(into...); err != nil {
			return last, false, s.unreadable(err)
		}
		if id < r.low || id > r.high {
			return last, false, s.unreadable(errStrayRow)
		}
		if err := s.visit(id, values); err != nil {
			return last, false, err
		}
		s.done.Rows++
		last = &id
		if query == s.up {
			r.low = id + 1
		} else {
			r.high = id - 1
		}
	}
	if err := rows.Err(); err != nil {
		return last, false, s.unreadable(err)
	}
	return last, true, nil
}

// unreadable remembers damage and goes on; anything else ends the salvage.
func (s *salvager) unreadable(err error) error {
	if s.ctx.Err() != nil {
		return s.ctx.Err()
	}
	if !IsCorrupt(err) && !IsDisk(err) && !errors.Is(err, errStrayRow) {
		return err
	}
	s.lastErr = err
	return nil
}
