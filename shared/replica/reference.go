package replica

import (
	"context"
	"encoding/base64"
	"errors"

	"cityhall/shared/city"
	"cityhall/shared/keys"
)

// NewReference makes a reference: as it is shown to the resident, and the look-up
// key that travels in its place. The key is slow to work out on purpose.
func (r *Replica) NewReference(ctx context.Context) (show, lookup string, err error) {
	ref, err := keys.NewReference(nil)
	if err != nil {
		return "", "", err
	}
	salt, err := r.lookupSalt(ctx)
	if err != nil {
		return "", "", err
	}
	return ref.Show(), ref.Lookup(salt), nil
}

// LookupOf gives the look-up key of a typed reference. What is wrong with it is a
// *city.Error: required for nothing, too_long, or invalid with the field
// reference.short, reference.character or reference.check.
func (r *Replica) LookupOf(ctx context.Context, typed string) (string, error) {
	ref, err := keys.ParseReference(typed)
	if fault := (*keys.CodeError)(nil); errors.As(err, &fault) {
		switch fault.Fault {
		case keys.CodeLong:
			return "", &city.Error{Code: city.CodeTooLong, Field: "reference", Message: "a reference has 13 characters", Max: fault.Want}
		default:
			return "", city.Fail(city.CodeInvalid, "reference."+string(fault.Fault), "not a reference")
		}
	}
	if err != nil {
		return "", err
	}
	salt, err := r.lookupSalt(ctx)
	if err != nil {
		return "", err
	}
	return ref.Lookup(salt), nil
}

// lookupSalt is the city's; before the first pull a device has none, and neither
// has it any report to find.
func (r *Replica) lookupSalt(ctx context.Context) ([]byte, error) {
	view, err := r.View(ctx)
	if err != nil {
		return nil, err
	}
	settings, err := city.LoadSettings(view)
	if err != nil {
		return nil, err
	}
	salt, err := base64.RawURLEncoding.DecodeString(settings.LookupSalt)
	if err != nil {
		return nil, city.Fail(city.CodeDamaged, "lookup_salt", "the city's look-up salt cannot be read")
	}
	return salt, nil
}
