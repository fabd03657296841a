package server

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/pratique/pratique/internal/advisory"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/collect/malware"
	"github.com/pratique/pratique/internal/rules"
	"github.com/pratique/pratique/internal/scan"
)

// Config is everything that can be set. The zero value of a field means its
// default, which Complete fills in.
type Config struct {
	// Address is where to listen, HOST:PORT. Default 127.0.0.1:8480. Port 0
	// takes a free one.
	Address string `yaml:"address"`
	// Data is the directory for blobs, database, advisories and the control
	// socket. Default ./data. One server at a time can use it.
	Data string `yaml:"data"`
	// Database is "sqlite:PATH" or "postgres://…". Default is SQLite in Data.
	Database string `yaml:"database"`
	// Instances are further registries this program serves beside the default
	// one, told apart by the host name clients use.
	Instances []Instance `yaml:"instances"`
	// Scan holds the limits of §2.5, the same for every instance.
	Scan Scan `yaml:"scan"`
	// Advisories says where advisories come from and how often they are
	// fetched.
	Advisories Advisories `yaml:"advisories"`
	// Malware says whom to ask about files beside our own rules.
	Malware Malware `yaml:"malware"`
	// Metering says which scans cost what.
	Metering Metering `yaml:"metering"`
	// Metrics says who may read /metrics.
	Metrics Metrics `yaml:"metrics"`
	// Events says how long events are kept.
	Events Events `yaml:"events"`
	// Audit says how long the audit log is kept.
	Audit Audit `yaml:"audit"`
	// TLS names the files of a certificate; without them there is no TLS.
	TLS TLS `yaml:"tls"`
	// PublicURL is how clients reach the default instance, if that is not by the
	// address it listens on. Default none.
	PublicURL string `yaml:"publicURL"`
	// Proxies are addresses or networks of proxies that are believed when they say
	// who a request is from. Default none.
	Proxies []string `yaml:"proxies"`
	// Connections is how many connections are served at a time, 10 to 1000000.
	// Default 10000.
	Connections int `yaml:"connections"`
	// Sessions says how long browsers stay logged in.
	Sessions Sessions `yaml:"sessions"`
	// OIDC lets people sign in with an OpenID provider.
	OIDC OIDC `yaml:"oidc"`
	// Log sets the format ("text" or "json") and level of the log.
	Log Log `yaml:"log"`
	// Grace is how long open requests may go on when the server stops, up to
	// 10 minutes. Default 20 seconds.
	Grace time.Duration `yaml:"grace"`
}

// Instance is a further registry served under its own host name.
type Instance struct {
	Name string `yaml:"name"`
	// Host is the host name without port. Its case does not matter.
	Host   string `yaml:"host"`
	Tenant string `yaml:"tenant"`
	Region string `yaml:"region"`
}

// Scan holds limits of scans.
type Scan struct {
	// Concurrent is how many scans of an instance run at a time, 1 to 100.
	// Default 10.
	Concurrent int `yaml:"concurrent"`
	// Workers is how many layers this process reads at a time. Default: the
	// number of processors.
	Workers int `yaml:"workers"`
	// Timeout ends a scan, 1 minute to 24 hours. Default 3 hours.
	Timeout time.Duration `yaml:"timeout"`
	// Memory is how many bytes of layer content may be held at a time. Default
	// 64 MiB.
	Memory int64 `yaml:"memory"`
	// Rules is a directory of files with rules that hold for all namespaces,
	// beside the built-in ones. Default none.
	Rules string `yaml:"rules"`
}

// Metering says which scans cost what (§5.2).
type Metering struct {
	// Free is how many scans a month a tenant has free. Default 10.
	Free *int64 `yaml:"free"`
	// DiscountAfter is after how many scans in a month further ones are cheaper,
	// 0 for never. Default 10000.
	DiscountAfter *int64 `yaml:"discountAfter"`
}

func (m Metering) tariff() catalog.Tariff {
	t := catalog.DefaultTariff()
	if m.Free != nil {
		t.Free = *m.Free
	}
	if m.DiscountAfter != nil {
		t.DiscountAfter = *m.DiscountAfter
	}
	return t
}

// Metrics says who may read /metrics.
type Metrics struct {
	// Open lets everybody read them, without logging in. Default false: those
	// who may audit everything.
	Open bool `yaml:"open"`
}

