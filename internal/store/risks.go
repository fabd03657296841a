package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pratique/pratique/internal/catalog"
	"github.com/pratique/pratique/internal/report"
)

// Bounds of what is kept of a rule's name and title.
const (
	maxRule  = 256
	maxTitle = 256
)

// putRisks records what was found in an artifact, for questions across images.
// Of what is recorded already it writes nothing.
func putRisks(ctx context.Context, tx *tx, artifactID int64, exposure []catalog.Exposure) error {
	severities, rules := risks(exposure)
	if err := putRules(ctx, tx, artifactID, `category <> 'base-image'`, rules); err != nil {
		return err
	}
	s := severities
	_, err := tx.exec(ctx, `INSERT INTO artifact_severity (artifact_id, critical, high, medium, low, rest) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (artifact_id) DO UPDATE SET critical = excluded.critical, high = excluded.high, medium = excluded.medium,
			low = excluded.low, rest = excluded.rest
		WHERE artifact_severity.critical <> excluded.critical OR artifact_severity.high <> excluded.high OR artifact_severity.medium <> excluded.medium
			OR artifact_severity.low <> excluded.low OR artifact_severity.rest <> excluded.rest`,
		artifactID, s.Critical, s.High, s.Medium, s.Low, s.Rest)
	return err
}

// putBaseRisks records what was found of the base image of an artifact.
func putBaseRisks(ctx context.Context, tx *tx, artifactID int64, base []catalog.RuleUse) error {
	rules := slices.Clone(base)
	for i := range rules {
		r := &rules[i]
		r.Category, r.Rule, r.Title, r.Images = report.BaseImage, clean(r.Rule, maxRule), clean(r.Title, maxTitle), 1
	}
	slices.SortFunc(rules, compareRules)
	return putRules(ctx, tx, artifactID, `category = 'base-image'`, rules)
}

// putRules makes rules, which are sorted, those that found something in an
// artifact, of the categories that fit a condition.
func putRules(ctx context.Context, tx *tx, artifactID int64, condition string, rules []catalog.RuleUse) error {
	before, err := all(ctx, tx, scanRule, `SELECT category, rule, title, severity, 1, amount FROM artifact_finding
		WHERE artifact_id = $1 AND `+condition+` ORDER BY category, rule`, artifactID)
	if err != nil || slices.Equal(before, rules) {
		return err
	}
	if _, err := tx.exec(ctx, `DELETE FROM artifact_finding WHERE artifact_id = $1 AND `+condition, artifactID); err != nil {
		return err
	}
	rows := make([][]any, len(rules))
	for i, r := range rules {
		rows[i] = []any{artifactID, string(r.Category), r.Rule, r.Title, int64(r.Severity), r.Amount}
	}
	return tx.insert(ctx, `INSERT INTO artifact_finding (artifact_id, category, rule, title, severity, amount)`, rows, "")
}

func compareRules(a, b catalog.RuleUse) int {
	return cmp.Or(cmp.Compare(a.Category, b.Category), cmp.Compare(a.Rule, b.Rule))
}

// risks counts an exposure: vulnerabilities by severity, all else by rule.
func risks(exposure []catalog.Exposure) (severities catalog.SeverityCount, rules []catalog.RuleUse) {
	type name struct{ category, rule string }
	seen := make(map[name]int)
	for _, e := range exposure {
		if e.IsVulnerability() {
			severities.Add(e.Severity)
			continue
		}
		key := name{string(e.Category), clean(e.Rule, maxRule)}
		i, ok := seen[key]
		if !ok {
			i = len(rules)
			seen[key] = i
			rules = append(rules, catalog.RuleUse{Category: e.Category, Rule: key.rule, Title: clean(e.Title, maxTitle), Images: 1})
		}
		rules[i].Amount++
		rules[i].Severity = max(rules[i].Severity, e.Severity)
	}
	slices.SortFunc(rules, compareRules)
	return severities, rules
}

func scanRule(row scanner) (u catalog.RuleUse, err error) {
	return u, row.Scan(&u.Category, &u.Rule, &u.Title, &u.Severity, &u.Images, &u.Amount)
}

