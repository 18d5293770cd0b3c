-- A sender holds what it took under a lease; its token is never given twice, so a late sender holds nothing any more.
CREATE TABLE leases (
    token    INTEGER PRIMARY KEY AUTOINCREMENT,
    channel  TEXT NOT NULL,
    until    TEXT NOT NULL
) STRICT;

-- A CHECK cannot be changed in place: the outbox is written again, with “leased” among its states.
CREATE TABLE outbox_with_leases (
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
                       ('queued', 'leased', 'handing', 'accepted', 'deferred', 'refused', 'unknown', 'cancelled')),
    reason           TEXT,
    message_id       TEXT,
    attempts         INTEGER NOT NULL DEFAULT 0,
    retry_at         TEXT,
    updated_at       TEXT NOT NULL,
    lease            INTEGER,
    UNIQUE (scenario, step, contact, occurrence, channel)
) STRICT;

INSERT INTO outbox_with_leases SELECT *, NULL FROM outbox;
DROP TABLE outbox;
ALTER TABLE outbox_with_leases RENAME TO outbox;

CREATE INDEX outbox_waiting ON outbox (channel, due_at) WHERE state IN ('queued', 'deferred');
CREATE INDEX outbox_leased ON outbox (channel) WHERE state = 'leased';
CREATE INDEX outbox_handing ON outbox (channel) WHERE state = 'handing';
CREATE INDEX outbox_unknown ON outbox (channel) WHERE state = 'unknown';
CREATE INDEX outbox_contact ON outbox (contact);
CREATE INDEX outbox_address ON outbox (scenario, step, address_hash, local_day);

CREATE TRIGGER outbox_event_on_insert AFTER INSERT ON outbox
BEGIN
    INSERT INTO outbox_events (outbox_id, scenario, step, contact, occurrence, channel, keys, kind, version,
                               sender, local_day, state, reason, at)
    VALUES (NEW.id, NEW.scenario, NEW.step, NEW.contact, NEW.occurrence, NEW.channel, NEW.keys, NEW.kind,
            NEW.version, NEW.sender, NEW.local_day, NEW.state, NEW.reason, NEW.updated_at);
END;

-- To be taken up by a sender and put back is nothing that happened to the message.
CREATE TRIGGER outbox_event_on_state AFTER UPDATE OF state ON outbox
WHEN NEW.state <> 'leased' AND NOT (OLD.state = 'leased' AND NEW.state = 'queued')
BEGIN
    INSERT INTO outbox_events (outbox_id, scenario, step, contact, occurrence, channel, keys, kind, version,
                               sender, local_day, state, reason, at)
    VALUES (NEW.id, NEW.scenario, NEW.step, NEW.contact, NEW.occurrence, NEW.channel, NEW.keys, NEW.kind,
            NEW.version, NEW.sender, NEW.local_day, NEW.state, NEW.reason, NEW.updated_at);
END;
