-- What came and went, to tell what a report said at an earlier time. Since when a
-- vulnerability is known stands with it; here is what became of others.

-- The vulnerabilities that a package had from since until until. Images that hold
-- the package had them then, so an update of the advisories adds a row for each
-- package, however many images have it.
CREATE TABLE past_vulnerability (
    package_id    BIGINT NOT NULL REFERENCES package (id) ON DELETE CASCADE,
    vulnerability $NAME NOT NULL,
    since         BIGINT NOT NULL,
    until         BIGINT NOT NULL,
    severity      BIGINT NOT NULL,
    fixed_version TEXT NOT NULL,
    PRIMARY KEY (package_id, vulnerability, until)
) $CLUSTERED;
CREATE INDEX past_vulnerability_id ON past_vulnerability (vulnerability, package_id);
CREATE INDEX past_vulnerability_until ON past_vulnerability (until);

-- Other findings that came to an image's report, or went from it.
CREATE TABLE finding_change (
    artifact_id BIGINT NOT NULL REFERENCES artifact (id) ON DELETE CASCADE,
    at          BIGINT NOT NULL,
    finding_id  $NAME NOT NULL,
    came        BOOLEAN NOT NULL,
    category    TEXT NOT NULL,
    rule        TEXT NOT NULL,
    title       TEXT NOT NULL,
    severity    BIGINT NOT NULL,
    package     TEXT NOT NULL,
    version     TEXT NOT NULL,
    path        TEXT NOT NULL,
    PRIMARY KEY (artifact_id, at, finding_id)
) $CLUSTERED;
CREATE INDEX finding_change_at ON finding_change (at);

-- From when on all of this is known: for all images, and for one, whose first
-- report it is or one that cannot be compared with those before.
CREATE TABLE past (
    id    BIGINT NOT NULL PRIMARY KEY,
    since BIGINT NOT NULL
);
INSERT INTO past (id, since) VALUES (1, CASE WHEN EXISTS (SELECT 1 FROM report) THEN $NOW ELSE 0 END);
ALTER TABLE report ADD COLUMN known_since BIGINT NOT NULL DEFAULT 0;
