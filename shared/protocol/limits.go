package protocol

import (
	"encoding/base64"
	"time"
)

// Limits. A device that stays within them is never refused for size.
const (
	MaxEnvelope   = 256 << 10       // bytes of one line of a push
	MaxBatch      = 500             // mutations in one push
	MaxPushBody   = 4 << 20         // bytes of a push, decompressed
	MaxPage       = 2000            // frames in one page of a pull
	MaxBlob       = 32 << 20        // bytes of one blob
	MaxMap        = 1 << 30         // bytes of a file that the city's settings name; it comes from the server, never from a device
	MaxChunk      = 8 << 20         // bytes of one PATCH of a blob
	MaxHello      = 64 << 10        // bytes of a hello
	ClockSkew     = 5 * time.Minute // of a signature, against the server's clock
	LiveHeartbeat = 25 * time.Second

	MaxHandoverActs  = 20_000    // of one revoked device over its life
	MaxHandoverBytes = 128 << 20 // of their envelopes
	MaxEnvelopeBlobs = 40        // photos that one handed-over act may name
)

// Path is where the endpoints are.
const Path = "/sync/v1"

// ContentType is the type of every list.
const ContentType = "application/x-ndjson"

// StatusChecksum is tus's answer to bytes that do not match their checksum.
const StatusChecksum = 460

// SignatureHeader carries the server's signature over an answer's body.
const SignatureHeader = "City-Signature"

// EncodeSignature writes a signature for SignatureHeader.
func EncodeSignature(sig []byte) string { return base64.RawURLEncoding.EncodeToString(sig) }

// DecodeSignature reads what EncodeSignature wrote.
func DecodeSignature(s string) ([]byte, error) { return base64.RawURLEncoding.DecodeString(s) }
