-- What an instance sets over the server's defaults, as JSON.
CREATE TABLE instance_setting (
    instance_id $NAME NOT NULL PRIMARY KEY REFERENCES instance (id),
    settings    TEXT NOT NULL,
    revision    BIGINT NOT NULL,
    changed_at  BIGINT NOT NULL,
    changed_by  TEXT NOT NULL
) $CLUSTERED;

-- The platform of an image, so that what may not be scanned for it is known
-- before anybody tries.
ALTER TABLE artifact ADD COLUMN platform TEXT NOT NULL DEFAULT '';
UPDATE artifact SET platform = COALESCE((SELECT s.platform FROM artifact_stack s WHERE s.artifact_id = artifact.id), '');

-- How far a running scan is beside its percentage: the layer that was read into
-- last, counted from one, of how many, and the bytes read of how many, as stored.
ALTER TABLE scan ADD COLUMN layer BIGINT NOT NULL DEFAULT 0;
ALTER TABLE scan ADD COLUMN layers BIGINT NOT NULL DEFAULT 0;
ALTER TABLE scan ADD COLUMN bytes_read BIGINT NOT NULL DEFAULT 0;
ALTER TABLE scan ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE scan_layer ADD COLUMN position BIGINT NOT NULL DEFAULT 0;
