package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
	"github.com/pratique/pratique/internal/store"
)

// Prefix is where the interface is served.
const Prefix = "/api/v1"

// ControlSocket is the name, in the data directory, of the Unix socket at which
// the interface takes whoever can open it for the administrator.
const ControlSocket = "control.sock"

// maxBody bounds the body of a request, in bytes.
const maxBody = 1 << 20

// Config is what the interface needs. Now and Logger may be nil, all other
// functions and interfaces are required.
type Config struct {
	Store   Store
	Access  Access
	Scanner Scanner
	// Audit records who changed something and who was refused; nil for nobody.
	Audit Audit
	// Instance tells which instance a request is for.
	Instance   func(*http.Request) (catalog.Instance, error)
	Advisories Advisories
	Limits     Limits
	// Defaults are the settings of an instance that sets none; the
	// specification's if they are zero.
	Defaults catalog.InstanceSettings
	// Rules are the files of rules that hold for all namespaces, by name.
	Rules map[string][]byte
	// Tariff says what scans cost.
	Tariff  catalog.Tariff
	Version string
	// OpenIDSignIn is the path where a browser signs in with the OpenID provider,
	// empty without one.
	OpenIDSignIn string
	// Stopping, if not nil, is done when the server begins to stop, which ends
	// streams.
	Stopping context.Context
	Now      func() time.Time
	Logger   *slog.Logger
}

// Store is where the interface reads and changes what the service holds.
type Store interface {
	NamespaceStore
	ArtifactStore
	ScanStore
	BatchStore
	ScheduleStore
	ExceptionStore
	AuditStore
	RiskStore
	Statistics(ctx context.Context) (store.Statistics, error)
}

// NamespaceStore holds namespaces and their policies.
type NamespaceStore interface {
	CreateNamespace(ctx context.Context, instanceID, name string, public bool) (catalog.Namespace, error)
	Namespace(ctx context.Context, instanceID, name string) (catalog.Namespace, error)
	Namespaces(ctx context.Context, instanceID string, see catalog.Visibility, page catalog.Page) ([]catalog.Namespace, error)
	UpdateNamespace(ctx context.Context, instanceID, name string, change catalog.NamespaceChange) (catalog.Namespace, error)
	DeleteNamespace(ctx context.Context, instanceID, name string) error
	// PulledArtifacts lists what was asked for since a day, most often first.
	PulledArtifacts(ctx context.Context, instanceID, namespace string, since time.Time, limit int) (list []catalog.PulledArtifact, more bool, err error)
	Rules(ctx context.Context, instanceID, namespace string) (catalog.RuleFiles, error)
	RuledNamespaces(ctx context.Context, instanceID string) ([]catalog.RuledNamespace, error)
}

// ArtifactStore holds repositories and what is in them.
type ArtifactStore interface {
	Repositories(ctx context.Context, instanceID, namespace string, page catalog.Page) ([]catalog.Repository, error)
	AllRepositories(ctx context.Context, instanceID, text string, see catalog.Visibility, page catalog.Page) ([]catalog.RepositorySummary, error)
	DeleteRepository(ctx context.Context, key catalog.RepositoryKey) error
	Artifacts(ctx context.Context, key catalog.RepositoryKey, page catalog.Page) ([]catalog.Pull, error)
	Pull(ctx context.Context, key catalog.RepositoryKey, reference string) (catalog.Pull, error)
	// MemberPulls reads the images of an index.
	MemberPulls(ctx context.Context, artifactID int64) ([]catalog.Pull, error)
	// NamedImages reads the images that a chart names.
	NamedImages(ctx context.Context, chart catalog.Artifact) (here []catalog.Pull, others []string, err error)
	// Previous reads what was pushed before an artifact.
	Previous(ctx context.Context, artifactID int64) (catalog.Pull, error)
	DeleteManifest(ctx context.Context, key catalog.RepositoryKey, digest string) error
	DeleteTag(ctx context.Context, key catalog.RepositoryKey, tag string) error
}

