"""A scenario and a reason become the people behind the number, the latest decided first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from relance.customers.installation import Installation

OUTCOMES = ("sent", "queued", "held_out", "deferred", "waiting", "ended", "failed", "unknown", "cancelled")
_OUTBOX = {
    "queued": ("queued", "deferred", "handing"),
    "failed": ("refused",),
    "unknown": ("unknown",),
    "cancelled": ("cancelled",),
}
_ASKED = {"scenario": "text", "outcome": "text", "reason": "text"}
_ELSEWHERE = {"step": "text", "contact": "integer", "occurrence": "text"}
_LAST = """
    WITH last AS (
        SELECT d.step, d.contact, d.visitor, d.occurrence, d.outcome, d.reason, d."at" AS decided, row_number() OVER (
            PARTITION BY d.step, d.contact, d.visitor, d.occurrence ORDER BY d."at" DESC) AS place
        FROM decisions AS d SEMI JOIN asked AS a ON d.scenario = a.scenario),
    those AS (
        SELECT l.* FROM last AS l
        SEMI JOIN asked AS a ON l.outcome = a.outcome AND (a.reason IS NULL OR l.reason = a.reason)
        WHERE l.place = 1)
"""
_NAMED = """
    SELECT t.contact, t.decided, v.own_id, v.first_name, v.last_name, count(*) OVER () AS number
    FROM those AS t LEFT JOIN contacts_vault AS v ON v.contact = t.contact
"""


@dataclass(frozen=True)
class Decided:
    """One of them; `contact` is empty for an anonymous visitor. `decided` is naive UTC."""

    contact: int | None
    name: str
    own_id: str
    decided: datetime


def people_of(place: Installation, scenario: str, code: str, start: int, most: int) -> tuple[list[Decided], int]:
    """One page of them, and how many there are."""
    in_outbox = code == "sent" or code in _OUTBOX
    outcome = "send" if in_outbox else code if code in OUTCOMES else "refused"
    reason = None if in_outbox or code in OUTCOMES else code
    place.engine.load("asked", _ASKED, [{"scenario": scenario, "outcome": outcome, "reason": reason}])
    joined = ""
    if in_outbox:
        _lay_elsewhere(place, scenario, code)
        kind = "ANTI" if code == "sent" else "SEMI"
        joined = (
            f"{kind} JOIN elsewhere AS e ON t.step = e.step AND t.contact = e.contact AND t.occurrence = e.occurrence"
        )
    order = f"ORDER BY t.decided DESC, v.own_id LIMIT {int(most)} OFFSET {int(start)}"
    rows = place.engine.rows(f"{_LAST} {_NAMED} {joined} {order}")
    people = [
        Decided(
            row["contact"],
            name_of(row),
            row["own_id"] or "",
            row["decided"],
        )
        for row in rows
    ]
    return people, rows[0]["number"] if rows else 0


def name_of(row: Mapping[str, Any]) -> str:
    """First and last name, as far as they are known; else the shop's own id."""
    return " ".join(part for part in (row["first_name"], row["last_name"]) if part) or row["own_id"] or ""


def _lay_elsewhere(place: Installation, scenario: str, code: str) -> None:
    """Keys of the outbox in one state; for what was sent, the keys that were not."""
    states = _OUTBOX.get(code) or tuple(state for group in _OUTBOX.values() for state in group)
    rows = [row.outgoing for row in place.ledger.outbox(states=states) if row.outgoing.key.scenario == scenario]
    keys = [
        {"step": row.key.step, "contact": row.key.contact, "occurrence": occurrence}
        for row in rows
        for occurrence in row.keys
    ]
    place.engine.load("elsewhere", _ELSEWHERE, keys)
