package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/api"
	"github.com/pratique/pratique/internal/blob"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/engine"
	"github.com/pratique/pratique/internal/image"
	"github.com/pratique/pratique/internal/registry"
	"github.com/pratique/pratique/internal/rules"
	"github.com/pratique/pratique/internal/scan"
	"github.com/pratique/pratique/internal/store"
)

const (
	// uploadAge is how old an upload nobody continues may become.
	uploadAge = 24 * time.Hour
)

// Server is the running program.
type Server struct {
	cfg     Config
	log     *slog.Logger
	version string

	lock       *dirLock
	store      *store.Store
	blobs      *blob.Store
	auth       *access.Authenticator
	audit      *access.AuditLog
	knowledge  *scan.Knowledge
	advisories *advisories
	settings   scan.Settings
	rules      rules.Files // of all namespaces, beside the built-in ones
	scanner    *scan.Service
	registry   *registry.Registry
	metrics    *metrics
	instances  *instances

	origin       *origin
	certificates *certificates // nil without TLS
	oidc         http.Handler  // nil without a provider

	listener *limitedListener
	control  net.Listener

	// stopping is done when the server begins to stop.
	stopping context.Context

	admin, password string
}

// New opens everything a server needs and starts to listen, but serves
// nothing before Run. The caller calls Run or Close.
func New(ctx context.Context, cfg Config, log *slog.Logger, version string) (*Server, error) {
	if err := cfg.Complete(); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, log: log, version: version}
	if err := s.open(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Server) open(ctx context.Context) (err error) {
	if err := os.MkdirAll(s.cfg.Data, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	if s.lock, err = lockDir(s.cfg.Data); err != nil {
		return err
	}
	if err := s.openStorage(ctx); err != nil {
		return err
	}
	if err := s.openAccess(ctx); err != nil {
		return err
	}
	if err := s.openScanner(); err != nil {
		return err
	}
	s.openRegistry()
	return s.listen()
}

func (s *Server) openStorage(ctx context.Context) (err error) {
	if s.store, err = store.Open(ctx, store.Config{DSN: s.cfg.Database, Logger: s.log}); err != nil {
		return err
	}
	if err := checkDataDir(ctx, s.cfg.Data, s.store); err != nil {
		return err
	}
	if s.blobs, err = blob.Open(s.cfg.Data); err != nil {
		return err
	}
	s.instances, err = loadInstances(ctx, s.store, s.cfg.Instances)
	return err
}

func (s *Server) openAccess(ctx context.Context) error {
	key, err := s.store.Secret(ctx, "token")
	if err != nil {
		return err
	}
	if s.auth, err = access.New(s.store, key); err != nil {
		return err
	}
	s.audit = access.NewAuditLog(s.store, time.Now, s.log)
	s.auth.Logger, s.auth.Log = s.log, s.audit
	s.auth.Sessions = access.SessionLimits{Idle: s.cfg.Sessions.Idle, Most: s.cfg.Sessions.Most, Lax: s.cfg.OIDC.Issuer != ""}
	if s.admin, s.password, err = s.auth.Bootstrap(ctx); err != nil {
		return err
	}
	if s.origin, err = newOrigin(s.cfg, s.instances.named); err != nil {
		return err
	}
	return s.openOIDC(ctx)
}

func (s *Server) openScanner() error {
	s.metrics = newMetrics(s.store)
	settings := &s.settings
	*settings = scan.DefaultSettings()
	settings.Concurrent = s.cfg.Scan.Concurrent
	settings.Workers = s.cfg.Scan.Workers
	settings.Timeout = s.cfg.Scan.Timeout
	spool := filepath.Join(s.cfg.Data, "spool")
	if err := errors.Join(os.RemoveAll(spool), os.MkdirAll(spool, 0o700)); err != nil {
		return fmt.Errorf("spool directory: %w", err)
	}
	ruleFiles, ruleSet, err := s.cfg.Scan.loadRules()
	if err != nil {
		return err
	}
	s.knowledge = scan.NewKnowledge(AdvisoriesDir(s.cfg.Data), s.log)
	s.rules = ruleFiles
	s.advisories = newAdvisories(s.cfg, s.knowledge, s.log)
	s.scanner = scan.New(scan.Config{
		Store: s.store,
		Blobs: s.blobs,
		Engine: engine.New(engine.Options{
			Workers: settings.Workers,
			Budget:  s.cfg.Scan.Memory,
			TempDir: spool,
			Limits:  readable(settings.Image),
			Rules:   ruleSet,
			Helpers: engine.Helpers{Clamd: s.cfg.Malware.Clamd},
			Logger:  s.log,
		}),
		Knowledge: s.knowledge,
		Rules:     ruleFiles,
		RuleSet:   ruleSet,
		Settings:  *settings,
		Logger:    s.log,
		Observe:   s.metrics.observeScan,
	})
	return nil
}

// readable are the limits of reading layers: what an instance may set bounds
// those it has read, so here it is the most that any may.
func readable(l image.Limits) image.Limits {
	l.LayerSize = catalog.MaxLayerSize
	return l
}

// AdvisoriesDir is where the advisory database of a data directory is.
func AdvisoriesDir(data string) string { return filepath.Join(data, "advisories") }

func (s *Server) listen() (err error) {
	public, err := net.Listen("tcp", s.cfg.Address)
	if err != nil {
		return fmt.Errorf("%w; choose another address with --address", err)
	}
	s.listener = newLimitedListener(public, s.cfg.Connections)
	if s.cfg.TLS.Certificate != "" {
		if s.certificates, err = newCertificates(s.cfg.TLS, s.log); err != nil {
			return err
		}
	}
	s.control, err = listenControl(filepath.Join(s.cfg.Data, api.ControlSocket))
	if err != nil {
		return fmt.Errorf("control socket: %w; a shorter path of the data directory may help", err)
	}
	return nil
}

// listenControl makes the control socket, which nobody but its owner can open
// at any moment: it gets its mode in a directory of the owner's alone. A umask
// would do that, too, but for whatever else the program makes meanwhile.
func listenControl(path string) (net.Listener, error) {
	_ = os.Remove(path) // left by a killed server; the lock says none is alive
	// Not longer than path: the system bounds the names of sockets.
	private := filepath.Join(filepath.Dir(path), ".s")
	if err := os.RemoveAll(private); err != nil {
		return nil, err
	}
	if err := os.Mkdir(private, 0o700); err != nil {
		return nil, err
	}
	defer os.RemoveAll(private)
	made := filepath.Join(private, "s")
	l, err := net.Listen("unix", made)
	if err != nil {
		return nil, err
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // by the name it has now
	if err := errors.Join(os.Chmod(made, 0o600), os.Rename(made, path)); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return &controlListener{Listener: l, path: path}, nil
}

// controlListener takes its socket away when it is closed.
type controlListener struct {
	net.Listener
	path   string
	remove sync.Once
}

func (l *controlListener) Close() error {
	l.remove.Do(func() { _ = os.Remove(l.path) })
	return l.Listener.Close()
}

// URL is how clients reach the server.
func (s *Server) URL() string {
	if s.cfg.PublicURL != "" {
		return strings.TrimSuffix(s.cfg.PublicURL, "/")
	}
	host := s.Addr()
	if h, port, err := net.SplitHostPort(host); err == nil && (h == "::" || h == "0.0.0.0") {
		host = net.JoinHostPort("127.0.0.1", port)
	}
	if s.certificates != nil {
		return "https://" + host
	}
	return "http://" + host
}

// Addr is the address the server listens on.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// FirstAdministrator returns the account made at the first start. The password
// is empty at every later start.
func (s *Server) FirstAdministrator() (name, password string) { return s.admin, s.password }

// HasAdvisories reports whether there are advisories to judge by.
func (s *Server) HasAdvisories() bool { return s.knowledge.Ready() }

// AdvisoriesSource is where advisories are fetched from.
func (s *Server) AdvisoriesSource() string { return s.cfg.Advisories.Source }

// ScanThreads is how many threads scans keep busy at most: for each layer one
// inflates, one reads what is in it, one looks for what is wrong with that.
func (s *Server) ScanThreads() int { return 3 * s.cfg.Scan.Workers }

// Run serves until ctx is done and then stops gracefully. It closes the server.
func (s *Server) Run(ctx context.Context) error {
	defer s.Close()
	s.stopping = ctx
	public := s.httpServer(s.handler())
	public.ConnState = s.listener.state
	control := s.httpServer(s.controlHandler())
	group, ctx := errgroup.WithContext(ctx)
	defer context.AfterFunc(ctx, s.registry.Release)()
	if s.certificates != nil {
		public.TLSConfig = s.certificates.config()
		group.Go(func() error { return s.certificates.run(ctx) })
	}
	group.Go(func() error { return serve(ctx, public, s.listener, s.cfg.Grace) })
	group.Go(func() error { return serve(ctx, control, s.control, s.cfg.Grace) })
	group.Go(func() error { return s.scanner.Run(ctx) })
	group.Go(func() error { return s.advisories.run(ctx) })
	group.Go(func() error { return s.hourly(ctx, "expiring uploads", s.expireUploads) })
	group.Go(func() error { return s.hourly(ctx, "removing old events", s.pruneEvents) })
	group.Go(func() error { return s.hourly(ctx, "recording how images stand", s.recordTrend) })
	group.Go(func() error { return s.auth.Run(ctx) })
	group.Go(func() error { return s.audit.Run(ctx) })
	return group.Wait()
}

// Close releases everything. It is safe to call at any time, also twice.
func (s *Server) Close() {
	if s.listener != nil {
		s.listener.Close()
	}
	if s.control != nil {
		s.control.Close()
	}
	if s.registry != nil {
		s.registry.Close()
	}
	if s.knowledge != nil {
		s.knowledge.Close()
	}
	if s.blobs != nil {
		s.blobs.Close()
	}
	if s.store != nil {
		s.store.Close()
	}
	if s.lock != nil {
		s.lock.release()
	}
}

func (s *Server) httpServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: 100, SendPingTimeout: time.Minute},
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
}

