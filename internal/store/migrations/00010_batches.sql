-- Priorities of waiting scans, scans of many images, and scans by the clock.

-- What waits with the lower number is promoted first. What a scan looks for is a
-- list of categories, empty for all.
ALTER TABLE scan ADD COLUMN priority BIGINT NOT NULL DEFAULT 0;
ALTER TABLE scan ADD COLUMN categories TEXT NOT NULL DEFAULT '';
ALTER TABLE scan ADD COLUMN risky BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE scan SET priority = 1 WHERE requested_by = 'push' AND state = 'Pending';
CREATE INDEX scan_turn ON scan (instance_id, priority, id) WHERE state = 'Pending';

-- How many scans were promoted: every so many, the one that waits longest is.
ALTER TABLE instance ADD COLUMN promotions BIGINT NOT NULL DEFAULT 0;

-- The selection is kept as JSON. open counts images whose scan waits or runs.
CREATE TABLE batch (
    id           $ID,
    instance_id  $NAME NOT NULL REFERENCES instance (id),
    kind         TEXT NOT NULL,
    schedule_id  BIGINT NOT NULL,
    schedule     TEXT NOT NULL,
    selection    TEXT NOT NULL,
    categories   TEXT NOT NULL,
    rate         BIGINT NOT NULL,
    requested_by TEXT NOT NULL,
    state        TEXT NOT NULL,
    images       BIGINT NOT NULL,
    not_images   BIGINT NOT NULL,
    untagged     BIGINT NOT NULL,
    success      BIGINT NOT NULL,
    failed       BIGINT NOT NULL,
    stopped      BIGINT NOT NULL,
    risky        BIGINT NOT NULL,
    open         BIGINT NOT NULL,
    began_at     BIGINT NOT NULL,
    ended_at     BIGINT NOT NULL,
    next_at      BIGINT NOT NULL
);
CREATE INDEX batch_instance ON batch (instance_id, id);
CREATE INDEX batch_active ON batch (schedule_id, id) WHERE state = 'running' OR open > 0;

-- An item names its image, so that it can be told of after the image is gone.
-- own says that the batch asked for the scan, and did not join one.
CREATE TABLE batch_item (
    batch_id    BIGINT NOT NULL REFERENCES batch (id) ON DELETE CASCADE,
    position    BIGINT NOT NULL,
    artifact_id BIGINT NOT NULL,
    repository  TEXT NOT NULL,
    digest      TEXT NOT NULL,
    tag         TEXT NOT NULL,
    state       $NAME NOT NULL,
    scan_id     BIGINT NOT NULL,
    own         BOOLEAN NOT NULL,
    cause       TEXT NOT NULL,
    detail      TEXT NOT NULL,
    PRIMARY KEY (batch_id, position)
) $CLUSTERED;
CREATE INDEX batch_item_state ON batch_item (batch_id, state, position);

CREATE TABLE schedule (
    id           $ID,
    instance_id  $NAME NOT NULL REFERENCES instance (id),
    name         $NAME NOT NULL,
    enabled      BOOLEAN NOT NULL,
    every_days   BIGINT NOT NULL,
    at_minute    BIGINT NOT NULL,
    selection    TEXT NOT NULL,
    categories   TEXT NOT NULL,
    rate         BIGINT NOT NULL,
    set_by       TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    next_run     BIGINT NOT NULL,
    last_run     BIGINT NOT NULL,
    last_batch   BIGINT NOT NULL,
    problem      TEXT NOT NULL,
    UNIQUE (instance_id, name)
);
