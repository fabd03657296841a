package registry_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pratique/pratique/internal/catalog"
)

const (
	typeOpenVEX   = "application/vnd.openvex+json"
	typeDSSE      = "application/vnd.dsse.envelope.v1+json"
	typeSignature = "application/vnd.dev.cosign.simplesigning.v1+json"
	typeEmpty     = "application/vnd.oci.empty.v1+json"
)

// signer is a key pair of a test.
type signer struct {
	testing.TB
	key    *ecdsa.PrivateKey
	public string
}

func newSigner(t testing.TB) signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return signer{t, key, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))}
}

func (s signer) sign(message []byte) string {
	s.Helper()
	sum := sha256.Sum256(message)
	sig, err := s.key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		s.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(sig)
}

// attestation is what "cosign attest --type openvex" keeps in a layer.
func (s signer) attestation(digest, document string) []byte {
	s.Helper()
	payload := fmt.Sprintf(`{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://openvex.dev/ns","subject":[{"name":"x","digest":{"sha256":%q}}],"predicate":%s}`,
		strings.TrimPrefix(digest, "sha256:"), document)
	const kind = "application/vnd.in-toto+json"
	sig := s.sign(fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(kind), kind, len(payload), payload))
	return fmt.Appendf(nil, `{"payloadType":%q,"payload":%q,"signatures":[{"keyid":"","sig":%q}]}`, kind, base64.StdEncoding.EncodeToString([]byte(payload)), sig)
}

// statementOf says of the critical vulnerability what its status is.
func statementOf(status, product, at string) string {
	detail := ""
	if status == "not_affected" {
		detail = `,"justification":"vulnerable_code_not_in_execute_path"`
	}
	products := ""
	if product != "" {
		products = fmt.Sprintf(`,"products":[{"@id":%q}]`, product)
	}
	return fmt.Sprintf(`{"@context":"https://openvex.dev/ns/v0.2.0","@id":"urn:x","author":"builder@example.com","timestamp":%q,"version":1,"statements":[{"vulnerability":{"name":%q}%s,"status":%q%s}]}`,
		at, critical.ID, products, status, detail)
}

const (
	monday  = "2026-08-03T00:00:00Z"
	tuesday = "2026-08-04T00:00:00Z"
)

// attach pushes a layer that says something about a manifest.
func (e *env) attach(tag, artifactType, layerType string, content []byte, annotations map[string]string, subject *descriptor) (digest string) {
	e.Helper()
	e.pushBlob("team/app", []byte("{}"))
	e.pushBlob("team/app", content)
	config, layer := describe(typeEmpty, []byte("{}")), describe(layerType, content)
	doc := map[string]any{
		"schemaVersion": 2, "mediaType": typeManifest, "config": config,
		"layers": []map[string]any{{"mediaType": layer.MediaType, "digest": layer.Digest, "size": layer.Size, "annotations": annotations}},
	}
	if artifactType != "" {
		doc["artifactType"] = artifactType
	}
	if subject != nil {
		doc["subject"] = subject
	}
	raw, err := json.Marshal(doc)
	e.must(err)
	return e.pushManifest("team/app", tag, typeManifest, raw)
}

// sign attaches a signature to a manifest as "cosign sign" of version 2 does.
func (e *env) sign(s signer, digest, signed string) (tag string) {
	e.Helper()
	payload := fmt.Appendf(nil, `{"critical":{"identity":{"docker-reference":"x"},"image":{"docker-manifest-digest":%q},"type":"cosign container image signature"},"optional":null}`, signed)
	tag = strings.Replace(digest, ":", "-", 1) + ".sig"
	e.attach(tag, "", typeSignature, payload, map[string]string{"dev.cosignproject.cosign/signature": s.sign(payload)}, nil)
	return tag
}

// trust says which statements namespace team believes.
func (e *env) trust(trust catalog.StatementTrust, keys ...signer) {
	e.Helper()
	var texts []string
	for _, k := range keys {
		texts = append(texts, k.public)
	}
	e.gate(catalog.GateChange{Statements: &catalog.StatementChange{Trust: &trust, Keys: &texts}})
}

// blocked is a registry with an image that is blocked for one vulnerability.
func blocked(t *testing.T) (*env, image) {
	e := newEnv(t)
	img := e.pushImage("team/app", "one", "1")
	e.policy(true, nil)
	e.scan("1", catalog.Success, critical)
	e.do("GET", manifest1, nil).want(e, 412)
	return e, img
}

