package scan

import (
	"context"
	"encoding/json"
	"fmt"

	"golang.org/x/sync/singleflight"

	"github.com/pratique/pratique/internal/lru"
	"github.com/pratique/pratique/internal/report"
)

// decodedBytes bounds the decoded reports that are kept. One of 10,000 findings is
// about 15 MB, and takes a tenth of a second to decode; one of more than half the
// bound is decoded each time.
const decodedBytes = 64 << 20

// decoded keeps the reports that were read last, decoded, by the key of their
// document. Who looks at a report asks for it again and again: for its overview,
// for each page of its lists, with every filter. Documents are named by their
// content, so nothing here can be out of date; which document is in force is read
// from the database each time.
type decoded struct {
	kept *lru.Cache[string, decodedReport]
	// flights lets those who ask for the same report at the same time wait for one
	// of them to decode it.
	flights singleflight.Group
}

type decodedReport struct {
	*report.Report
	weight int
}

func newDecoded() *decoded {
	return &decoded{kept: lru.New[string](decodedBytes, func(r decodedReport) int { return r.weight })}
}

// decode decodes a document, once where it has a key.
func (d *decoded) decode(key string, doc []byte) (*report.Report, error) {
	if key == "" {
		return decodeReport(doc)
	}
	r, err, _ := d.flights.Do(key, func() (any, error) {
		if r, ok := d.kept.Get(key); ok {
			return r.Report, nil
		}
		r, err := decodeReport(doc)
		if err != nil {
			return nil, err
		}
		// Measured: 1.2 times the document.
		d.kept.Put(key, decodedReport{r, len(doc) + len(doc)/4})
		return r, nil
	})
	if err != nil {
		return nil, err
	}
	return r.(*report.Report), nil
}

func decodeReport(doc []byte) (*report.Report, error) {
	var r report.Report
	if err := json.Unmarshal(doc, &r); err != nil {
		return nil, fmt.Errorf("decode a stored report: %w", err)
	}
	return &r, nil
}

// DecodedReport is Report, decoded. The report is shared: nobody may change it.
func (s *Service) DecodedReport(ctx context.Context, artifactID int64) (*report.Report, error) {
	of, err := s.cfg.Store.ReportInForce(ctx, artifactID)
	if err != nil {
		return nil, err
	}
	if r, ok := s.decoded.kept.Get(of.Key); ok && s.current(of) {
		return r.Report, nil
	}
	doc, of, err := s.upToDate(ctx, artifactID)
	if err != nil {
		return nil, err
	}
	return s.decoded.decode(of.Key, doc)
}