// holds adds the condition that one of some columns contains a text, without
// regard to case.
func (c *conditions) holds(text string, columns ...string) {
	if text == "" {
		return
	}
	pattern := "%" + likeText(text) + "%"
	var any []string
	for _, column := range columns {
		any = append(any, "lower("+column+") LIKE "+c.arg(pattern)+" ESCAPE '!'")
	}
	c.and("(" + strings.Join(any, " OR ") + ")")
}

// likeText is a text as LIKE finds it in lower case, with ! before what else would
// stand for something.
func likeText(text string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(text))
}

// foundIn joins the images n, r, a with what rules found in them f.
const foundIn = ` artifact_finding f JOIN artifact a ON a.id = f.artifact_id
	JOIN repository r ON r.id = a.repository_id JOIN namespace n ON n.id = r.namespace_id `

// RuleUses lists the rules that found something in images of an instance, other
// than vulnerabilities: the worst first, then those of the most images, up to
// limit, after the first offset ones. total counts all of them.
func (s *Store) RuleUses(ctx context.Context, instanceID string, f catalog.RuleFilter, offset, limit int) (list []catalog.RuleUse, total int, err error) {
	q := &conditions{}
	q.images(instanceID, f.ImageFilter)
	if f.Category != "" {
		q.and("f.category = " + q.arg(string(f.Category)))
	}
	q.and("f.severity >= " + q.arg(int64(f.Severity)))
	q.holds(f.Query, "f.rule", "f.title")
	found := ` FROM` + foundIn + `WHERE ` + q.where.String() + ` GROUP BY f.category, f.rule `
	if total, err = one(ctx, s.reads, nil, scalar[int], `SELECT count(*) FROM (SELECT 1`+found+`) AS rules`, q.args...); err != nil {
		return nil, 0, s.fail("count what rules found", err)
	}
	list, err = all(ctx, s.reads, scanRule, `SELECT f.category, f.rule, max(f.title), max(f.severity), count(*), CAST(sum(f.amount) AS BIGINT)`+
		found+`ORDER BY max(f.severity) DESC, count(*) DESC, f.category, f.rule
		LIMIT `+q.arg(min(max(limit, 1), 1000))+` OFFSET `+q.arg(max(offset, 0)), q.args...)
	return list, total, s.fail("list what rules found", err)
}

// FoundImages lists the images of an instance in which a rule found something, by
// artifact: those with an artifact id above after, up to limit.
func (s *Store) FoundImages(ctx context.Context, instanceID string, category, rule string, f catalog.ImageFilter, after int64, limit int) ([]catalog.FoundImage, error) {
	q := &conditions{}
	q.images(instanceID, f)
	q.and("f.category = " + q.arg(category))
	q.and("f.rule = " + q.arg(rule))
	q.and("a.id > " + q.arg(after))
	list, err := all(ctx, s.reads, func(row scanner) (u catalog.FoundImage, err error) {
		var tags string
		err = row.Scan(&u.ArtifactID, &u.Key.InstanceID, &u.Key.Namespace, &u.Key.Repository, &u.Digest, &tags, &u.Title, &u.Severity, &u.Amount)
		u.Tags = split(tags)
		return u, err
	}, `SELECT a.id, n.instance_id, n.name, r.name, a.digest, `+tagsColumn+`, f.title, f.severity, f.amount
		FROM`+foundIn+`WHERE `+q.where.String()+` ORDER BY a.id LIMIT `+q.arg(min(max(limit, 1), 1000)), q.args...)
	return list, s.fail("list images in which a rule found something", err)
}

// standing counts the images n, r, a with their reports v and severities k.
const standing = ` count(a.id), count(v.artifact_id), count(CASE WHEN v.decision = 'block' THEN 1 END),
	count(CASE WHEN k.critical > 0 THEN 1 END), count(CASE WHEN k.critical = 0 AND k.high > 0 THEN 1 END),
	count(CASE WHEN k.critical + k.high = 0 AND k.medium > 0 THEN 1 END),
	count(CASE WHEN k.critical + k.high + k.medium = 0 AND k.low > 0 THEN 1 END),
	count(CASE WHEN k.critical + k.high + k.medium + k.low = 0 AND k.rest > 0 THEN 1 END) `

