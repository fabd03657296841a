-- One text for both databases. $ID, $NAME, $BYTES and $CLUSTERED stand for what
-- differs between them, see dialect.go. Times are milliseconds since 1970, zero
-- meaning "never"; names are ordered byte by byte.

-- Who owns what.

CREATE TABLE tenant (
    id         $ID,
    name       $NAME NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);

CREATE TABLE region_authorization (
    tenant_id  BIGINT NOT NULL REFERENCES tenant (id),
    region     $NAME NOT NULL,
    granted_at BIGINT NOT NULL,
    granted_by TEXT NOT NULL,
    PRIMARY KEY (tenant_id, region)
) $CLUSTERED;

CREATE TABLE instance (
    id         $NAME NOT NULL PRIMARY KEY,
    tenant_id  BIGINT NOT NULL REFERENCES tenant (id),
    region     $NAME NOT NULL,
    name       $NAME NOT NULL,
    host       $NAME NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    UNIQUE (tenant_id, region, name)
);

CREATE TABLE account (
    id            $ID,
    name          $NAME NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    admin         BOOLEAN NOT NULL,
    created_at    BIGINT NOT NULL
);

CREATE TABLE secret (
    name       $NAME NOT NULL PRIMARY KEY,
    value      $BYTES NOT NULL,
    created_at BIGINT NOT NULL
);

-- What the registry holds.

CREATE TABLE namespace (
    id                   $ID,
    instance_id          $NAME NOT NULL REFERENCES instance (id),
    name                 $NAME NOT NULL,
    public               BOOLEAN NOT NULL,
    auto_scan            BOOLEAN NOT NULL,
    block                BOOLEAN NOT NULL,
    threshold            BIGINT NOT NULL,
    allowlist_expires_at BIGINT NOT NULL,
    allowlist_created_at BIGINT NOT NULL,
    allowlist_updated_at BIGINT NOT NULL,
    revision             BIGINT NOT NULL,
    created_at           BIGINT NOT NULL,
    updated_at           BIGINT NOT NULL,
    UNIQUE (instance_id, name)
);

CREATE TABLE allowlist_entry (
    namespace_id  BIGINT NOT NULL REFERENCES namespace (id) ON DELETE CASCADE,
    position      BIGINT NOT NULL,
    vulnerability $NAME NOT NULL,
    PRIMARY KEY (namespace_id, position),
    UNIQUE (namespace_id, vulnerability)
) $CLUSTERED;

CREATE TABLE repository (
    id           $ID,
    namespace_id BIGINT NOT NULL REFERENCES namespace (id) ON DELETE CASCADE,
    name         $NAME NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    UNIQUE (namespace_id, name)
);

CREATE TABLE blob_link (
    repository_id BIGINT NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    digest        $NAME NOT NULL,
    size          BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    PRIMARY KEY (repository_id, digest)
) $CLUSTERED;
CREATE INDEX blob_link_digest ON blob_link (digest);

CREATE TABLE artifact (
    id            $ID,
    repository_id BIGINT NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    digest        $NAME NOT NULL,
    media_type    TEXT NOT NULL,
    artifact_type TEXT NOT NULL,
    kind          TEXT NOT NULL,
    size          BIGINT NOT NULL,
    manifest_size BIGINT NOT NULL,
    subject       $NAME NOT NULL,
    annotations   TEXT NOT NULL,
    pushed_at     BIGINT NOT NULL,
    pulled_at     BIGINT NOT NULL,
    UNIQUE (repository_id, digest)
);
CREATE INDEX artifact_subject ON artifact (repository_id, subject, digest) WHERE subject <> '';

-- Apart from artifact, so that recording a pull or reading a verdict does not
-- move up to four megabytes.
CREATE TABLE manifest (
    artifact_id BIGINT NOT NULL PRIMARY KEY REFERENCES artifact (id) ON DELETE CASCADE,
    content     $BYTES NOT NULL
);

-- repository_id repeats the artifact's, so that "which manifests of this
-- repository refer to this blob" is one index lookup.
CREATE TABLE artifact_blob (
    artifact_id   BIGINT NOT NULL REFERENCES artifact (id) ON DELETE CASCADE,
    digest        $NAME NOT NULL,
    repository_id BIGINT NOT NULL,
    PRIMARY KEY (artifact_id, digest)
) $CLUSTERED;
CREATE INDEX artifact_blob_digest ON artifact_blob (repository_id, digest);

