-- What happened, for people and programs that follow it. It names what it is
-- about and refers to nothing, so that it outlives that.

CREATE TABLE event (
    id          $ID,
    instance_id $NAME NOT NULL,
    at          BIGINT NOT NULL,
    kind        $NAME NOT NULL,
    namespace   $NAME NOT NULL,
    repository  $NAME NOT NULL,
    digest      $NAME NOT NULL,
    scan_id     BIGINT NOT NULL,
    cause       TEXT NOT NULL,
    data        TEXT NOT NULL
);
CREATE INDEX event_instance ON event (instance_id, id);
CREATE INDEX event_repository ON event (instance_id, namespace, repository, id);
CREATE INDEX event_age ON event (at);

-- Every change of a verdict, for as long as the artifact is there.
CREATE TABLE verdict_change (
    id          $ID,
    artifact_id BIGINT NOT NULL REFERENCES artifact (id) ON DELETE CASCADE,
    at          BIGINT NOT NULL,
    before      TEXT NOT NULL,
    after       TEXT NOT NULL,
    reason      TEXT NOT NULL,
    cause       TEXT NOT NULL,
    remaining   BIGINT NOT NULL,
    severity    BIGINT NOT NULL,
    scan_id     BIGINT NOT NULL
);
CREATE INDEX verdict_change_artifact ON verdict_change (artifact_id, id);