// serve runs an HTTP server until ctx is done, then lets open requests end.
func serve(ctx context.Context, srv *http.Server, l net.Listener, most time.Duration) error {
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), most)
		defer cancel()
		if srv.Shutdown(grace) != nil {
			srv.Close()
		}
	}()
	run := srv.Serve
	if srv.TLSConfig != nil {
		run = func(l net.Listener) error { return srv.ServeTLS(l, "", "") }
	}
	if err := run(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-stopped
	return nil
}

// expireUploads removes uploads nobody continues.
func (s *Server) expireUploads(ctx context.Context) error {
	return s.blobs.ExpireUploads(ctx, uploadAge)
}

// keepTrendFor is how long days are kept that tell how images stood.
const keepTrendFor = 400 * 24 * time.Hour

// recordTrend writes down how images stand.
func (s *Server) recordTrend(ctx context.Context) error {
	if err := s.store.RecordTrend(ctx); err != nil {
		return err
	}
	return s.store.PruneTrend(ctx, time.Now().Add(-keepTrendFor))
}

// pruneEvents removes events, ended batches, what came and went in images, and
// entries of the audit log that are older than the configuration keeps them.
func (s *Server) pruneEvents(ctx context.Context) error {
	now := time.Now()
	_, events := s.store.PruneEvents(ctx, now.Add(-s.cfg.Events.Keep))
	_, batches := s.store.PruneBatches(ctx, now.Add(-s.cfg.Events.Keep))
	past := s.store.PrunePast(ctx, now.Add(-s.cfg.Events.Keep))
	_, audit := s.store.PruneAudit(ctx, now.Add(-s.cfg.Audit.Keep))
	return errors.Join(events, batches, past, audit)
}

