package catalog

import "testing"

func TestStatement(t *testing.T) {
	for _, tt := range []struct {
		scans                  int64
		tariff                 Tariff
		free, full, discounted int64
	}{
		{0, DefaultTariff(), 0, 0, 0},
		{10, DefaultTariff(), 10, 0, 0},
		{11, DefaultTariff(), 10, 1, 0},
		{10_000, DefaultTariff(), 10, 9_990, 0},
		{10_001, DefaultTariff(), 10, 9_990, 1},
		{50, Tariff{}, 0, 50, 0},
		{50, Tariff{Free: 100, DiscountAfter: 20}, 50, 0, 0},
		{150, Tariff{Free: 100, DiscountAfter: 20}, 100, 0, 50},
	} {
		s := NewStatement("2026-09", []Usage{{"a", "x", tt.scans / 2}, {"a", "y", tt.scans - tt.scans/2}}, tt.tariff)
		if s.Scans != tt.scans || s.Free != tt.free || s.Full != tt.full || s.Discounted != tt.discounted {
			t.Errorf("%d scans by %+v: %+v", tt.scans, tt.tariff, s)
		}
	}
}

func TestCheckMonth(t *testing.T) {
	for month, ok := range map[string]bool{"2026-09": true, "2026-9": false, "2026-13": false, "": false, "2026-09-01": false} {
		if err := CheckMonth(month); (err == nil) != ok {
			t.Errorf("%q: %v", month, err)
		}
	}
}
