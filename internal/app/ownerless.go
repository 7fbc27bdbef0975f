package app

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// ownerless is the number of machine identities without a primary owner. Counting may cost a large database something, so a
// number is good for a minute, however often it is asked for.
type ownerless struct {
	count func(ctx context.Context) (int64, error)

	mu      sync.Mutex
	value   float64
	counted time.Time
}

const (
	ownerlessPeriod  = time.Minute
	ownerlessTimeout = 5 * time.Second
)

// watchOwners adds the number to the metrics.
func (m *metrics) watchOwners(count func(ctx context.Context) (int64, error)) {
	o := &ownerless{count: count, value: math.NaN()}
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "midgard_machine_identities_without_owner", Help: "Machine identities without a primary owner, counted once a minute.",
	}, o.read))
}

// read gives the number, or the last one when the database does not answer in time.
func (o *ownerless) read() float64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if time.Since(o.counted) < ownerlessPeriod {
		return o.value
	}
	ctx, cancel := context.WithTimeout(context.Background(), ownerlessTimeout)
	defer cancel()
	if n, err := o.count(ctx); err == nil {
		o.value, o.counted = float64(n), time.Now()
	}
	return o.value
}