// hourly does something now and every hour until ctx is done. Trouble is logged,
// and the next hour is another try.
func (s *Server) hourly(ctx context.Context, what string, do func(context.Context) error) error {
	ticker := time.NewTicker(time.Hour)
	defer ticker.Stop()
	for {
		if err := do(ctx); err != nil && ctx.Err() == nil {
			s.log.Error(what, "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// instances maps host names to the registries this program serves.
type instances struct {
	byHost map[string]catalog.Instance
	other  catalog.Instance
}

func loadInstances(ctx context.Context, st *store.Store, configured []Instance) (*instances, error) {
	def, _, err := st.EnsureDefaults(ctx)
	if err != nil {
		return nil, err
	}
	out := &instances{byHost: map[string]catalog.Instance{}, other: def}
	for _, c := range configured {
		inst, err := st.EnsureInstance(ctx, c.Tenant, catalog.Instance{Name: c.Name, Host: c.Host, Region: c.Region})
		if err != nil {
			return nil, fmt.Errorf("instance %s: %w", c.Name, err)
		}
		out.byHost[c.Host] = inst
	}
	return out, nil
}

// named reports whether a host is that of a configured instance.
func (i *instances) named(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	_, ok := i.byHost[hostOf(host)]
	return ok
}

// of chooses the instance a request is for by its host name.
func (i *instances) of(r *http.Request) (catalog.Instance, error) {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if inst, ok := i.byHost[hostOf(host)]; ok {
		return inst, nil
	}
	return i.other, nil
}
