package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/pratique/pratique/internal/catalog"
)

// MaxDocument is the size in bytes, uncompressed, above which facts or a report
// are refused.
const MaxDocument = 512 << 20

// codec compresses documents. It may be used from any goroutine.
type codec struct {
	encoder *zstd.Encoder
	decoder *zstd.Decoder
}

func newCodec() (*codec, error) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(2), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("set up compression: %w", err)
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(MaxDocument))
	if err != nil {
		return nil, fmt.Errorf("set up compression: %w", err)
	}
	return &codec{encoder, decoder}, nil
}

// document is content ready to be stored.
type document struct {
	key  string
	size int
	data []byte
}

// pack compresses content and names it by its digest. It is done before a
// transaction begins, so that nobody waits for it.
func (c *codec) pack(content []byte) (document, error) {
	if len(content) > MaxDocument {
		return document{}, catalog.Errorf(catalog.TooLarge, "document_too_large", "a document of %d bytes is too large to be stored", len(content))
	}
	sum := sha256.Sum256(content)
	return document{
		key:  "sha256:" + hex.EncodeToString(sum[:]),
		size: len(content),
		data: c.encoder.EncodeAll(content, nil),
	}, nil
}

// packedResult is a result ready to be stored.
type packedResult struct {
	document, exposure document
	sets               []packedSet
}

func (c *codec) packResult(r catalog.Result) (p packedResult, err error) {
	if p.document, err = c.pack(r.Document); err != nil {
		return p, err
	}
	if p.exposure, err = c.packExposure(r.Exposure); err != nil {
		return p, err
	}
	p.sets, err = c.packSets(r.Packages)
	return p, err
}

func (c *codec) packExposure(exposure []catalog.Exposure) (document, error) {
	if exposure == nil {
		exposure = []catalog.Exposure{}
	}
	text, err := json.Marshal(exposure)
	if err != nil {
		return document{}, fmt.Errorf("encode what was found: %w", err)
	}
	return c.pack(text)
}

func (c *codec) unpack(data []byte) ([]byte, error) {
	content, err := c.decoder.DecodeAll(data, []byte{})
	if err != nil {
		return nil, fmt.Errorf("decompress a document: %w", err)
	}
	return content, nil
}

// put stores a document unless it is there. Marking it as used keeps Prune away
// from it until the transaction has referred to it.
func (t *tx) put(ctx context.Context, doc document) error {
	n, err := t.exec(ctx, `UPDATE document SET used_at = $1 WHERE key = $2`, millis(t.now), doc.key)
	if err != nil || n > 0 {
		return err
	}
	_, err = t.exec(ctx, `INSERT INTO document (key, size, used_at, content) VALUES ($1, $2, $3, $4)
		ON CONFLICT (key) DO UPDATE SET used_at = excluded.used_at`, doc.key, doc.size, millis(t.now), doc.data)
	return err
}

// Prune removes packages that no image holds, and facts and documents that
// nothing refers to and that nobody has
// stored or used since before. It returns how many documents it removed.
func (s *Store) Prune(ctx context.Context, before time.Time) (documents int64, err error) {
	err = s.update(ctx, s.back, "remove unused documents", func(tx *tx) error {
		if _, err := tx.exec(ctx, `DELETE FROM facts WHERE created_at < $1 AND NOT EXISTS (
				SELECT 1 FROM scan_layer l WHERE l.diff_id = facts.diff_id AND l.collectors = facts.collectors)`, millis(before)); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `DELETE FROM layer_blob WHERE created_at < $1 AND NOT EXISTS (
				SELECT 1 FROM scan_layer l WHERE l.diff_id = layer_blob.diff_id AND l.digest = layer_blob.digest)`, millis(before)); err != nil {
			return err
		}
		if err := pruneContents(ctx, tx); err != nil {
			return err
		}
		documents, err = tx.exec(ctx, `DELETE FROM document WHERE used_at < $1
			AND NOT EXISTS (SELECT 1 FROM facts f WHERE f.document_key = document.key)
			AND NOT EXISTS (SELECT 1 FROM report r WHERE r.document_key = document.key)
			AND NOT EXISTS (SELECT 1 FROM report r WHERE r.exposure_key = document.key)
			AND NOT EXISTS (SELECT 1 FROM package_set s WHERE s.document_key = document.key)`, millis(before))
		return err
	})
	return documents, err
}

// clean makes text from images fit for both databases, which want UTF-8
// without NUL, and bounds it to max bytes.
func clean(text string, max int) string {
	if len(text) > max {
		text = text[:max] + "…"
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}
