"""A contact's orders, carts and messages become one history, the latest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from relance.base.clock import naive_utc
from relance.customers.installation import Installation
from relance.engines.ledger import OutboxRow
from relance.web.voice import Voice

MOST = 60
_FEW = 3
# The lines of the few rows shown, found by the contact: the tables are long, and nobody's alone is.
_ORDERS = f"""
    WITH own AS (
        SELECT o.order_id, o.placed_at, o.amount, o.currency, o.valid FROM orders AS o SEMI JOIN sides USING (contact)
        ORDER BY o.placed_at DESC LIMIT {MOST}),
    lines AS (SELECT l.order_id, l.product FROM order_lines AS l SEMI JOIN sides USING (contact))
    SELECT own.*, count(l.order_id) AS number, list(DISTINCT p.title) AS titles
    FROM own LEFT JOIN lines AS l USING (order_id) LEFT JOIN products AS p USING (product) GROUP BY ALL
    ORDER BY own.placed_at DESC
"""
_CARTS = f"""
    WITH own AS (
        SELECT c.cart, c.touched_at FROM carts AS c SEMI JOIN sides USING (contact)
        ORDER BY c.touched_at DESC LIMIT {MOST})
    SELECT own.*, count(l.line) AS number, list(DISTINCT p.title) AS titles
    FROM own LEFT JOIN cart_lines AS l USING (cart) LEFT JOIN products AS p USING (product) GROUP BY ALL
    ORDER BY own.touched_at DESC
"""
_DECISIONS = f"""
    SELECT d."at" AS decided, d.scenario, d.step, d.occurrence, d.outcome, d.reason, d.message_key, d.contact
    FROM decisions AS d SEMI JOIN sides USING (contact) ORDER BY d."at" DESC LIMIT {MOST}
"""
_REACTIONS = """
    SELECT message_key, kind, min(happened_at) AS first FROM reactions SEMI JOIN sides USING (contact)
    WHERE coalesce(verdict, 'human') = 'human' GROUP BY ALL ORDER BY first
"""
_OUTCOMES = {
    "refused": "event.not_sent",
    "held_out": "event.held_out",
    "deferred": "event.put_off",
    "waiting": "event.waiting",
    "ended": "event.ended",
}


@dataclass(frozen=True)
class Event:
    """kind is order, cart, message or quiet (a message that was not sent). `at` is naive UTC."""

    at: datetime
    kind: str
    icon: str
    title: str
    about: str = ""
    amount: str = ""
    link: str = ""


def history_of(place: Installation, contact: int, titles: Mapping[str, str], voice: Voice, show: str) -> list[Event]:
    """titles: of scenarios, by name. show: all, orders, carts or messages. Scratch table `sides` says who it is."""
    found: list[Event] = []
    if show in ("all", "orders"):
        found += [_order(row, voice) for row in place.engine.rows(_ORDERS)]
    if show in ("all", "carts"):
        found += [_cart(row, voice) for row in place.engine.rows(_CARTS)]
    if show in ("all", "messages"):
        found += _messages(place, contact, titles, voice)
    return sorted(found, key=lambda event: event.at, reverse=True)[:MOST]


def _order(row: Mapping[str, Any], voice: Voice) -> Event:
    title = voice.say("event.order" if row["valid"] else "event.order.void", key=row["order_id"])
    amount = voice.money(row["amount"], row["currency"]) if row["amount"] is not None and row["currency"] else ""
    return Event(row["placed_at"], "order", "receipt", title, _things(row, voice), amount)


def _cart(row: Mapping[str, Any], voice: Voice) -> Event:
    return Event(row["touched_at"], "cart", "cart", voice.say("event.cart", n=row["number"] or 0), _things(row, voice))


def _things(row: Mapping[str, Any], voice: Voice) -> str:
    """A few titles and how many more; the number alone where no title is known."""
    titles = sorted(title for title in row["titles"] or () if title)
    if not titles:
        return voice.say("event.things", n=row["number"]) if row["number"] else ""
    more = len(titles) - _FEW
    return ", ".join([*titles[:_FEW], *([voice.say("event.more", n=more)] if more > 0 else [])])


def _messages(place: Installation, contact: int, titles: Mapping[str, str], voice: Voice) -> Iterator[Event]:
    rows = place.engine.rows(_DECISIONS)
    outbox = {
        (row.outgoing.key.scenario, row.outgoing.key.step, occurrence): row
        for side in {row["contact"] for row in rows} | {contact}
        for row in place.ledger.outbox(contact=side)
        for occurrence in row.outgoing.keys
    }
    reactions: dict[str, list[Mapping[str, Any]]] = {}
    for row in place.engine.rows(_REACTIONS):
        reactions.setdefault(row["message_key"], []).append(row)
    for row in rows:
        title = titles.get(row["scenario"], row["scenario"])
        link = f"?scenario={row['scenario']}&at={row['decided']:%Y-%m-%dT%H:%M:%S}Z"
        if row["outcome"] != "send":
            why = voice.reason(row["reason"]) if row["outcome"] in ("refused", "deferred") and row["reason"] else ""
            yield Event(
                row["decided"], "quiet", "dash", voice.say(_OUTCOMES[row["outcome"]], title=title), why, "", link
            )
            continue
        sent = outbox.get((row["scenario"], row["step"], row["occurrence"]))
        about = _fate(sent, reactions.get(row["message_key"], ()), voice)
        yield Event(_left(sent) or row["decided"], "message", "mail", title, about, "", link)


def _left(sent: OutboxRow | None) -> datetime | None:
    return naive_utc(sent.updated_at) if sent else None


def _fate(sent: OutboxRow | None, reactions: Sequence[Mapping[str, Any]], voice: Voice) -> str:
    if sent is None:
        return voice.say("event.decided")
    why = voice.reason(sent.reason or "").lower()
    said = [voice.say(f"state.{sent.state}", why=why)]
    said += [voice.say(f"reaction.{row['kind']}", at=row["first"]) for row in reactions]
    return ", ".join(said)
