package api

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/pratique/pratique/internal/access"
	"github.com/pratique/pratique/internal/catalog"
)

// On says what an operation is about: where the right to it is looked for.
type On string

const (
	// OnNothing is open to everybody, also without logging in.
	OnNothing On = "nothing"
	// OnSelf is about the own account: open to whoever is logged in.
	OnSelf On = "own account"
	// OnSeen is open to whoever is logged in, and shows only what the actor may
	// read.
	OnSeen On = "what may be seen"
	// OnNamespace is about the namespace in the path.
	OnNamespace On = "namespace"
	// OnNamed is about namespaces that the operation finds out itself, and asks
	// for the right in each.
	OnNamed On = "named namespaces"
	// OnInstance is about the instance as a whole.
	OnInstance On = "instance"
	// OnEverything is about the whole program, with all its instances.
	OnEverything On = "everything"
)

// Requirement is the right an operation needs.
type Requirement struct {
	Verb access.Verb
	On   On
}

// requirements has every operation. One that is missing is for administrators
// only, and fails a test.
var requirements = map[string]Requirement{
	"getInfo": {"", OnNothing},

	"signIn":            {"", OnNothing},
	"getOwnAccount":     {"", OnSelf},
	"changeOwnPassword": {"", OnSelf},
	"getSession":        {"", OnSelf},
	"signOut":           {"", OnSelf},
	"listSessions":      {"", OnSelf},
	"endSession":        {"", OnSelf},

	"listCredentials":  {"", OnSelf}, // of others: audit, on everything
	"createCredential": {"", OnSelf}, // for others: administer, on everything
	"changeCredential": {"", OnSelf},
	"deleteCredential": {"", OnSelf},

	"listAccounts":   {access.Audit, OnEverything},
	"getAccount":     {access.Audit, OnEverything},
	"createAccount":  {access.Administer, OnEverything},
	"changeAccount":  {access.Administer, OnEverything},
	"deleteAccount":  {access.Administer, OnEverything},
	"changePassword": {access.Administer, OnEverything},
	"listGroups":     {access.Audit, OnEverything},
	"createGroup":    {access.Administer, OnEverything},
	"deleteGroup":    {access.Administer, OnEverything},
	"addMember":      {access.Administer, OnEverything},
	"removeMember":   {access.Administer, OnEverything},

	"listRoles":           {access.Audit, OnInstance},
	"grantRole":           {access.Administer, OnInstance}, // everywhere: on everything
	"revokeRole":          {access.Administer, OnInstance}, // everywhere: on everything
	"listNamespaceRoles":  {access.Manage, OnNamespace},
	"grantNamespaceRole":  {access.Manage, OnNamespace},
	"revokeNamespaceRole": {access.Manage, OnNamespace},

	"listAudit":   {access.Audit, OnInstance},
	"exportAudit": {access.Audit, OnInstance},

	"getStatistics":    {access.Audit, OnEverything},
	"listAdvisories":   {access.List, OnInstance},
	"getJudging":       {access.List, OnInstance},
	"updateAdvisories": {access.Administer, OnEverything},
	"getStatement":     {access.Audit, OnInstance},
	"listGates":        {access.List, OnInstance},
	"setGate":          {access.Administer, OnInstance},

	"getSettings": {access.List, OnInstance},
	"setSettings": {access.Administer, OnInstance},

	"listNamespaces":  {access.Read, OnSeen},
	"createNamespace": {access.Administer, OnInstance},
	"getNamespace":    {access.Read, OnNamespace},
	"updateNamespace": {access.Manage, OnNamespace},
	"patchNamespace":  {access.Manage, OnNamespace},
	"deleteNamespace": {access.Administer, OnInstance},
	"previewPolicy":   {access.Manage, OnNamespace},

	"getServerRules":    {access.Audit, OnInstance},
	"getServerRuleFile": {access.Audit, OnInstance},

	"listRules":      {access.Manage, OnNamespace},
	"getRuleFile":    {access.Manage, OnNamespace},
	"putRuleFile":    {access.Manage, OnNamespace},
	"deleteRuleFile": {access.Manage, OnNamespace},

	"listAllRepositories": {access.Read, OnSeen},
	"listRepositories":    {access.Read, OnNamespace},
	"deleteRepository":    {access.Delete, OnNamespace},
	"listArtifacts":       {access.Read, OnNamespace},
	"getArtifact":         {access.Read, OnNamespace},
	"deleteArtifact":      {access.Delete, OnNamespace},
	"deleteTag":           {access.Delete, OnNamespace},
	"getVerdict":          {access.Read, OnNamespace},
	"listVerdictChanges":  {access.Read, OnNamespace},

	"getReport":           {access.Read, OnNamespace},
	"listVulnerabilities": {access.Read, OnNamespace},
	"getOverview":         {access.Read, OnNamespace},
	"listFindings":        {access.Read, OnNamespace},
	"getDifference":       {access.Read, OnNamespace},
	"listPackages":        {access.Read, OnNamespace},
	"getFiles":            {access.Read, OnNamespace},

	"listRiskVulnerabilities":  {access.Read, OnSeen},
	"getRiskVulnerability":     {access.Read, OnSeen},
	"listVulnerableImages":     {access.Read, OnSeen},
	"listVulnerabilityHistory": {access.Read, OnSeen},
	"listRiskFindings":         {access.Read, OnSeen},
	"getRiskRule":              {access.Read, OnSeen},
	"listRiskPackages":         {access.Read, OnSeen},
	"listFoundImages":          {access.Read, OnSeen},
	"listPackageImages":        {access.Read, OnSeen},
	"getDashboard":             {access.Read, OnSeen},
	"listActiveScans":          {access.Read, OnSeen},

	"requestScan":   {access.Scan, OnNamespace},
	"getLatestScan": {access.Read, OnNamespace},
	"listScans":     {access.Read, OnNamespace},
	"getScan":       {access.Read, OnNamed},
	"stopScan":      {access.Scan, OnNamed},

	"startBatch":      {access.Scan, OnNamed},
	"previewBatch":    {access.Scan, OnNamed},
	"listBatches":     {access.Read, OnSeen},
	"getBatch":        {access.Read, OnNamed},
	"listBatchImages": {access.Read, OnNamed},
	"stopBatch":       {access.Scan, OnNamed},

	"listSchedules":  {access.Audit, OnInstance},
	"getSchedule":    {access.Audit, OnInstance},
	"setSchedule":    {access.Administer, OnInstance},
	"deleteSchedule": {access.Administer, OnInstance},

	"listEvents":   {access.Read, OnSeen},
	"followEvents": {access.Read, OnSeen},

	"exportExceptions":     {access.Read, OnSeen},
	"importExceptions":     {access.Handle, OnNamed},
	"listExceptions":       {access.Read, OnSeen},
	"listExceptionHistory": {access.Read, OnSeen},
	"getException":         {access.Read, OnNamed},
	"createException":      {access.Handle, OnNamed},
	"changeException":      {access.Handle, OnNamed},
	"removeException":      {access.Handle, OnNamed},
}

