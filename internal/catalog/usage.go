package catalog

import "time"

// Usage is how many scans of images in a namespace succeeded within a month.
// Failed, stopped and timed-out scans do not count, repeated ones do (§5.2).
type Usage struct {
	// Instance is the name of the registry.
	Instance  string
	Namespace string
	Scans     int64
}

// Tariff says which scans cost what (§5.2).
type Tariff struct {
	// Free is the number of scans a tenant has free each month. It lapses at the
	// end of the month.
	Free int64
	// DiscountAfter is the number of scans in a month after which each further
	// one is cheaper; 0 for never.
	DiscountAfter int64
}

// DefaultTariff is that of the specification.
func DefaultTariff() Tariff { return Tariff{Free: 10, DiscountAfter: 10_000} }

// Statement is what a tenant used in a month.
type Statement struct {
	// Month is "2006-01", in UTC.
	Month string
	Usage []Usage
	// Scans is the sum of Usage; of these, Free cost nothing, Full the full price
	// and Discounted the lower one.
	Scans, Free, Full, Discounted int64
}

// NewStatement adds up a tenant's usage by its tariff. The free scans are the
// first of the month, whatever their namespaces.
func NewStatement(month string, usage []Usage, t Tariff) Statement {
	s := Statement{Month: month, Usage: usage}
	for _, u := range usage {
		s.Scans += u.Scans
	}
	s.Free = min(s.Scans, t.Free)
	if t.DiscountAfter > 0 {
		s.Discounted = max(0, s.Scans-max(t.DiscountAfter, t.Free))
	}
	s.Full = s.Scans - s.Free - s.Discounted
	return s
}

// MonthOf names the month of a moment, as statements do.
func MonthOf(at time.Time) string { return at.UTC().Format("2006-01") }

// CheckMonth refuses what is no month.
func CheckMonth(month string) error {
	if at, err := time.Parse("2006-01", month); err != nil || MonthOf(at) != month {
		return Errorf(Invalid, "month_invalid", "%q is no month", clip(month)).Advise("write it like 2026-09")
	}
	return nil
}
