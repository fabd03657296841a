-- What artifacts say about others, as far as it can matter: OpenVEX documents,
-- attestations of them, and signatures.
CREATE TABLE attachment (
    artifact_id BIGINT NOT NULL REFERENCES artifact (id) ON DELETE CASCADE,
    position    BIGINT NOT NULL,
    kind        TEXT NOT NULL,
    content     $BYTES NOT NULL,
    signature   TEXT NOT NULL,
    PRIMARY KEY (artifact_id, position)
);

-- The namespace's revision at which what is attached to an artifact changed last.
ALTER TABLE artifact ADD COLUMN attached_revision BIGINT NOT NULL DEFAULT 0;
