-- Calls to a retailer's own systems. At least once, under a key that lets the other side tell a repetition.
CREATE TABLE webhook_calls (
    id          INTEGER PRIMARY KEY,
    scenario    TEXT NOT NULL,
    step        TEXT NOT NULL,
    contact     INTEGER NOT NULL,
    occurrence  TEXT NOT NULL,
    url         TEXT NOT NULL,
    body        TEXT NOT NULL,
    takes       TEXT NOT NULL,
    created_at  TEXT NOT NULL,
    state       TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'calling', 'done', 'failed', 'cancelled')),
    reason      TEXT,
    attempts    INTEGER NOT NULL DEFAULT 0,
    due_at      TEXT NOT NULL,
    lease       TEXT,
    answer      TEXT NOT NULL DEFAULT '{}',
    ended_at    TEXT,
    ended_seq   INTEGER UNIQUE,
    UNIQUE (scenario, step, contact, occurrence)
) STRICT;

CREATE INDEX webhook_calls_open ON webhook_calls (due_at) WHERE state IN ('queued', 'calling');
CREATE INDEX webhook_calls_contact ON webhook_calls (contact);
