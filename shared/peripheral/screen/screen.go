package screen

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"

	"cityhall/shared/peripheral/child"
)

// Screen is a running virtual screen of 24-bit colour without a window manager.
type Screen struct {
	Width, Height int // in pixels

	name   string
	server *exec.Cmd
	ended  <-chan struct{}
	conn   *xgb.Conn
}

// The library speaks to standard error of what the calls report as well.
func init() { xgb.Logger.SetOutput(io.Discard) }

const (
	// sockets is where an X server puts the socket that its clients open.
	sockets  = "/tmp/.X11-unix"
	patience = 10 * time.Second
	attempts = 5
)

// Start starts Xvfb on the first free number.
func Start(width, height int) (*Screen, error) {
	if os.Mkdir(sockets, 0o777) == nil { // a bare machine lacks it, and everyone's clients and servers meet there
		if err := os.Chmod(sockets, os.ModeSticky|0o777); err != nil {
			return nil, fmt.Errorf("open the folder of displays to all: %w", err)
		}
	}
	unlock, err := lockNumbers()
	if err != nil {
		return nil, err
	}
	defer unlock()
	// Now and then a server that starts beside another's end gets a number but
	// no socket; such a one is stopped and another is started.
	for range attempts {
		s := &Screen{Width: width, Height: height}
		if err = s.start(); err == nil {
			return s, nil
		}
		s.Stop()
		if errors.Is(err, exec.ErrNotFound) {
			break
		}
	}
	return nil, fmt.Errorf("start a virtual screen: %w", err)
}

// lockNumbers lets one process at a time start a server: two that look for a
// free number at once may find the same.
func lockNumbers() (unlock func(), err error) {
	path := filepath.Join(os.TempDir(), fmt.Sprintf("cityhall-displays-%d.lock", os.Getuid()))
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the display numbers: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		file.Close()
		return nil, fmt.Errorf("lock the display numbers: %w", err)
	}
	return func() { file.Close() }, nil
}

func (s *Screen) start() error {
	number, tell, err := os.Pipe()
	if err != nil {
		return err
	}
	defer number.Close()
	var log bytes.Buffer
	s.server = exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", fmt.Sprintf("%dx%dx24", s.Width, s.Height),
		"-nolisten", "tcp", "-noreset", "-dpi", "96")
	s.server.ExtraFiles = []*os.File{tell}
	s.server.Stdout, s.server.Stderr = &log, &log
	s.server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C is for the program, which ends its windows first
	s.ended, err = child.Start(s.server, syscall.SIGKILL)
	tell.Close()
	if err != nil {
		s.server = nil
		return err
	}
	late := time.AfterFunc(patience, func() { number.Close() })
	defer late.Stop()
	line, err := bufio.NewReader(number).ReadString('\n')
	if err != nil {
		s.Stop()
		return fmt.Errorf("Xvfb did not tell its number: %w: %s", err, log.String())
	}
	s.name = ":" + strings.TrimSpace(line)
	return s.connect()
}

func (s *Screen) connect() error {
	socket := filepath.Join(sockets, "X"+strings.TrimPrefix(s.name, ":"))
	_, err := os.Stat(socket)
	for tries := 0; err != nil && tries < 200; tries++ {
		time.Sleep(10 * time.Millisecond)
		_, err = os.Stat(socket)
	}
	if err != nil {
		return fmt.Errorf("Xvfb %s has no socket: %w", s.name, err)
	}
	if s.conn, err = xgb.NewConnDisplay(s.name); err != nil {
		return fmt.Errorf("connect to Xvfb %s: %w", s.name, err)
	}
	return nil
}

// Name is the value of DISPLAY for the programs shown here, such as ":7".
func (s *Screen) Name() string { return s.name }

// Conn is a connection to the screen, for whoever has to touch it; nil once it
// has been stopped.
func (s *Screen) Conn() *xgb.Conn { return s.conn }

// Root is the window that is the whole screen.
func (s *Screen) Root() xproto.Window { return xproto.Setup(s.conn).DefaultScreen(s.conn).Root }

// Stop ends the screen, and with it the windows on it. Stopping twice is fine.
func (s *Screen) Stop() {
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
	if s.server == nil {
		return
	}
	_ = s.server.Process.Signal(syscall.SIGTERM) // it may have ended already
	select {
	case <-s.ended:
	case <-time.After(3 * time.Second):
		_ = s.server.Process.Kill()
		<-s.ended
	}
	s.server = nil
}

// Picture is what a person would see now.
func (s *Screen) Picture() (*image.RGBA, error) {
	if s.conn == nil {
		return nil, errors.New("the virtual screen has been stopped")
	}
	reply, err := xproto.GetImage(s.conn, xproto.ImageFormatZPixmap, xproto.Drawable(s.Root()), 0, 0,
		uint16(s.Width), uint16(s.Height), 0xffffffff).Reply()
	if err != nil {
		return nil, fmt.Errorf("photograph %s: %w", s.name, err)
	}
	picture := image.NewRGBA(image.Rect(0, 0, s.Width, s.Height))
	if len(reply.Data) < len(picture.Pix) {
		return nil, fmt.Errorf("photograph %s: %d bytes of %d", s.name, len(reply.Data), len(picture.Pix))
	}
	for i := 0; i < len(picture.Pix); i += 4 {
		picture.Pix[i], picture.Pix[i+1], picture.Pix[i+2], picture.Pix[i+3] = reply.Data[i+2], reply.Data[i+1], reply.Data[i], 0xff
	}
	return picture, nil
}

// SavePNG writes the picture of now to path, whose folder is made.
func (s *Screen) SavePNG(path string) error {
	picture, err := s.Picture()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	return errors.Join(encoder.Encode(file, picture), file.Close())
}