const standingJoins = ` LEFT JOIN report v ON v.artifact_id = a.id LEFT JOIN artifact_severity k ON k.artifact_id = a.id `

func standingDest(s *catalog.Standing) []any {
	return []any{&s.Images, &s.Reported, &s.Blocked, &s.Worst.Critical, &s.Worst.High, &s.Worst.Medium, &s.Worst.Low, &s.Worst.Rest}
}

// Standing counts the images of an instance: single images, not indexes.
func (s *Store) Standing(ctx context.Context, instanceID string, f catalog.ImageFilter) (st catalog.Standing, err error) {
	q := &conditions{}
	q.images(instanceID, f)
	q.and("a.kind = " + q.arg(string(catalog.KindImage)))
	err = s.reads.QueryRowContext(ctx, `SELECT`+standing+`FROM namespace n JOIN repository r ON r.namespace_id = n.id
		JOIN artifact a ON a.repository_id = r.id`+standingJoins+`WHERE `+q.where.String(), q.args...).Scan(standingDest(&st)...)
	return st, s.fail("count images", err)
}

// RecordTrend writes down how the images of every namespace stand today.
func (s *Store) RecordTrend(ctx context.Context) error {
	return s.update(ctx, s.back, "record how images stand", func(tx *tx) error {
		_, err := tx.exec(ctx, `INSERT INTO trend_day (namespace_id, day, images, reported, blocked, critical, high, medium, low, rest)
			SELECT n.id, CAST($1 AS TEXT),`+standing+`FROM namespace n LEFT JOIN repository r ON r.namespace_id = n.id
			LEFT JOIN artifact a ON a.repository_id = r.id AND a.kind = $2`+standingJoins+`WHERE n.id > 0 GROUP BY n.id
			ON CONFLICT (namespace_id, day) DO UPDATE SET images = excluded.images, reported = excluded.reported, blocked = excluded.blocked,
				critical = excluded.critical, high = excluded.high, medium = excluded.medium, low = excluded.low, rest = excluded.rest`,
			tx.now.UTC().Format(time.DateOnly), string(catalog.KindImage))
		return err
	})
}

// PruneTrend removes the days before a moment.
func (s *Store) PruneTrend(ctx context.Context, before time.Time) error {
	return s.update(ctx, s.back, "remove old days", func(tx *tx) error {
		_, err := tx.exec(ctx, `DELETE FROM trend_day WHERE day < $1`, before.UTC().Format(time.DateOnly))
		return err
	})
}

// Trend tells how the images of an instance stood on the days since one, oldest
// first. Days on which no server ran are missing. The filter's repository counts
// for nothing.
func (s *Store) Trend(ctx context.Context, instanceID string, f catalog.ImageFilter, since time.Time) ([]catalog.TrendDay, error) {
	q := &conditions{}
	f.Repository = ""
	q.images(instanceID, f)
	q.and("t.day >= " + q.arg(since.UTC().Format(time.DateOnly)))
	var sums []string
	for _, column := range []string{"images", "reported", "blocked", "critical", "high", "medium", "low", "rest"} {
		sums = append(sums, "CAST(sum(t."+column+") AS BIGINT)")
	}
	list, err := all(ctx, s.reads, func(row scanner) (d catalog.TrendDay, err error) {
		var day string
		if err := row.Scan(append([]any{&day}, standingDest(&d.Standing)...)...); err != nil {
			return d, err
		}
		d.Day, err = time.Parse(time.DateOnly, day)
		return d, err
	}, `SELECT t.day, `+strings.Join(sums, ", ")+` FROM namespace n JOIN trend_day t ON t.namespace_id = n.id
		WHERE `+q.where.String()+` GROUP BY t.day ORDER BY t.day`, q.args...)
	return list, s.fail("read how images stood", err)
}

