package server

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/pratique/pratique/internal/access"
)

// origin finds out who a request comes from and how the client reaches the
// server: from the connection; from what a proxy that the configuration names
// forwards; from the public URL, for the default instance.
type origin struct {
	proxies []netip.Prefix
	public  *url.URL // nil without one
	// named reports whether a host is that of a configured instance.
	named func(host string) bool
}

func newOrigin(cfg Config, named func(host string) bool) (*origin, error) {
	o := &origin{named: named}
	for _, text := range cfg.Proxies {
		prefix, err := parseProxy(text)
		if err != nil {
			return nil, err
		}
		o.proxies = append(o.proxies, prefix)
	}
	var err error
	o.public, err = parsePublicURL(cfg.PublicURL)
	return o, err
}

func parseProxy(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return addr.Prefix(addr.BitLen())
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return prefix, fmt.Errorf("proxies: %q is neither an address nor a network such as 10.0.0.0/8", text)
	}
	return prefix.Masked(), nil
}

func parsePublicURL(text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, errors.New("publicURL: use a URL without path, such as https://registry.example.com")
	}
	return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}, nil
}

// handler passes requests on as they were before any proxy. What strangers
// forward counts for nothing.
func (o *origin) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, scheme, remote := r.Host, access.Scheme(r), r.RemoteAddr
		if o.trusts(remoteAddr(r.RemoteAddr)) {
			f := forwardedOf(r.Header, o.trusts)
			if f.client.IsValid() {
				remote = net.JoinHostPort(f.client.String(), "0")
			}
			if f.scheme != "" {
				scheme = f.scheme
			}
			if f.host != "" {
				host = f.host
			}
		}
		if o.public != nil && !o.named(host) {
			scheme, host = o.public.Scheme, o.public.Host
		}
		r = r.WithContext(access.WithScheme(r.Context(), scheme))
		r.Host, r.RemoteAddr = host, remote
		if scheme == "https" {
			// Whoever came by TLS shall not come without any more.
			w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

func (o *origin) trusts(addr netip.Addr) bool {
	for _, p := range o.proxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

func remoteAddr(remote string) netip.Addr {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

// forwarded is what proxies say of a request.
type forwarded struct {
	client       netip.Addr
	scheme, host string
}

// maxForwarded bounds how many proxies are looked at.
const maxForwarded = 32

// forwardedOf reads the header Forwarded (RFC 7239), or the X-Forwarded-… that
// came before it. Of the addresses the last counts that is no trusted proxy's:
// what stands before it, anybody may have written. Scheme and host are those the
// nearest proxy added.
func forwardedOf(h http.Header, trusts func(netip.Addr) bool) forwarded {
	if values := h.Values("Forwarded"); len(values) > 0 {
		return parseForwarded(strings.Join(values, ","), trusts)
	}
	var f forwarded
	f.client = lastStranger(strings.Split(strings.Join(h.Values("X-Forwarded-For"), ","), ","), trusts)
	f.scheme = checkScheme(lastOf(h.Values("X-Forwarded-Proto")))
	f.host = checkHost(lastOf(h.Values("X-Forwarded-Host")))
	return f
}

func parseForwarded(text string, trusts func(netip.Addr) bool) (f forwarded) {
	var addresses []string
	for element := range strings.SplitSeq(text, ",") {
		f.scheme, f.host = "", "" // the nearest proxy's count, which come last
		for pair := range strings.SplitSeq(element, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			value = strings.Trim(strings.TrimSpace(value), `"`)
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "for":
				addresses = append(addresses, value)
			case "proto":
				f.scheme = checkScheme(value)
			case "host":
				f.host = checkHost(value)
			}
		}
	}
	f.client = lastStranger(addresses, trusts)
	return f
}

func lastOf(values []string) string {
	all := strings.Split(strings.Join(values, ","), ",")
	return strings.TrimSpace(all[len(all)-1])
}

// lastStranger is the last address that is no proxy's. One that cannot be read
// ends the search.
func lastStranger(addresses []string, trusts func(netip.Addr) bool) (last netip.Addr) {
	for i := len(addresses) - 1; i >= 0 && i >= len(addresses)-maxForwarded; i-- {
		addr := forwardedAddr(strings.TrimSpace(addresses[i]))
		if !addr.IsValid() {
			return last
		}
		last = addr
		if !trusts(addr) {
			return last
		}
	}
	return last
}

// forwardedAddr reads "192.0.2.1", "192.0.2.1:80", "2001:db8::1" or
// "[2001:db8::1]:80".
func forwardedAddr(text string) netip.Addr {
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	addr, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}

func checkScheme(s string) string {
	if s = strings.ToLower(s); s == "http" || s == "https" {
		return s
	}
	return ""
}

// checkHost takes a host name or address with or without a port, and nothing
// else.
func checkHost(s string) string {
	if s == "" || len(s) > 255 || strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789.-_:[]") != "" {
		return ""
	}
	return s
}
