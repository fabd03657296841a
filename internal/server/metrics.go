package server

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/store"
)

// metrics are what /metrics tells. No label carries a name a user chose, so
// that their number is bounded and nothing private shows.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	scans    *prometheus.CounterVec
	seconds  prometheus.Histogram
	pulls    *prometheus.CounterVec
}

func newMetrics(st *store.Store) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "pratique_http_request_seconds", Help: "Duration of HTTP requests.",
			Buckets: []float64{.001, .005, .025, .1, .5, 2.5, 10, 60},
		}, []string{"area", "method", "status"}),
		scans: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pratique_scans_total", Help: "Scans that ended, by state and cause of failure.",
		}, []string{"state", "cause"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "pratique_scan_seconds", Help: "Duration of successful scans from promotion to report.",
			Buckets: prometheus.ExponentialBuckets(.25, 2, 14),
		}),
		pulls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pratique_pulls_total", Help: "Decisions of the gate about content that was asked for.",
		}, []string{"decision"}),
	}
	m.registry.MustRegister(m.requests, m.scans, m.seconds, m.pulls, statistics{st},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// observeHeld adds how many pulls wait for the end of a scan.
func (m *metrics) observeHeld(held func() int) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "pratique_pulls_waiting", Help: "Pulls that wait for the end of a scan.",
	}, func() float64 { return float64(held()) }))
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

// guardMetrics lets those read who may read what concerns the whole program, or
// everybody where the configuration says so: metrics count over all instances.
func (s *Server) guardMetrics(next http.Handler) http.Handler {
	if s.cfg.Metrics.Open {
		return next
	}
	return s.auth.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		actor, _ := access.ActorOf(r.Context())
		switch {
		case access.Can(actor, access.Audit, access.Scope{}):
			next.ServeHTTP(w, r)
		case actor.Anonymous():
			w.Header().Set("WWW-Authenticate", access.BasicChallenge(r))
			answer(w, http.StatusUnauthorized, "metrics need logging in: use a credential of an account that is auditor everywhere, or set metrics.open")
		default:
			s.audit.Record(catalog.AuditEntry{Actor: actor.Name, Via: actor.Via, Address: access.Address(r), Action: "metrics", Result: catalog.AuditDenied, Detail: "denied"})
			answer(w, http.StatusForbidden, "metrics are for administrators and auditors everywhere; ask an administrator")
		}
	}))
}

func (m *metrics) observeScan(s catalog.Scan) {
	m.scans.WithLabelValues(string(s.State), string(s.Cause)).Inc()
	if s.State == catalog.Success {
		m.seconds.Observe(s.EndedAt.Sub(s.StartedAt).Seconds())
	}
}

func (m *metrics) observeRequest(r *http.Request, status int, took time.Duration) {
	m.requests.WithLabelValues(area(r.URL.Path), method(r.Method), strconv.Itoa(status)).Observe(took.Seconds())
}

func (m *metrics) observePull(d catalog.Decision) { m.pulls.WithLabelValues(string(d)).Inc() }

// area is the part of the program a path belongs to.
func area(path string) string {
	switch {
	case strings.HasPrefix(path, "/v2/") && strings.Contains(path, "/manifests/"):
		return "manifests"
	case strings.HasPrefix(path, "/v2/") && strings.Contains(path, "/blobs/"):
		return "blobs"
	case strings.HasPrefix(path, "/v2/"):
		return "registry"
	case strings.HasPrefix(path, "/api/"):
		return "api"
	}
	return "other"
}

// method keeps made-up methods from making up label values.
func method(m string) string {
	switch m {
	case "GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS":
		return m
	}
	return "other"
}

// statistics reads counts from the store when metrics are scraped.
type statistics struct{ store *store.Store }

var (
	descScans = prometheus.NewDesc("pratique_scans", "Scans that wait or run.", []string{"state"}, nil)
	descAgain = prometheus.NewDesc("pratique_judge_again", "Images that are judged again without a scan: waiting, and since the latest change done, changed, with another verdict and failed.", []string{"state"}, nil)
	descHeld  = prometheus.NewDesc("pratique_held", "What the registry holds.", []string{"kind"}, nil)
)

func (s statistics) Describe(ch chan<- *prometheus.Desc) {
	ch <- descScans
	ch <- descHeld
	ch <- descAgain
}

func (s statistics) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	st, err := s.store.Statistics(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(descScans, err)
		return
	}
	gauge := func(d *prometheus.Desc, v int, label string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v), label)
	}
	gauge(descScans, st.ScansPending, "pending")
	gauge(descScans, st.ScansRunning, "running")
	gauge(descHeld, st.Artifacts, "artifacts")
	gauge(descHeld, st.Repositories, "repositories")
	gauge(descHeld, st.Namespaces, "namespaces")
	again, err := s.store.Judging(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(descAgain, err)
		return
	}
	gauge(descAgain, again.Waiting, "waiting")
	gauge(descAgain, again.Done, "done")
	gauge(descAgain, again.Changed, "changed")
	gauge(descAgain, again.Verdicts, "verdicts")
	gauge(descAgain, again.Failed, "failed")
}
