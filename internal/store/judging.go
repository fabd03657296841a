package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pratique/pratique/internal/catalog"
)

// lease is how long the process that judges again may be silent before another
// one takes over.
const lease = 30 * time.Second

// onRejudge ends an INSERT into rejudge: of two reasons to judge an artifact
// again, the one that takes more work stays.
const onRejudge = ` ON CONFLICT (artifact_id) DO UPDATE SET round = rejudge.round + 1,
	cause = CASE WHEN excluded.level > rejudge.level THEN excluded.cause ELSE rejudge.cause END,
	level = CASE WHEN excluded.level > rejudge.level THEN excluded.level ELSE rejudge.level END`

// judgedBy ends the waiting of an artifact that was just judged by advisories,
// unless all are judged by others meanwhile.
func judgedBy(ctx context.Context, tx *tx, artifactID int64, advisories string) error {
	// Who judges all by newer advisories changes the row, and looks for artifacts
	// after that: either we see the change, or it sees this artifact.
	current, err := one(ctx, tx, nil, scalar[string], `SELECT advisories FROM judging`+tx.dialect.forShare)
	if err != nil {
		return err
	}
	if current == "" || current == advisories {
		_, err = tx.exec(ctx, `DELETE FROM rejudge WHERE artifact_id = $1`, artifactID)
		return err
	}
	_, err = tx.exec(ctx, `INSERT INTO rejudge (artifact_id, level, cause) VALUES ($1, $2, $3)`+onRejudge,
		artifactID, int(catalog.JudgePackages), catalog.ByAdvisories)
	return err
}

// LeaseJudging makes a process the one that judges again, for half a minute or
// until it asks again, and reports whether it is. On SQLite there is no other.
func (s *Store) LeaseJudging(ctx context.Context, owner string) (mine bool, err error) {
	if !s.dialect.heartbeats {
		return true, nil
	}
	err = s.update(ctx, s.back, "take turns in judging again", func(tx *tx) error {
		n, err := tx.exec(ctx, `UPDATE judging SET owner = CAST($1 AS TEXT), leased_until = `+databaseClock+` + CAST($2 AS BIGINT)
			WHERE owner = CAST($1 AS TEXT) OR leased_until < `+databaseClock, owner, lease.Milliseconds())
		mine = n > 0
		return err
	})
	return mine, err
}

// ReleaseJudging lets another process judge again, if owner was the one.
func (s *Store) ReleaseJudging(ctx context.Context, owner string) error {
	return s.update(ctx, s.back, "stop judging again", func(tx *tx) error {
		_, err := tx.exec(ctx, `UPDATE judging SET owner = '', leased_until = 0 WHERE owner = $1`, owner)
		return err
	})
}

// Judging tells how far everything is judged again.
func (s *Store) Judging(ctx context.Context) (catalog.JudgingState, error) {
	state, err := one(ctx, s.background, nil, func(row scanner) (j catalog.JudgingState, err error) {
		var started, ended int64
		err = row.Scan(&j.Advisories, &j.Newest, &started, &ended, &j.Done, &j.Changed, &j.Verdicts, &j.Failed, &j.Waiting)
		j.StartedAt, j.EndedAt = fromMillis(started), fromMillis(ended)
		return j, err
	}, `SELECT advisories, newest, started_at, ended_at, done, changed, verdicts, failed, (SELECT count(*) FROM rejudge) FROM judging`)
	return state, s.fail("read how far judging is", err)
}

// JudgePackages puts the artifacts on the list that hold a package with one of
// the keys, or all with a report, and says that after that everything is judged
// by advisories of a revision. It returns how many wait.
func (s *Store) JudgePackages(ctx context.Context, advisories, newest string, keys []catalog.AdvisoryKey, all bool) (waiting int, err error) {
	err = s.update(ctx, s.back, "judge again by new advisories", func(tx *tx) error {
		if _, err := tx.exec(ctx, `UPDATE judging SET advisories = $1, newest = $2`, advisories, newest); err != nil {
			return err
		}
		if all {
			if _, err := tx.exec(ctx, `INSERT INTO rejudge (artifact_id, level, cause)
				SELECT artifact_id, CAST($1 AS BIGINT), CAST($2 AS TEXT) FROM report WHERE advisories <> $3`+onRejudge,
				int(catalog.JudgePackages), catalog.ByAdvisories, advisories); err != nil {
				return err
			}
		} else if err := judgeHolders(ctx, tx, keys); err != nil {
			return err
		}
		waiting, err = beginJudging(ctx, tx)
		return err
	})
	return waiting, err
}

