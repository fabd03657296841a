package advisory

import (
	"errors"
	"slices"
	"strings"
)

// interval is a stretch of affected versions, from introduced on (from the
// beginning if that is empty) to end.
type interval struct {
	introduced string
	end        string
	kind       ending
}

type ending uint8

const (
	endOpen  ending = iota // no end known
	endFixed               // end is the first version not affected
	endLast                // end is the last version affected
	endLimit               // end is the first version the range does not speak of
)

// maxEvents bounds one range; sorting parses every version.
const maxEvents = 4096

var errTooManyEvents = errors.New("a range has more than 4096 events")

// point is what a range's events say about one version.
type point struct {
	version                  string
	introduced, fixed, lasts bool
}

// intervals turns a range's events, which may come in any order, into the
// stretches they mean.
func intervals(s scheme, events []osvEvent) ([]interval, error) {
	points, limit, err := points(s, events)
	if err != nil {
		return nil, err
	}
	var out []interval
	// A range that never says where it begins begins at the beginning.
	open := len(points) > 0 && !slices.ContainsFunc(points, func(p point) bool { return p.introduced })
	if open {
		out = append(out, interval{})
	}
	end := func(p point, kind ending) {
		out[len(out)-1].end, out[len(out)-1].kind = p.version, kind
		open = false
	}
	begin := func(p point) {
		out = append(out, interval{introduced: p.version})
		open = true
	}
	for _, p := range points {
		wasOpen := open
		switch { // what is open ends before anything begins at the same version
		case open && p.fixed:
			end(p, endFixed)
		case open && p.lasts:
			end(p, endLast)
		}
		if p.introduced && !open {
			begin(p)
			switch {
			case p.lasts && (p.fixed || !wasOpen):
				end(p, endLast)
			case p.fixed && !wasOpen: // begins and is fixed at once: affects nothing
				out, open = out[:len(out)-1], false
			}
		}
	}
	if open && limit != "" {
		out[len(out)-1].end, out[len(out)-1].kind = limit, endLimit
	}
	return out, nil
}

// points sorts events by version, joins those at one version, and returns the
// highest limit, if there is one.
func points(s scheme, events []osvEvent) (sorted []point, limit string, err error) {
	if len(events) > maxEvents {
		return nil, "", errTooManyEvents
	}
	var limited version
	unlimited := false
	for _, e := range events {
		switch {
		case e.Introduced == "0":
			sorted = append(sorted, point{introduced: true})
		case e.Introduced != "":
			sorted = append(sorted, point{version: e.Introduced, introduced: true})
		case e.Fixed != "":
			sorted = append(sorted, point{version: e.Fixed, fixed: true})
		case e.LastAffected != "":
			sorted = append(sorted, point{version: e.LastAffected, lasts: true})
		case e.Limit == "*":
			unlimited = true
		case e.Limit != "":
			v, err := s.parse(e.Limit)
			if err != nil {
				return nil, "", err
			}
			if limited == nil || less(limited, e.Limit) {
				limited, limit = v, e.Limit
			}
		}
	}
	if unlimited {
		limit = ""
	}
	if err := sortPoints(s, sorted); err != nil {
		return nil, "", err
	}
	return joinPoints(s, sorted), limit, nil
}

func less(v version, other string) bool {
	c, err := v.compare(other)
	return err == nil && c < 0
}

// sortPoints sorts by version; the empty one, the beginning, comes first.
func sortPoints(s scheme, ps []point) error {
	for _, p := range ps {
		if p.version == "" {
			continue
		}
		if _, err := s.parse(p.version); err != nil {
			return err
		}
	}
	slices.SortStableFunc(ps, func(a, b point) int { return comparePoints(s, a, b) })
	return nil
}

func comparePoints(s scheme, a, b point) int {
	switch {
	case a.version == b.version:
		return 0
	case a.version == "":
		return -1
	case b.version == "":
		return 1
	}
	v, err := s.parse(a.version)
	if err != nil {
		return 0
	}
	c, _ := v.compare(b.version)
	return c
}

func joinPoints(s scheme, ps []point) []point {
	var out []point
	for _, p := range ps {
		if n := len(out); n > 0 && comparePoints(s, out[n-1], p) == 0 {
			out[n-1].introduced = out[n-1].introduced || p.introduced
			out[n-1].fixed = out[n-1].fixed || p.fixed
			out[n-1].lasts = out[n-1].lasts || p.lasts
			continue
		}
		out = append(out, p)
	}
	return out
}

// contains reports whether the interval holds a version. Bounds that cannot be
// compared with it hold nothing.
func (i interval) contains(v version) bool {
	if i.introduced != "" {
		if c, err := v.compare(i.introduced); err != nil || c < 0 {
			return false
		}
	}
	if i.kind == endOpen {
		return true
	}
	c, err := v.compare(i.end)
	if err != nil || i.kind == endFixed && rebuilt(v, i.end) {
		return false
	}
	return c < 0 || c == 0 && i.kind == endLast
}

// rebuilt reports whether a Debian version is another one rebuilt for a release:
// 1.2-3~deb12u1 and 1.2-3~bpo12+1 sort before 1.2-3 and have all that it has.
func rebuilt(v version, other string) bool {
	d, ok := v.(debVersion)
	if !ok {
		return false
	}
	mark, ok := strings.CutPrefix(string(d), other)
	return ok && (strings.HasPrefix(mark, "~deb") || strings.HasPrefix(mark, "~bpo"))
}

// affected reports whether any interval holds the version, or the list names it.
func affected(v version, installed string, ivs []interval, versions []string) bool {
	for _, i := range ivs {
		if i.contains(v) {
			return true
		}
	}
	for _, listed := range versions {
		if listed == installed {
			return true
		}
		if c, err := v.compare(listed); err == nil && c == 0 {
			return true
		}
	}
	return false
}

// lowestFix returns the lowest fixed version above an affected one that is not
// affected itself: the fix on the version's own branch where there is one.
func lowestFix(s scheme, v version, ivs []interval, versions []string) string {
	best := ""
	for _, i := range ivs {
		if i.kind != endFixed || !less(v, i.end) {
			continue
		}
		fix, err := s.parse(i.end)
		if err != nil || affected(fix, i.end, ivs, versions) {
			continue
		}
		if best == "" || less(fix, best) {
			best = i.end
		}
	}
	return best
}