// requirement is what an operation needs.
func requirement(operation string) Requirement {
	if r, ok := requirements[operation]; ok {
		return r
	}
	return Requirement{access.Administer, OnEverything}
}

// Route is one operation with the right it needs.
type Route struct {
	Method, Path, Operation string
	Requirement
	// Listed tells that somebody has said what it needs.
	Listed bool
}

// documents are what describes the interface, which is not one of its operations
// and open to everybody.
var documents = map[string]bool{"/openapi.json": true, "/openapi.yaml": true, "/openapi-3.0.json": true, "/openapi-3.0.yaml": true}

// Routes lists everything that answers below Prefix, by path and method. It does
// not depend on the configuration.
func Routes() []Route {
	h := &handlers{cfg: Config{Logger: slog.New(slog.DiscardHandler)}}
	mux := &listingMux{ServeMux: http.NewServeMux()}
	operations := make(map[string]string)
	for path, item := range h.describe(mux).Paths {
		for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete} {
			if op != nil {
				operations[method+" "+Prefix+path] = op.OperationID
			}
		}
	}
	var routes []Route
	for _, pattern := range mux.patterns {
		method, path, _ := strings.Cut(pattern, " ")
		id := operations[pattern]
		_, listed := requirements[id]
		r := Route{method, path, id, requirement(id), listed}
		if method == http.MethodGet && documents[strings.TrimPrefix(path, Prefix)] {
			r.Requirement, r.Listed = Requirement{"", OnNothing}, true
		}
		routes = append(routes, r)
	}
	slices.SortFunc(routes, func(a, b Route) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method)) })
	return routes
}

// listingMux knows what was registered with it.
type listingMux struct {
	*http.ServeMux
	patterns []string
}