CREATE TABLE artifact_member (
    artifact_id   BIGINT NOT NULL REFERENCES artifact (id) ON DELETE CASCADE,
    position      BIGINT NOT NULL,
    repository_id BIGINT NOT NULL,
    digest        $NAME NOT NULL,
    media_type    TEXT NOT NULL,
    size          BIGINT NOT NULL,
    artifact_type TEXT NOT NULL,
    annotations   TEXT NOT NULL,
    platform      TEXT NOT NULL,
    PRIMARY KEY (artifact_id, position)
) $CLUSTERED;
CREATE INDEX artifact_member_digest ON artifact_member (repository_id, digest);

CREATE TABLE tag (
    repository_id BIGINT NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    name          $NAME NOT NULL,
    artifact_id   BIGINT NOT NULL REFERENCES artifact (id) ON DELETE CASCADE,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    PRIMARY KEY (repository_id, name)
) $CLUSTERED;
CREATE INDEX tag_artifact ON tag (artifact_id, name);

-- Facts, reports and exposures, compressed, under the digest of what they
-- say. used_at is when somebody last stored the document; what nobody refers to
-- is removed some time after that.
CREATE TABLE document (
    key     $NAME NOT NULL PRIMARY KEY,
    size    BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    content $BYTES NOT NULL
);

CREATE TABLE facts (
    diff_id      $NAME NOT NULL,
    collectors   $NAME NOT NULL,
    document_key $NAME NOT NULL REFERENCES document (key),
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (diff_id, collectors)
) $CLUSTERED;
CREATE INDEX facts_document ON facts (document_key);

-- Blobs that were read and found to be the layer their image says they are. An
-- image that claims another layer's diff ID does not get that layer's facts.
CREATE TABLE layer_blob (
    digest     $NAME NOT NULL,
    diff_id    $NAME NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (digest, diff_id)
) $CLUSTERED;

-- Scans.

CREATE TABLE scan (
    id           $ID,
    instance_id  $NAME NOT NULL REFERENCES instance (id),
    artifact_id  BIGINT NOT NULL REFERENCES artifact (id) ON DELETE CASCADE,
    state        $NAME NOT NULL,
    requested_by TEXT NOT NULL,
    percent      BIGINT NOT NULL,
    cause        TEXT NOT NULL,
    detail       TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    started_at   BIGINT NOT NULL,
    ended_at     BIGINT NOT NULL,
    deadline     BIGINT NOT NULL,
    attempt      BIGINT NOT NULL
);
CREATE INDEX scan_artifact ON scan (artifact_id, id);
CREATE UNIQUE INDEX scan_active ON scan (artifact_id) WHERE state IN ('Pending', 'Running');
CREATE INDEX scan_pending ON scan (instance_id, id) WHERE state = 'Pending';
CREATE INDEX scan_running ON scan (instance_id, deadline) WHERE state = 'Running';

-- The layers a scan stands on: of a running scan those it needs, of a finished
-- one those its report was made from.
CREATE TABLE scan_layer (
    scan_id    BIGINT NOT NULL REFERENCES scan (id) ON DELETE CASCADE,
    diff_id    $NAME NOT NULL,
    collectors $NAME NOT NULL,
    digest     $NAME NOT NULL,
    media_type TEXT NOT NULL,
    size       BIGINT NOT NULL,
    done       BOOLEAN NOT NULL,
    PRIMARY KEY (scan_id, diff_id, digest)
) $CLUSTERED;
CREATE INDEX scan_layer_diff ON scan_layer (diff_id, collectors);

-- The report in force of an artifact and the verdict a pull reads.
CREATE TABLE report (
    artifact_id  BIGINT NOT NULL PRIMARY KEY REFERENCES artifact (id) ON DELETE CASCADE,
    scan_id      BIGINT NOT NULL,
    document_key $NAME NOT NULL REFERENCES document (key),
    exposure_key $NAME NOT NULL REFERENCES document (key),
    decision     TEXT NOT NULL,
    reason       TEXT NOT NULL,
    message      TEXT NOT NULL,
    revision     BIGINT NOT NULL,
    changes_at   BIGINT NOT NULL,
    remaining    BIGINT NOT NULL,
    severity     BIGINT NOT NULL,
    created_at   BIGINT NOT NULL
);
CREATE INDEX report_document ON report (document_key);
CREATE INDEX report_exposure ON report (exposure_key);

-- Processes that work on jobs, by the queue's name for them (PostgreSQL only:
-- on SQLite there is one).
CREATE TABLE worker (
    id      $NAME NOT NULL PRIMARY KEY,
    seen_at BIGINT NOT NULL
);
