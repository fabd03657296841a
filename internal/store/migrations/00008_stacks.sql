-- The layers of an image as a whole, by which it is recognised in images built
-- on it. tag is the one that told most of those it ever had; repository_id repeats
-- the artifact's, so that "what came into this repository after that image" is
-- one range of an index.
CREATE TABLE artifact_stack (
    artifact_id   BIGINT NOT NULL PRIMARY KEY REFERENCES artifact (id) ON DELETE CASCADE,
    repository_id BIGINT NOT NULL,
    chain_id      $NAME NOT NULL,
    layers        BIGINT NOT NULL,
    platform      $NAME NOT NULL,
    tag           $NAME NOT NULL
) $CLUSTERED;
CREATE INDEX artifact_stack_chain ON artifact_stack (chain_id);
CREATE INDEX artifact_stack_newest ON artifact_stack (repository_id, artifact_id);

-- A manifest that annotations name is looked for in all repositories.
CREATE INDEX artifact_digest ON artifact (digest);
