package city

import "errors"

// Code says what is wrong. Codes are on the wire and in the translations: they
// are only ever added.
type Code string

// The codes.
const (
	CodeRequired    Code = "required"     // a value is missing
	CodeTooLong     Code = "too_long"     // longer than Max characters
	CodeInvalid     Code = "invalid"      // not of the form that the field takes
	CodeUnknown     Code = "unknown"      // names something that is not there
	CodeNotOffered  Code = "not_offered"  // not among the choices, or no longer offered
	CodeStopped     Code = "stopped"      // an answer says that this service is the wrong way
	CodeForbidden   Code = "forbidden"    // this person or device may not
	CodeNotYours    Code = "not_yours"    // the job is another crew's by now
	CodeNotNow      Code = "not_now"      // not possible in the present state
	CodeStale       Code = "stale"        // the author has not seen all there is to decide
	CodeUnknownType Code = "unknown_type" // no such mutation type@version
	CodeDiskFull    Code = "disk_full"    // there is no room to save
	CodeDamaged     Code = "damaged"      // what is stored does not match its hash
	CodeTooLarge    Code = "too_large"    // more bytes or pixels than are taken
	CodeNotAPhoto   Code = "not_a_photo"  // not a picture that can be read
	CodeUnreachable Code = "unreachable"  // the city cannot be reached
	CodeWrongServer Code = "wrong_server" // answered, but is not this city
	CodeSignIn      Code = "sign_in"      // name, password or PIN is wrong
	CodeMissing     Code = "missing"      // rests on an act that has not arrived
	CodeDependency  Code = "dependency"   // rests on an act that was refused
	CodeRevoked     Code = "revoked"      // done on a device that the city no longer takes
	CodeInternal    Code = "internal"     // our fault; the message carries a number to quote
)

// Error is what a person did that cannot stand, and where. Message is English
// for logs and integrators; screens translate Code.
type Error struct {
	Code    Code   `json:"code"`
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
	Max     int    `json:"max,omitempty"`
}

func (e *Error) Error() string {
	if e.Field == "" {
		return e.Message
	}
	return e.Field + ": " + e.Message
}

// Errorf is not offered on purpose: messages are constant, values go in fields.
func fail(code Code, field, message string) *Error {
	return &Error{Code: code, Field: field, Message: message}
}

// Fail makes an Error.
func Fail(code Code, field, message string) error { return fail(code, field, message) }

// AsError finds the Error in err.
func AsError(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

// CodeOf gives the code in err, or CodeInternal.
func CodeOf(err error) Code {
	if e, ok := AsError(err); ok {
		return e.Code
	}
	return CodeInternal
}
