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

-- How far a running scan is, as JSON; empty for others. Of a layer that is being
-- read, its place in the image, from one, and the bytes read so far.
ALTER TABLE scan ADD COLUMN progress TEXT NOT NULL DEFAULT '';
ALTER TABLE scan_layer ADD COLUMN position BIGINT NOT NULL DEFAULT 0;
ALTER TABLE scan_layer ADD COLUMN bytes_read BIGINT NOT NULL DEFAULT 0;

-- The images that a chart names, as it writes them.
CREATE TABLE chart_image (
    artifact_id BIGINT NOT NULL REFERENCES artifact (id) ON DELETE CASCADE,
    position    BIGINT NOT NULL,
    reference   TEXT NOT NULL,
    PRIMARY KEY (artifact_id, position)
) $CLUSTERED;