// Events says how long events are kept, and what came and went in images.
type Events struct {
	// Keep is from one hour to ten years. Default 90 days.
	Keep time.Duration `yaml:"keep"`
}

// Audit says how long the audit log is kept.
type Audit struct {
	// Keep is from one day to ten years. Default one year.
	Keep time.Duration `yaml:"keep"`
}

// TLS names the files of a certificate with its chain and of its key, in PEM.
// They are read again when they change.
type TLS struct {
	Certificate string `yaml:"certificate"`
	Key         string `yaml:"key"`
}

// Sessions says how long browsers stay logged in.
type Sessions struct {
	// Idle is how long without being used, 1 minute to 30 days. Default 8 hours.
	Idle time.Duration `yaml:"idle"`
	// Most is how long at most, 1 minute to 90 days. Default 7 days.
	Most time.Duration `yaml:"most"`
}

// OIDC names an OpenID provider. Without an issuer there is none.
type OIDC struct {
	// Issuer is its URL, from which everything else about it is found out.
	Issuer string `yaml:"issuer"`
	// ClientID is how the provider knows this server, ClientSecret its password
	// there, best in the environment as PRATIQUE_OIDC_SECRET.
	ClientID     string `yaml:"clientID"`
	ClientSecret string `yaml:"clientSecret"`
	// Scopes are asked for beside "openid". Default profile, email.
	Scopes []string `yaml:"scopes"`
	// NameClaim is what names an account. Default preferred_username.
	NameClaim string `yaml:"nameClaim"`
	// GroupsClaim lists the groups somebody is in. Default groups.
	GroupsClaim string `yaml:"groupsClaim"`
	// KnownOnly refuses those who have no account yet, instead of making one.
	KnownOnly bool `yaml:"knownOnly"`
	// Groups say which groups here those of the provider stand for.
	Groups []OIDCGroup `yaml:"groups"`
}

// OIDCGroup is a group here that one of the provider stands for.
type OIDCGroup struct {
	// Claim is what the provider calls it, Group what it is called here, the same
	// by default.
	Claim string `yaml:"claim"`
	Group string `yaml:"group"`
	// Role is what the group is everywhere, if anything.
	Role string `yaml:"role"`
}

// Advisories says where advisories come from.
type Advisories struct {
	// Source is a directory, a zip file or a URL in the layout of the public
	// OSV bucket. Default: the public bucket.
	Source string `yaml:"source"`
	// Update is how often a URL is asked for news, 0 for never, at least 10
	// minutes otherwise. Default 6 hours.
	Update *time.Duration `yaml:"update"`
}

// Malware sets up the search for malicious files.
type Malware struct {
	// Clamd is the address of a clamd that is sent every file: unix:PATH or
	// tcp:HOST:PORT. Default none.
	Clamd string `yaml:"clamd"`
}

// Log sets how the program logs.
type Log struct {
	Format string     `yaml:"format"`
	Level  slog.Level `yaml:"level"`
}

// LoadConfig reads a configuration file. Unknown keys are errors. An empty
// path gives an empty configuration. The environment is applied on top:
// PRATIQUE_ADDRESS, PRATIQUE_DATA, PRATIQUE_DATABASE,
// PRATIQUE_ADVISORIES_SOURCE, PRATIQUE_SCAN_WORKERS, PRATIQUE_LOG_FORMAT,
// PRATIQUE_PUBLIC_URL, PRATIQUE_OIDC_SECRET.
func LoadConfig(path string, getenv func(string) string) (Config, error) {
	var cfg Config
	if path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return cfg, fmt.Errorf("read the configuration: %w", err)
		}
		dec := yaml.NewDecoder(bytes.NewReader(text))
		dec.KnownFields(true)
		if err := dec.Decode(&cfg); err != nil && !errors.Is(err, io.EOF) {
			return cfg, fmt.Errorf("configuration %s: %w", path, plainYAML(err))
		}
	}
	for name, field := range map[string]*string{
		"PRATIQUE_ADDRESS":           &cfg.Address,
		"PRATIQUE_DATA":              &cfg.Data,
		"PRATIQUE_DATABASE":          &cfg.Database,
		"PRATIQUE_ADVISORIES_SOURCE": &cfg.Advisories.Source,
		"PRATIQUE_LOG_FORMAT":        &cfg.Log.Format,
		"PRATIQUE_PUBLIC_URL":        &cfg.PublicURL,
		"PRATIQUE_OIDC_SECRET":       &cfg.OIDC.ClientSecret,
	} {
		if v := getenv(name); v != "" {
			*field = v
		}
	}
	if v := getenv("PRATIQUE_SCAN_WORKERS"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			return cfg, fmt.Errorf("PRATIQUE_SCAN_WORKERS: %q is not a number", v)
		}
		cfg.Scan.Workers = n
	}
	return cfg, nil
}

