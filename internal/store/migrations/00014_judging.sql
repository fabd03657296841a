-- What images hold, for questions across images, and what it takes to judge them
-- again. Packages are kept by layer, and layers with the same packages share a
-- set, so that images of one base share nearly all.

-- A package as advisories see it: those alike in all columns have the same
-- vulnerabilities. ecosystem is the distribution's release ("Debian:12") or that
-- of a language. judged is false where advisories do not speak of it.
CREATE TABLE package (
    id             $ID,
    name           $NAME NOT NULL,
    version        $NAME NOT NULL,
    type           $NAME NOT NULL,
    ecosystem      $NAME NOT NULL,
    source         $NAME NOT NULL,
    source_version $NAME NOT NULL,
    module         $NAME NOT NULL,
    judged         BOOLEAN NOT NULL,
    UNIQUE (name, version, type, ecosystem, source, source_version, module, judged)
);

-- The names under which advisories speak of a package.
CREATE TABLE package_key (
    ecosystem  $NAME NOT NULL,
    name       $NAME NOT NULL,
    package_id BIGINT NOT NULL REFERENCES package (id) ON DELETE CASCADE,
    PRIMARY KEY (ecosystem, name, package_id)
) $CLUSTERED;
CREATE INDEX package_key_package ON package_key (package_id);

-- since is when it was first found in that package by this registry.
CREATE TABLE package_vulnerability (
    package_id    BIGINT NOT NULL REFERENCES package (id) ON DELETE CASCADE,
    vulnerability $NAME NOT NULL,
    severity      BIGINT NOT NULL,
    fixed_version TEXT NOT NULL,
    since         BIGINT NOT NULL,
    PRIMARY KEY (package_id, vulnerability)
) $CLUSTERED;
CREATE INDEX package_vulnerability_id ON package_vulnerability (vulnerability, package_id);

-- A set's document tells its packages in full, with their paths.
CREATE TABLE package_set (
    id           $ID,
    document_key $NAME NOT NULL UNIQUE REFERENCES document (key)
);

CREATE TABLE package_set_item (
    package_id BIGINT NOT NULL REFERENCES package (id) ON DELETE CASCADE,
    set_id     BIGINT NOT NULL REFERENCES package_set (id) ON DELETE CASCADE,
    PRIMARY KEY (package_id, set_id)
) $CLUSTERED;
CREATE INDEX package_set_item_set ON package_set_item (set_id);

CREATE TABLE artifact_package_set (
    artifact_id BIGINT NOT NULL REFERENCES artifact (id) ON DELETE CASCADE,
    layer       BIGINT NOT NULL,
    set_id      BIGINT NOT NULL REFERENCES package_set (id),
    PRIMARY KEY (artifact_id, layer)
) $CLUSTERED;
CREATE INDEX artifact_package_set_set ON artifact_package_set (set_id, artifact_id);

-- The advisories that the report document of an artifact was made by.
ALTER TABLE report ADD COLUMN advisories TEXT NOT NULL DEFAULT '';
CREATE INDEX report_changes ON report (changes_at) WHERE changes_at <> 0;

-- Artifacts to be judged again. The higher the level, the more is done. round
-- grows when there is another reason, so that what was judged before it does not
-- pass for done.
CREATE TABLE rejudge (
    artifact_id BIGINT NOT NULL PRIMARY KEY REFERENCES artifact (id) ON DELETE CASCADE,
    level       BIGINT NOT NULL,
    cause       TEXT NOT NULL,
    round       BIGINT NOT NULL DEFAULT 0
) $CLUSTERED;

-- The one row says by which advisories all was judged, or stands in the list
-- above, how far the list is done, and which process works on it.
CREATE TABLE judging (
    id           BIGINT NOT NULL PRIMARY KEY,
    advisories   TEXT NOT NULL,
    newest       TEXT NOT NULL,
    started_at   BIGINT NOT NULL,
    ended_at     BIGINT NOT NULL,
    done         BIGINT NOT NULL,
    changed      BIGINT NOT NULL,
    verdicts     BIGINT NOT NULL,
    failed       BIGINT NOT NULL,
    owner        TEXT NOT NULL,
    leased_until BIGINT NOT NULL
);
INSERT INTO judging (id, advisories, newest, started_at, ended_at, done, changed, verdicts, failed, owner, leased_until)
    VALUES (1, '', '', 0, 0, 0, 0, 0, 0, '', 0);

-- What was reported before has no packages here yet.
INSERT INTO rejudge (artifact_id, level, cause) SELECT artifact_id, 3, 'update' FROM report;

-- The revisions of policy and rules that the verdicts of a namespace are up to, or
-- will be when the list is done.
ALTER TABLE namespace ADD COLUMN settled_revision BIGINT NOT NULL DEFAULT 0;
ALTER TABLE namespace ADD COLUMN judged_rules BIGINT NOT NULL DEFAULT 0;
UPDATE namespace SET judged_rules = rules_revision;