func (m *listingMux) HandleFunc(pattern string, f func(http.ResponseWriter, *http.Request)) {
	m.patterns = append(m.patterns, pattern)
	m.ServeMux.HandleFunc(pattern, f)
}

// asked is one request for an operation.
type asked struct {
	actor    access.Actor
	instance catalog.Instance
	request  *http.Request
	// denied is set when the operation itself refused the actor.
	denied *bool
}

type askedKey struct{}

// askedOf returns the request of an operation.
func askedOf(ctx context.Context) asked {
	c, _ := ctx.Value(askedKey{}).(asked)
	return c
}

// instance returns the id of the instance a request is for.
func instance(ctx context.Context) string { return askedOf(ctx).instance.ID }

// author returns the name of who asks for an operation.
func author(ctx context.Context) string { return askedOf(ctx).actor.Name }

// authorize lets those pass who may, and records in the audit log who was
// refused and who changed something.
func (h *handlers) authorize(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	op := ctx.Operation()
	need := requirement(op.OperationID)
	c := asked{request: r, denied: new(bool)}
	var err error
	if c.instance, err = h.cfg.Instance(r); err == nil {
		c.actor, err = h.actor(r, need)
	}
	record := recording{h: h, asked: c, operation: op.OperationID, namespace: decode(ctx.Param("namespace"))}
	if err == nil {
		err = h.admit(r.Context(), c, op.OperationID, need, record.namespace)
	}
	if err != nil {
		record.refused(codeOf(err))
		h.problem(r.Context(), err).writeTo(w, r)
		return
	}
	record.listen()
	next(huma.WithValue(ctx, askedKey{}, c))
	record.answered(ctx.Status(), w.Header().Get("Location"))
}