// plainYAML puts what is wrong with a file on one line, in words that do not
// presume to know this program's source.
func plainYAML(err error) error {
	var types *yaml.TypeError
	if !errors.As(err, &types) {
		return err
	}
	found := make([]string, len(types.Errors))
	for i, text := range types.Errors {
		text = unknownKey.ReplaceAllString(text, `there is no setting "$1"`)
		found[i] = wrongType.ReplaceAllStringFunc(text, func(text string) string {
			m := wrongType.FindStringSubmatch(text)
			return "cannot use " + cmp.Or(m[2], yamlKinds[m[1]], m[1]) + " here"
		})
	}
	return errors.New(strings.Join(found, "; "))
}

var (
	unknownKey = regexp.MustCompile(`field (\S+) not found in type \S+`)
	wrongType  = regexp.MustCompile("cannot unmarshal !!(\\w+)(?: (`.*`))? into \\S+$")
	yamlKinds  = map[string]string{"seq": "a list", "map": "a mapping"}
)

// Complete fills in defaults and refuses values that cannot work.
func (c *Config) Complete() error {
	settings := scan.DefaultSettings()
	setDefault(&c.Address, "127.0.0.1:8480")
	setDefault(&c.Data, "data")
	setDefault(&c.Database, "sqlite:"+filepath.Join(c.Data, "pratique.db"))
	setDefault(&c.Scan.Concurrent, settings.Concurrent)
	setDefault(&c.Scan.Workers, runtime.GOMAXPROCS(0))
	setDefault(&c.Scan.Timeout, settings.Timeout)
	setDefault(&c.Scan.Memory, 64<<20)
	setDefault(&c.Advisories.Source, advisory.PublicBucket)
	setDefault(&c.Events.Keep, 90*24*time.Hour)
	setDefault(&c.Audit.Keep, 365*24*time.Hour)
	setDefault(&c.Connections, 10_000)
	setDefault(&c.Sessions.Idle, 8*time.Hour)
	setDefault(&c.Sessions.Most, 7*24*time.Hour)
	setDefault(&c.OIDC.NameClaim, "preferred_username")
	setDefault(&c.OIDC.GroupsClaim, "groups")
	if c.OIDC.Scopes == nil {
		c.OIDC.Scopes = []string{"profile", "email"}
	}
	setDefault(&c.Log.Format, "text")
	setDefault(&c.Grace, 20*time.Second)
	if c.Advisories.Update == nil {
		every := 6 * time.Hour
		c.Advisories.Update = &every
	}
	return c.check()
}

