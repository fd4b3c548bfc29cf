package stage

import (
	"bufio"
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"

	"cityhall/shared/sim/child"
)

// Display is a virtual screen of 24-bit colour without a window manager, and
// the one hand that touches it.
type Display struct {
	Width, Height int // in pixels

	t      testing.TB
	name   string
	server *exec.Cmd
	ended  <-chan struct{}
	conn   *xgb.Conn
	root   xproto.Window
	keys   *keyboard
}

// The library speaks to standard error of what the calls report as well.
func init() { xgb.Logger.SetOutput(io.Discard) }

// socketFolder is where an X server puts the socket that its clients open.
const socketFolder = "/tmp/.X11-unix"

// NewDisplay starts Xvfb on the first free display number.
func NewDisplay(t testing.TB, width, height int) *Display {
	t.Helper()
	d := &Display{t: t, Width: width, Height: height}
	if os.Mkdir(socketFolder, 0o777) == nil { // a bare machine lacks it, and everyone's clients and servers meet there
		os.Chmod(socketFolder, os.ModeSticky|0o777)
	}
	unlock := lockDisplays(t)
	defer unlock()
	// Now and then a server that starts beside another's end gets a number but
	// no socket; such a one is stopped and another is started.
	var err error
	for range 5 {
		if err = d.start(); err == nil {
			break
		}
		d.Stop()
	}
	if err != nil {
		t.Fatalf("start a virtual display: %v", err)
	}
	t.Cleanup(d.Stop)
	if d.keys, err = readKeyboard(d.conn); err != nil {
		t.Fatalf("read the keyboard of the virtual display: %v", err)
	}
	return d
}

// lockDisplays lets one test process at a time start a server: two that look
// for a free number at once may find the same.
func lockDisplays(t testing.TB) (unlock func()) {
	t.Helper()
	path := filepath.Join(os.TempDir(), fmt.Sprintf("cityhall-displays-%d.lock", os.Getuid()))
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatalf("lock the display numbers: %v", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatalf("lock the display numbers: %v", err)
	}
	return func() { file.Close() }
}

// start runs the server and connects to it.
func (d *Display) start() error {
	number, tell, err := os.Pipe()
	if err != nil {
		return err
	}
	defer number.Close()
	var log bytes.Buffer
	d.server = exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", fmt.Sprintf("%dx%dx24", d.Width, d.Height),
		"-nolisten", "tcp", "-noreset", "-dpi", "96")
	d.server.ExtraFiles = []*os.File{tell}
	d.server.Stdout, d.server.Stderr = &log, &log
	d.ended, err = child.Start(d.server, syscall.SIGKILL)
	tell.Close()
	if err != nil {
		d.server = nil
		return err
	}
	number.SetReadDeadline(time.Now().Add(patience))
	line, err := bufio.NewReader(number).ReadString('\n')
	if err != nil {
		d.Stop()
		return fmt.Errorf("Xvfb did not tell its number: %w: %s", err, log.String())
	}
	d.name = ":" + strings.TrimSpace(line)
	socket := filepath.Join(socketFolder, "X"+strings.TrimSpace(line))
	if !until(2*time.Second, func() bool { _, err := os.Stat(socket); return err == nil }) {
		return fmt.Errorf("Xvfb %s has no socket", d.name)
	}
	if d.conn, err = xgb.NewConnDisplay(d.name); err != nil {
		return fmt.Errorf("connect to Xvfb %s: %w", d.name, err)
	}
	d.root = xproto.Setup(d.conn).DefaultScreen(d.conn).Root
	return xtest.Init(d.conn)
}

// Name is the value of DISPLAY for the programs shown here, such as ":7".
func (d *Display) Name() string { return d.name }

// Stop ends the server, and with it the windows on it.
func (d *Display) Stop() {
	if d.conn != nil {
		d.conn.Close()
		d.conn = nil
	}
	if d.server != nil {
		d.server.Process.Signal(syscall.SIGTERM)
		select {
		case <-d.ended:
		case <-time.After(3 * time.Second):
			d.server.Process.Kill()
			<-d.ended
		}
		d.server = nil
	}
}

// Screenshot is the picture that a person would see now.
func (d *Display) Screenshot() image.Image {
	d.t.Helper()
	picture, err := d.capture()
	if err != nil {
		d.t.Fatalf("photograph the display %s: %v", d.name, err)
	}
	return picture
}

func (d *Display) capture() (*image.RGBA, error) {
	if d.conn == nil {
		return nil, fmt.Errorf("the display has been stopped")
	}
	reply, err := xproto.GetImage(d.conn, xproto.ImageFormatZPixmap, xproto.Drawable(d.root), 0, 0,
		uint16(d.Width), uint16(d.Height), 0xffffffff).Reply()
	if err != nil {
		return nil, err
	}
	picture := image.NewRGBA(image.Rect(0, 0, d.Width, d.Height))
	if len(reply.Data) < len(picture.Pix) {
		return nil, fmt.Errorf("the picture has %d bytes of %d", len(reply.Data), len(picture.Pix))
	}
	for i := 0; i < len(picture.Pix); i += 4 {
		picture.Pix[i], picture.Pix[i+1], picture.Pix[i+2], picture.Pix[i+3] = reply.Data[i+2], reply.Data[i+1], reply.Data[i], 0xff
	}
	return picture, nil
}

// SavePNG writes the picture of now to path, whose folder is made.
func (d *Display) SavePNG(path string) {
	d.t.Helper()
	if err := savePNG(path, d.Screenshot()); err != nil {
		d.t.Fatalf("save the picture: %v", err)
	}
}

// WaitStill waits until two pictures taken 150 ms apart are equal, so that a
// picture for people does not catch a page halfway; it gives up silently after
// timeout, for a clock on the page never stands still.
func (d *Display) WaitStill(timeout time.Duration) {
	d.t.Helper()
	last, _ := d.capture()
	for end := time.Now().Add(timeout); time.Now().Before(end); {
		time.Sleep(150 * time.Millisecond)
		now, err := d.capture()
		if err != nil {
			d.t.Fatalf("photograph the display %s: %v", d.name, err)
		}
		if last != nil && bytes.Equal(last.Pix, now.Pix) {
			return
		}
		last = now
	}
}

func savePNG(path string, picture image.Image) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(file, picture); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}
