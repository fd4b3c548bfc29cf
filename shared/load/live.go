package load

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"cityhall/shared/protocol"
)

// listen keeps a live connection until ctx ends, and asks for a round at a poke.
func (d *device) listen(ctx context.Context) {
	for failures := 0; ; failures++ {
		heard, err := d.hear(ctx)
		if ctx.Err() != nil {
			return
		}
		if heard {
			failures = 0
			d.c.figures.cut.Add(1)
		} else {
			d.c.figures.failed(err)
		}
		rest := shortestPause + rand.N(min(time.Minute, shortestPause<<min(failures+1, 20))-shortestPause)
		if f := (*refusal)(nil); errors.As(err, &f) {
			rest = max(rest, f.after)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(rest):
		}
	}
}

// hear reads one stream to its end. It tells whether anything came.
func (d *device) hear(ctx context.Context) (heard bool, err error) {
	resp, err := d.c.begin(ctx, d.id, d.key, request{method: http.MethodGet, path: "/live", header: map[string]string{"Accept": "text/event-stream"}})
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		f := &refusal{status: resp.StatusCode}
		raw, _ := io.ReadAll(io.LimitReader(resp.Body, protocol.MaxHello))
		_ = json.Unmarshal(raw, &f.Problem) // a proxy's answer has no code
		if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
			f.after = time.Duration(s) * time.Second
		}
		return false, f
	}
	events := bufio.NewReaderSize(resp.Body, 256)
	for {
		line, err := events.ReadSlice('\n')
		if err != nil {
			return heard, err
		}
		if !bytes.HasPrefix(line, []byte("data:")) {
			continue
		}
		if !heard { // the first says only that the line stands
			heard = true
			d.c.figures.up()
			defer d.c.figures.down()
			d.hurry()
			continue
		}
		d.c.figures.pokes.Add(1)
		d.hurry()
	}
}
