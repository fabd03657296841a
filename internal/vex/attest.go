package vex

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/pratique/pratique/internal/catalog"
)

const (
	// maxSignatures is how many signatures of an envelope are tried.
	maxSignatures = 4
	// maxSubjects is how many subjects of an attestation are looked at.
	maxSubjects = 1000

	intotoType = "application/vnd.in-toto+json"
	// cosignSign is the predicate type of what cosign 3 signs images with.
	cosignSign = "https://sigstore.dev/cosign/sign/v1"
	// simpleSigning is what cosign calls its earlier signatures of images.
	simpleSigning = "cosign container image signature"
)

// Keys are public keys that signatures are checked with.
type Keys []catalog.PublicKey

// ParseKeys reads the keys of a namespace. Those that cannot be read, which
// settings do not let in, are left out.
func ParseKeys(texts []string) Keys {
	var keys Keys
	for _, text := range texts {
		if k, err := catalog.ParsePublicKey(text); err == nil {
			keys = append(keys, k)
		}
	}
	return keys
}

// signer returns the id of the key that made one of the signatures over message;
// empty if none did.
func (keys Keys) signer(message []byte, signatures ...[]byte) string {
	for _, k := range keys {
		for _, s := range signatures {
			if verify(k.Key, message, s) {
				return k.ID
			}
		}
	}
	return ""
}

// verify checks a signature as cosign makes it: ECDSA (ASN.1) and RSA (PKCS #1
// v1.5) over the SHA-256 sum, on P-384 also over that of SHA-384, which Sigstore
// bundles have; Ed25519 over the message.
func verify(key crypto.PublicKey, message, signature []byte) bool {
	sum := sha256.Sum256(message)
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if ecdsa.VerifyASN1(k, sum[:], signature) {
			return true
		}
		long := sha512.Sum384(message)
		return k.Curve == elliptic.P384() && ecdsa.VerifyASN1(k, long[:], signature)
	case ed25519.PublicKey:
		return ed25519.Verify(k, message, signature)
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], signature) == nil
	}
	return false
}

// envelope is a DSSE envelope (https://github.com/secure-systems-lab/dsse).
type envelope struct {
	PayloadType string `json:"payloadType"`
	Payload     string `json:"payload"`
	Signatures  []struct {
		Sig string `json:"sig"`
	} `json:"signatures"`
}

// attestation is an in-toto statement.
type attestation struct {
	Type          string `json:"_type"`
	PredicateType string `json:"predicateType"`
	Subject       []struct {
		Digest map[string]string `json:"digest"`
	} `json:"subject"`
	Predicate json.RawMessage `json:"predicate"`
	// signer is the id of the key that signed it; empty if none of ours did.
	signer string
}

// readAttestation reads an attestation in an envelope, or in an envelope in a
// bundle, and checks its signatures. Bundle and envelope may have fields that are
// not known here; they are not signed, and say nothing that is believed.
func readAttestation(a catalog.Attachment, keys Keys) (*attestation, error) {
	if len(a.Content) > catalog.MaxAttachment {
		return nil, errors.New("the attestation is too large")
	}
	if err := checkJSON(a.Content); err != nil {
		return nil, fmt.Errorf("the envelope cannot be read: %w", err)
	}
	var outer struct {
		envelope
		DSSE *envelope `json:"dsseEnvelope"`
	}
	if err := decode(a.Content, &outer, false); err != nil {
		return nil, fmt.Errorf("the envelope cannot be read: %w", err)
	}
	e := &outer.envelope
	if a.Kind == catalog.AttachedBundle {
		if e = outer.DSSE; e == nil {
			return nil, errors.New("the bundle holds no envelope")
		}
	}
	return e.open(keys)
}

func (e *envelope) open(keys Keys) (*attestation, error) {
	if e.PayloadType != intotoType {
		return nil, fmt.Errorf("the envelope holds %q, not an attestation", clip(e.PayloadType))
	}
	payload, err := decodeBase64(e.Payload)
	if err != nil {
		return nil, errors.New("the payload of the envelope is not in base64")
	}
	if err := checkJSON(payload); err != nil {
		return nil, fmt.Errorf("the attestation cannot be read: %w", err)
	}
	var s attestation
	if err := decode(payload, &s, false); err != nil {
		return nil, fmt.Errorf("the attestation cannot be read: %w", err)
	}
	if !strings.HasPrefix(s.Type, "https://in-toto.io/Statement/") {
		return nil, fmt.Errorf("the attestation is of type %q", clip(s.Type))
	}
	var signatures [][]byte
	for _, sig := range e.Signatures[:min(len(e.Signatures), maxSignatures)] {
		if raw, err := decodeBase64(sig.Sig); err == nil {
			signatures = append(signatures, raw)
		}
	}
	s.signer = keys.signer(preAuthentication(e.PayloadType, payload), signatures...)
	return &s, nil
}

// preAuthentication is what a DSSE signature is made over.
func preAuthentication(payloadType string, payload []byte) []byte {
	head := "DSSEv1 " + strconv.Itoa(len(payloadType)) + " " + payloadType + " " + strconv.Itoa(len(payload)) + " "
	return append([]byte(head), payload...)
}

// decodeBase64 reads the standard form and the one for URLs, as DSSE allows both.
func decodeBase64(text string) ([]byte, error) {
	if strings.ContainsAny(text, "-_") {
		return base64.URLEncoding.DecodeString(text)
	}
	return base64.StdEncoding.DecodeString(text)
}

// isAbout reports whether the attestation's subject is a manifest.
func (s *attestation) isAbout(digest string) bool {
	algorithm, sum, _ := strings.Cut(digest, ":")
	for _, subject := range s.Subject[:min(len(s.Subject), maxSubjects)] {
		if sum != "" && strings.EqualFold(subject.Digest[algorithm], sum) {
			return true
		}
	}
	return false
}

// signsManifest returns the id of the key that signed a manifest with what is
// attached to it; empty if none of ours did.
func signsManifest(a catalog.Attachment, digest string, keys Keys) string {
	switch a.Kind {
	case catalog.AttachedSignature:
		return signsSimply(a, digest, keys)
	case catalog.AttachedBundle, catalog.AttachedEnvelope:
		s, err := readAttestation(a, keys)
		if err == nil && s.PredicateType == cosignSign && s.isAbout(digest) {
			return s.signer
		}
	}
	return ""
}

// signsSimply checks a signature as cosign 1 and 2 make it.
func signsSimply(a catalog.Attachment, digest string, keys Keys) string {
	if len(a.Content) > catalog.MaxAttachment || checkJSON(a.Content) != nil {
		return ""
	}
	var payload struct {
		Critical struct {
			Type  string `json:"type"`
			Image struct {
				Digest string `json:"docker-manifest-digest"`
			} `json:"image"`
		} `json:"critical"`
	}
	if decode(a.Content, &payload, false) != nil ||
		payload.Critical.Type != simpleSigning || payload.Critical.Image.Digest != digest {
		return ""
	}
	signature, err := decodeBase64(a.Signature)
	if err != nil {
		return ""
	}
	return keys.signer(a.Content, signature)
}
