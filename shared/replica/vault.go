package replica

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"cityhall/shared/city"
	"cityhall/shared/keys"
)

// vault is the tablet's own key: its wrapped form as it is on disk and, while the
// tablet is unlocked, the key itself.
type vault struct {
	mu     sync.Mutex
	kept   *wrapped // nil: no PIN was ever set
	other  bool     // the city seals to another key than ours
	key    *keys.SealingKey
	opened map[opening]city.Fields // what was opened since the last unlock
}

// vaultSetting holds the key as JSON. The PIN is kept nowhere: it is right when it
// opens the wrapped half.
const vaultSetting = "vault"

// wrapped is the key as it is stored.
type wrapped struct {
	Public string `json:"public"` // X25519, base64url
	Secret []byte `json:"secret"` // of this device, goes into the wrapping beside the PIN
	Key    []byte `json:"key"`    // private half under argon2id(PIN, secret)
}

// loadVault reads the setting once; the caller holds r.vault.mu. A damaged one is a
// *city.Error with CodeDamaged: nobody may take a lost PIN for "no PIN".
func (r *Replica) loadVault(ctx context.Context) error {
	if r.vault.kept != nil {
		return nil
	}
	text, err := r.Setting(ctx, vaultSetting)
	if err != nil || text == "" {
		return err
	}
	var w wrapped
	if err := json.Unmarshal([]byte(text), &w); err != nil {
		return fmt.Errorf("read the vault: %w", err)
	}
	r.vault.kept = &w
	return nil
}

// HasPIN tells whether a PIN has been set.
func (r *Replica) HasPIN(ctx context.Context) (bool, error) {
	r.vault.mu.Lock()
	defer r.vault.mu.Unlock()
	err := r.loadVault(ctx)
	return r.vault.kept != nil, err
}

// SetPIN sets or replaces the PIN, 4 to 8 digits, and unlocks; the caller has made
// sure that the person may. On an unlocked tablet the key stays and is wrapped
// anew. Where there was no PIN a new key is made. On a locked one it is CodeNotNow
// with field "pin": the city never takes another key of a tablet that has one, so
// a PIN that was forgotten means to join again, with a new code.
func (r *Replica) SetPIN(ctx context.Context, pin string) error {
	if len(pin) < 4 || len(pin) > 8 {
		return city.Fail(city.CodeInvalid, "pin", "a PIN has 4 to 8 digits")
	}
	for _, c := range pin {
		if c < '0' || c > '9' {
			return city.Fail(city.CodeInvalid, "pin", "a PIN has 4 to 8 digits")
		}
	}
	v := &r.vault
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := r.loadVault(ctx); err != nil {
		return err
	}
	key, err := v.keyForNewPIN()
	if err != nil {
		return err
	}
	plain, err := key.Bytes()
	if err != nil {
		return err
	}
	w := &wrapped{Public: key.Public().String(), Secret: make([]byte, 32)}
	rand.Read(w.Secret) // never fails
	if w.Key, err = keys.Wrap(pin, w.Secret, plain, nil); err != nil {
		return err
	}
	text, err := json.Marshal(w)
	if err != nil {
		return err
	}
	if err := r.SetSetting(ctx, vaultSetting, string(text)); err != nil {
		return err
	}
	v.kept = w
	v.hold(&key)
	r.changed()
	r.Wake() // the server is to know the key
	return nil
}

func (v *vault) keyForNewPIN() (keys.SealingKey, error) {
	if v.key != nil {
		return *v.key, nil
	}
	if v.kept != nil {
		return keys.SealingKey{}, city.Fail(city.CodeNotNow, "pin", "unlock with the old PIN first")
	}
	return keys.NewSealingKey(nil)
}

// hold takes the key into memory; nil drops it and all that it opened.
func (v *vault) hold(key *keys.SealingKey) {
	v.key, v.opened = key, map[opening]city.Fields{}
}

// Unlock tries a PIN and tells whether it is right; then records of persons can be
// read until Lock or the end of the lease. After that a right PIN is right, and
// opens nothing. It takes tenths of a second on purpose; counting and slowing
// wrong ones is the caller's. Without a PIN set none is right.
func (r *Replica) Unlock(ctx context.Context, pin string) (bool, error) {
	v := &r.vault
	if set, err := r.HasPIN(ctx); err != nil || !set {
		return false, err
	}
	v.mu.Lock()
	kept := v.kept
	v.mu.Unlock()
	plain, err := keys.Unwrap(pin, kept.Secret, kept.Key) // slow, so that nobody else waits for it
	if errors.Is(err, keys.ErrUnwrap) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	key, err := keys.ParseSealingKey(plain)
	if err != nil {
		return false, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.kept != kept { // another PIN was set meanwhile
		return false, nil
	}
	if !r.LeaseOver() {
		v.hold(&key)
	}
	r.changed()
	return true, nil
}

// Lock drops the key from memory. Records of persons are there without fields from
// now on; everything else, sync too, goes on.
func (r *Replica) Lock() {
	r.vault.mu.Lock()
	r.vault.hold(nil)
	r.vault.mu.Unlock()
	r.changed()
}

// Unlocked tells whether the tablet's own key is in memory, so that records of
// persons can be read. When it is not: with LeaseOver only a word of the city
// helps, and then the PIN; with OtherKey only joining again; else the PIN.
func (r *Replica) Unlocked() bool {
	r.dropWithLease()
	r.vault.mu.Lock()
	defer r.vault.mu.Unlock()
	return r.vault.key != nil
}

// dropWithLease drops the key once the tablet may not show people any more. It is
// not taken up again by itself: who comes back gives the PIN.
func (r *Replica) dropWithLease() {
	if !r.LeaseOver() {
		return
	}
	r.vault.mu.Lock()
	defer r.vault.mu.Unlock()
	if r.vault.key != nil {
		r.vault.hold(nil)
	}
}

// OtherKey tells that the city seals records of persons to another key than this
// tablet has: its folder was put back from an older copy, or its PIN was lost in
// another way. The city never changes the key, so none of them can be read here
// until the tablet joins again with a new code (Enrol).
func (r *Replica) OtherKey() bool {
	r.vault.mu.Lock()
	defer r.vault.mu.Unlock()
	return r.vault.other
}

// compareKey takes in which key the city seals to; empty is none yet.
func (r *Replica) compareKey(theirs string) {
	r.vault.mu.Lock()
	was := r.vault.other
	r.vault.other = theirs != "" && (r.vault.kept == nil || r.vault.kept.Public != theirs)
	now := r.vault.other
	r.vault.mu.Unlock()
	if was != now {
		r.cfg.Log.Warn("the city seals to another key than this tablet's", "other", now)
		r.changed()
	}
}

// forgetPIN throws the tablet's own key away: whoever joins anew chooses a PIN, and
// with it a new key.
func (r *Replica) forgetPIN(ctx context.Context) error {
	r.vault.mu.Lock()
	defer r.vault.mu.Unlock()
	if err := r.SetSetting(ctx, vaultSetting, ""); err != nil {
		return fmt.Errorf("forget the PIN: %w", err)
	}
	r.vault.kept, r.vault.other = nil, false
	r.vault.hold(nil)
	return nil
}

// sealTo is the public half as the server is told it, or "". Without it the tablet
// works as ever, only without contact data.
func (r *Replica) sealTo(ctx context.Context) string {
	r.vault.mu.Lock()
	defer r.vault.mu.Unlock()
	if err := r.loadVault(ctx); err != nil {
		r.cfg.Log.Warn("no key to seal to", "err", err)
	}
	if r.vault.kept == nil {
		return ""
	}
	return r.vault.kept.Public
}
