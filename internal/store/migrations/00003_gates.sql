-- The gates a scan must pass, as far as somebody opened or closed them. One of a
-- tenant has no region, one of a region no instance.

CREATE TABLE scan_gate (
    tenant_id   BIGINT NOT NULL REFERENCES tenant (id),
    region      $NAME NOT NULL,
    instance_id $NAME NOT NULL,
    gate        $NAME NOT NULL,
    open        BOOLEAN NOT NULL,
    changed_at  BIGINT NOT NULL,
    changed_by  TEXT NOT NULL,
    PRIMARY KEY (tenant_id, region, instance_id, gate)
) $CLUSTERED;

INSERT INTO scan_gate (tenant_id, region, instance_id, gate, open, changed_at, changed_by)
    SELECT tenant_id, region, '', 'authorization', TRUE, granted_at, granted_by FROM region_authorization;

DROP TABLE region_authorization;
