// Package provision does the work of approved account requests: it makes accounts on sources and removes them there, step
// by step. How far a request is stands in its own row, which is written before and after every step; the job that does the
// work is short and may run again at any point. A failure that is likely to pass is tried again after a pause, for hours; a
// refusal ends the request at once, in the words of the source, and what was made by then is taken back.
//
// An account is made once. Its name is free on the source, in the inventory and among all requests when it is chosen, and is
// kept for the request alone before anything is made. Only a call that may have reached the source before takes an account
// that is there for its own work.
package provision

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"midgard/internal/connector"
	"midgard/internal/governance"
	"midgard/internal/job"
)

// Store keeps requests and what comes of them. The methods promise what *store.Store says of them.
type Store interface {
	AccountRequest(ctx context.Context, id string) (governance.AccountRequest, error)
	SaveProvisioning(ctx context.Context, lease governance.Lease, id string, p governance.Provisioning) error
	EndRequest(ctx context.Context, lease governance.Lease, id string, o governance.RequestOutcome) error
	NameFree(ctx context.Context, requestID, sourceID, name string) (bool, error)
	PlanAccount(ctx context.Context, lease governance.Lease, r *governance.AccountRequest, name string, p governance.Provisioning) error
	HandOver(ctx context.Context, lease governance.Lease, w governance.WorkItem, p governance.Provisioning) error
	AdoptAccount(ctx context.Context, actor governance.Actor, lease governance.Lease, requestID string, adoption governance.Adoption) (governance.Account, error)
	FinishDeletion(ctx context.Context, actor governance.Actor, lease governance.Lease, r *governance.AccountRequest) error

	KeepPassword(ctx context.Context, lease governance.Lease, r *governance.AccountRequest, sealed string, expires time.Time) (string, error)
	TakePassword(ctx context.Context, actor governance.Actor, requestID, ownerID string) (governance.AccountPassword, error)
	WipePasswords(ctx context.Context) error

	CreationPolicy(ctx context.Context, sourceID, subtypeID string) (governance.ProvisioningPolicy, error)
	TransformDefinitions(ctx context.Context) (map[string]json.RawMessage, error)
	Source(ctx context.Context, id, administeredBy string) (governance.Source, error)
	Schemas(ctx context.Context, sourceID string) ([]governance.Schema, error)
	Subtype(ctx context.Context, id, administeredBy string) (governance.Subtype, error)
	Identity(ctx context.Context, id string) (governance.Identity, error)
	Account(ctx context.Context, id, administeredBy string) (governance.Account, error)
	PersonAccounts(ctx context.Context, identityID, source string) ([]governance.Account, error)
	EntitlementsByID(ctx context.Context, ids []string) ([]governance.Entitlement, error)
}

// Sources opens the connector of a source.
type Sources interface {
	Open(ctx context.Context, s governance.Source) (connector.Source, error)
}

// Observer says what an aggregation would make of an object of a source.
type Observer interface {
	Observe(ctx context.Context, source governance.Source, o connector.Object) (governance.ObservedAccount, error)
}

// Sealer encrypts passwords at rest. What was sealed under one context opens under the same one only.
type Sealer interface {
	Seal(clear, context string) (string, error)
	Open(sealed, context string) (string, error)
}

// Patience says how long failures that are likely to pass are borne with, counted from the first one of a step.
type Patience struct {
	First  time.Duration // the first pause; later ones are as long as the failures have lasted so far
	Max    time.Duration // the longest pause
	GiveUp time.Duration // when the request fails
}

// DefaultPatience bears with a source that is away for two hours.
var DefaultPatience = Patience{First: time.Minute, Max: 10 * time.Minute, GiveUp: 2 * time.Hour}

// Options are what the service needs. Zero values of Patience, PasswordLifetime, Now, Log and Observe mean the defaults.
type Options struct {
	Store    Store
	Sources  Sources
	Observer Observer
	Sealer   Sealer
	Patience Patience
	// PasswordLifetime is how long the owner of a new account can fetch its password; 7 days.
	PasswordLifetime time.Duration
	Now              func() time.Time
	Log              *slog.Logger
	// Observe is told of every step and how it went: done, later or failed.
	Observe func(step, outcome string)
}

// Service is safe for concurrent use.
type Service struct{ Options }

// New makes a service.
func New(o Options) *Service {
	if o.Patience == (Patience{}) {
		o.Patience = DefaultPatience
	}
	if o.PasswordLifetime == 0 {
		o.PasswordLifetime = 7 * 24 * time.Hour
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Observe == nil {
		o.Observe = func(string, string) {}
	}
	return &Service{o}
}

// Work provisions a request (governance.JobProvision). It returns nil once the request has ended or waits for a person.
func (s *Service) Work(ctx context.Context, j governance.Job) error {
	var args struct {
		RequestID string `json:"requestId"`
	}
	if err := json.Unmarshal(j.Args, &args); err != nil {
		return job.Permanent(fmt.Errorf("read the job's arguments: %w", err))
	}
	w, err := s.begin(ctx, j, args.RequestID)
	if err != nil {
		return s.again(ctx, err)
	}
	if w == nil {
		return nil
	}
	defer w.close()
	return s.again(ctx, w.run(ctx))
}

// begin reads the request; nil when there is nothing to do.
func (s *Service) begin(ctx context.Context, j governance.Job, id string) (*work, error) {
	r, err := s.Store.AccountRequest(ctx, id)
	if governance.KindOf(err) == governance.NotFound {
		return nil, nil //nolint:nilnil // the request is gone, and the job with it
	}
	if err != nil {
		return nil, err
	}
	if r.Status != governance.RequestPending || r.ProvisioningPhase.State != governance.PhasePending {
		return nil, nil //nolint:nilnil // somebody else has done the rest
	}
	actor := governance.Server("account request "+r.ID, j.TrackingID)
	return &work{Service: s, lease: j.Lease(), actor: actor, request: r, p: r.Provisioning}, nil
}

// again gives the job back after a failure of our own, such as a database that is away: it must not run out of attempts,
// since the request would stay half done.
func (s *Service) again(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil || errors.Is(err, governance.ErrLeaseLost) {
		return err
	}
	if errors.Is(err, governance.ErrCancelled) {
		return nil // the request has ended, and nobody waits for this
	}
	var given *given
	if errors.As(err, &given) {
		return job.Later(given.back, given.err)
	}
	return job.Later(s.Now().Add(s.Patience.First), err)
}

// given is a failure that was recorded, with the time of the next try.
type given struct {
	err  error
	back time.Time
}

func (g *given) Error() string { return g.err.Error() }
func (g *given) Unwrap() error { return g.err }
