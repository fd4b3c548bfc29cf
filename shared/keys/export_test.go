package keys

// For the fuzz target and the vectors.
var (
	ParseSignatureInput = parseSignatureInput
	ParseSignature      = parseSignature
	SignatureBase       = signatureBase
)

// InputFields gives the parts of a parsed header.
func (i signatureInput) InputFields() (params, keyID, nonce string, created int64) {
	return i.params, i.keyID, i.nonce, i.created
}
