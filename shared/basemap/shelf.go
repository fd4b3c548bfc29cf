package basemap

import (
	"container/list"

	"cityhall/shared/look"
)

// shelf keeps what was used last within a number of bytes. It is not safe for
// several goroutines.
type shelf[T any] struct {
	most, used int64
	order      *list.List // of book[T], the one used last in front
	at         map[look.MapTile]*list.Element
}

type book[T any] struct {
	tile  look.MapTile
	value T
	size  int64
}

func newShelf[T any](most int64) *shelf[T] {
	return &shelf[T]{most: most, order: list.New(), at: map[look.MapTile]*list.Element{}}
}

func (s *shelf[T]) get(t look.MapTile) (value T, ok bool) {
	e := s.at[t]
	if e == nil {
		return value, false
	}
	s.order.MoveToFront(e)
	return e.Value.(book[T]).value, true
}

// put takes a value in; those not used for longest make room. A value larger
// than the whole shelf is not kept.
func (s *shelf[T]) put(t look.MapTile, value T, size int64) {
	if e := s.at[t]; e != nil {
		s.drop(e)
	}
	if size > s.most {
		return
	}
	for s.used+size > s.most {
		s.drop(s.order.Back())
	}
	s.at[t] = s.order.PushFront(book[T]{t, value, size})
	s.used += size
}

func (s *shelf[T]) drop(e *list.Element) {
	b := s.order.Remove(e).(book[T])
	s.used -= b.size
	delete(s.at, b.tile)
}
