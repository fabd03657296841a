-- Who may do what. A role without instance holds everywhere, one without
-- namespace in its whole instance; it ends with what it is about.

ALTER TABLE account ADD COLUMN one_time BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE account ADD COLUMN disabled BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE account ADD COLUMN issuer TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN subject TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX account_subject ON account (issuer, subject) WHERE issuer <> '';

CREATE TABLE account_group (
    id         $ID,
    name       $NAME NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);

-- external: an OpenID provider says so at each sign-in.
CREATE TABLE group_member (
    group_id   BIGINT NOT NULL REFERENCES account_group (id) ON DELETE CASCADE,
    account_id BIGINT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    external   BOOLEAN NOT NULL,
    PRIMARY KEY (group_id, account_id)
) $CLUSTERED;
CREATE INDEX group_member_account ON group_member (account_id);

CREATE TABLE role_grant (
    id           $ID,
    instance_id  $NAME REFERENCES instance (id),
    namespace_id BIGINT REFERENCES namespace (id) ON DELETE CASCADE,
    account_id   BIGINT REFERENCES account (id) ON DELETE CASCADE,
    group_id     BIGINT REFERENCES account_group (id) ON DELETE CASCADE,
    role         $NAME NOT NULL,
    granted_at   BIGINT NOT NULL,
    granted_by   TEXT NOT NULL
);
CREATE INDEX role_grant_account ON role_grant (account_id);
CREATE INDEX role_grant_group ON role_grant (group_id);
CREATE INDEX role_grant_namespace ON role_grant (namespace_id);

INSERT INTO role_grant (account_id, role, granted_at, granted_by)
    SELECT id, 'administrator', created_at, '' FROM account WHERE admin;
ALTER TABLE account DROP COLUMN admin;

-- What machines log in with. Hashes are of random secrets.
CREATE TABLE credential (
    id         $NAME NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    temporary  BOOLEAN NOT NULL,
    hash       $BYTES NOT NULL,
    namespaces TEXT NOT NULL,
    verbs      TEXT NOT NULL,
    disabled   BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL
);
CREATE INDEX credential_account ON credential (account_id);

-- Browsers that are logged in.
CREATE TABLE session (
    hash       $BYTES NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    address    TEXT NOT NULL,
    agent      TEXT NOT NULL,
    method     $NAME NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX session_account ON session (account_id);

-- Who did what to what.
CREATE TABLE audit (
    id          $ID,
    instance_id $NAME NOT NULL,
    at          BIGINT NOT NULL,
    actor       $NAME NOT NULL,
    via         TEXT NOT NULL,
    address     $NAME NOT NULL,
    action      $NAME NOT NULL,
    namespace   $NAME NOT NULL,
    target      TEXT NOT NULL,
    result      $NAME NOT NULL,
    detail      TEXT NOT NULL,
    times       BIGINT NOT NULL
);
CREATE INDEX audit_instance ON audit (instance_id, id);
CREATE INDEX audit_actor ON audit (actor, id);
CREATE INDEX audit_at ON audit (at);