// judgeHolders puts the artifacts on the list that hold a package with a key.
func judgeHolders(ctx context.Context, tx *tx, keys []catalog.AdvisoryKey) error {
	byEcosystem := make(map[string][]any)
	for _, k := range keys {
		byEcosystem[k.Ecosystem] = append(byEcosystem[k.Ecosystem], k.Name)
	}
	sets := make(map[int64]bool)
	for ecosystem, names := range byEcosystem {
		for part := range slices.Chunk(names, maxQuery) {
			found, err := all(ctx, tx, scalar[int64], `SELECT DISTINCT i.set_id FROM package_key k JOIN package_set_item i ON i.package_id = k.package_id
				WHERE k.ecosystem = $1 AND k.name IN (`+places(2, len(part))+`)`, append([]any{ecosystem}, part...)...)
			if err != nil {
				return err
			}
			for _, id := range found {
				sets[id] = true
			}
		}
	}
	ids := make([]any, 0, len(sets))
	for id := range sets {
		ids = append(ids, id)
	}
	for part := range slices.Chunk(ids, maxQuery) {
		if _, err := tx.exec(ctx, `INSERT INTO rejudge (artifact_id, level, cause)
			SELECT DISTINCT l.artifact_id, CAST($1 AS BIGINT), CAST($2 AS TEXT) FROM artifact_package_set l
			WHERE l.set_id IN (`+places(3, len(part))+`)`+onRejudge,
			append([]any{int(catalog.JudgePackages), catalog.ByAdvisories}, part...)...); err != nil {
			return err
		}
	}
	return nil
}

// beginJudging counts what waits, begins to count what is done unless that is
// under way, and ends it if nothing waits.
func beginJudging(ctx context.Context, tx *tx) (waiting int, err error) {
	waiting, err = one(ctx, tx, nil, scalar[int], `SELECT count(*) FROM rejudge`)
	if err != nil {
		return 0, err
	}
	change := `UPDATE judging SET started_at = $1, ended_at = 0, done = 0, changed = 0, verdicts = 0, failed = 0 WHERE started_at = 0 OR ended_at <> 0`
	if waiting == 0 {
		change = `UPDATE judging SET ended_at = $1 WHERE started_at <> 0 AND ended_at = 0`
	}
	_, err = tx.exec(ctx, change, millis(tx.now))
	return waiting, err
}

