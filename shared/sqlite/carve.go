package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// carvePage is the size of a page in the files that this package makes, in bytes.
const carvePage = 4096

// Carve hands visit every row that stands on a page of the closed database at path
// which still reads as the leaf of a table, in no order, with all of its values as
// Salvage gives them (a row id kept as a column is nil). It needs neither the header
// nor the schema nor any inner page, so it cannot say which table a row is of, and a
// row may be damaged or of an older page: compare hashes. The log beside the file is
// read as far as it was committed; the files are not changed.
func Carve(ctx context.Context, path string, visit func(rowID int64, values []any) error) error {
	c := carver{}
	var err error
	if c.main, err = os.Open(path); err != nil {
		return fmt.Errorf("carve %s: %w", path, err)
	}
	defer c.main.Close()
	if c.log, err = os.Open(path + "-wal"); err == nil {
		defer c.log.Close()
		c.readLog()
	}
	info, err := c.main.Stat()
	if err != nil {
		return fmt.Errorf("carve %s: %w", path, err)
	}
	c.pages = max(c.pages, uint32(min(info.Size()/carvePage, math.MaxUint32)))
	for n := uint32(1); n <= c.pages; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, cell := range c.cells(n) {
			rowID, payload, ok := c.payload(cell)
			if !ok {
				continue
			}
			if values, ok := decodeRecord(payload); ok {
				if err := visit(rowID, values); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// carver reads pages, the newest text of each.
type carver struct {
	main, log *os.File
	pages     uint32
	logged    map[uint32]int64 // page → where its newest committed text stands in the log
}

// readLog finds the committed pages of the log: those whose running checksum fits,
// up to the last frame that ends a transaction.
func (c *carver) readLog() {
	head := make([]byte, 32)
	if _, err := io.ReadFull(c.log, head); err != nil {
		return
	}
	var order binary.ByteOrder = binary.LittleEndian
	if head[3]&1 == 1 {
		order = binary.BigEndian
	}
	if binary.BigEndian.Uint32(head)>>1 != 0x377f0682>>1 || binary.BigEndian.Uint32(head[8:]) != carvePage {
		return
	}
	sum := logSum(order, [2]uint32{}, head[:24])
	frame := make([]byte, 24+carvePage)
	c.logged = map[uint32]int64{}
	open := map[uint32]int64{}
	for at := int64(32); ; at += int64(len(frame)) {
		if _, err := c.log.ReadAt(frame, at); err != nil || string(frame[8:16]) != string(head[16:24]) {
			return
		}
		sum = logSum(order, logSum(order, sum, frame[:8]), frame[24:])
		if sum[0] != binary.BigEndian.Uint32(frame[16:]) || sum[1] != binary.BigEndian.Uint32(frame[20:]) {
			return
		}
		open[binary.BigEndian.Uint32(frame)] = at + 24
		if size := binary.BigEndian.Uint32(frame[4:]); size > 0 {
			for page, where := range open {
				c.logged[page] = where
				c.pages = max(c.pages, page)
			}
			clear(open)
		}
	}
}

func logSum(order binary.ByteOrder, sum [2]uint32, data []byte) [2]uint32 {
	for ; len(data) >= 8; data = data[8:] {
		sum[0] += order.Uint32(data) + sum[1]
		sum[1] += order.Uint32(data[4:]) + sum[0]
	}
	return sum
}

// page reads one page, counted from 1; nil if it cannot be read.
func (c *carver) page(n uint32) []byte {
	raw := make([]byte, carvePage)
	if at, ok := c.logged[n]; ok {
		if _, err := c.log.ReadAt(raw, at); err == nil {
			return raw
		}
	}
	if n == 0 {
		return nil
	}
	if _, err := c.main.ReadAt(raw, int64(n-1)*carvePage); err != nil && !errors.Is(err, io.EOF) {
		return nil
	}
	return raw
}

// cells gives the text of each cell of a leaf of a table, to the end of its page.
func (c *carver) cells(n uint32) [][]byte {
	raw := c.page(n)
	start := 0
	if n == 1 {
		start = 100 // behind the file's header
	}
	const leafOfTable = 13
	if raw == nil || raw[start] != leafOfTable {
		return nil
	}
	count := int(binary.BigEndian.Uint16(raw[start+3:]))
	var out [][]byte
	for i := range count {
		pointer := start + 8 + 2*i
		if pointer+2 > len(raw) {
			break
		}
		if at := int(binary.BigEndian.Uint16(raw[pointer:])); at > pointer && at < len(raw) {
			out = append(out, raw[at:])
		}
	}
	return out
}

// payload puts a row together, from the pages that it flows over into.
func (c *carver) payload(cell []byte) (rowID int64, payload []byte, ok bool) {
	size, n := varint(cell)
	id, m := varint(cell[n:])
	cell = cell[n+m:]
	if n == 0 || m == 0 || size > uint64(c.pages)*carvePage {
		return 0, nil, false
	}
	local := int(size)
	if size > carvePage-35 {
		const least = (carvePage-12)*32/255 - 23
		if local = least + int((size-least)%(carvePage-4)); local > carvePage-35 {
			local = least
		}
	}
	spills := uint64(local) < size
	if local > len(cell) || spills && local+4 > len(cell) {
		return 0, nil, false
	}
	payload = append([]byte(nil), cell[:local]...)
	if spills {
		for next := binary.BigEndian.Uint32(cell[local:]); uint64(len(payload)) < size; {
			raw := c.page(next)
			if raw == nil || next > c.pages {
				return 0, nil, false
			}
			payload = append(payload, raw[4:min(uint64(len(raw)), 4+size-uint64(len(payload)))]...)
			next = binary.BigEndian.Uint32(raw)
		}
	}
	return int64(id), payload, true
}

// decodeRecord takes a row apart; false when it does not fit its own header.
func decodeRecord(raw []byte) ([]any, bool) {
	size, n := varint(raw)
	if n == 0 || size > uint64(len(raw)) {
		return nil, false
	}
	head, body := raw[n:max(size, uint64(n))], raw[size:]
	var values []any
	for len(head) > 0 {
		kind, n := varint(head)
		if n == 0 {
			return nil, false
		}
		head = head[n:]
		v, used, ok := decodeValue(kind, body)
		if !ok {
			return nil, false
		}
		values, body = append(values, v), body[used:]
	}
	return values, len(values) > 0
}

func decodeValue(kind uint64, body []byte) (v any, used int, ok bool) {
	widths := [...]int{0, 1, 2, 3, 4, 6, 8, 8, 0, 0}
	switch {
	case kind < uint64(len(widths)):
		used = widths[kind]
	case kind < 12 || (kind-12)/2 > uint64(len(body)):
		return nil, 0, false
	default:
		used = int((kind - 12) / 2)
	}
	if used > len(body) {
		return nil, 0, false
	}
	text := body[:used]
	switch {
	case kind == 0:
		return nil, 0, true
	case kind == 8 || kind == 9:
		return int64(kind - 8), 0, true
	case kind == 7:
		return math.Float64frombits(binary.BigEndian.Uint64(text)), used, true
	case kind < 7:
		n := int64(int8(text[0]))
		for _, b := range text[1:] {
			n = n<<8 | int64(b)
		}
		return n, used, true
	case kind%2 == 1:
		return string(text), used, true
	}
	return append([]byte{}, text...), used, true
}

// varint reads SQLite's integer of 1 to 9 bytes; a length of 0 means that it is cut.
func varint(raw []byte) (v uint64, length int) {
	for i := range min(9, len(raw)) {
		if i == 8 {
			return v<<8 | uint64(raw[i]), 9
		}
		v = v<<7 | uint64(raw[i]&0x7f)
		if raw[i] < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}
