"""A row about to leave and what is known now become the last verdict: leave, or not, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from relance.engines.ledger import UNTIL, Denial, HandOverFacts, Outgoing, StopFact

DEFAULT_STOPS: dict[str, dict[str, str]] = {"marketing": {"ordered": "ordered"}}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`leave` with its context, or the state and reason that end or cancel the row."""

    state: Literal["leave", "refused", "cancelled"]
    reason: str | None
    context: Mapping[str, Any]


def same_address_key(row: Outgoing) -> tuple[str, str, str, date]:
    """What may leave once a day: this scenario and step to this address."""
    return row.key.scenario, row.key.step, row.address_hash, row.local_day


def _denies(denial: Denial, row: Outgoing) -> bool:
    person = denial.contact == row.key.contact or denial.address_hash == row.address_hash
    purpose = row.kind != "transactional" if denial.purpose is None else denial.purpose == row.kind
    channel = denial.channel in (None, row.key.channel)
    return person and purpose and channel and denial.sender in (None, row.sender)


def _stopped(row: Outgoing, stops: tuple[StopFact, ...]) -> str | None:
    heeded = DEFAULT_STOPS.get(row.kind, {}) if row.stops is None else row.stops
    for fact in stops:
        if fact.contact == row.key.contact and fact.known_at > row.created_at and fact.kind in heeded:
            return heeded[fact.kind]
    return None


def _lapsed(row: Outgoing, now: datetime) -> str | None:
    """Why time alone has ended the right to write, where it has."""
    for kind, reason in (row.stops or {}).items():
        if kind.startswith(UNTIL) and now >= datetime.fromisoformat(kind.removeprefix(UNTIL)):
            return reason
    return None


def _gone(row: Outgoing, stops: tuple[StopFact, ...]) -> set[str]:
    """Products that may no longer be shown: bought by this contact, or out of stock at last word."""
    gone: set[str] = set()
    for fact in stops:
        if fact.product is None or fact.known_at <= row.created_at:
            continue
        if fact.kind == "out_of_stock" or (fact.kind == "bought" and fact.contact == row.key.contact):
            gone.add(fact.product)
        elif fact.kind == "in_stock":
            gone.discard(fact.product)
    return gone


def _healed(row: Outgoing, stops: tuple[StopFact, ...]) -> Mapping[str, Any] | None:
    """The context without what is gone; None when nothing is left to show."""
    items = row.context.get("items")
    gone = _gone(row, stops) if items else set()
    if not gone or not items:
        return row.context
    left = [item for item in items if str(item.get("product")) not in gone]
    return {**row.context, "items": left} if left else None


def judge(row: Outgoing, facts: HandOverFacts, now: datetime, left: set[tuple[str, str, str, date]]) -> Verdict:
    """The last word on one row; `left` holds what already left today, this batch included.

    Reasons in the order of the gate: too_late, consent_refused, no_basis, suppressed, the stop's own, nothing_left,
    same_address. A transactional message heeds neither the global opt-out nor same_address.
    """
    if row.fresh_until is not None and now > row.fresh_until:
        return Verdict("refused", "too_late", {})
    if any(_denies(denial, row) for denial in facts.denials):
        return Verdict("refused", "consent_refused", {})
    if reason := _lapsed(row, now):
        return Verdict("refused", reason, {})
    if row.address_hash in facts.suppressed:
        return Verdict("refused", "suppressed", {})
    if reason := _stopped(row, facts.stops):
        return Verdict("cancelled", reason, {})
    context = _healed(row, facts.stops)
    if context is None:
        return Verdict("refused", "nothing_left", {})
    if row.kind != "transactional" and same_address_key(row) in left:
        return Verdict("refused", "same_address", {})
    return Verdict("leave", None, context)