func (c *Config) check() error {
	if _, _, err := net.SplitHostPort(c.Address); err != nil {
		return fmt.Errorf("address %q: %w; use HOST:PORT", c.Address, err)
	}
	if !strings.HasPrefix(c.Database, "sqlite:") && !strings.HasPrefix(c.Database, "postgres://") && !strings.HasPrefix(c.Database, "postgresql://") {
		return fmt.Errorf("database: use sqlite:PATH or postgres://USER@HOST/NAME")
	}
	ranges := []struct {
		name          string
		value, lo, hi int64
		unit          string
	}{
		{"scan.concurrent", int64(c.Scan.Concurrent), 1, 100, ""},
		{"scan.workers", int64(c.Scan.Workers), 1, 256, ""},
		{"scan.timeout", int64(c.Scan.Timeout / time.Second), 60, 24 * 3600, " seconds"},
		{"scan.memory", c.Scan.Memory, 16 << 20, 64 << 30, " bytes"},
		{"events.keep", int64(c.Events.Keep / time.Second), 3600, 10 * 365 * 24 * 3600, " seconds"},
		{"connections", int64(c.Connections), 10, 1_000_000, ""},
		{"sessions.idle", int64(c.Sessions.Idle / time.Second), 60, 30 * 24 * 3600, " seconds"},
		{"sessions.most", int64(c.Sessions.Most / time.Second), 60, 90 * 24 * 3600, " seconds"},
		{"audit.keep", int64(c.Audit.Keep / time.Second), 24 * 3600, 10 * 365 * 24 * 3600, " seconds"},
		{"metering.free", c.Metering.tariff().Free, 0, 1 << 40, " scans"},
		{"metering.discountAfter", c.Metering.tariff().DiscountAfter, 0, 1 << 40, " scans"},
		{"grace", int64(c.Grace / time.Second), 0, 600, " seconds"},
	}
	for _, r := range ranges {
		if r.value < r.lo || r.value > r.hi {
			return fmt.Errorf("%s is %d%s; use %d to %d", r.name, r.value, r.unit, r.lo, r.hi)
		}
	}
	if every := *c.Advisories.Update; every != 0 && every < 10*time.Minute {
		return fmt.Errorf("advisories.update is %v; use 0 for never or at least 10m", every)
	}
	if c.Log.Format != "text" && c.Log.Format != "json" {
		return fmt.Errorf("log.format is %q; use text or json", c.Log.Format)
	}
	if c.Malware.Clamd != "" {
		if err := malware.CheckAddress(c.Malware.Clamd); err != nil {
			return fmt.Errorf("malware.clamd: %w", err)
		}
	}
	if (c.TLS.Certificate == "") != (c.TLS.Key == "") {
		return fmt.Errorf("tls needs both a certificate and a key")
	}
	if _, err := newOrigin(*c, nil); err != nil {
		return err
	}
	if err := c.OIDC.check(c.PublicURL); err != nil {
		return err
	}
	return c.checkInstances()
}

func (o *OIDC) check(publicURL string) error {
	if o.Issuer == "" {
		return nil
	}
	u, err := url.Parse(o.Issuer)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("oidc.issuer: %q is not a URL", o.Issuer)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return fmt.Errorf("oidc.issuer: use https; without TLS whoever is on the way could sign in as anybody")
	case o.ClientID == "":
		return fmt.Errorf("oidc needs a clientID")
	case publicURL == "":
		return fmt.Errorf("oidc needs publicURL: the provider sends people back to it")
	}
	for i, g := range o.Groups {
		if g.Group == "" {
			o.Groups[i].Group = g.Claim
		}
		if g.Claim == "" {
			return fmt.Errorf("oidc.groups[%d] needs a claim", i)
		}
		if err := catalog.CheckAccountName(o.Groups[i].Group); err != nil {
			return fmt.Errorf("oidc.groups[%d]: %w", i, err)
		}
		if g.Role == "" {
			continue
		}
		if _, err := catalog.ParseRole(g.Role); err != nil {
			return fmt.Errorf("oidc.groups[%d]: %w", i, err)
		}
	}
	return nil
}

// loopback reports whether a host name is this machine's own.
func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

func (c *Config) checkInstances() error {
	hosts := map[string]bool{}
	for i := range c.Instances {
		inst := &c.Instances[i]
		inst.Host = hostOf(inst.Host)
		switch {
		case inst.Host == "" || inst.Name == "":
			return fmt.Errorf("instances[%d] needs a name and a host", i)
		case !hostName.MatchString(inst.Host):
			return fmt.Errorf("instances[%d]: %q is not a host name; leave out scheme, port and path", i, inst.Host)
		case hosts[inst.Host]:
			return fmt.Errorf("instances[%d]: host %s is taken by another instance", i, inst.Host)
		}
		hosts[inst.Host] = true
	}
	return nil
}

// hostName is a DNS name in lower case, or an IPv4 address.
var hostName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)

// hostOf is the one spelling of a host name.
func hostOf(name string) string { return strings.TrimSuffix(strings.ToLower(name), ".") }

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// loadRules reads the rules that hold for all namespaces.
func (s Scan) loadRules() (rules.Files, *rules.Set, error) {
	if s.Rules == "" {
		return nil, rules.Default(), nil
	}
	files, err := rules.ReadDir(s.Rules)
	if err != nil {
		return nil, nil, err
	}
	set, err := rules.Load(files)
	if err != nil {
		return nil, nil, fmt.Errorf("rules in %s: %w", s.Rules, err)
	}
	return files, set, nil
}

// Logger makes the logger the configuration asks for.
func (l Log) Logger(w io.Writer) *slog.Logger {
	opts := &slog.HandlerOptions{Level: l.Level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}
