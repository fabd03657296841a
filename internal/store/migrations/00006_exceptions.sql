-- Decisions about findings. What was removed stays, for the history.

CREATE TABLE exception (
    id            $ID,
    instance_id   $NAME NOT NULL REFERENCES instance (id),
    scope         $NAME NOT NULL,
    action        $NAME NOT NULL,
    category      $NAME NOT NULL,
    vulnerability $NAME NOT NULL,
    package       $NAME NOT NULL,
    finding       $NAME NOT NULL,
    rule          $NAME NOT NULL,
    path          $NAME NOT NULL,
    author        $NAME NOT NULL,
    reason        TEXT NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    ended_at      BIGINT NOT NULL
);
CREATE INDEX exception_instance ON exception (instance_id, id);

-- What an exception holds for. An empty name stands for all; the scope
-- "instance" has one row of empty names. By name, so that what is deleted and
-- pushed again is what it was.
CREATE TABLE exception_target (
    exception_id BIGINT NOT NULL REFERENCES exception (id),
    instance_id  $NAME NOT NULL,
    namespace    $NAME NOT NULL,
    repository   $NAME NOT NULL,
    digest       $NAME NOT NULL,
    ended        BOOLEAN NOT NULL,
    PRIMARY KEY (exception_id, namespace, repository, digest)
) $CLUSTERED;
CREATE INDEX exception_target_name ON exception_target (instance_id, namespace, repository, digest) WHERE NOT ended;

CREATE TABLE exception_event (
    id           $ID,
    exception_id BIGINT NOT NULL REFERENCES exception (id),
    happened_at  BIGINT NOT NULL,
    author       TEXT NOT NULL,
    what         TEXT NOT NULL,
    reason       TEXT NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX exception_event_exception ON exception_event (exception_id, id);
