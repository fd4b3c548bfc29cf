package bench_test

import (
	"bufio"
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"cityhall/shared/city"
	"cityhall/shared/sqlite"
)

// bare is what the libraries cost by themselves: rows over HTTP from one SQLite
// file to another, durable on both sides, and no idea of what they are.
type bare struct {
	db   *sql.DB
	url  string
	poke chan struct{}
}

// item is a row of it, of about 670 bytes.
type item struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	At   string `json:"at"`
	Body string `json:"body"`
}

const bareTable = `CREATE TABLE item (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL)`

func bareFile(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(disk(t), "bare.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := db.Exec(bareTable); err != nil {
		t.Fatal(err)
	}
	return db
}

func newBare(t testing.TB) *bare {
	t.Helper()
	b := &bare{db: bareFile(t), poke: make(chan struct{}, 1)}
	engine := http.NewServeMux()
	engine.HandleFunc("POST /push", b.push)
	engine.HandleFunc("GET /pull", b.pull)
	engine.HandleFunc("GET /live", b.live)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: engine}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	b.url = "http://" + l.Addr().String()
	return b
}

func insert(db *sql.DB, items []item, state string) error {
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	put, err := tx.Prepare(`INSERT INTO item (id, kind, at, body, state) VALUES ($1, $2, $3, $4, $5)`)
	if err != nil {
		return err
	}
	defer put.Close()
	for _, it := range items {
		if _, err := put.Exec(it.ID, it.Kind, it.At, it.Body, state); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func readItems(db *sql.DB, after int64, limit int) ([]item, int64, error) {
	rows, err := db.Query(`SELECT seq, id, kind, at, body FROM item WHERE seq > $1 ORDER BY seq LIMIT $2`, after, limit)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	var all []item
	for rows.Next() {
		var it item
		if err := rows.Scan(&after, &it.ID, &it.Kind, &it.At, &it.Body); err != nil {
			return nil, 0, err
		}
		all = append(all, it)
	}
	return all, after, rows.Err()
}

func (b *bare) push(w http.ResponseWriter, r *http.Request) {
	z, err := zstd.NewReader(r.Body, zstd.WithDecoderConcurrency(1))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	defer z.Close()
	items, err := decodeItems(z)
	if err == nil {
		err = insert(b.db, items, "")
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprintln(w, len(items))
}

func (b *bare) pull(w http.ResponseWriter, r *http.Request) {
	var after int64
	fmt.Sscan(r.FormValue("after"), &after)
	items, last, err := readItems(b.db, after, 2000)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Last", fmt.Sprint(last))
	z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return
	}
	defer z.Close()
	enc := json.NewEncoder(z)
	for _, it := range items {
		if err := enc.Encode(it); err != nil {
			return
		}
	}
}

func (b *bare) live(w http.ResponseWriter, r *http.Request) {
	flush := http.NewResponseController(w).Flush
	for flush() == nil {
		select {
		case <-b.poke:
			fmt.Fprint(w, "data: 1\n\n")
		case <-r.Context().Done():
			return
		}
	}
}

func decodeItems(from io.Reader) ([]item, error) {
	var all []item
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var it item
		if err := json.Unmarshal(lines.Bytes(), &it); err != nil {
			return nil, err
		}
		all = append(all, it)
	}
	return all, lines.Err()
}

func someItems(n int) []item {
	rng := rand.New(rand.NewPCG(2, uint64(n)))
	all := make([]item, n)
	for i := range all {
		all[i] = item{ID: string(city.NewID()), Kind: "note", At: time.Now().UTC().Format(time.RFC3339Nano), Body: words(rng, 550)}
	}
	return all
}

// pushBare sends all that waits in db and marks it.
func (b *bare) pushBare(t testing.TB, client *http.Client, db *sql.DB) {
	t.Helper()
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Error(err)
		return
	}
	for after := int64(0); ; {
		items, last, err := readItems(db, after, 500)
		if err != nil {
			t.Error(err)
			return
		}
		if len(items) == 0 {
			return
		}
		var body bytes.Buffer
		enc := json.NewEncoder(&body)
		for _, it := range items {
			if err := enc.Encode(it); err != nil {
				t.Error(err)
			}
		}
		resp, err := client.Post(b.url+"/push", "application/x-ndjson", bytes.NewReader(z.EncodeAll(body.Bytes(), nil)))
		if err != nil {
			t.Error(err)
			return
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if _, err := db.Exec(`UPDATE item SET state = 'sent' WHERE seq > $1 AND seq <= $2`, after, last); err != nil || resp.StatusCode != http.StatusOK {
			t.Error(resp.Status, err)
			return
		}
		after = last
	}
}

// pullBare reads all after a place into db and gives the new place.
func (b *bare) pullBare(t testing.TB, client *http.Client, db *sql.DB, after int64) int64 {
	t.Helper()
	for {
		resp, err := client.Get(fmt.Sprintf("%s/pull?after=%d", b.url, after))
		if err != nil {
			t.Error(err)
			return after
		}
		z, err := zstd.NewReader(resp.Body, zstd.WithDecoderConcurrency(1))
		if err != nil {
			t.Error(err)
			return after
		}
		items, err := decodeItems(z)
		z.Close()
		resp.Body.Close()
		if err == nil && len(items) > 0 {
			err = insert(db, items, "")
		}
		if err != nil {
			t.Error(err)
			return after
		}
		if len(items) == 0 {
			return after
		}
		fmt.Sscan(resp.Header.Get("Last"), &after)
	}
}
