// Package client speaks to a Pratique server's REST interface, at its public
// address or through the control socket in its data directory.
//
// Every error tells what happened, what to do and, where the server refused,
// the code it gave. Answers are read up to a bound. Nothing is tried again.
package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/pratique/pratique/internal/api"
)

const (
	// DefaultServer is where a server listens that was told nothing else.
	DefaultServer = "http://127.0.0.1:8480"
	// maxAnswer bounds an answer, in bytes. Reports of large images are a few
	// tens of megabytes.
	maxAnswer = 512 << 20
	// answerTimeout bounds the wait for the first byte of an answer.
	answerTimeout = 60 * time.Second
	pollEvery     = 500 * time.Millisecond
)

// Config says which server to speak to, and as whom.
type Config struct {
	// Server is a URL, or HOST[:PORT]. Without it the control socket in Data is
	// used if there is one, and DefaultServer otherwise.
	Server string
	// Data is the server's data directory.
	Data string
	// User and Password are an administrator's. Without User, what
	// "docker login" or the like stored for the server's host is used. The
	// control socket needs neither.
	User     string
	Password string
}

// Client speaks to one server. It is safe for concurrent use.
type Client struct {
	base  *url.URL
	http  *http.Client
	login authn.AuthConfig
	// place is the server in messages: its URL or the socket's path.
	place string
	// poll is how often a scan that is waited for is asked about.
	poll time.Duration
}

// New returns a client. It does not connect yet.
func New(cfg Config) (*Client, error) {
	if cfg.Server == "" {
		socket := filepath.Join(cfg.Data, api.ControlSocket)
		if info, err := os.Stat(socket); err == nil && info.Mode().Type() == fs.ModeSocket {
			return overSocket(socket), nil
		}
	}
	base, err := parseServer(cmp.Or(cfg.Server, DefaultServer))
	if err != nil {
		return nil, err
	}
	c := &Client{base: base, place: base.String(), poll: pollEvery, http: &http.Client{Transport: transport(nil)}}
	c.login, err = login(cfg, base)
	return c, err
}

// overSocket speaks through a control socket: whoever may open it is an
// administrator.
func overSocket(path string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	return &Client{
		base:  &url.URL{Scheme: "http", Host: "localhost"},
		place: path,
		poll:  pollEvery,
		http:  &http.Client{Transport: transport(dial)},
	}
}

func transport(dial func(ctx context.Context, network, address string) (net.Conn, error)) *http.Transport {
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		ResponseHeaderTimeout: answerTimeout,
		TLSHandshakeTimeout:   10 * time.Second,
		ForceAttemptHTTP2:     true,
	}
	if dial != nil {
		t.Proxy, t.DialContext = nil, dial
	}
	return t
}