// ScanStore holds scans and what they found.
type ScanStore interface {
	Scan(ctx context.Context, scanID int64) (catalog.Scan, error)
	ArtifactPull(ctx context.Context, artifactID int64) (catalog.Pull, error)
	Scans(ctx context.Context, artifactID int64, limit int) ([]catalog.Scan, error)
	Exposure(ctx context.Context, artifactID int64) ([]catalog.Exposure, error)
	Events(ctx context.Context, instanceID string, f catalog.EventFilter, before int64, limit int) ([]catalog.Event, error)
	FollowEvents(ctx context.Context, instanceID string, filter catalog.EventFilter, after int64, f func(catalog.Event) error) error
	VerdictChanges(ctx context.Context, artifactID, before int64, limit int) ([]catalog.VerdictChange, error)
	// Past tells in what an artifact's report was another one at a moment.
	Past(ctx context.Context, artifactID int64, at time.Time) (catalog.Past, error)
	Usage(ctx context.Context, instanceID, month string) ([]catalog.Usage, error)
	Gates(ctx context.Context, instanceID string) ([]catalog.GateState, error)
	InstanceSettings(ctx context.Context, instanceID string) (catalog.StoredSettings, error)
	SetInstanceSettings(ctx context.Context, instanceID string, c catalog.InstanceChange, revision int64, by string) (catalog.StoredSettings, error)
	SetGate(ctx context.Context, instanceID string, gate catalog.ScanGate, open bool, by string) error
	// Judging tells how far all images are judged by what is in force.
	Judging(ctx context.Context) (catalog.JudgingState, error)
}

// ExceptionStore holds decisions about findings.
type ExceptionStore interface {
	CreateException(ctx context.Context, e catalog.Exception) (catalog.Exception, error)
	ImportException(ctx context.Context, e catalog.Exception, by string) (made catalog.Exception, created bool, err error)
	Exception(ctx context.Context, instanceID string, id int64) (catalog.Exception, error)
	Exceptions(ctx context.Context, instanceID string, f catalog.ExceptionFilter, page catalog.Page) ([]catalog.Exception, error)
	ExceptionEvents(ctx context.Context, instanceID string, f catalog.ExceptionFilter, page catalog.Page) ([]catalog.ExceptionEvent, error)
	ChangeException(ctx context.Context, instanceID string, id int64, change catalog.ExceptionChange) (catalog.Exception, error)
	RemoveException(ctx context.Context, instanceID string, id int64, author, reason string) error
	// ArtifactExceptions reads those that hold for one artifact.
	ArtifactExceptions(ctx context.Context, key catalog.RepositoryKey, digest string) ([]catalog.Exception, error)
}

// Advisories tells of the advisory database and fetches a newer one.
type Advisories interface {
	// InForce describes the database in force, nil if there is none.
	InForce() []AdvisoryInfo
	// Fetch tells how fetching goes.
	Fetch() AdvisoryFetch
	// Update asks for advisories now. It returns false if they are being fetched,
	// or that was asked for already.
	Update() bool
	// Threats tells what is known of vulnerabilities apart from any package, in the
	// order of their ids, and Titles their titles by id, as advisories about some
	// packages have them. Without a database nothing is known.
	Threats(ids []string) ([]Threat, error)
	Titles(keys []catalog.VulnerabilityKey) (map[string]string, error)
}

// Threat is what is known of a vulnerability apart from any package; nil where
// nothing is.
type Threat struct {
	KEV  *report.KEV
	EPSS *report.EPSS
}

