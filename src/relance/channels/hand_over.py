"""A row about to leave and what is known now become the last verdict: leave, or not, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from relance.engines.ledger import DEARER, UNTIL, Denial, HandOverFacts, Outgoing, StopFact

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
        if fact.product is not None:
            continue  # it takes a product out of the message, see `_healed`
        if fact.contact == row.key.contact and fact.known_at > row.created_at and fact.kind in heeded:
            return heeded[fact.kind]
    return None


def _lapsed(row: Outgoing, now: datetime) -> str | None:
    """Why time alone has ended the right to write, where it has."""
    for kind, reason in (row.stops or {}).items():
        if kind.startswith(UNTIL) and now >= datetime.fromisoformat(kind.removeprefix(UNTIL)):
            return reason
    return None


def _gone(row: Outgoing, stops: tuple[StopFact, ...]) -> dict[str, str]:
    """Products that may no longer be shown: bought by this contact, or out of stock at last word; and which of both."""
    gone: dict[str, str] = {}
    for fact in stops:
        if fact.product is None or fact.known_at <= row.created_at:
            continue
        if fact.kind == "out_of_stock" or (fact.kind == "bought" and fact.contact == row.key.contact):
            gone[fact.product] = fact.kind
        elif fact.kind == "in_stock" and gone.get(fact.product) == "out_of_stock":
            del gone[fact.product]
    return gone


def _dearer(row: Outgoing, stops: tuple[StopFact, ...], now: datetime) -> dict[str, str]:
    """Products that by now cost more than the message prints, where the message is about its prices."""
    if DEARER not in (row.stops or {}):
        return {}
    gone: dict[str, str] = {}
    for item in row.context.get("items") or ():
        product, until = str(item.get("product")), item.get("good_until")
        facts = (fact for fact in stops if fact.kind == DEARER and fact.product == product and fact.happened_at <= now)
        risen = any(fact.known_at > row.created_at and _above(fact, item) for fact in facts)
        if risen or (until and datetime.fromisoformat(until) <= now):
            gone[product] = DEARER
    return gone


def _above(fact: StopFact, item: Mapping[str, Any]) -> bool:
    same = fact.detail.get("currency") in (None, item.get("currency"))
    return same and Decimal(fact.detail["amount"]) > Decimal(str(item.get("price")))


def _healed(row: Outgoing, stops: tuple[StopFact, ...], now: datetime) -> tuple[Mapping[str, Any] | None, str | None]:
    """The context without what is gone; None when nothing is left to show, and what took it away."""
    items = row.context.get("items")
    if not items:
        return row.context, None
    gone = _gone(row, stops) | _dearer(row, stops, now)
    left = [item for item in items if str(item.get("product")) not in gone]
    if len(left) == len(items):
        return row.context, None
    return ({**row.context, "items": left}, None) if left else (None, gone[str(items[0].get("product"))])


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
    context, taken = _healed(row, facts.stops, now)
    if context is None:
        own = (row.stops or {}).get(taken or "")
        return Verdict("cancelled", own, {}) if own else Verdict("refused", "nothing_left", {})
    if row.kind != "transactional" and same_address_key(row) in left:
        return Verdict("refused", "same_address", {})
    return Verdict("leave", None, context)
