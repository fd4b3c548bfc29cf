// Package keys holds every key of the project and all that is done with one.
// It is the package for a security reviewer: nothing elsewhere calls a cipher,
// a signature or a password hash. It uses the standard library and x/crypto.
//
// Who has what:
//
//   - A device has an Identity (Ed25519), made on it and never copied off. It
//     signs each HTTP request (Sign, Verify: RFC 9421 with RFC 9530 digests).
//   - The server has an Identity too. The enrolment link pins its Fingerprint;
//     with it the server signs its hello and its wipe orders (SignBytes).
//   - The server has SealingKeys (HPKE, X25519). A kiosk seals what a resident
//     typed to the newest one; only the server opens it (Keyring). Old keys stay
//     for as long as a device may hold acts sealed to them.
//   - A tablet has a SealingKey of its own, kept wrapped under the crew's PIN
//     and a device secret (Wrap, Unwrap).
//   - The server has a MACKey for cursors and for stored enrolment codes, and a
//     city salt for the look-up keys of References.
//
// ServerKeys is the server's set, in one file of mode 0600 outside the database.
//
// Promises: a secret type prints and logs as "[private]" under every verb; all
// comparisons of secrets take constant time; every signed, sealed or hashed
// text starts with a label of its own, and its parts are length-prefixed, so
// that none can be taken for another; at most two argon2id runs at once.
//
// Limits: a request signature covers method, path, query and body, not the host
// name, because a city's proxy may change that. A copied disk defeats the count
// of PIN tries: tablets need disk encryption as well. Randomness comes from the
// reader given, or crypto/rand where it is nil; sealing always uses crypto/rand.
package keys
