package read

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"cityhall/shared/city"
)

// Tab is a part of the inbox.
type Tab string

// The tabs. TabOverdue cuts across the others.
const (
	TabNew      Tab = "new"      // nobody has it yet
	TabCrew     Tab = "crew"     // a crew has it
	TabChecking Tab = "checking" // the crew is done, the office has yet to look
	TabWaiting  Tab = "waiting"  // waits for somebody outside the city
	TabOverdue  Tab = "overdue"  // the promise is broken and the request open
	TabClosed   Tab = "closed"
	TabAll      Tab = "all"
)

// Tabs lists the tabs as they are shown.
var Tabs = []Tab{TabNew, TabCrew, TabChecking, TabWaiting, TabOverdue, TabClosed, TabAll}

// Sort is the order of a list.
type Sort string

// The orders.
const (
	SortNewest Sort = "newest"
	SortOldest Sort = "oldest"
	SortDue    Sort = "due" // the soonest promise first, requests without one last
)

// Filter narrows the requests that are listed. Empty fields do not narrow.
type Filter struct {
	Tab        Tab
	Status     city.Status
	Department city.Department
	District   city.ID
	Crew       city.ID
	Service    city.ID
	Text       string // in number, place, description and, for who may, contact
}

// Row is one request in a list.
type Row struct {
	ID       city.ID
	Request  city.Request
	Work     city.Work
	Priority city.Priority // empty while it is nobody's job
	Review   bool          // somebody has to decide something about it

	key string // what orders it
}

// List is a page of rows. Next and Prev are cursors, empty where the list ends.
type List struct {
	Rows       []Row
	Next, Prev string
	Counts     map[Tab]int // of the same filter, by tab
	Total      int         // of the whole list
}

const joined = ` FROM record r JOIN record w ON w.kind = 'request.work' AND w.id = r.id`

// narrowed takes $1 departments, $2 department, $3 service, $4 district, $5 crew,
// $6 status, $7 text as a pattern, $8 'y' when contact may be searched.
const narrowed = ` WHERE r.kind = 'request' AND ` + own + `
 AND ($2 = '' OR w.fields->>'department' = $2)
 AND ($3 = '' OR r.fields->>'service' = $3)
 AND ($4 = '' OR r.fields->'place'->>'district' = $4)
 AND ($5 = '' OR w.fields->>'crew' = $5)
 AND ($6 = '' OR r.fields->>'status' = $6)
 AND ($7 = '' OR lower(coalesce(r.fields->>'number', '') || ' ' || coalesce(w.fields->'place'->>'address', '') || ' ' ||
  coalesce(w.fields->'place'->>'landmark', '') || ' ' || coalesce(w.fields->'place'->>'detail', '') || ' ' ||
  coalesce(w.fields->>'description', '')) LIKE lower($7) ESCAPE '\'
  OR $8 = 'y' AND EXISTS (SELECT 1 FROM record p WHERE p.kind = 'request.person' AND p.id = r.id AND
   lower(coalesce(p.fields->>'name', '') || ' ' || coalesce(p.fields->>'email', '') || ' ' || coalesce(p.fields->>'phone', '')) LIKE lower($7) ESCAPE '\'))`

const (
	late     = `due_at < $9 AND status NOT IN ('closed', 'waiting')`
	counting = `WITH shown AS (SELECT r.fields->>'status' AS status, r.fields->>'due_at' AS due_at` + joined + narrowed + `)
 SELECT status, CASE WHEN ` + late + ` THEN 1 ELSE 0 END, count(*) FROM shown GROUP BY 1, 2`
	listed = `, r.id, r.fields, w.fields, coalesce(o.fields->>'priority', ''),
 EXISTS (SELECT 1 FROM record v WHERE v.parent = r.id AND v.kind = 'review' AND v.fields->>'state' = 'open')` +
		joined + ` LEFT JOIN record o ON o.kind = 'workorder' AND o.id = w.fields->>'workorder'` + narrowed
)

// inTab says which requests a tab holds. Each names $9, so that every statement
// takes the same arguments.
var inTab = map[Tab]string{
	TabNew:      ` AND r.fields->>'status' = 'received' AND $9 <> ''`,
	TabCrew:     ` AND r.fields->>'status' IN ('assigned', 'working') AND $9 <> ''`,
	TabChecking: ` AND r.fields->>'status' = 'checking' AND $9 <> ''`,
	TabWaiting:  ` AND r.fields->>'status' = 'waiting' AND $9 <> ''`,
	TabOverdue:  ` AND r.fields->>'due_at' < $9 AND r.fields->>'status' NOT IN ('closed', 'waiting')`,
	TabClosed:   ` AND r.fields->>'status' = 'closed' AND $9 <> ''`,
	TabAll:      ` AND $9 <> ''`,
}

type walk struct {
	key  string // what orders, before the id
	desc bool
}