// JudgeOutdated puts artifacts on the list whose verdict is no longer valid
// because policy or exceptions of their namespace or the rules have changed, or
// something has expired. It reports whether anything waits.
func (s *Store) JudgeOutdated(ctx context.Context) (waiting bool, err error) {
	now := millis(s.now())
	// Nearly always there is nothing to do; that takes no transaction.
	const unsettled = `revision <> settled_revision OR rules_revision <> judged_rules`
	const expired = `v.changes_at <> 0 AND NOT EXISTS (SELECT 1 FROM rejudge j WHERE j.artifact_id = v.artifact_id) AND v.changes_at <= $`
	var outdated, running bool
	if err := s.background.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM rejudge), EXISTS (SELECT 1 FROM judging WHERE started_at <> 0 AND ended_at = 0),
			EXISTS (SELECT 1 FROM namespace WHERE `+unsettled+`) OR EXISTS (SELECT 1 FROM report v WHERE `+expired+`1)`, now).
		Scan(&waiting, &running, &outdated); err != nil {
		return false, s.fail("look for outdated verdicts", err)
	}
	if !outdated && waiting == running {
		return waiting, nil
	}
	err = s.update(ctx, s.back, "judge again what is outdated", func(tx *tx) error {
		const reported = ` FROM namespace n JOIN repository r ON r.namespace_id = n.id JOIN artifact a ON a.repository_id = r.id JOIN report v ON v.artifact_id = a.id `
		for _, queue := range []struct {
			level catalog.JudgingLevel
			cause string
			from  string // with the level as $1, the cause as $2
			args  []any
		}{
			{catalog.JudgeVerdict, catalog.ByPolicy, reported + `WHERE n.revision <> n.settled_revision AND v.revision <> n.revision`, nil},
			{catalog.JudgeAll, catalog.ByRules, reported + `WHERE n.rules_revision <> n.judged_rules`, nil},
			{catalog.JudgeVerdict, catalog.ByExpiry, ` FROM report v WHERE ` + expired + `3`, []any{now}},
		} {
			if _, err := tx.exec(ctx, `INSERT INTO rejudge (artifact_id, level, cause) SELECT v.artifact_id, CAST($1 AS BIGINT), CAST($2 AS TEXT)`+queue.from+onRejudge,
				append([]any{int(queue.level), queue.cause}, queue.args...)...); err != nil {
				return err
			}
		}
		if _, err := tx.exec(ctx, `UPDATE namespace SET settled_revision = revision, judged_rules = rules_revision WHERE `+unsettled); err != nil {
			return err
		}
		n, err := beginJudging(ctx, tx)
		waiting = n > 0
		return err
	})
	return waiting, err
}

// maxJudging bounds what is read at a time of what was found in artifacts, in
// bytes, unless one alone has more.
const maxJudging = 32 << 20

// NextJudgings reads up to n artifacts that wait to be judged again; fewer where
// very much was found in them.
func (s *Store) NextJudgings(ctx context.Context, n int) ([]catalog.JudgingItem, error) {
	sizes, err := all(ctx, s.background, scalar[int64], `SELECT COALESCE(d.size, 0) FROM (SELECT artifact_id FROM rejudge ORDER BY artifact_id LIMIT $1) AS j
		LEFT JOIN report r ON r.artifact_id = j.artifact_id LEFT JOIN document d ON d.key = r.exposure_key ORDER BY j.artifact_id`, n)
	if err != nil {
		return nil, s.fail("read what is to be judged again", err)
	}
	var total int64
	for i, size := range sizes {
		if total += size; total > maxJudging && i > 0 {
			sizes = sizes[:i]
			break
		}
	}
	n = len(sizes)
	items, err := all(ctx, s.background, func(row scanner) (i catalog.JudgingItem, err error) {
		var ns namespaceRow
		var p pullRow
		dest := append(append(ns.dest(), p.dest()...), &i.Pull.Content, &i.Level, &i.Cause, &i.Round, &i.Advisories)
		if err := row.Scan(dest...); err != nil {
			return i, err
		}
		content := i.Pull.Content
		namespace, err := ns.value()
		i.Pull = p.value(namespace)
		i.Pull.Content, i.ScanID = content, i.Pull.Verdict.ScanID
		return i, err
	}, `SELECT `+pullColumns+`, CASE WHEN j.level = $1 OR v.advisories = '' THEN m.content END, j.level, j.cause, j.round, COALESCE(v.advisories, '')
		FROM (SELECT artifact_id, level, cause, round FROM rejudge ORDER BY artifact_id LIMIT $2) AS j
		JOIN artifact a ON a.id = j.artifact_id JOIN repository r ON r.id = a.repository_id JOIN namespace n ON n.id = r.namespace_id
		JOIN manifest m ON m.artifact_id = a.id `+stateJoins+` ORDER BY a.id`, int(catalog.JudgeAll), n)
	if err != nil || len(items) == 0 {
		return items, s.fail("read what is to be judged again", err)
	}
	if err := s.findings(ctx, items); err != nil {
		return nil, s.fail("read what was found", err)
	}
	return items, s.fail("read exceptions", s.itemExceptions(ctx, items))
}

// findings completes items by what was found in the artifacts, and what they hold.
func (s *Store) findings(ctx context.Context, items []catalog.JudgingItem) error {
	at := make(map[int64]*catalog.JudgingItem, len(items))
	ids := make([]any, len(items))
	for i := range items {
		ids[i] = items[i].Pull.Artifact.ID
		at[items[i].Pull.Artifact.ID] = &items[i]
	}
	in := ` IN (` + places(1, len(ids)) + `)`
	type found struct {
		id   int64
		data []byte
	}
	list, err := all(ctx, s.background, func(row scanner) (f found, err error) {
		err = row.Scan(&f.id, &f.data)
		return f, err
	}, `SELECT r.artifact_id, d.content FROM report r JOIN document d ON d.key = r.exposure_key WHERE r.artifact_id`+in, ids...)
	if err != nil {
		return err
	}
	if err := parallel(len(list), func(i int) error {
		f := list[i]
		item := at[f.id]
		text, err := s.docs.unpack(f.data)
		if err == nil {
			err = json.Unmarshal(text, &item.Exposure)
		}
		if err != nil {
			return fmt.Errorf("artifact %d: %w", f.id, err)
		}
		return nil
	}); err != nil {
		return err
	}
	_, err = all(ctx, s.background, func(row scanner) (none struct{}, err error) {
		var id int64
		var set catalog.HeldSet
		if err := row.Scan(&id, &set.Layer, &set.ID); err != nil {
			return none, err
		}
		at[id].Sets = append(at[id].Sets, set)
		return none, nil
	}, `SELECT artifact_id, layer, set_id FROM artifact_package_set WHERE artifact_id`+in+` ORDER BY artifact_id, layer`, ids...)
	return err
}

// parallel calls f with the numbers below n, on two processors at most.
func parallel(n int, f func(i int) error) error {
	var group errgroup.Group
	half := n / 2
	for _, part := range [][2]int{{0, half}, {half, n}} {
		group.Go(func() error {
			for i := part[0]; i < part[1]; i++ {
				if err := f(i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// itemExceptions completes items by the exceptions that hold for them, statements
// attached to images among them. Most databases have none, so that is asked first.
func (s *Store) itemExceptions(ctx context.Context, items []catalog.JudgingItem) error {
	some := make(map[string]bool)
	for i := range items {
		a := &items[i].Pull.Artifact
		any, known := some[a.Key.InstanceID]
		if !known {
			var err error
			if any, err = one(ctx, s.background, nil, scalar[bool],
				`SELECT EXISTS (SELECT 1 FROM exception_target WHERE NOT ended AND instance_id = $1) OR EXISTS (SELECT 1 FROM attachment)`, a.Key.InstanceID); err != nil {
				return err
			}
			some[a.Key.InstanceID] = any
		}
		if !any {
			continue
		}
		var err error
		if items[i].Exceptions, err = artifactExceptions(ctx, s.background, a.Key, a.Digest); err != nil {
			return err
		}
	}
	return nil
}

// SetDocuments reads the documents of sets of packages by their ids; those that
// are gone are absent.
func (s *Store) SetDocuments(ctx context.Context, ids []int64) (map[int64][]byte, error) {
	docs := make(map[int64][]byte, len(ids))
	for part := range slices.Chunk(ids, maxQuery) {
		args := make([]any, len(part))
		for i, id := range part {
			args[i] = id
		}
		_, err := all(ctx, s.background, func(row scanner) (none struct{}, err error) {
			var id int64
			var data []byte
			if err := row.Scan(&id, &data); err != nil {
				return none, err
			}
			docs[id], err = s.docs.unpack(data)
			return none, err
		}, `SELECT s.id, d.content FROM package_set s JOIN document d ON d.key = s.document_key WHERE s.id IN (`+places(1, len(args))+`)`, args...)
		if err != nil {
			return nil, s.fail("read the packages of images", err)
		}
	}
	return docs, nil
}

// packedJudged is a Judged ready to be stored.
type packedJudged struct {
	*catalog.Judged
	exposure document
	document document
	sets     []packedSet
	changes  []findingChange
}

func (c *codec) packJudged(j *catalog.Judged) (p packedJudged, err error) {
	p.Judged = j
	if j.Failed {
		return p, nil
	}
	if p.exposure, err = c.packExposure(j.Result.Exposure); err != nil {
		return p, err
	}
	if j.Result.Document != nil {
		if p.document, err = c.pack(j.Result.Document); err != nil {
			return p, err
		}
	}
	p.changes = findingChanges(j.Item.Exposure, j.Result.Exposure)
	p.sets, err = c.packSets(j.Result.Packages)
	return p, err
}

// Judged stores what became of artifacts that were judged again, as far as it is
// news, with an event for each verdict that changed and for each image in use
// that has a new vulnerability, and takes them off the list, in one transaction.
// What was scanned meanwhile, or has another reason to be judged again, is left
// out.
func (s *Store) Judged(ctx context.Context, list []catalog.Judged) error {
	packed := make([]packedJudged, len(list))
	if err := parallel(len(list), func(i int) (err error) {
		packed[i], err = s.docs.packJudged(&list[i])
		return err
	}); err != nil {
		return err
	}
	return s.update(ctx, s.back, "store what was judged again", func(tx *tx) error {
		var count judgedCount
		var packages []catalog.HeldPackage
		var sets []any
		for _, p := range packed {
			if err := storeJudged(ctx, tx, p, &count); err != nil {
				return err
			}
			if p.Result.Document == nil {
				for _, set := range p.sets {
					packages, sets = append(packages, set.packages...), append(sets, set.id)
				}
			}
		}
		if err := putVulnerabilities(ctx, tx, packages, places(1, len(sets)), sets...); err != nil {
			return err
		}
		_, err := tx.exec(ctx, `UPDATE judging SET done = done + $1, changed = changed + $2, verdicts = verdicts + $3, failed = failed + $4,
				ended_at = CASE WHEN EXISTS (SELECT 1 FROM rejudge) THEN 0 ELSE CAST($5 AS BIGINT) END`,
			count.done, count.changed, count.verdicts, count.failed, millis(tx.now))
		return err
	})
}

type judgedCount struct{ done, changed, verdicts, failed int }

// reported is what is stored of a report, as far as judging again may change it.
type reported struct {
	scanID         int64
	document       string
	exposure       string
	advisories     string
	verdict        catalog.Verdict
	changes        int64
	policyRevision int64
	// attachedRevision is that at which what is attached to the artifact changed.
	attachedRevision int64
}

func storeJudged(ctx context.Context, tx *tx, p packedJudged, count *judgedCount) error {
	artifactID := p.Item.Pull.Artifact.ID
	before, err := readReported(ctx, tx, artifactID)
	if err != nil {
		return err
	}
	taken, err := tx.exec(ctx, `DELETE FROM rejudge WHERE artifact_id = $1 AND round = $2`, artifactID, p.Item.Round)
	if err != nil || taken == 0 {
		return err
	}
	count.done++
	if p.Failed {
		count.failed++
		return nil
	}
	return storeResult(ctx, tx, p, before, count)
}

// readReported locks the report of an artifact.
func readReported(ctx context.Context, tx *tx, artifactID int64) (reported, error) {
	return one(ctx, tx, nil, func(row scanner) (r reported, err error) {
		v := &r.verdict
		err = row.Scan(&r.scanID, &r.document, &r.exposure, &r.advisories, &v.Decision, &v.Reason, &v.Message, &v.Revision, &r.changes, &v.Remaining, &v.Severity, &r.policyRevision, &r.attachedRevision)
		return r, err
	}, `SELECT v.scan_id, v.document_key, v.exposure_key, v.advisories, v.decision, v.reason, v.message, v.revision, v.changes_at, v.remaining, v.severity,
			(SELECT n.policy_revision FROM artifact a JOIN repository r ON r.id = a.repository_id JOIN namespace n ON n.id = r.namespace_id WHERE a.id = v.artifact_id),
			(SELECT a.attached_revision FROM artifact a WHERE a.id = v.artifact_id)
		FROM report v WHERE v.artifact_id = $1`+tx.dialect.forUpdate, artifactID)
}

// Renew stores what an artifact was judged anew for, as Judged does, without a
// list. It does nothing if the artifact was scanned meanwhile.
func (s *Store) Renew(ctx context.Context, j catalog.Judged) error {
	p, err := s.docs.packJudged(&j)
	if err != nil {
		return err
	}
	return s.update(ctx, s.back, "store a report", func(tx *tx) error {
		before, err := readReported(ctx, tx, j.Item.Pull.Artifact.ID)
		if err != nil {
			return err
		}
		return storeResult(ctx, tx, p, before, new(judgedCount))
	})
}

// storeResult stores what is news about an artifact, unless it was scanned since
// it was read.
func storeResult(ctx context.Context, tx *tx, p packedJudged, before reported, count *judgedCount) error {
	if before.scanID != p.Item.ScanID {
		return nil
	}
	artifactID := p.Item.Pull.Artifact.ID
	after := before
	after.verdict, after.changes = p.Result.Verdict, millis(p.Result.Verdict.ChangesAt)
	after.verdict.Message, after.verdict.ChangesAt, after.verdict.ScanID = clean(after.verdict.Message, maxMessage), time.Time{}, 0
	after.exposure = p.exposure.key
	if p.Result.Document != nil {
		after.document, after.advisories = p.document.key, p.Result.Advisories
		if err := putContents(ctx, tx, artifactID, p.sets); err != nil {
			return err
		}
		if err := putBaseRisks(ctx, tx, artifactID, p.Result.Base); err != nil {
			return err
		}
	}
	if p.Result.Document != nil || after.exposure != before.exposure {
		if err := putRisks(ctx, tx, artifactID, p.Result.Exposure); err != nil {
			return err
		}
	}
	for _, d := range []struct {
		doc document
		was string
	}{{p.exposure, before.exposure}, {p.document, before.document}} {
		if d.doc.key != "" && d.doc.key != d.was {
			if err := tx.put(ctx, d.doc); err != nil {
				return err
			}
		}
	}
	if after == before {
		return nil
	}
	if after.exposure != before.exposure {
		count.changed++
		if err := putFindingChanges(ctx, tx, artifactID, p.changes); err != nil {
			return err
		}
	}
	v := after.verdict
	if _, err := tx.exec(ctx, `UPDATE report SET document_key = $1, exposure_key = $2, advisories = $3, decision = $4, reason = $5, message = $6,
			revision = $7, changes_at = $8, remaining = $9, severity = $10 WHERE artifact_id = $11`,
		after.document, after.exposure, after.advisories, string(v.Decision), v.Reason, v.Message, v.Revision, after.changes, v.Remaining, int64(v.Severity), artifactID); err != nil {
		return err
	}
	if v.Decision != before.verdict.Decision {
		count.verdicts++
	}
	cause := p.Item.Cause
	if p.Item.Level == catalog.JudgeVerdict {
		cause = verdictCause(before.verdict.Revision, v.Revision, before.policyRevision, before.attachedRevision)
	}
	if err := tx.verdictEvent(ctx, artifactID, before.verdict.Decision, v, before.scanID, cause); err != nil {
		return err
	}
	return tx.newVulnerabilities(ctx, artifactID, before.scanID, cause, p.New)
}

// maxTold is how many vulnerabilities an event names.
const maxTold = 20

// newVulnerabilities records that an image in use has new vulnerabilities, if it
// has.
func (t *tx) newVulnerabilities(ctx context.Context, artifactID, scanID int64, cause string, found []catalog.Exposure) error {
	if len(found) == 0 {
		return nil
	}
	data := catalog.EventData{Count: len(found)}
	for _, e := range found[:min(len(found), maxTold)] {
		data.Vulnerabilities = append(data.Vulnerabilities, clean(e.ID, maxVulnerability))
	}
	return t.emitAbout(ctx, artifactID, catalog.Event{Kind: catalog.EventVulnerability, ScanID: scanID, Cause: cause, Data: data})
}
