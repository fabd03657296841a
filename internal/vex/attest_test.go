package vex

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"github.com/pratique/pratique/internal/catalog"
)

// public is the PEM form of a key's public half.
func public(t testing.TB, key crypto.Signer) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// sealed is an envelope around a payload.
func sealed(t testing.TB, key crypto.Signer, hash crypto.Hash, payload string) []byte {
	t.Helper()
	message := preAuthentication(intotoType, []byte(payload))
	switch hash {
	case crypto.SHA256:
		sum := sha256.Sum256(message)
		message = sum[:]
	case crypto.SHA384:
		sum := sha512.Sum384(message)
		message = sum[:]
	}
	sig, err := key.Sign(rand.Reader, message, hash)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Appendf(nil, `{"payloadType":%q,"payload":%q,"signatures":[{"sig":%q}]}`, intotoType,
		base64.StdEncoding.EncodeToString([]byte(payload)), base64.StdEncoding.EncodeToString(sig))
}

func payload(subject, document string) string {
	return fmt.Sprintf(`{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://openvex.dev/ns/v0.2.0","subject":[{"digest":{"sha256":%q}}],"predicate":%s}`,
		strings.TrimPrefix(subject, "sha256:"), document)
}

const fixedStatement = `{"vulnerability":{"name":"CVE-1"},"status":"fixed"}`

func TestKeys(t *testing.T) {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p256 := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	p384 := must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	tests := []struct {
		name string
		key  crypto.Signer
		hash crypto.Hash
		good bool
	}{
		{"P-256", p256, crypto.SHA256, true},
		{"P-256 over SHA-384", p256, crypto.SHA384, false},
		{"P-384 over SHA-256", p384, crypto.SHA256, true},
		{"P-384 over SHA-384", p384, crypto.SHA384, true},
		{"Ed25519", ed, 0, true},
		{"RSA", must(rsa.GenerateKey(rand.Reader, 2048)), crypto.SHA256, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			keys := []string{public(t, must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))), public(t, tt.key)}
			a := catalog.Attachment{Artifact: "sha256:a", Kind: catalog.AttachedEnvelope, Content: sealed(t, tt.key, tt.hash, payload(digest, document(fixedStatement)))}
			list := Attached(Image{Digest: digest}, catalog.StatementSettings{Trust: catalog.TrustSigned, Keys: keys}, []catalog.Attachment{a}, nil)
			if got := len(list) == 1; got != tt.good {
				t.Fatalf("believed is %v, want %v", got, tt.good)
			}
			if !tt.good {
				return
			}
			k, err := catalog.ParsePublicKey(keys[1])
			if err != nil {
				t.Fatal(err)
			}
			if d := list[0].Document; *d != (catalog.Document{Digest: "sha256:a", Status: "fixed", Key: k.ID}) || list[0].Author != "eve" {
				t.Errorf("%+v by %s", d, list[0].Author)
			}
			// Any byte that is not what was signed makes it nobody's.
			a.Content = []byte(strings.Replace(string(a.Content), `"payload":"e`, `"payload":"f`, 1))
			if list := Attached(Image{Digest: digest}, catalog.StatementSettings{Trust: catalog.TrustSigned, Keys: keys}, []catalog.Attachment{a}, nil); len(list) > 0 {
				t.Error("a changed payload is believed")
			}
		})
	}
}

func TestParsePublicKeyRefuses(t *testing.T) {
	small := must(rsa.GenerateKey(rand.Reader, 1024))
	p256 := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	good := public(t, p256)
	private := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(p256))}))
	for name, text := range map[string]string{
		"nothing": "", "no PEM": "cosign.pub", "two keys": good + good, "private": private,
		"another curve": public(t, must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))),
		"small RSA":     public(t, small), "long": good + strings.Repeat("\n", 5000),
		"garbage": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
	} {
		if _, err := catalog.ParsePublicKey(text); !catalog.Is(err, catalog.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := catalog.ParsePublicKey(good); err != nil {
		t.Error(err)
	}
}

func FuzzAttestation(f *testing.F) {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	good := sealed(f, key, crypto.SHA256, payload(digest, document(fixedStatement)))
	f.Add(good)
	f.Add(fmt.Appendf(nil, `{"mediaType":"x","dsseEnvelope":%s}`, good))
	f.Add(fmt.Appendf(nil, `{"critical":{"identity":{},"image":{"docker-manifest-digest":%q},"type":%q},"optional":null}`, digest, simpleSigning))
	keys := ParseKeys([]string{public(f, must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)))})
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, kind := range []catalog.AttachmentKind{catalog.AttachedEnvelope, catalog.AttachedBundle, catalog.AttachedSignature, "?"} {
			a := catalog.Attachment{Kind: kind, Content: raw, Signature: "MEUCIQ=="}
			Matters(a)
			if signsManifest(a, digest, keys) != "" {
				t.Fatal("a signature by nobody counts")
			}
			if s, err := readAttestation(a, keys); err == nil && s.signer != "" {
				t.Fatal("an attestation by nobody is signed")
			}
		}
	})
}
