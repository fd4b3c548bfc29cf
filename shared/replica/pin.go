package replica

import (
	"context"

	"cityhall/shared/city"
	"cityhall/shared/keys"
)

// pinSetting holds the argon2id hash of the PIN.
const pinSetting = "pin.hash"

// HasPIN tells whether a PIN has been set.
func (r *Replica) HasPIN(ctx context.Context) (bool, error) {
	hash, err := r.Setting(ctx, pinSetting)
	return hash != "", err
}

// SetPIN sets or replaces the PIN, 4 to 8 digits. Only its hash is kept; the
// caller has made sure that the person may.
func (r *Replica) SetPIN(ctx context.Context, pin string) error {
	if len(pin) < 4 || len(pin) > 8 {
		return city.Fail(city.CodeInvalid, "pin", "a PIN has 4 to 8 digits")
	}
	for _, c := range pin {
		if c < '0' || c > '9' {
			return city.Fail(city.CodeInvalid, "pin", "a PIN has 4 to 8 digits")
		}
	}
	hash, err := keys.HashPassword(pin, nil)
	if err != nil {
		return err
	}
	return r.SetSetting(ctx, pinSetting, hash)
}

// CheckPIN tells whether the PIN is right. It takes tens of milliseconds on
// purpose; counting and slowing wrong ones is the caller's. Without a PIN set
// none is right.
func (r *Replica) CheckPIN(ctx context.Context, pin string) (bool, error) {
	hash, err := r.Setting(ctx, pinSetting)
	if err != nil || hash == "" {
		return false, err
	}
	return keys.VerifyPassword(hash, pin)
}
