-- A call starts a scenario for a contact; its key says which call it is, so that asking again changes nothing.
CREATE TABLE calls (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    scenario  TEXT NOT NULL,
    key       TEXT NOT NULL,
    contact   INTEGER NOT NULL,
    at        TEXT NOT NULL,
    fields    TEXT NOT NULL,
    UNIQUE (scenario, key)
) STRICT;

-- Who may call: the token itself is shown once and kept nowhere.
CREATE TABLE tokens (
    name        TEXT PRIMARY KEY,
    digest      TEXT NOT NULL UNIQUE,
    created_at  TEXT NOT NULL,
    revoked_at  TEXT
) STRICT, WITHOUT ROWID;
