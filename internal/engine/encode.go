package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/pratique/pratique/internal/report"
)

// maxDocument bounds encoded facts after inflating: more than what the largest
// layer within image.DefaultLimits has.
const maxDocument = 768 << 20

// smallDocument is more than a document of less than 256 bytes has when
// compressed.
const smallDocument = 300

// Both are safe for concurrent use in the way they are used here.
var (
	encoder = sync.OnceValues(func() (*zstd.Encoder, error) {
		return zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
	})
	decoder = sync.OnceValues(func() (*zstd.Decoder, error) {
		return zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxDocument), zstd.WithDecoderConcurrency(0))
	})
)

// EncodeFacts writes facts as a compressed document. Equal facts make equal
// documents.
func EncodeFacts(facts *report.LayerFacts) ([]byte, error) { return encode(facts) }

// DecodeFacts reads what EncodeFacts wrote. Any input is safe; what is not a
// document is an error.
func DecodeFacts(b []byte) (*report.LayerFacts, error) { return decode[report.LayerFacts](b) }

// EncodeImageFacts writes merged facts as a compressed document. Equal facts
// make equal documents.
func EncodeImageFacts(facts *report.ImageFacts) ([]byte, error) { return encode(facts) }

// DecodeImageFacts reads what EncodeImageFacts wrote. Any input is safe; what
// is not a document is an error.
func DecodeImageFacts(b []byte) (*report.ImageFacts, error) { return decode[report.ImageFacts](b) }

func encode(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode facts: %w", err)
	}
	if len(raw) > maxDocument {
		return nil, fmt.Errorf("encode facts: %d bytes are more than %d", len(raw), maxDocument)
	}
	z, err := encoder()
	if err != nil {
		return nil, fmt.Errorf("encode facts: %w", err)
	}
	return z.EncodeAll(raw, make([]byte, 0, len(raw)/8)), nil
}

func decode[T any](b []byte) (*T, error) {
	z, err := decoder()
	if err != nil {
		return nil, fmt.Errorf("decode facts: %w", err)
	}
	// Documents say how long they are, which keeps a bomb from being tried; the
	// format has no room for that below 256 bytes.
	var header zstd.Header
	if err := header.Decode(b); err != nil {
		return nil, fmt.Errorf("decode facts: %w", err)
	}
	if !header.HasFCS && len(b) > smallDocument {
		return nil, fmt.Errorf("decode facts: %d bytes of unknown length when inflated", len(b))
	}
	if header.FrameContentSize > maxDocument {
		return nil, fmt.Errorf("decode facts: a document of %d bytes", header.FrameContentSize)
	}
	raw, err := z.DecodeAll(b, nil)
	if err != nil {
		return nil, fmt.Errorf("decode facts: %w", err)
	}
	v := new(T)
	if err := json.Unmarshal(raw, v); err != nil {
		return nil, fmt.Errorf("decode facts: %w", err)
	}
	return v, nil
}

// load returns what the cache has, or nil.
func load[T any](ctx context.Context, e *Engine, key string, decode func([]byte) (*T, error)) *T {
	if e.opts.Cache == nil {
		return nil
	}
	b, ok := e.opts.Cache.Get(ctx, key)
	if !ok {
		return nil
	}
	v, err := decode(b)
	if err != nil {
		e.opts.Logger.Warn("ignoring cached facts", "key", key, "error", err)
		return nil
	}
	return v
}

// save puts something into the cache. A failure costs time later, nothing now.
func save(ctx context.Context, e *Engine, key string, encode func() ([]byte, error)) {
	if e.opts.Cache == nil {
		return
	}
	b, err := encode()
	if err == nil {
		err = e.opts.Cache.Put(ctx, key, b)
	}
	if err != nil {
		e.opts.Logger.Warn("facts are not cached", "key", key, "error", err)
	}
}
