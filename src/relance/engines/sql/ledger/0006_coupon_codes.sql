-- A code is given to one contact for one message. Whose code it is follows from what becomes of the message.
CREATE TABLE coupon_codes (
    pool        TEXT NOT NULL,
    code        TEXT NOT NULL,
    expires_on  TEXT,
    state       TEXT NOT NULL DEFAULT 'free' CHECK (state IN ('free', 'reserved', 'issued', 'redeemed', 'withdrawn')),
    scenario    TEXT,
    step        TEXT,
    contact     INTEGER,
    occurrence  TEXT,
    changed_at  TEXT NOT NULL,
    PRIMARY KEY (pool, code),
    UNIQUE (scenario, step, contact, occurrence)
) STRICT;

CREATE INDEX coupon_codes_free ON coupon_codes (pool, code) WHERE state = 'free';

-- It has left, or may have: nobody else may get the same code.
CREATE TRIGGER coupon_is_issued AFTER UPDATE OF state ON outbox WHEN NEW.state IN ('accepted', 'unknown')
BEGIN
    UPDATE coupon_codes SET state = 'issued', changed_at = NEW.updated_at
    WHERE scenario = NEW.scenario AND step = NEW.step AND contact = NEW.contact AND occurrence = NEW.occurrence
      AND state = 'reserved';
END;

-- It surely has not left: the code is free for the next. An edit that is undone brings its messages back, so they
-- keep their codes.
CREATE TRIGGER coupon_is_free_again AFTER UPDATE OF state ON outbox
WHEN NEW.state = 'refused'
  OR (NEW.state = 'cancelled' AND coalesce(NEW.reason, '') NOT IN ('stopped_by_edit', 'withdrawn'))
BEGIN
    UPDATE coupon_codes
    SET state = 'free', scenario = NULL, step = NULL, contact = NULL, occurrence = NULL, changed_at = NEW.updated_at
    WHERE scenario = NEW.scenario AND step = NEW.step AND contact = NEW.contact AND occurrence = NEW.occurrence
      AND state = 'reserved';
END;
