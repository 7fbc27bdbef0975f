package app

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are what /metrics shows: requests by operation and status, their duration, and the process itself. Names of
// people, sources or clients are never labels.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
	steps    *prometheus.CounterVec
}

func newMetrics(engine string) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "midgard_http_requests_total", Help: "Answered requests by operation and status.",
		}, []string{"operation", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "midgard_http_request_duration_seconds", Help: "Time to answer a request, by operation.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}, []string{"operation"}),
	}
	m.steps = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "midgard_provisioning_steps_total", Help: "Steps of the provisioning of account requests, by step and how they went: done, later or failed.",
	}, []string{"step", "outcome"})
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "midgard_info", Help: "Always 1; the labels tell version and database engine.",
		ConstLabels: prometheus.Labels{"version": Version, "engine": engine},
	})
	info.Set(1)
	m.registry.MustRegister(m.requests, m.took, m.steps, info, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) observe(operation string, status int, took time.Duration) {
	m.requests.WithLabelValues(operation, strconv.Itoa(status)).Inc()
	m.took.WithLabelValues(operation).Observe(took.Seconds())
}

func (m *metrics) provisioned(step, outcome string) { m.steps.WithLabelValues(step, outcome).Inc() }

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
