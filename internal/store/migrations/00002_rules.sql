-- The rules of a namespace: files of the forms that package rules knows. The
-- revision grows with every change.

ALTER TABLE namespace ADD COLUMN rules_revision BIGINT NOT NULL DEFAULT 0;

CREATE TABLE rule_file (
    namespace_id BIGINT NOT NULL REFERENCES namespace (id) ON DELETE CASCADE,
    name         $NAME NOT NULL,
    content      $BYTES NOT NULL,
    updated_by   TEXT NOT NULL,
    updated_at   BIGINT NOT NULL,
    PRIMARY KEY (namespace_id, name)
) $CLUSTERED;
