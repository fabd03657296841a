-- What is wrong with images, for questions across images. One row for each rule
-- that found something in an image, however often it did, and none for a repeated
-- scan. Vulnerabilities are told by package_vulnerability; here they are counted.

CREATE TABLE artifact_finding (
    artifact_id BIGINT NOT NULL REFERENCES artifact (id) ON DELETE CASCADE,
    category    $NAME NOT NULL,
    rule        $NAME NOT NULL,
    title       TEXT NOT NULL,
    severity    BIGINT NOT NULL,
    amount      BIGINT NOT NULL,
    PRIMARY KEY (artifact_id, category, rule)
) $CLUSTERED;
CREATE INDEX artifact_finding_rule ON artifact_finding (category, rule, artifact_id);

-- The vulnerabilities of an artifact's report by severity, before anybody's
-- decision about them. rest are those below low.
CREATE TABLE artifact_severity (
    artifact_id BIGINT NOT NULL PRIMARY KEY REFERENCES artifact (id) ON DELETE CASCADE,
    critical    BIGINT NOT NULL,
    high        BIGINT NOT NULL,
    medium      BIGINT NOT NULL,
    low         BIGINT NOT NULL,
    rest        BIGINT NOT NULL
) $CLUSTERED;

-- How the images of a namespace stood at the end of a day, counted by their worst
-- vulnerability. Of today it is how they stood an hour ago at most.
CREATE TABLE trend_day (
    namespace_id BIGINT NOT NULL REFERENCES namespace (id) ON DELETE CASCADE,
    day          $NAME NOT NULL,
    images       BIGINT NOT NULL,
    reported     BIGINT NOT NULL,
    blocked      BIGINT NOT NULL,
    critical     BIGINT NOT NULL,
    high         BIGINT NOT NULL,
    medium       BIGINT NOT NULL,
    low          BIGINT NOT NULL,
    rest         BIGINT NOT NULL,
    PRIMARY KEY (namespace_id, day)
) $CLUSTERED;
