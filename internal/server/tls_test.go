package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pratique/pratique/internal/server"
)

// certify writes a certificate for 127.0.0.1 and its key.
func certify(t *testing.T, dir string, serial int64, expires time.Time) server.TLS {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: expires,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	files := server.TLS{Certificate: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key")}
	for path, block := range map[string]*pem.Block{files.Certificate: {Type: "CERTIFICATE", Bytes: der}, files.Key: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// TestTLS: a server speaks TLS with a certificate from files, takes a new one
// without dropping connections, and keeps the old one when the new is no use.
func TestTLS(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	dir := t.TempDir()
	tomorrow := time.Now().Add(24 * time.Hour)
	cfg.TLS = certify(t, dir, 1, tomorrow)
	e := start(t, cfg)
	url := "https://" + e.server.Addr()
	if e.server.URL() != url {
		t.Errorf("the server calls itself %s", e.server.URL())
	}
	connect := func() (*http.Client, func() (serial int64, proto string)) {
		c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}}
		t.Cleanup(c.CloseIdleConnections)
		return c, func() (int64, string) {
			res, err := c.Get(url + "/healthz")
			e.must(err)
			defer res.Body.Close()
			_, _ = io.Copy(io.Discard, res.Body)
			if res.Header.Get("Strict-Transport-Security") == "" {
				t.Error("no Strict-Transport-Security")
			}
			return res.TLS.PeerCertificates[0].SerialNumber.Int64(), res.Proto
		}
	}
	_, first := connect()
	if serial, proto := first(); serial != 1 || proto != "HTTP/2.0" {
		t.Errorf("certificate %d by %s", serial, proto)
	}
	want := func(serial int64) {
		t.Helper()
		server.CheckCertificate(e.server)
		_, fresh := connect()
		if got, _ := fresh(); got != serial {
			t.Errorf("a new connection has certificate %d, want %d", got, serial)
		}
		if got, _ := first(); got != 1 {
			t.Errorf("the first connection has certificate %d", got)
		}
	}
	certify(t, dir, 2, tomorrow)
	want(2)
	e.must(os.WriteFile(cfg.TLS.Certificate, []byte("broken"), 0o600))
	want(2)
	certify(t, dir, 3, time.Now().Add(-time.Hour)) // expired
	want(2)
	e.must(os.Remove(cfg.TLS.Key))
	want(2)
	certify(t, dir, 4, tomorrow)
	want(4)

	plain, err := http.Get("http://" + e.server.Addr() + "/healthz")
	if err == nil && plain.StatusCode != http.StatusBadRequest {
		t.Errorf("without TLS: %s", plain.Status)
	}
	old := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}}}
	if _, err := old.Get(url + "/healthz"); err == nil {
		t.Error("TLS 1.1 is spoken")
	}

	// A session's cookie is for this host and for TLS.
	c, _ := connect()
	req, err := http.NewRequest(http.MethodPost, url+"/api/v1/session", strings.NewReader(`{"name":"admin","password":"`+e.password+`"}`))
	e.must(err)
	req.Header.Set("Content-Type", "application/json")
	res, err := c.Do(req)
	e.must(err)
	res.Body.Close()
	if got := res.Header.Get("Set-Cookie"); !strings.HasPrefix(got, "__Host-pratique-session=") || !strings.Contains(got, "; Secure") || !strings.Contains(got, "; HttpOnly") || !strings.Contains(got, "SameSite=Strict") {
		t.Errorf("%s: cookie %q", res.Status, got)
	}

	cfg = config(t)
	cfg.TLS = server.TLS{Certificate: filepath.Join(dir, "none"), Key: filepath.Join(dir, "none")}
	if s, err := server.New(t.Context(), cfg, logger(t), "test"); err == nil {
		s.Close()
		t.Error("a server starts without its certificate")
	}
}