// Access tells who asks, and looks after accounts; package access says what the
// methods promise.
type Access interface {
	// Authenticate returns the anonymous actor for a request without
	// credentials and an error of kind Unauthorized for wrong ones.
	Authenticate(r *http.Request) (access.Actor, error)
	// Still reports whether the actor is who it was when it was authenticated,
	// with the same roles.
	Still(ctx context.Context, actor access.Actor) bool

	SignIn(r *http.Request, name, password string) (*http.Cookie, access.Actor, error)
	SignOut(r *http.Request) (*http.Cookie, error)
	Renew(r *http.Request, account string) (*http.Cookie, error)
	ListSessions(ctx context.Context, account string) ([]catalog.Session, error)
	EndSession(ctx context.Context, account, name string) error

	Account(ctx context.Context, name string) (catalog.Account, error)
	Accounts(ctx context.Context, page catalog.Page) ([]catalog.Account, error)
	CreateAccount(ctx context.Context, name, password string, random bool, by string) (made catalog.Account, shown string, err error)
	DisableAccount(ctx context.Context, name string, disabled bool) error
	DeleteAccount(ctx context.Context, name string) error
	ResetPassword(ctx context.Context, name string, oneTime bool) (password string, err error)
	SetPassword(ctx context.Context, name, password string) error
	ChangePassword(ctx context.Context, name, old, password, remote string) error

	Groups(ctx context.Context) ([]catalog.Group, error)
	CreateGroup(ctx context.Context, name string) error
	DeleteGroup(ctx context.Context, name string) error
	SetMember(ctx context.Context, group, account string, member bool) error
	RoleGrants(ctx context.Context, realm catalog.Realm) ([]catalog.RoleGrant, error)
	GrantRole(ctx context.Context, g catalog.RoleGrant) error
	RevokeRole(ctx context.Context, g catalog.RoleGrant) error

	CreateCredential(ctx context.Context, r access.CredentialRequest) (made catalog.Credential, token string, err error)
	Credential(ctx context.Context, id string) (catalog.Credential, error)
	Credentials(ctx context.Context, account string, page catalog.Page) ([]catalog.Credential, error)
	SetCredential(ctx context.Context, id string, disabled bool) error
	DeleteCredential(ctx context.Context, id string) error
}

// Audit records who did what.
type Audit interface {
	// Write writes an entry before it returns, Record soon.
	Write(ctx context.Context, e catalog.AuditEntry)
	Record(e catalog.AuditEntry)
	// Refused records a change that was refused before it was found out which.
	Refused(r *http.Request, actor access.Actor, code string)
	// Flush writes everything that was recorded before it was called.
	Flush(ctx context.Context) error
}

// AuditStore holds the audit log.
type AuditStore interface {
	Audit(ctx context.Context, instanceID string, f catalog.AuditFilter, before int64, limit int) ([]catalog.AuditEntry, error)
}

// Scanner accepts requests for scans. It decides whether an artifact may be
// scanned.
type Scanner interface {
	Request(ctx context.Context, artifactID int64, trigger catalog.Trigger) (catalog.Scan, error)
	// Stop ends a scan that waits or runs.
	Stop(ctx context.Context, scanID int64, by string) error
	// StartBatch begins to scan all images of a selection.
	StartBatch(ctx context.Context, instanceID string, r catalog.BatchRequest) (catalog.Batch, error)
	// SetRule changes a file of rules of a namespace, or removes it where there
	// is no content, if the rules can be used then.
	SetRule(ctx context.Context, instanceID, namespace string, f catalog.RuleFile) error
	// NeedScan counts the images of a namespace that its rules say nothing about
	// before they are scanned again.
	NeedScan(ctx context.Context, instanceID, namespace string) (int, error)
	// Report returns the report of an artifact by the advisories in force.
	Report(ctx context.Context, artifactID int64) ([]byte, catalog.Scan, error)
	// DecodedReport is Report, decoded. Nobody may change what it returns.
	DecodedReport(ctx context.Context, artifactID int64) (*report.Report, error)
}

// handlers holds the operations.
type handlers struct {
	cfg Config
	// previewing holds a place for each preview that is being made.
	previewing chan struct{}
	// following counts who follows events.
	following followers
}

