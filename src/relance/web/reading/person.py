"""A contact's number becomes who they are, what they bought, and what they agreed to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from relance.base.clock import naive_utc
from relance.base.ids import normal_address
from relance.customers.installation import Installation
from relance.web.reading.kept import decided, kept
from relance.web.voice import Voice

_PROFILE = """
    SELECT c.contact, c.kind, c.language, c.joined_on, c.store, s.name AS store_name, s.city AS store_city,
        v.own_id, v.first_name, v.last_name, v.email, v.city
    FROM contacts AS c SEMI JOIN asked AS a ON c.contact = a.contact
    LEFT JOIN contacts_vault AS v ON v.contact = c.contact LEFT JOIN stores AS s ON s.store = c.store
"""
_SPENT = """
    SELECT currency, count(*) AS number, sum(amount) AS amount, max(placed_at) AS latest
    FROM orders SEMI JOIN sides USING (contact) WHERE valid GROUP BY currency ORDER BY currency
"""
_ACTS = """
    SELECT channel, purpose, act, happened_at, expires_at, origin FROM (
        SELECT *, row_number() OVER (PARTITION BY channel, purpose ORDER BY happened_at DESC, act <> 'granted' DESC)
            AS place
        FROM consent_acts SEMI JOIN sides USING (contact)) WHERE place = 1 ORDER BY channel, purpose
"""
_FOUND = """
    SELECT v.contact, v.own_id, v.first_name, v.last_name, v.email FROM contacts_vault AS v
    SEMI JOIN asked AS a ON v.own_id = a.asked OR lower(trim(v.email)) = a.address ORDER BY v.own_id LIMIT 50
"""
_RECENT = """
    SELECT DISTINCT contact FROM decisions WHERE "at" = (SELECT max("at") FROM decisions) AND contact IS NOT NULL
    ORDER BY contact LIMIT 8
"""
_NAMED = """
    SELECT v.contact, v.own_id, v.first_name, v.last_name, v.email FROM contacts_vault AS v
    SEMI JOIN recent USING (contact) ORDER BY v.own_id
"""
_ICONS = {"email": "mail", "sms": "phone", "push": "bell", "print": "file"}


@dataclass(frozen=True)
class Consent:
    """state is yes, no or lapsed."""

    icon: str
    channel: str
    about: str
    state: str


def search(place: Installation, asked: str) -> list[dict[str, Any]]:
    """Contacts with this own id or e-mail address, whole; at most 50."""
    row = {"asked": asked.strip(), "address": normal_address(asked)}
    place.engine.load("asked", {"asked": "text", "address": "text"}, [row])
    return place.engine.rows(_FOUND)


def recent(place: Installation) -> list[dict[str, Any]]:
    """A few of those whom the last turn decided about."""
    contacts = kept(place, "recent", decided(place), lambda: place.engine.rows(_RECENT))
    place.engine.load("recent", {"contact": "integer"}, contacts)
    return place.engine.rows(_NAMED)


def profile(place: Installation, contact: int) -> dict[str, Any] | None:
    """The row of a contact, its vault and its shop; lays out `sides`, all contacts that are this person."""
    place.engine.load("asked", {"contact": "integer"}, [{"contact": contact}])
    others = place.engine.rows('SELECT a.contact FROM aliases AS a JOIN asked AS q ON a."into" = q.contact')
    sides = sorted({contact, *(row["contact"] for row in others)})
    place.engine.load("sides", {"contact": "integer"}, [{"contact": each} for each in sides])
    rows = place.engine.rows(_PROFILE)
    return {**rows[0], "sides": len(sides)} if rows else None


def merged_into(place: Installation, contact: int) -> int | None:
    """The contact that this one turned out to be."""
    place.engine.load("asked", {"contact": "integer"}, [{"contact": contact}])
    found: int | None = place.engine.value('SELECT a."into" FROM aliases AS a SEMI JOIN asked USING (contact)')
    return found


def spent(place: Installation) -> list[dict[str, Any]]:
    """number, amount and latest of the valid orders of `sides`, by currency."""
    return place.engine.rows(_SPENT)


def consents(place: Installation, now: datetime, voice: Voice) -> list[Consent]:
    """The latest act of `sides` for each channel and purpose."""
    return [_consent(row, now, voice) for row in place.engine.rows(_ACTS)]


def _consent(row: Mapping[str, Any], now: datetime, voice: Voice) -> Consent:
    lapsed = row["expires_at"] is not None and row["expires_at"] <= naive_utc(now)
    state = "no" if row["act"] != "granted" else "lapsed" if lapsed else "yes"
    named = ", ".join([voice.known("channel", row["channel"]), voice.known("purpose", row["purpose"])])
    about = voice.day(row["happened_at"])
    if row["origin"]:
        about = voice.say("consent.from", origin=str(row["origin"]), at=about)
    return Consent(_ICONS.get(row["channel"], "mail"), named, about, state)
