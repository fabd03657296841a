-- How often an artifact was pulled on a day, in UTC, and how often it was refused.
-- A policy that is not on yet is judged by what it would have done on these days.

CREATE TABLE pull_day (
    artifact_id BIGINT NOT NULL REFERENCES artifact (id) ON DELETE CASCADE,
    day         $NAME NOT NULL,
    pulls       BIGINT NOT NULL,
    refused     BIGINT NOT NULL,
    PRIMARY KEY (artifact_id, day)
) $CLUSTERED;
CREATE INDEX pull_day_day ON pull_day (day);