// New returns the handler of everything below Prefix.
//
// Who asks is taken from the request's context if access.WithActor put somebody
// there, and from its credentials otherwise.
func New(cfg Config) http.Handler {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Defaults.Concurrent == 0 {
		cfg.Defaults = catalog.DefaultInstanceSettings()
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	h := &handlers{cfg: cfg, previewing: make(chan struct{}, previews)}
	mux := http.NewServeMux()
	h.describe(mux)
	return h.protect(mux)
}

//go:generate go test . -run TestOpenAPIFileIsFresh -update

// OpenAPI returns the OpenAPI 3.1 document of the interface as YAML. It does
// not depend on the version or the configuration of the program.
func OpenAPI() ([]byte, error) {
	h := &handlers{cfg: Config{Logger: slog.New(slog.DiscardHandler)}}
	return h.describe(http.NewServeMux()).YAML()
}

// describe registers all operations with mux and returns their description.
func (h *handlers) describe(mux humago.Mux) *huma.OpenAPI {
	api := humago.NewWithPrefix(mux, Prefix, humaConfig())
	api.OpenAPI().Components.Schemas.RegisterTypeAlias(errorModel, problemType)
	api.UseMiddleware(plainBadRequest, h.authorize)
	h.registerInfo(api)
	h.registerNamespaces(api)
	h.registerPolicy(api)
	h.registerRules(api)
	h.registerRepositories(api)
	h.registerArtifacts(api)
	h.registerScans(api)
	h.registerBatches(api)
	h.registerSchedules(api)
	h.registerGates(api)
	h.registerSettings(api)
	h.registerMetering(api)
	h.registerEvents(api)
	h.registerReports(api)
	h.registerFindings(api)
	h.registerDifference(api)
	h.registerRisks(api)
	h.registerDashboard(api)
	h.registerExceptions(api)
	h.registerJudging(api)
	h.registerOpenVEX(api)
	h.registerSessions(api)
	h.registerAccounts(api)
	h.registerCredentials(api)
	h.registerRoles(api)
	h.registerAudit(api)
	return api.OpenAPI()
}

// humaConfig is huma's default without what would load scripts from elsewhere
// (the documentation page) or add fields to answers (schema links).
func humaConfig() huma.Config {
	cfg := huma.DefaultConfig("Pratique", "1")
	cfg.Info.Description = `Namespaces, policies, artifacts, scans and reports of a Pratique registry.

A "/" in the name of a repository is sent as %2F, or as %252F through a gateway that decodes paths. Times are RFC 3339. Lists are read page by page: pass the "next" of an answer as "after". Errors are problem documents (RFC 9457) with a stable "code", what happened ("detail") and what to do next ("advice").`
	cfg.DocsPath = ""
	cfg.SchemasPath = ""
	cfg.CreateHooks = nil
	cfg.RejectUnknownQueryParameters = true
	// Answers may gain fields; requests with unknown ones are refused, which
	// their types say themselves.
	cfg.AllowAdditionalPropertiesByDefault = true
	cfg.Transformers = []huma.Transformer{problemOfModel}
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"basic":      {Type: "http", Scheme: "basic", Description: "Name and password of an account, or a credential in place of the password."},
		"credential": {Type: "http", Scheme: "bearer", Description: "A credential."},
		"session":    {Type: "apiKey", In: "cookie", Name: "__Host-pratique-session", Description: "The session of a browser, begun with signIn. Changes need the header " + access.CSRFHeader + "."},
	}
	return cfg
}

// loggedIn is what operations require; public ones require nothing.
var loggedIn = []map[string][]string{{"basic": {}}, {"credential": {}}, {"session": {}}}

// route registers an operation for those who have the right that requirements
// names.
func route[I, O any](h *handlers, api huma.API, op huma.Operation, do func(context.Context, *I) (*O, error)) {
	op.Security = loggedIn
	public(h, api, op, do)
}

// public registers an operation for everybody. The errors of all operations
// become problems here and nowhere else.
func public[I, O any](h *handlers, api huma.API, op huma.Operation, do func(context.Context, *I) (*O, error)) {
	if op.MaxBodyBytes == 0 {
		op.MaxBodyBytes = maxBody
	}
	huma.Register(api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := do(ctx, in)
		if err != nil {
			return nil, h.problem(ctx, err)
		}
		return out, nil
	})
}
