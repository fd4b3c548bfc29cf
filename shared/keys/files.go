package keys

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// ErrKeyFile means that the server's key file cannot be used as it is. Making new
// keys instead would lock every device out, so the operator must decide.
var ErrKeyFile = errors.New("the server's key file cannot be used")

// keyFile is the one file in the folder: one file, so that no crash can leave
// some keys new and others missing.
const keyFile = "server-keys.json"

// ServerKeys is every secret of a server. Back it up wrapped: Marshal, then Wrap.
type ServerKeys struct {
	private
	Identity Identity
	Sealing  *Keyring
	MAC      MACKey
	CitySalt []byte // 32 bytes; devices have it too, it is no secret of theirs
}

// serverKeysFile is the file's format; byte strings are base64.
type serverKeysFile struct {
	Version  int      `json:"version"`
	Identity []byte   `json:"identity"`
	Sealing  [][]byte `json:"sealing"`
	MAC      []byte   `json:"mac"`
	CitySalt []byte   `json:"city_salt"`
	// Sum is SHA-256 over the file without it: a flipped bit of a key is another key,
	// with which no device could be served. Files of before have none.
	Sum []byte `json:"sum,omitempty"`
}

func (f serverKeysFile) sum() ([]byte, error) {
	f.Sum = nil
	raw, err := json.Marshal(f)
	sum := sha256.Sum256(raw)
	return sum[:], err
}

// NewServerKeys makes a fresh set (nil: crypto/rand).
func NewServerKeys(random io.Reader) (*ServerKeys, error) {
	identity, err := NewIdentity(random)
	if err != nil {
		return nil, err
	}
	sealing, err := NewSealingKey(random)
	if err != nil {
		return nil, err
	}
	mac, err := NewMACKey(random)
	if err != nil {
		return nil, err
	}
	salt, err := randomBytes(random, 32)
	if err != nil {
		return nil, err
	}
	return &ServerKeys{Identity: identity, Sealing: NewKeyring(sealing), MAC: mac, CitySalt: salt}, nil
}

// OpenServerKeys loads the keys in folder, making folder (0700) and keys if there
// are none yet (nil: crypto/rand). A file that is damaged or that others may read
// is refused with ErrKeyFile.
func OpenServerKeys(folder string, random io.Reader) (*ServerKeys, error) {
	path := filepath.Join(folder, keyFile)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		k, merr := NewServerKeys(random)
		if merr == nil {
			merr = k.write(folder, os.Link)
		}
		if !errors.Is(merr, fs.ErrExist) {
			return k, merr
		}
		info, err = os.Stat(path) // another server has made them in this moment
	}
	if err != nil {
		return nil, fmt.Errorf("open server keys: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%w: others may read %s; chmod 600 it", ErrKeyFile, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("open server keys: %w", err)
	}
	k, err := ParseServerKeys(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return k, nil
}

// Save writes the keys into folder, whole or not at all, and syncs them to disk.
// Call it after Sealing.Add, before a device is told of the new key.
func (k *ServerKeys) Save(folder string) error { return k.write(folder, os.Rename) }

func (k *ServerKeys) write(folder string, put func(from, to string) error) error {
	text, err := k.Marshal()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("save server keys: %w", err)
	}
	if err := writeSynced(folder, keyFile, text, put); err != nil {
		return fmt.Errorf("save server keys: %w", err)
	}
	return nil
}

// Marshal returns the file's text, secrets in clear.
func (k *ServerKeys) Marshal() ([]byte, error) {
	file := serverKeysFile{Version: 1, Identity: k.Identity.Seed(), MAC: k.MAC.Bytes(), CitySalt: k.CitySalt}
	for _, key := range k.Sealing.all() {
		b, err := key.Bytes()
		if err != nil {
			return nil, fmt.Errorf("marshal sealing key: %w", err)
		}
		file.Sealing = append(file.Sealing, b)
	}
	var err error
	if file.Sum, err = file.sum(); err != nil {
		return nil, fmt.Errorf("marshal server keys: %w", err)
	}
	return json.MarshalIndent(file, "", "  ")
}

// ParseServerKeys takes what Marshal returned. Errors wrap ErrKeyFile.
func ParseServerKeys(text []byte) (*ServerKeys, error) {
	var file serverKeysFile
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("%w: it is damaged", ErrKeyFile) // without err, which may quote it
	}
	if sum, err := file.sum(); err != nil || file.Sum != nil && !bytes.Equal(sum, file.Sum) {
		return nil, fmt.Errorf("%w: it is damaged", ErrKeyFile)
	}
	if file.Version != 1 || len(file.Sealing) == 0 || len(file.CitySalt) != 32 {
		return nil, fmt.Errorf("%w: version %d, %d sealing keys", ErrKeyFile, file.Version, len(file.Sealing))
	}
	identity, err := ParseIdentity(file.Identity)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	mac, err := ParseMACKey(file.MAC)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeyFile, err)
	}
	ring := NewKeyring()
	for _, b := range file.Sealing {
		key, err := ParseSealingKey(b)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrKeyFile, err)
		}
		ring.Add(key)
	}
	return &ServerKeys{Identity: identity, Sealing: ring, MAC: mac, CitySalt: file.CitySalt}, nil
}

// writeSynced puts a file of mode 0600 in its place so that a power cut leaves
// the old or the new one. With os.Link for put it fails where there is one.
func writeSynced(folder, name string, content []byte, put func(from, to string) error) error {
	f, err := os.CreateTemp(folder, "."+name+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // without effect after a rename
	defer f.Close()
	if _, err := f.Write(content); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := put(f.Name(), filepath.Join(folder, name)); err != nil {
		return err
	}
	if runtime.GOOS == "windows" {
		return nil // it journals renames and cannot sync a folder
	}
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
