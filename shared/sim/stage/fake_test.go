package stage_test

import (
	"fmt"
	"runtime"
	"testing"
)

// judged is a test inside the test: it lets a check fail and tells how.
type judged struct {
	testing.TB
	failure string
}

func (j *judged) Helper()      {}
func (j *judged) Failed() bool { return j.failure != "" }
func (j *judged) Errorf(format string, args ...any) {
	j.failure += fmt.Sprintf(format, args...)
}
func (j *judged) Fatalf(format string, args ...any) {
	j.failure += fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// failureOf is what a check that is to fail says.
func failureOf(t *testing.T, j *judged, check func()) string {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		check()
	}()
	<-done
	if j.failure == "" {
		t.Fatal("the check passed, and was to fail")
	}
	return j.failure
}
