-- The settings of a namespace's gate, as JSON; empty where all are the default.
-- policy_revision is the revision at which the policy itself changed last: the
-- others were changes of exceptions.
ALTER TABLE namespace ADD COLUMN gate TEXT NOT NULL DEFAULT '';
ALTER TABLE namespace ADD COLUMN policy_revision BIGINT NOT NULL DEFAULT 0;
UPDATE namespace SET policy_revision = revision;

-- When an artifact was pulled first. Of earlier pulls only the last is known,
-- which gives less grace rather than more.
ALTER TABLE artifact ADD COLUMN first_pulled_at BIGINT NOT NULL DEFAULT 0;
UPDATE artifact SET first_pulled_at = pulled_at;