// MostExposed lists the repositories of an instance whose latest image with a
// report has the worst vulnerabilities, worst first.
func (s *Store) MostExposed(ctx context.Context, instanceID string, f catalog.ImageFilter, limit int) ([]catalog.Exposed, error) {
	q := &conditions{}
	q.images(instanceID, f)
	q.and(`a.id = (SELECT l.id FROM artifact l JOIN artifact_severity e ON e.artifact_id = l.id
		WHERE l.repository_id = r.id ORDER BY l.pushed_at DESC, l.id DESC LIMIT 1)`)
	q.and("k.critical + k.high + k.medium + k.low + k.rest > 0")
	list, err := all(ctx, s.reads, func(row scanner) (e catalog.Exposed, err error) {
		var tags string
		c := &e.Count
		err = row.Scan(&e.Namespace, &e.Repository, &e.Digest, &tags, &e.Decision, &c.Critical, &c.High, &c.Medium, &c.Low, &c.Rest)
		e.Tags = split(tags)
		return e, err
	}, `SELECT n.name, r.name, a.digest, `+tagsColumn+`, COALESCE(v.decision, ''), k.critical, k.high, k.medium, k.low, k.rest
		FROM namespace n JOIN repository r ON r.namespace_id = n.id JOIN artifact a ON a.repository_id = r.id`+standingJoins+`
		WHERE `+q.where.String()+` ORDER BY k.critical DESC, k.high DESC, k.medium DESC, k.low DESC, k.rest DESC, n.name, r.name
		LIMIT `+q.arg(min(max(limit, 1), 100)), q.args...)
	return list, s.fail("list the most exposed repositories", err)
}

// ActiveScans lists the scans of an instance that run, and after those that wait,
// in the order they are taken, up to limit; and counts both.
func (s *Store) ActiveScans(ctx context.Context, instanceID string, f catalog.ImageFilter, limit int) (list []catalog.ActiveScan, running, waiting int, err error) {
	q := &conditions{}
	q.images(instanceID, f)
	q.and(`s.state IN ('Running', 'Pending')`)
	const from = ` FROM scan s JOIN artifact a ON a.id = s.artifact_id JOIN repository r ON r.id = a.repository_id JOIN namespace n ON n.id = r.namespace_id WHERE `
	err = s.reads.QueryRowContext(ctx, `SELECT count(CASE WHEN s.state = 'Running' THEN 1 END), count(CASE WHEN s.state = 'Pending' THEN 1 END)`+
		from+q.where.String(), q.args...).Scan(&running, &waiting)
	if err != nil {
		return nil, 0, 0, s.fail("count scans", err)
	}
	list, err = all(ctx, s.reads, func(row scanner) (a catalog.ActiveScan, err error) {
		var r scanRow
		var tags string
		err = row.Scan(append(r.dest(), &a.Key.InstanceID, &a.Key.Namespace, &a.Key.Repository, &a.Digest, &tags)...)
		a.Scan, a.Tags = r.value(), split(tags)
		return a, err
	}, `SELECT `+scanColumns+`, n.instance_id, n.name, r.name, a.digest, `+tagsColumn+from+q.where.String()+`
		ORDER BY CASE WHEN s.state = 'Running' THEN 0 ELSE 1 END, s.priority, s.id LIMIT `+q.arg(min(max(limit, 1), 1000)), q.args...)
	return list, running, waiting, s.fail("list scans", err)
}

// PullDays counts, for the images of an instance, the pulls since a day and those
// refused, by day, oldest first. Days without any are missing.
func (s *Store) PullDays(ctx context.Context, instanceID string, f catalog.ImageFilter, since time.Time) ([]catalog.PullDay, error) {
	q := &conditions{}
	q.images(instanceID, f)
	q.and("p.day >= " + q.arg(since.UTC().Format(time.DateOnly)))
	list, err := all(ctx, s.reads, func(row scanner) (d catalog.PullDay, err error) {
		var day string
		if err := row.Scan(&day, &d.Pulls, &d.Refused); err != nil {
			return d, err
		}
		d.Day, err = time.Parse(time.DateOnly, day)
		return d, err
	}, `SELECT p.day, CAST(sum(p.pulls) AS BIGINT), CAST(sum(p.refused) AS BIGINT)
		FROM namespace n JOIN repository r ON r.namespace_id = n.id JOIN artifact a ON a.repository_id = r.id JOIN pull_day p ON p.artifact_id = a.id
		WHERE `+q.where.String()+` GROUP BY p.day ORDER BY p.day`, q.args...)
	return list, s.fail("count pulls", err)
}