func attTag(digest string) string { return strings.Replace(digest, ":", "-", 1) + ".att" }

func TestStatementsOpenTheGate(t *testing.T) {
	const other = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
	key, stranger := newSigner(t), newSigner(t)
	notAffected := statementOf("not_affected", "", monday)
	attest := func(s signer, document string) func(*env, image) {
		return func(e *env, img image) {
			e.attach(attTag(img.digest), "", typeDSSE, s.attestation(img.digest, document), nil, nil)
		}
	}
	plain := func(document string) func(*env, image) string {
		return func(e *env, img image) string {
			subject := img.descriptor("")
			return e.attach("", typeOpenVEX, typeOpenVEX, []byte(document), nil, &subject)
		}
	}
	about := func(format string) func(img image) string {
		return func(img image) string {
			return fmt.Sprintf(format, strings.Replace(img.digest, ":", "%3A", 1))
		}
	}
	product := func(of func(image) string) func(*env, image) {
		return func(e *env, img image) { attest(key, statementOf("not_affected", of(img), monday))(e, img) }
	}
	tests := []struct {
		name   string
		trust  catalog.StatementTrust
		attach func(*env, image)
		open   bool
	}{
		{"attestation, off", catalog.TrustNone, attest(key, notAffected), false},
		{"attestation, signed", catalog.TrustSigned, attest(key, notAffected), true},
		{"attestation by a stranger", catalog.TrustSigned, attest(stranger, notAffected), false},
		{"attestation by a stranger, any", catalog.TrustAny, attest(stranger, notAffected), true},
		{"attestation as referrer", catalog.TrustSigned, func(e *env, img image) {
			subject := img.descriptor("")
			e.attach("", typeDSSE, typeDSSE, key.attestation(img.digest, notAffected), nil, &subject)
		}, true},
		{"attestation of another image", catalog.TrustAny, func(e *env, img image) {
			e.attach(attTag(img.digest), "", typeDSSE, key.attestation(other, notAffected), nil, nil)
		}, false},
		{"attestation under the tag of another image", catalog.TrustSigned, func(e *env, img image) {
			e.attach(attTag(other), "", typeDSSE, key.attestation(img.digest, notAffected), nil, nil)
		}, false},
		{"bundle", catalog.TrustSigned, func(e *env, img image) {
			subject := img.descriptor("")
			const kind = "application/vnd.dev.sigstore.bundle.v0.3+json"
			bundle := fmt.Sprintf(`{"mediaType":%q,"verificationMaterial":{"publicKey":{"hint":"x"}},"dsseEnvelope":%s}`, kind, key.attestation(img.digest, notAffected))
			e.attach("", kind, kind, []byte(bundle), nil, &subject)
		}, true},
		{"product is the image", catalog.TrustSigned, product(about("pkg:oci/app@%s?repository_url=registry.example.com%%2Fteam%%2Fapp")), true},
		{"product is the repository", catalog.TrustSigned, product(func(image) string { return "pkg:oci/app?repository_url=registry.example.com/team/app" }), true},
		{"product is another repository", catalog.TrustSigned, product(func(image) string { return "pkg:oci/app?repository_url=registry.example.com/other/app" }), false},
		{"product is another image", catalog.TrustSigned, product(func(image) string { return "pkg:oci/app@" + strings.Replace(other, ":", "%3A", 1) }), false},
		{"product is a package", catalog.TrustSigned, product(func(image) string { return "pkg:deb/debian/openssl@3.0.1" }), false},
		{"fixed", catalog.TrustSigned, attest(key, statementOf("fixed", "", monday)), true},
		{"under investigation", catalog.TrustSigned, attest(key, statementOf("under_investigation", "", monday)), false},
		{"affected", catalog.TrustSigned, attest(key, statementOf("affected", "", monday)), false},
		{"a name twice", catalog.TrustAny, attest(key, strings.Replace(notAffected, `"version":1`, `"version":1,"Version":2`, 1)), false},
		{"expired", catalog.TrustSigned, attest(key, strings.Replace(notAffected, `{"vulnerability"`, `{"@id":"urn:pratique:exception:1?=expires=2026-08-31T00:00:00Z","vulnerability"`, 1)), false},
		{"document, off", catalog.TrustNone, func(e *env, img image) { plain(notAffected)(e, img) }, false},
		{"document, any", catalog.TrustAny, func(e *env, img image) { plain(notAffected)(e, img) }, true},
		{"document in a layer of another type", catalog.TrustAny, func(e *env, img image) {
			subject := img.descriptor("")
			e.attach("", typeOpenVEX, "application/vnd.oci.image.layer.v1.tar", []byte(notAffected), nil, &subject)
		}, true},
		{"document without signature", catalog.TrustSigned, func(e *env, img image) { plain(notAffected)(e, img) }, false},
		{"document with signature", catalog.TrustSigned, func(e *env, img image) {
			digest := plain(notAffected)(e, img)
			e.sign(key, digest, digest)
		}, true},
		{"document with a stranger's signature", catalog.TrustSigned, func(e *env, img image) {
			digest := plain(notAffected)(e, img)
			e.sign(stranger, digest, digest)
		}, false},
		{"document with the signature of the image", catalog.TrustSigned, func(e *env, img image) {
			e.sign(key, plain(notAffected)(e, img), img.digest)
		}, false},
		{"document, then affected", catalog.TrustAny, func(e *env, img image) {
			plain(notAffected)(e, img)
			plain(statementOf("affected", "", tuesday))(e, img)
		}, false},
		{"affected, then document", catalog.TrustAny, func(e *env, img image) {
			plain(statementOf("affected", "", monday))(e, img)
			plain(statementOf("not_affected", "", tuesday))(e, img)
		}, true},
		{"more documents than are looked at", catalog.TrustAny, func(e *env, img image) {
			for i := range catalog.MaxAttached + 1 {
				plain(strings.Replace(notAffected, "urn:x", fmt.Sprint("urn:x", i), 1))(e, img)
			}
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, img := blocked(t)
			e.trust(tt.trust, key)
			e.do("GET", manifest1, nil).want(e, 412)
			tt.attach(e, img)
			want := 412
			if tt.open {
				want = 200
			}
			e.do("GET", manifest1, nil).want(e, want)
		})
	}
}

