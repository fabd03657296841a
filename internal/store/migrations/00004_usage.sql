-- How many scans succeeded, which is what a tenant pays for. It outlives
-- artifacts and namespaces, so it names them and refers to none.

CREATE TABLE scan_usage (
    tenant_id   BIGINT NOT NULL REFERENCES tenant (id),
    month       $NAME NOT NULL,
    instance_id $NAME NOT NULL,
    namespace   $NAME NOT NULL,
    scans       BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, month, instance_id, namespace)
) $CLUSTERED;