var walks = map[Sort]walk{
	SortNewest: {`coalesce(r.fields->>'received_at', '')`, true},
	SortOldest: {`coalesce(r.fields->>'received_at', '')`, false},
	SortDue:    {`coalesce(r.fields->>'due_at', '9')`, false},
}

// statements holds the text for every tab, order and direction.
var statements = func() map[statement]string {
	out := map[statement]string{}
	for tab, in := range inTab {
		for sort, w := range walks {
			for _, back := range []bool{false, true} {
				op, dir := " > ", " ASC"
				if w.desc != back {
					op, dir = " < ", " DESC"
				}
				base, order := `SELECT `+w.key+listed+in, ` ORDER BY `+w.key+dir+`, r.id`+dir
				out[statement{tab, sort, back, false}] = base + order + ` LIMIT $10`
				out[statement{tab, sort, back, true}] = base + ` AND (` + w.key + `, r.id)` + op + `($10, $11)` + order + ` LIMIT $12`
			}
		}
	}
	return out
}()

type statement struct {
	tab    Tab
	sort   Sort
	back   bool
	cursor bool
}

// Requests gives a page of the requests that the asker may see. The cursor is
// empty for the first page; an unreadable one starts at the beginning.
func (r *Reader) Requests(ctx context.Context, by Staff, f Filter, sort Sort, cursor string, limit int, now time.Time) (List, error) {
	if _, ok := inTab[f.Tab]; !ok {
		f.Tab = TabAll
	}
	if _, ok := walks[sort]; !ok {
		sort = SortNewest
	}
	at, hasCursor := parseCursor(cursor)
	args := append(f.args(by), stamp(now))
	if hasCursor {
		args = append(args, at.Key, at.ID)
	}
	args = append(args, limit+1)
	var l List
	err := r.each(ctx, func(rows *sql.Rows) error {
		row, err := scanRow(rows)
		l.Rows = append(l.Rows, row)
		return err
	}, statements[statement{f.Tab, sort, at.Back, hasCursor}], args...)
	if err != nil {
		return l, err
	}
	more := len(l.Rows) > limit
	if more {
		l.Rows = l.Rows[:limit]
	}
	if at.Back {
		slices.Reverse(l.Rows)
	}
	if n := len(l.Rows); n > 0 {
		if more && !at.Back || at.Back {
			l.Next = position{Key: l.Rows[n-1].key, ID: l.Rows[n-1].ID}.String()
		}
		if more && at.Back || hasCursor && !at.Back {
			l.Prev = position{Back: true, Key: l.Rows[0].key, ID: l.Rows[0].ID}.String()
		}
	}
	l.Counts, err = r.Counts(ctx, by, f, now)
	l.Total = l.Counts[f.Tab]
	return l, err
}

// Counts gives how many requests of the filter each tab holds, whatever the
// filter's own tab.
func (r *Reader) Counts(ctx context.Context, by Staff, f Filter, now time.Time) (map[Tab]int, error) {
	out := map[Tab]int{}
	err := r.each(ctx, func(rows *sql.Rows) error {
		var status city.Status
		var late, n int
		if err := rows.Scan(&status, &late, &n); err != nil {
			return err
		}
		out[TabAll] += n
		out[tabOf[status]] += n
		if late == 1 {
			out[TabOverdue] += n
		}
		return nil
	}, counting, append(f.args(by), stamp(now))...)
	return out, err
}

var tabOf = map[city.Status]Tab{city.StatusReceived: TabNew, city.StatusAssigned: TabCrew, city.StatusWorking: TabCrew,
	city.StatusChecking: TabChecking, city.StatusWaiting: TabWaiting, city.StatusClosed: TabClosed}

func (f Filter) args(by Staff) []any {
	pattern, contact := "", ""
	if text := strings.TrimSpace(f.Text); text != "" {
		pattern = "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
	}
	if by.MayContact("") {
		contact = "y"
	}
	return []any{by.scope(), string(f.Department), string(f.Service), string(f.District), string(f.Crew), string(f.Status), pattern, contact}
}

func scanRow(rows *sql.Rows) (Row, error) {
	var row Row
	var request, work []byte
	if err := rows.Scan(&row.key, &row.ID, &request, &work, &row.Priority, &row.Review); err != nil {
		return row, err
	}
	if err := json.Unmarshal(request, &row.Request); err != nil {
		return row, err
	}
	return row, json.Unmarshal(work, &row.Work)
}

// stamp writes a time as the records have it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// position is a place in a list.
type position struct {
	Back bool    `json:"b,omitempty"`
	Key  string  `json:"k"`
	ID   city.ID `json:"i"`
}

func (p position) String() string {
	raw, err := json.Marshal(p)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func parseCursor(s string) (position, bool) {
	var p position
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if s == "" || err != nil || json.Unmarshal(raw, &p) != nil || !p.ID.Valid() {
		return position{}, false
	}
	return p, true
}