// What is attached or taken away changes the verdict at once, with its cause.
func TestStatementsAreOnRecord(t *testing.T) {
	e, img := blocked(t)
	key := newSigner(t)
	e.trust(catalog.TrustSigned, key)
	e.do("GET", manifest1, nil).want(e, 412)
	e.attach(attTag(img.digest), "", typeDSSE, key.attestation(img.digest, statementOf("not_affected", "", monday)), nil, nil)
	e.do("GET", manifest1, nil).want(e, 200)
	e.do("DELETE", "/v2/team/app/manifests/"+attTag(img.digest), nil).want(e, 202)
	e.do("GET", manifest1, nil).want(e, 412)

	subject := img.descriptor("")
	document := e.attach("", typeOpenVEX, typeOpenVEX, []byte(statementOf("not_affected", "", monday)), nil, &subject)
	e.do("GET", manifest1, nil).want(e, 412)
	tag := e.sign(key, document, document)
	e.do("GET", manifest1, nil).want(e, 200)
	e.do("DELETE", "/v2/team/app/manifests/"+tag, nil).want(e, 202)
	e.do("GET", manifest1, nil).want(e, 412)
	e.sign(key, document, document)
	e.do("GET", manifest1, nil).want(e, 200)
	e.do("DELETE", "/v2/team/app/manifests/"+document, nil).want(e, 202)
	e.do("GET", manifest1, nil).want(e, 412)

	list, err := e.store.VerdictChanges(e.Context(), e.pull("1").Artifact.ID, 0, 100)
	e.must(err)
	var got []string
	for _, c := range slices.Backward(list) {
		got = append(got, fmt.Sprintf("%s > %s by %s: %s", c.Before, c.After, c.Cause, c.Reason))
	}
	opens, shuts := "block > allow by statements: excepted", "allow > block by statements: vulnerable"
	if diff := cmp.Diff([]string{"unknown > block by scan: vulnerable", opens, shuts, opens, shuts, opens, shuts}, got); diff != "" {
		e.Errorf("history (-want +got):\n%s", diff)
	}
	if got := e.events(catalog.EventStatements); len(got) != 7 {
		e.Errorf("events of documents: %q, want 7", got)
	}
}
