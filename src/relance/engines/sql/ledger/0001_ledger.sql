-- Every instant is ISO 8601 text in UTC of one width (2026-03-10T13:00:00.000000Z), so text order is time order.

CREATE TABLE documents (
    kind          TEXT NOT NULL,
    name          TEXT NOT NULL,
    version       INTEGER NOT NULL CHECK (version > 0),
    body          TEXT NOT NULL,
    published_at  TEXT NOT NULL,
    PRIMARY KEY (kind, name, version)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER documents_are_immutable BEFORE UPDATE ON documents
BEGIN SELECT RAISE(ABORT, 'a published version is immutable'); END;

CREATE TRIGGER documents_are_kept BEFORE DELETE ON documents
BEGIN SELECT RAISE(ABORT, 'a published version is kept'); END;

CREATE TABLE switches (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    scenario      TEXT NOT NULL,
    is_on         INTEGER NOT NULL CHECK (is_on IN (0, 1)),
    version       INTEGER NOT NULL,
    at            TEXT NOT NULL,
    enter_since   TEXT,
    already_past  INTEGER
) STRICT;

CREATE TRIGGER switches_append_only BEFORE UPDATE ON switches
BEGIN SELECT RAISE(ABORT, 'switches are append-only'); END;

-- The right to send is a row: the version is not in its key, so a new version never mints a second right.
CREATE TABLE outbox (
    id               INTEGER PRIMARY KEY,
    scenario         TEXT NOT NULL,
    step             TEXT NOT NULL,
    contact          INTEGER NOT NULL,
    occurrence       TEXT NOT NULL,
    channel          TEXT NOT NULL,
    keys             TEXT NOT NULL,
    kind             TEXT NOT NULL CHECK (kind IN ('marketing', 'service', 'transactional')),
    version          INTEGER NOT NULL,
    sender           TEXT NOT NULL,
    message          TEXT NOT NULL,
    message_version  INTEGER NOT NULL,
    language         TEXT NOT NULL,
    locale           TEXT NOT NULL,
    stops            TEXT NOT NULL,
    context          TEXT NOT NULL,
    address          TEXT NOT NULL,
    address_hash     TEXT NOT NULL,
    local_day        TEXT NOT NULL,
    due_at           TEXT NOT NULL,
    fresh_until      TEXT,
    created_at       TEXT NOT NULL,
    state            TEXT NOT NULL CHECK (state IN
                       ('queued', 'handing', 'accepted', 'deferred', 'refused', 'unknown', 'cancelled')),
    reason           TEXT,
    message_id       TEXT,
    attempts         INTEGER NOT NULL DEFAULT 0,
    retry_at         TEXT,
    updated_at       TEXT NOT NULL,
    UNIQUE (scenario, step, contact, occurrence, channel)
) STRICT;

CREATE INDEX outbox_waiting ON outbox (channel, due_at) WHERE state IN ('queued', 'deferred');
CREATE INDEX outbox_handing ON outbox (channel) WHERE state = 'handing';
CREATE INDEX outbox_unknown ON outbox (channel) WHERE state = 'unknown';
CREATE INDEX outbox_contact ON outbox (contact);
CREATE INDEX outbox_address ON outbox (scenario, step, address_hash, local_day);

CREATE TABLE outbox_events (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    outbox_id   INTEGER NOT NULL REFERENCES outbox (id),
    scenario    TEXT NOT NULL,
    step        TEXT NOT NULL,
    contact     INTEGER NOT NULL,
    occurrence  TEXT NOT NULL,
    channel     TEXT NOT NULL,
    keys        TEXT NOT NULL,
    kind        TEXT NOT NULL,
    version     INTEGER NOT NULL,
    sender      TEXT NOT NULL,
    local_day   TEXT NOT NULL,
    state       TEXT NOT NULL,
    reason      TEXT,
    at          TEXT NOT NULL
) STRICT;

-- Triggers, so that no change of state can forget its event.
CREATE TRIGGER outbox_event_on_insert AFTER INSERT ON outbox
BEGIN
    INSERT INTO outbox_events (outbox_id, scenario, step, contact, occurrence, channel, keys, kind, version,
                               sender, local_day, state, reason, at)
    VALUES (NEW.id, NEW.scenario, NEW.step, NEW.contact, NEW.occurrence, NEW.channel, NEW.keys, NEW.kind,
            NEW.version, NEW.sender, NEW.local_day, NEW.state, NEW.reason, NEW.updated_at);
END;

CREATE TRIGGER outbox_event_on_state AFTER UPDATE OF state ON outbox
BEGIN
    INSERT INTO outbox_events (outbox_id, scenario, step, contact, occurrence, channel, keys, kind, version,
                               sender, local_day, state, reason, at)
    VALUES (NEW.id, NEW.scenario, NEW.step, NEW.contact, NEW.occurrence, NEW.channel, NEW.keys, NEW.kind,
            NEW.version, NEW.sender, NEW.local_day, NEW.state, NEW.reason, NEW.updated_at);
END;

CREATE TRIGGER outbox_events_append_only BEFORE UPDATE ON outbox_events
BEGIN SELECT RAISE(ABORT, 'outbox events are append-only'); END;

-- A null channel, purpose or sender means every one; a null purpose is the global opt-out (marketing and service).
CREATE TABLE deny_list (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    contact       INTEGER,
    address_hash  TEXT,
    channel       TEXT,
    purpose       TEXT,
    sender        TEXT,
    since         TEXT NOT NULL,
    reason        TEXT NOT NULL,
    lifted_at     TEXT,
    CHECK (contact IS NOT NULL OR address_hash IS NOT NULL)
) STRICT;

CREATE UNIQUE INDEX deny_list_once ON deny_list (
    ifnull(contact, -1), ifnull(address_hash, ''), ifnull(channel, ''), ifnull(purpose, ''), ifnull(sender, '')
) WHERE lifted_at IS NULL;
CREATE INDEX deny_list_contact ON deny_list (contact) WHERE lifted_at IS NULL;
CREATE INDEX deny_list_address ON deny_list (address_hash) WHERE lifted_at IS NULL;

CREATE TABLE stop_facts (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    contact      INTEGER,
    product      TEXT,
    kind         TEXT NOT NULL,
    happened_at  TEXT NOT NULL,
    known_at     TEXT NOT NULL,
    detail       TEXT NOT NULL,
    CHECK (contact IS NOT NULL OR product IS NOT NULL)
) STRICT;

CREATE INDEX stop_facts_contact ON stop_facts (contact, known_at) WHERE contact IS NOT NULL;
CREATE INDEX stop_facts_product ON stop_facts (product, known_at) WHERE product IS NOT NULL;

CREATE TABLE consent_acts (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    contact      INTEGER NOT NULL,
    channel      TEXT NOT NULL,
    purpose      TEXT NOT NULL,
    sender       TEXT NOT NULL,
    act          TEXT NOT NULL,
    at           TEXT NOT NULL,
    source       TEXT NOT NULL,
    wording      TEXT,
    language     TEXT,
    affirmative  INTEGER NOT NULL CHECK (affirmative IN (0, 1)),
    basis        TEXT,
    proof        TEXT
) STRICT;

CREATE TABLE suppressions (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    address_hash  TEXT NOT NULL,
    channel       TEXT NOT NULL,
    reason        TEXT NOT NULL,
    since         TEXT NOT NULL,
    reversed_at   TEXT
) STRICT;

CREATE UNIQUE INDEX suppressions_once ON suppressions (address_hash, channel, reason) WHERE reversed_at IS NULL;
