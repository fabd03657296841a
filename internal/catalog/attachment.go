package catalog

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"slices"
	"strings"
)

// StatementTrust says whose statements about vulnerabilities a namespace believes,
// of those that are attached to its images.
type StatementTrust string

const (
	// TrustNone reads no documents. It is the default.
	TrustNone StatementTrust = ""
	// TrustSigned believes what one of the namespace's keys has signed.
	TrustSigned StatementTrust = "signed"
	// TrustAny believes all: whoever may push may then exempt.
	TrustAny StatementTrust = "any"
)

// String returns the word by which a setting is known; for TrustNone that is "off".
func (t StatementTrust) String() string {
	if t == TrustNone {
		return "off"
	}
	return string(t)
}

// ParseStatementTrust reads what String returns.
//
// Errors: Invalid "statement_trust_unknown".
func ParseStatementTrust(word string) (StatementTrust, error) {
	switch t := StatementTrust(strings.ToLower(strings.TrimSpace(word))); t {
	case "off", TrustNone:
		return TrustNone, nil
	case TrustSigned, TrustAny:
		return t, nil
	}
	return TrustNone, Errorf(Invalid, "statement_trust_unknown", "%q does not say whose statements are believed", clip(word)).
		Advise("use off, signed or any")
}

// StatementSettings are what a namespace believes of the OpenVEX documents that
// are attached to its images.
type StatementSettings struct {
	Trust StatementTrust `json:"trust,omitempty"`
	// Keys are public keys as PEM, each once, at most MaxStatementKeys.
	Keys []string `json:"keys,omitempty"`
}

// Bounds of a namespace's keys.
const (
	MaxStatementKeys = 8
	maxKeyText       = 4 << 10
	minRSABits       = 2048
	maxRSABits       = 8192
)

// StatementChange is a modification of StatementSettings. What is nil keeps its
// value.
type StatementChange struct {
	Trust *StatementTrust
	// Keys replaces all keys.
	Keys *[]string
}

func (s StatementSettings) with(c *StatementChange) (StatementSettings, error) {
	if c == nil {
		return s, nil
	}
	var err error
	if c.Trust != nil {
		if s.Trust, err = ParseStatementTrust(string(*c.Trust)); err != nil {
			return s, err
		}
	}
	if c.Keys != nil {
		if s.Keys, err = checkKeys(*c.Keys); err != nil {
			return s, err
		}
	}
	if s.Trust == TrustSigned && len(s.Keys) == 0 {
		return s, Errorf(Invalid, "statement_keys_missing", "signed statements are to be believed, but no key is named").
			Advise("name a public key as PEM, such as cosign.pub")
	}
	return s, nil
}

func checkKeys(texts []string) ([]string, error) {
	if len(texts) > MaxStatementKeys {
		return nil, Errorf(Invalid, "too_many_statement_keys", "%d keys are too many", len(texts)).Advise("name at most %d", MaxStatementKeys)
	}
	var keys []string
	var ids []string
	for _, text := range texts {
		k, err := ParsePublicKey(text)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(ids, k.ID) {
			ids = append(ids, k.ID)
			keys = append(keys, strings.TrimSpace(text)+"\n")
		}
	}
	return keys, nil
}

// PublicKey is a key that signatures are checked with.
type PublicKey struct {
	// ID is the SHA-256 of the key's DER form, in hexadecimal.
	ID string
	// Key is an *ecdsa.PublicKey on P-256 or P-384, an ed25519.PublicKey or an
	// *rsa.PublicKey of at least 2048 bits.
	Key crypto.PublicKey
}

// ParsePublicKey reads one key in PEM form ("PUBLIC KEY", RFC 7468).
//
// Errors: Invalid "public_key_invalid".
func ParsePublicKey(text string) (PublicKey, error) {
	wrong := func(format string, args ...any) (PublicKey, error) {
		return PublicKey{}, Errorf(Invalid, "public_key_invalid", format, args...).
			Advise("use the PEM form of an ECDSA key on P-256 or P-384, an Ed25519 key or an RSA key of %d bits or more; cosign writes it to cosign.pub", minRSABits)
	}
	if len(text) > maxKeyText {
		return wrong("the key is longer than %d bytes", maxKeyText)
	}
	block, rest := pem.Decode([]byte(strings.TrimSpace(text)))
	switch {
	case block == nil:
		return wrong("the key is not in PEM form")
	case strings.Contains(block.Type, "PRIVATE"):
		return wrong("that is a private key, which nobody else should have: name the public one")
	case block.Type != "PUBLIC KEY":
		return wrong("the PEM block is a %q, not a PUBLIC KEY", clip(block.Type))
	case strings.TrimSpace(string(rest)) != "":
		return wrong("there is something after the key")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return wrong("the key cannot be read: %w", err)
	}
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() && k.Curve != elliptic.P384() {
			return wrong("the curve of the key is not supported")
		}
	case ed25519.PublicKey:
	case *rsa.PublicKey:
		if bits := k.N.BitLen(); bits < minRSABits || bits > maxRSABits {
			return wrong("an RSA key of %d bits is not supported", bits)
		}
	default:
		return wrong("keys of this kind are not supported")
	}
	sum := sha256.Sum256(block.Bytes)
	return PublicKey{ID: hex.EncodeToString(sum[:]), Key: key}, nil
}

// AttachmentKind is the form of something that is attached to a manifest.
type AttachmentKind string

const (
	// AttachedDocument is an OpenVEX document as it is.
	AttachedDocument AttachmentKind = "openvex"
	// AttachedEnvelope is an attestation in a DSSE envelope, AttachedBundle one in
	// a Sigstore bundle.
	AttachedEnvelope AttachmentKind = "dsse"
	AttachedBundle   AttachmentKind = "bundle"
	// AttachedSignature is what cosign signs of a manifest, with its signature.
	AttachedSignature AttachmentKind = "simplesigning"
)

// Bounds of what is attached.
const (
	// MaxAttachment is the size in bytes of one layer above which it is not read,
	// MaxAttachments how many of an artifact are.
	MaxAttachment  = 1 << 20
	MaxAttachments = 8
	// MaxAttached is how many attachments are looked at for one image.
	MaxAttached = 64
)

// Attachment is a layer of an artifact that says something about another manifest:
// a document, an attestation or a signature. Nobody has checked it.
type Attachment struct {
	// Artifact is the digest of the manifest that holds it, Subject that of what
	// it is attached to.
	Artifact string
	Subject  string
	Kind     AttachmentKind
	Content  []byte
	// Signature is that of Content, in base64; for AttachedSignature only.
	Signature string
}

// Document is where a decision comes from that nobody made on this server.
type Document struct {
	// Digest is that of the manifest that holds it; empty for a file.
	Digest string
	// Status is what it says, in the words of VEX: "not_affected".
	Status string
	// Key is the id of the namespace's key that has signed it; empty if none has.
	Key string
}