func safe(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// actor tells who asks. Where nobody needs to be logged in, it does not matter
// whether they are.
func (h *handlers) actor(r *http.Request, need Requirement) (access.Actor, error) {
	if actor, ok := access.ActorOf(r.Context()); ok {
		return actor, nil
	}
	if need.On == OnNothing {
		return access.Actor{}, nil
	}
	return h.cfg.Access.Authenticate(r)
}

// admit refuses those who may not ask for an operation.
func (h *handlers) admit(ctx context.Context, c asked, operation string, need Requirement, namespace string) error {
	scope := access.Scope{Instance: c.instance.ID}
	switch need.On {
	case OnNothing:
		return nil
	case OnSelf:
		return admitSelf(c.actor, operation)
	case OnSeen, OnNamed:
		need.Verb = access.List
	case OnNamespace:
		scope.Namespace = namespace
	case OnEverything:
		scope.Instance = ""
	}
	return h.permit(ctx, c.actor, need.Verb, scope)
}

// admitSelf lets whoever is logged in do what is about the own account, with a
// one-time password only what is needed to choose another.
func admitSelf(actor access.Actor, operation string) error {
	switch {
	case actor.Anonymous():
		return loginNeeded()
	case actor.OneTime && operation != "changeOwnPassword" && operation != "getOwnAccount" && operation != "getSession" && operation != "signOut":
		return passwordMustChange()
	}
	return nil
}

// may refuses an operation to an actor who has not the right in a namespace, or
// in the instance if it is empty.
func (h *handlers) may(ctx context.Context, verb access.Verb, namespace string) error {
	c := askedOf(ctx)
	err := h.permit(ctx, c.actor, verb, access.Scope{Instance: c.instance.ID, Namespace: namespace})
	if err != nil && (catalog.Is(err, catalog.Denied) || catalog.Is(err, catalog.NotFound)) {
		*c.denied = true
	}
	return err
}

// maySomewhere refuses an operation to an actor who has not the right in any
// namespace.
func (h *handlers) maySomewhere(ctx context.Context, verb access.Verb) error {
	c := askedOf(ctx)
	if access.CanSomewhere(c.actor, verb, c.instance.ID) {
		return nil
	}
	return h.may(ctx, verb, "")
}

// mayEverywhere refuses an operation to an actor who has not the right over the
// whole program.
func (h *handlers) mayEverywhere(ctx context.Context, verb access.Verb) error {
	c := askedOf(ctx)
	err := h.permit(ctx, c.actor, verb, access.Scope{})
	if catalog.Is(err, catalog.Denied) {
		*c.denied = true
	}
	return err
}

// permit asks access.Can and says what is missing. A namespace that the actor
// may not read is not there.
func (h *handlers) permit(ctx context.Context, actor access.Actor, verb access.Verb, scope access.Scope) error {
	if access.Can(actor, verb, scope) {
		return nil
	}
	switch {
	case actor.Anonymous():
		return loginNeeded()
	case actor.Grants != nil:
		return catalog.Errorf(catalog.Denied, "token_restricted", "a token of the registry opens nothing here").
			Advise("send a name and a password with HTTP Basic authentication, or a credential")
	case actor.OneTime:
		return passwordMustChange()
	}
	if scope.Namespace != "" {
		if err := h.seen(ctx, actor, &scope); err != nil {
			return err
		}
		if access.Can(actor, verb, scope) {
			return nil
		}
	}
	return denied(actor, verb, scope)
}

// seen completes the scope of a namespace that the actor may read, and says of
// others that they are not there.
func (h *handlers) seen(ctx context.Context, actor access.Actor, scope *access.Scope) error {
	ns, err := h.cfg.Store.Namespace(ctx, scope.Instance, scope.Namespace)
	scope.Public = err == nil && ns.Public
	if err == nil && !access.Can(actor, access.Read, *scope) && !access.Can(actor, access.Pull, *scope) {
		err = catalog.NamespaceNotFound(scope.Namespace)
	}
	return err
}

func loginNeeded() error {
	return catalog.Errorf(catalog.Unauthorized, "credentials_missing", "this needs logging in").
		Advise("send name and password with HTTP Basic authentication, or a credential")
}

func passwordMustChange() error {
	return catalog.Errorf(catalog.Denied, "password_must_change", "this password can only be used to choose another one").
		Advise("change it: POST %s/account/password", Prefix)
}

func denied(actor access.Actor, verb access.Verb, scope access.Scope) error {
	person := access.Actor{Name: actor.Name, Admin: actor.Admin, Roles: actor.Roles}
	switch {
	case actor.Limit != nil && access.Can(person, verb, scope):
		return catalog.Errorf(catalog.Denied, "credential_restricted", "the credential does not let %s %s here", actor.Name, verb).
			Advise("make one that does, or log in with name and password")
	case scope.Namespace != "":
		return catalog.Errorf(catalog.Denied, "denied", "%s may not %s in namespace %s", actor.Name, verb, scope.Namespace).
			Advise("ask a maintainer of the namespace, or an administrator")
	case verb == access.Administer:
		return catalog.Errorf(catalog.Denied, "administrator_required", "%s is not an administrator here", actor.Name).
			Advise("ask an administrator, or log in as one")
	}
	return catalog.Errorf(catalog.Denied, "denied", "%s may not %s the whole instance", actor.Name, verb).Advise("ask an administrator")
}

// visible tells which namespaces the actor may see, for lists.
func visible(ctx context.Context) catalog.Visibility {
	c := askedOf(ctx)
	return access.Visible(c.actor, c.instance.ID)
}

// sight tells of single namespaces whether the actor may see them, and remembers.
type sight struct {
	h     *handlers
	see   catalog.Visibility
	known map[string]bool
	// err is what kept it from telling.
	err error
}

func (h *handlers) sight(ctx context.Context) *sight {
	return &sight{h: h, see: visible(ctx), known: map[string]bool{}}
}

func (s *sight) sees(ctx context.Context, namespace string) bool {
	if s.see.Sees(namespace, false) {
		return true
	}
	if !s.see.Sees(namespace, true) {
		return false
	}
	yes, ok := s.known[namespace]
	if !ok {
		ns, err := s.h.cfg.Store.Namespace(ctx, instance(ctx), namespace)
		if err != nil && !catalog.Is(err, catalog.NotFound) {
			s.err = err
		}
		yes = err == nil && ns.Public
		s.known[namespace] = yes
	}
	return yes
}

// seenOnly reads a list until there are as many entries as wanted that keep
// keeps, or no more. list returns what follows an entry.
func seenOnly[S, C any](want int, from C, list func(from C, n int) ([]S, error), next func(S) C, keep func(S) bool) ([]S, error) {
	const most = 500
	var kept []S
	for {
		found, err := list(from, most)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			from = next(f)
			if keep(f) {
				kept = append(kept, f)
			}
			if len(kept) == want {
				return kept, nil
			}
		}
		if len(found) < most {
			return kept, nil
		}
	}
}
