package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

// certificates keeps a certificate that is read from files, and reads it again
// when they change. Connections that are open stay; a pair that cannot be used
// leaves the one before in force.
type certificates struct {
	cert, key string
	log       *slog.Logger
	current   atomic.Pointer[tls.Certificate]
	// seen tells the files apart that were read last, or tried.
	seen string
}

// certificateEvery is how often the files are looked at.
const certificateEvery = 10 * time.Second

func newCertificates(cfg TLS, log *slog.Logger) (*certificates, error) {
	c := &certificates{cert: cfg.Certificate, key: cfg.Key, log: log}
	c.seen = c.stamp()
	return c, c.load()
}

// stamp changes when one of the files does.
func (c *certificates) stamp() string {
	var stamp string
	for _, path := range []string{c.cert, c.key} {
		info, err := os.Stat(path)
		if err != nil {
			stamp += err.Error()
			continue
		}
		stamp += fmt.Sprint(info.ModTime().UnixNano(), info.Size(), "/")
	}
	return stamp
}

func (c *certificates) load() error {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("tls: %w", err)
	}
	if pair.Leaf == nil {
		if pair.Leaf, err = x509.ParseCertificate(pair.Certificate[0]); err != nil {
			return fmt.Errorf("tls: %w", err)
		}
	}
	if now := time.Now(); now.After(pair.Leaf.NotAfter) {
		return fmt.Errorf("tls: the certificate in %s expired on %s", c.cert, pair.Leaf.NotAfter.Format(time.RFC3339))
	}
	c.current.Store(&pair)
	return nil
}

// check reads the files again if they changed.
func (c *certificates) check() {
	stamp := c.stamp()
	if stamp == c.seen {
		return
	}
	c.seen = stamp
	if err := c.load(); err != nil {
		c.log.Error("the new certificate cannot be used; the one before stays in force", "error", err)
		return
	}
	c.log.Info("the certificate was read again", "expires", c.current.Load().Leaf.NotAfter)
}

// run looks at the files until ctx is done.
func (c *certificates) run(ctx context.Context) error {
	ticker := time.NewTicker(certificateEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			c.check()
		}
	}
}

// config is what the listener needs.
func (c *certificates) config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current.Load(), nil },
	}
}
