-- The audit log is read by the time of what happened. Ids do not follow it: what is
-- counted for a minute is written after it.
DROP INDEX audit_instance;
DROP INDEX audit_actor;
DROP INDEX audit_at;
CREATE INDEX audit_at ON audit (at, id);
CREATE INDEX audit_actor ON audit (actor, at, id);
