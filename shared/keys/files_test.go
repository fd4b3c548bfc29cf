package keys_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"cityhall/shared/keys"
)

func TestServerKeysAreMadeOnceAndKept(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "keys")
	made, err := keys.OpenServerKeys(folder, nil)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "server-keys.json")
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	old := made.Sealing.Newest()
	newer, err := keys.NewSealingKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	made.Sealing.Add(newer)
	if err := made.Save(folder); err != nil {
		t.Fatal(err)
	}
	again, err := keys.OpenServerKeys(folder, nil)
	if err != nil {
		t.Fatal(err)
	}
	if again.Identity.Public() != made.Identity.Public() || string(again.CitySalt) != string(made.CitySalt) ||
		!keys.CheckMAC(again.MAC, []byte("c"), keys.MAC(made.MAC, []byte("c"))) || again.Sealing.Newest().ID() != newer.Public().ID() {
		t.Error("other keys came back")
	}
	sealed, err := old.Seal(nil, []byte("before the new key"))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := again.Sealing.Open(old.ID(), nil, sealed); err != nil || string(plain) != "before the new key" {
		t.Errorf("the old key is gone: %v", err)
	}
	if left, _ := os.ReadDir(folder); len(left) != 1 {
		t.Errorf("%d files in the folder, not 1", len(left))
	}
}

func TestServerKeysRefuseAnUnusableFile(t *testing.T) {
	good, err := serverKeys(t).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"empty": "", "cut": string(good[:len(good)/2]), "other version": strings.Replace(string(good), `"version": 1`, `"version": 2`, 1),
		"no keys": `{"version":1}`, "short identity": strings.Replace(string(good), `"identity": "`, `"identity": "AAAA", "x": "`, 1),
	} {
		folder := t.TempDir()
		path := filepath.Join(folder, "server-keys.json")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := keys.OpenServerKeys(folder, nil); !errors.Is(err, keys.ErrKeyFile) {
			t.Errorf("%s: %v", name, err)
		}
		if kept, _ := os.ReadFile(path); string(kept) != content {
			t.Errorf("%s: the file was overwritten", name)
		}
	}
}

func TestServerKeysRefuseAFileOthersMayRead(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes")
	}
	folder := t.TempDir()
	if err := serverKeys(t).Save(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(folder, "server-keys.json"), 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.OpenServerKeys(folder, nil); !errors.Is(err, keys.ErrKeyFile) || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("got %v", err)
	}
}

func TestServerKeysInAnUnwritableFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.OpenServerKeys(filepath.Join(file, "keys"), nil); err == nil {
		t.Error("keys in a folder that cannot be")
	}
}
