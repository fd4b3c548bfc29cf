package replica

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"

	"cityhall/shared/city"
	"cityhall/shared/keys"
	"cityhall/shared/protocol"
	"cityhall/shared/sqlite"
)

// joining is an enrolment whose answer may have been lost: the same code is tried
// again with the same key, which the server knows as the same attempt.
type joining struct {
	code string
	key  keys.Identity
}

// Enrol joins a city by the link of its enrolment, under a name that staff will
// know the device by; an empty one keeps the name of the enrolment. A device that
// is enrolled already joins anew: its unsent acts stay and go under its new name.
//
// Errors are *city.Error: CodeInvalid with field "enrolment" for a link or code
// that cannot be used, CodeWrongServer, CodeUnreachable, and CodeNotNow when acts
// wait that were sealed for another city.
func (r *Replica) Enrol(ctx context.Context, enrolment, name string) (Identity, error) {
	e, err := keys.ParseEnrolment(enrolment)
	if err != nil {
		return Identity{}, city.Fail(city.CodeInvalid, "enrolment", "not an enrolment link")
	}
	r.stepping.Lock()
	defer r.stepping.Unlock()
	key, err := r.joinKey(e.Code.Show())
	if err != nil {
		return Identity{}, err
	}
	id, err := r.join(ctx, e, name, key)
	if err != nil {
		return Identity{}, err
	}
	if err := r.mayMoveTo(ctx, id); err != nil {
		return Identity{}, err
	}
	if err := r.moveIn(ctx, id); err != nil {
		return Identity{}, fmt.Errorf("keep the enrolment: %w", err)
	}
	r.Wake()
	return id.public(), nil
}

func (r *Replica) joinKey(code string) (keys.Identity, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.joined.code != code {
		key, err := keys.NewIdentity(nil)
		if err != nil {
			return key, err
		}
		r.joined = joining{code: code, key: key}
	}
	return r.joined.key, nil
}

// join trades the code for an identity and checks that the answer comes from the
// server whose key the link names.
func (r *Replica) join(ctx context.Context, e keys.Enrolment, name string, key keys.Identity) (*identity, error) {
	body, err := json.Marshal(protocol.EnrolRequest{Code: e.Code.Show(), Public: key.Public().String(), Name: name})
	if err != nil {
		return nil, err
	}
	a, err := r.callAs(ctx, e.URL, key.Public().String(), key, request{method: http.MethodPost, path: "/enroll", body: body, limit: protocol.MaxHello})
	if f := (*refusal)(nil); errors.As(err, &f) {
		switch f.Code {
		case protocol.CodeCode:
			return nil, city.Fail(city.CodeInvalid, "enrolment", "the code is unknown, used or expired")
		case protocol.CodeMalformed:
			return nil, city.Fail(city.CodeInvalid, "enrolment", f.Message)
		case protocol.CodeNotFound, protocol.CodeSignature:
			return nil, wrongServer()
		}
		return nil, unreachable(err)
	}
	if err != nil {
		return nil, err
	}
	var reply protocol.EnrolReply
	if json.Unmarshal(a.body, &reply) != nil {
		return nil, wrongServer()
	}
	server, err := keys.ParsePublicKey(reply.Server)
	if err != nil || server.Fingerprint() != e.Fingerprint || !signedBy(server, keys.LabelEnroll, a) {
		return nil, wrongServer()
	}
	sealing, err := keys.ParseSealingPublic(reply.SealingKey)
	if err != nil {
		return nil, wrongServer()
	}
	r.learnTime(reply.Now)
	return &identity{device: reply.Device, kind: reply.Kind, name: reply.Name, server: e.URL, serverKey: server, sealing: sealing,
		grants: reply.Grants, grantRev: reply.GrantRev, epoch: reply.Epoch, key: key}, nil
}

func signedBy(server keys.PublicKey, label keys.Label, a answer) bool {
	sig, err := protocol.DecodeSignature(a.header.Get(protocol.SignatureHeader))
	return err == nil && keys.VerifyBytes(server, label, a.body, sig)
}

func wrongServer() error {
	return city.Fail(city.CodeWrongServer, "enrolment", "what answered is not the city's server")
}

// mayMoveTo refuses to carry another city's acts to this one.
func (r *Replica) mayMoveTo(ctx context.Context, to *identity) error {
	now := r.who()
	if now == nil || now.serverKey == to.serverKey {
		return nil
	}
	waiting, err := r.load(ctx, r.out, selectWaiting)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(waiting, func(e entry) bool { return e.state != handedOver }) {
		return city.Fail(city.CodeNotNow, "enrolment", "acts for another city are still waiting here")
	}
	return nil
}

// moveIn throws away what the device saw under its last identity, and becomes the
// new one. A crash between the two leaves the old one with an empty cache.
func (r *Replica) moveIn(ctx context.Context, id *identity) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	if r.who() != nil {
		if err := r.cache.drop(ctx); err != nil {
			return err
		}
		if r.cache.rebuilding() {
			if err := r.cache.rebuild(ctx); err != nil {
				return err
			}
		}
		if err := emptyFolder(filepath.Join(r.cfg.Dir, fetchedBlobs), nil); err != nil {
			return err
		}
	}
	if err := r.rehome(ctx, id); err != nil {
		return err
	}
	before := r.who()
	if err := r.become(ctx, id); err != nil {
		return err
	}
	if before != nil {
		if err := r.forgetPIN(ctx); err != nil {
			return err
		}
	}
	r.mu.Lock()
	r.leaving = nil
	r.mu.Unlock()
	r.wiping.Store(false)
	r.departed.Store(false)
	r.setLink(LinkUnknown, "")
	return r.renewLease(ctx, 0)
}

// rehome makes every act that the city has not confirmed one of the new identity,
// and in the same city all of them: it may ask for each of them again.
func (r *Replica) rehome(ctx context.Context, id *identity) error {
	query := selectWaiting
	if now := r.who(); now != nil && now.serverKey == id.serverKey {
		query = selectAll
	}
	return sqlite.InTx(ctx, r.out, func(tx *sql.Tx) error {
		acts, err := r.load(ctx, tx, query)
		if err != nil {
			return err
		}
		for i := range acts {
			e := &acts[i]
			e.device = id.device
			switch {
			case e.state == handedOver && query == selectWaiting:
				e.state = echoReceived // another city's, whose staff have it
			case e.state != echoReceived && !e.damaged:
				e.state, e.stream, e.n = savedHere, "", 0
				e.seq, e.verdict, e.review, e.code, e.field = 0, "", "", "", ""
			}
			if err := updateEntry(ctx, tx, e); err != nil {
				return err
			}
		}
		if err := r.forgetDeparture(ctx, tx); err != nil {
			return err
		}
		return writeIdentity(ctx, tx, id)
	})
}
