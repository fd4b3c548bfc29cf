package replica

import (
	"context"
	"net/http"
	"net/url"

	"cityhall/shared/keys"
	"cityhall/shared/protocol"
)

// idle is what the last hello said and was told when nothing was new. While it holds
// on both sides, a round asks by its name whether it still does, which takes a third
// of a hello's bytes.
type idle struct {
	name  string // empty: something is new
	facts protocol.Hello
	told  standing
}

// stillIdle tells whether nothing is new here, and the server says the same. An error
// is the line's; whatever else is answered, a hello tells more.
func (r *Replica) stillIdle(ctx context.Context, id *identity, now protocol.Hello) (bool, error) {
	was := r.idle.facts
	was.Clock, was.Disk = now.Clock, now.Disk // these are told by the hello of every so many minutes
	since := r.cfg.Now().Sub(r.greeted)
	if r.idle.name == "" || was != now || since < 0 || since >= longestPause {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	req := request{method: http.MethodHead, path: "/hello", query: "have=" + url.QueryEscape(r.idle.name), bare: true}
	resp, err := r.begin(ctx, id.server, string(id.device), id.key, req)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	sent := resp.Request.Header.Get("Signature-Input")
	signature, err := protocol.DecodeSignature(resp.Header.Get(protocol.SignatureHeader))
	still := err == nil && resp.StatusCode == http.StatusNoContent && keys.VerifyBytes(id.serverKey, keys.LabelIdle, []byte(sent), signature)
	if !still {
		r.idle = idle{}
	}
	return still, nil
}