// parseServer reads a URL or HOST[:PORT]. Without a scheme it is https, except
// on this machine.
func parseServer(server string) (*url.URL, error) {
	if !strings.Contains(server, "://") {
		scheme := "https://"
		if host, err := url.Parse("//" + server); err == nil && isLoopback(host.Hostname()) {
			scheme = "http://"
		}
		server = scheme + server
	}
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil {
		return nil, fmt.Errorf("%q is not the address of a server: use https://HOST[:PORT], with credentials given separately", server)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: strings.TrimSuffix(u.Path, "/")}, nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// login finds credentials: those given, or those of a registry login.
func login(cfg Config, server *url.URL) (authn.AuthConfig, error) {
	if cfg.User != "" {
		return authn.AuthConfig{Username: cfg.User, Password: cfg.Password}, nil
	}
	registry, err := name.NewRegistry(server.Host, name.Insecure)
	if err != nil {
		return authn.AuthConfig{}, nil // no login can be stored for such a host
	}
	auth, err := authn.DefaultKeychain.Resolve(registry)
	if err != nil {
		return authn.AuthConfig{}, fmt.Errorf("read the login stored for %s: %w; log in again, or set PRATIQUE_USER and PRATIQUE_PASSWORD", server.Host, err)
	}
	config, err := auth.Authorization()
	if err != nil {
		return authn.AuthConfig{}, fmt.Errorf("read the login stored for %s: %w; log in again, or set PRATIQUE_USER and PRATIQUE_PASSWORD", server.Host, err)
	}
	return *config, nil
}

// Error is a server's refusal.
type Error struct {
	api.Problem
}

// Error returns what happened, what to do and the code.
func (e *Error) Error() string {
	text := e.Problem.Error()
	if len(e.Errors) > 1 {
		for _, f := range e.Errors {
			text += "\n  " + f.Location + ": " + f.Message
		}
	}
	return text + " [" + e.Code + "]"
}

// IsCode reports whether err is a server's refusal with the given code.
func IsCode(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// do sends a request and reads the answer into out, if out is not nil.
func (c *Client) do(ctx context.Context, method, path string, query url.Values, in, out any) error {
	body, err := c.send(ctx, method, path, query, in)
	if err != nil {
		return err
	}
	defer body.Close()
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(body).Decode(out); err != nil {
		return fmt.Errorf("read the answer of %s: %w; is it a Pratique server?", c.place, err)
	}
	return nil
}

// send sends a request and returns the body of a successful answer, bounded.
func (c *Client) send(ctx context.Context, method, path string, query url.Values, in any) (io.ReadCloser, error) {
	var content io.Reader
	if in != nil {
		encoded, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(encoded)
	}
	target := c.base.String() + api.Prefix + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, target, content)
	if err != nil {
		return nil, err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	switch {
	case c.login.Username != "":
		req.SetBasicAuth(c.login.Username, c.login.Password)
	case c.login.RegistryToken != "":
		req.Header.Set("Authorization", "Bearer "+c.login.RegistryToken)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(err)
	}
	body := bounded{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return body, nil
	}
	defer body.Close()
	return nil, c.refusal(resp, body)
}

type bounded struct {
	io.Reader
	io.Closer
}

func (c *Client) unreachable(err error) error {
	var inner *url.Error
	if errors.As(err, &inner) {
		err = inner.Err // without the URL, which the message names anyway
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("no answer from %s: %w; start it with \"pratique serve\", or name it with --server or --data", c.place, err)
}

// refusal makes an error of an answer that is none of success.
func (c *Client) refusal(resp *http.Response, body io.Reader) error {
	var e Error
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if media == "application/problem+json" && json.NewDecoder(io.LimitReader(body, 1<<20)).Decode(&e.Problem) == nil && e.Detail != "" {
		if e.Status == http.StatusUnauthorized {
			e.Advice += "; set PRATIQUE_USER and PRATIQUE_PASSWORD, log in with a registry client, or run this where the server's data directory is (--data)"
			e.Advice = strings.TrimPrefix(e.Advice, "; ")
		}
		return &e
	}
	return fmt.Errorf("%s answered %s, which no Pratique server says: check --server", c.place, resp.Status)
}

// Place returns the server's URL or the path of the control socket.
func (c *Client) Place() string { return c.place }

// Namespaces returns all namespaces, by name.
func (c *Client) Namespaces(ctx context.Context) ([]api.Namespace, error) {
	return pages[api.Namespace](ctx, c, "/namespaces", url.Values{"limit": {"500"}})
}

// CreateNamespace creates a namespace.
func (c *Client) CreateNamespace(ctx context.Context, in api.NamespaceCreate) (n api.Namespace, err error) {
	return n, c.do(ctx, http.MethodPost, "/namespaces", nil, in, &n)
}

// Namespace returns one namespace.
func (c *Client) Namespace(ctx context.Context, namespace string) (n api.Namespace, err error) {
	return n, c.do(ctx, http.MethodGet, namespacePath(namespace), nil, nil, &n)
}

// UpdateNamespace changes what is set in change and returns the namespace.
func (c *Client) UpdateNamespace(ctx context.Context, namespace string, change api.NamespaceChange) (n api.Namespace, err error) {
	return n, c.do(ctx, http.MethodPatch, namespacePath(namespace), nil, change, &n)
}

// PreviewPolicy tells what the namespace's policy, changed, would have refused.
func (c *Client) PreviewPolicy(ctx context.Context, namespace string, change api.NamespaceChange) (p api.PolicyPreview, err error) {
	return p, c.do(ctx, http.MethodPost, namespacePath(namespace)+"/policy/preview", nil, change, &p)
}

// DeleteNamespace deletes a namespace that holds nothing.
func (c *Client) DeleteNamespace(ctx context.Context, namespace string) error {
	return c.do(ctx, http.MethodDelete, namespacePath(namespace), nil, nil, nil)
}

// Gates lists the gates a scan must pass.
func (c *Client) Gates(ctx context.Context) ([]api.Gate, error) {
	var out struct{ Items []api.Gate }
	err := c.do(ctx, http.MethodGet, "/gates", nil, nil, &out)
	return out.Items, err
}

// SetGate opens or closes a gate and returns all gates.
func (c *Client) SetGate(ctx context.Context, gate string, open bool) ([]api.Gate, error) {
	var out struct{ Items []api.Gate }
	err := c.do(ctx, http.MethodPut, "/gates/"+url.PathEscape(gate), nil, api.GateChange{Open: open}, &out)
	return out.Items, err
}

// StopScan stops a scan that waits or runs.
func (c *Client) StopScan(ctx context.Context, id int64) (s api.Scan, err error) {
	return s, c.do(ctx, http.MethodPost, fmt.Sprintf("/scans/%d/stop", id), nil, nil, &s)
}

// Statement returns what the tenant used in a month, the current one if month is
// empty.
func (c *Client) Statement(ctx context.Context, month string) (s api.Statement, err error) {
	return s, c.do(ctx, http.MethodGet, "/metering", statementQuery(month, "json"), nil, &s)
}

// StatementAs returns the statement of a month in a form, "json" or "csv".
func (c *Client) StatementAs(ctx context.Context, month, format string) (io.ReadCloser, error) {
	return c.send(ctx, http.MethodGet, "/metering", statementQuery(month, format), nil)
}

func statementQuery(month, format string) url.Values {
	query := url.Values{"format": {format}}
	if month != "" {
		query.Set("month", month)
	}
	return query
}

// Judging tells how far all images are judged by what is in force.
func (c *Client) Judging(ctx context.Context) (j api.Judging, err error) {
	return j, c.do(ctx, http.MethodGet, "/judging", nil, nil, &j)
}

// Repositories lists the repositories of all namespaces with a text in their name.
func (c *Client) Repositories(ctx context.Context, text string) (all []api.RepositorySummary, err error) {
	query := url.Values{"q": {text}, "limit": {"500"}}
	for {
		var page api.List[api.RepositorySummary]
		if err := c.do(ctx, http.MethodGet, "/repositories", query, nil, &page); err != nil {
			return nil, err
		}
		if all = append(all, page.Items...); page.Next == "" {
			return all, nil
		}
		query.Set("after", page.Next)
	}
}

// RiskVulnerabilities lists vulnerabilities of all images, as parameters of the
// interface select and order them.
func (c *Client) RiskVulnerabilities(ctx context.Context, query url.Values) (some api.Counted[api.RiskVulnerability], err error) {
	return some, c.do(ctx, http.MethodGet, "/risks/vulnerabilities", query, nil, &some)
}

// VulnerableImages lists the images that have a vulnerability, or those of them in
// a namespace.
func (c *Client) VulnerableImages(ctx context.Context, id, namespace string) ([]api.PackageImage, error) {
	return c.packageImages(ctx, "/risks/vulnerabilities/"+url.PathEscape(id)+"/images", url.Values{}, namespace)
}

// RiskPackages lists the packages that images hold, as parameters of the interface
// select them.
func (c *Client) RiskPackages(ctx context.Context, query url.Values) (some api.Counted[api.RiskPackage], err error) {
	return some, c.do(ctx, http.MethodGet, "/risks/packages", query, nil, &some)
}

// VulnerabilityHistory lists when images had a vulnerability, or those of them in a
// namespace, what happened last first, up to limit.
func (c *Client) VulnerabilityHistory(ctx context.Context, id, namespace string, limit int) ([]api.VulnerabilityPeriod, error) {
	var some api.Some[api.VulnerabilityPeriod]
	query := url.Values{"limit": {strconv.Itoa(limit)}}
	if namespace != "" {
		query.Set("namespace", namespace)
	}
	return some.Items, c.do(ctx, http.MethodGet, "/risks/vulnerabilities/"+url.PathEscape(id)+"/history", query, nil, &some)
}

// PackageImages lists the images that hold a package, of any version if that is
// empty, or those of them in a namespace.
func (c *Client) PackageImages(ctx context.Context, name, version, namespace string) ([]api.PackageImage, error) {
	query := url.Values{"package": {name}}
	if version != "" {
		query.Set("version", version)
	}
	return c.packageImages(ctx, "/risks/packages/images", query, namespace)
}

func (c *Client) packageImages(ctx context.Context, path string, query url.Values, namespace string) (all []api.PackageImage, err error) {
	query.Set("limit", "500")
	if namespace != "" {
		query.Set("namespace", namespace)
	}
	for {
		var page api.List[api.PackageImage]
		if err := c.do(ctx, http.MethodGet, path, query, nil, &page); err != nil {
			return nil, err
		}
		if all = append(all, page.Items...); page.Next == "" {
			return all, nil
		}
		query.Set("after", page.Next)
	}
}

// ServerRules lists the files of rules of the server, and the namespaces that have
// rules of their own.
func (c *Client) ServerRules(ctx context.Context) (r api.ServerRules, err error) {
	return r, c.do(ctx, http.MethodGet, "/rules", nil, nil, &r)
}

// Rules lists the files of rules of a namespace.
func (c *Client) Rules(ctx context.Context, namespace string) (r api.Rules, err error) {
	return r, c.do(ctx, http.MethodGet, namespacePath(namespace)+"/rules", nil, nil, &r)
}

// RuleFile returns the text of a file of rules.
func (c *Client) RuleFile(ctx context.Context, namespace, file string) (string, error) {
	var r api.RuleFileContent
	err := c.do(ctx, http.MethodGet, ruleFilePath(namespace, file), nil, nil, &r)
	return r.Content, err
}

// PutRuleFile adds or replaces a file of rules.
func (c *Client) PutRuleFile(ctx context.Context, namespace, file, content string) error {
	return c.do(ctx, http.MethodPut, ruleFilePath(namespace, file), nil, api.RuleFileContent{Content: content}, nil)
}

// DeleteRuleFile removes a file of rules.
func (c *Client) DeleteRuleFile(ctx context.Context, namespace, file string) error {
	return c.do(ctx, http.MethodDelete, ruleFilePath(namespace, file), nil, nil, nil)
}

func ruleFilePath(namespace, file string) string {
	return namespacePath(namespace) + "/rules/" + url.PathEscape(file)
}

func namespacePath(namespace string) string { return "/namespaces/" + url.PathEscape(namespace) }

// SetPassword gives an account the password, or a new random one if it is
// empty, which is returned.
func (c *Client) SetPassword(ctx context.Context, account, password string) (string, error) {
	var in any
	if password != "" {
		in = api.PasswordChange{Password: password}
	}
	var out api.PasswordChanged
	err := c.do(ctx, http.MethodPost, "/accounts/"+url.PathEscape(account)+"/password", nil, in, &out)
	return out.Password, err
}

// Image names an artifact in a repository by tag or digest.
type Image struct {
	Namespace, Repository, Reference string
}

// ParseImage reads NAMESPACE/REPOSITORY[:TAG|@DIGEST]. The tag is "latest" if
// there is none.
func ParseImage(s string) (Image, error) {
	wrong := fmt.Errorf("%q is not the name of an image: use NAMESPACE/REPOSITORY[:TAG|@DIGEST]", s)
	repository, reference, ok := strings.Cut(s, "@")
	if !ok {
		repository, reference = s, "latest"
		if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, '/') {
			repository, reference = s[:i], s[i+1:]
		}
	}
	namespace, repository, ok := strings.Cut(repository, "/")
	if !ok || namespace == "" || repository == "" || reference == "" {
		return Image{}, wrong
	}
	return Image{namespace, repository, reference}, nil
}

// String is what ParseImage reads.
func (i Image) String() string {
	separator := ":"
	if strings.Contains(i.Reference, ":") {
		separator = "@"
	}
	return i.Namespace + "/" + i.Repository + separator + i.Reference
}

func (i Image) path() string {
	return namespacePath(i.Namespace) + "/repositories/" + url.PathEscape(i.Repository) + "/artifacts/" + url.PathEscape(i.Reference)
}

// Artifact returns what is known of an image.
func (c *Client) Artifact(ctx context.Context, image Image) (a api.Artifact, err error) {
	return a, c.do(ctx, http.MethodGet, image.path(), nil, nil, &a)
}

// RequestScan asks for a scan. It may fail with code "scan_in_progress".
func (c *Client) RequestScan(ctx context.Context, image Image) (s api.Scan, err error) {
	return s, c.do(ctx, http.MethodPost, image.path()+"/scan", nil, nil, &s)
}

// LatestScan returns the latest scan of an image.
func (c *Client) LatestScan(ctx context.Context, image Image) (s api.Scan, err error) {
	return s, c.do(ctx, http.MethodGet, image.path()+"/scan", nil, nil, &s)
}

// Scan returns a scan by its id.
func (c *Client) Scan(ctx context.Context, id int64) (s api.Scan, err error) {
	return s, c.do(ctx, http.MethodGet, "/scans/"+strconv.FormatInt(id, 10), nil, nil, &s)
}

// Verdict tells whether an image can be downloaded now.
func (c *Client) Verdict(ctx context.Context, image Image) (v api.Verdict, err error) {
	return v, c.do(ctx, http.MethodGet, image.path()+"/verdict", nil, nil, &v)
}

// Difference tells what an image has that an earlier one had not. from is nil
// for the image that was pushed before it.
func (c *Client) Difference(ctx context.Context, image Image, from *Image) (d api.Difference, err error) {
	query := url.Values{}
	if from != nil {
		query.Set("fromNamespace", from.Namespace)
		query.Set("fromRepository", from.Repository)
		query.Set("from", from.Reference)
	}
	return d, c.do(ctx, http.MethodGet, image.path()+"/difference", query, nil, &d)
}

// DifferenceSince tells what an image's report has that it had not at a time, and
// the other way round.
func (c *Client) DifferenceSince(ctx context.Context, image Image, at time.Time) (d api.Difference, err error) {
	query := url.Values{"since": {at.UTC().Format(time.RFC3339)}}
	return d, c.do(ctx, http.MethodGet, image.path()+"/difference", query, nil, &d)
}

// Report returns the report in force of an image as JSON. The caller closes it.
func (c *Client) Report(ctx context.Context, image Image) (io.ReadCloser, error) {
	return c.send(ctx, http.MethodGet, image.path()+"/report", nil, nil)
}

// WaitForScan asks for the state of a scan of an image, or of those of an index,
// again and again until it has ended, and tells progress each time, if that is
// not nil.
func (c *Client) WaitForScan(ctx context.Context, image Image, s api.Scan, progress func(api.Scan)) (api.Scan, error) {
	ticker := time.NewTicker(c.poll)
	defer ticker.Stop()
	for !s.State.Ended() {
		if progress != nil {
			progress(s)
		}
		select {
		case <-ctx.Done():
			return s, context.Cause(ctx)
		case <-ticker.C:
		}
		var err error
		if s.ID != 0 {
			s, err = c.Scan(ctx, s.ID)
		} else {
			s, err = c.LatestScan(ctx, image)
		}
		if err != nil {
			return s, err
		}
	}
	return s, nil
}
