"""Facts born in the ledger become rows of the star: what became of messages, consent acts, suppressions."""

from __future__ import annotations

from datetime import datetime

import ibis
import ibis.expr.types as ir

from relance.base.clock import naive_utc
from relance.customers.relations import house_relation, relation, scratch
from relance.customers.schema import HOUSE_TABLES
from relance.customers.star import STAR
from relance.engines.ledger import Ledger, OutboxEvent
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine

_BATCH = 20_000
_STATES = {**HOUSE_TABLES["message_states"], "local_day": "date", "purpose": "text", "sender": "text"}


def absorb_ledger(engine: Engine, ledger: Ledger, turn: datetime) -> int:
    """Takes every event of the outbox since the last one taken; answers how many. Known from this turn on."""
    taken = 0
    last = last_event(engine)
    while events := list(ledger.events_since(last, _BATCH)):
        engine.load("ledger_events", _STATES, [_row(event, turn) for event in events])
        engine.insert("message_states", compiled(engine, ("absorb-states",), _states))
        engine.insert("touches", compiled(engine, ("absorb-touches",), _touches))
        last = events[-1].seq
        taken += len(events)
    return taken


def last_event(engine: Engine) -> int:
    """The last event of the outbox that the warehouse knows."""
    return int(engine.value(compiled(engine, ("last-event",), _last_event)) or 0)


def _last_event() -> ir.Table:
    states = house_relation("message_states")
    return states.aggregate(last=states["seq"].max())


def message_key(scenario: str, step: str, contact: int, occurrence: str) -> str:
    """The name of a message, as decisions and the outbox share it."""
    return f"{scenario}|{step}|{contact}|{occurrence}"


def _row(event: OutboxEvent, turn: datetime) -> dict[str, object]:
    key = event.key
    return {
        "message_key": message_key(key.scenario, key.step, key.contact, key.occurrence),
        "scenario": key.scenario,
        "step": key.step,
        "contact": key.contact,
        "occurrence": key.occurrence,
        "channel": key.channel,
        "state": event.state,
        "reason": event.reason,
        "at": naive_utc(turn),
        "seq": event.seq,
        "local_day": event.local_day,
        "purpose": event.kind,
        "sender": event.sender,
    }


def _states() -> ir.Table:
    return scratch("ledger_events", _STATES).select(*HOUSE_TABLES["message_states"])


def _touches() -> ir.Table:
    """A marketing message accepted, or whose outcome is unknown, has touched its contact."""
    states = scratch("ledger_events", _STATES)
    made = states.filter(states["state"].isin(["accepted", "unknown"]), states["purpose"] == "marketing")
    key = ["scenario", "step", "contact", "occurrence", "channel"]
    made = made.distinct(on=key, keep="first")
    kept = relation("touches", STAR["touches"].open_columns)
    made = made.anti_join(kept, key)
    instant = ibis.null("timestamp(6)")
    return made.select(
        *key,
        "purpose",
        "sender",
        "state",
        happened_at="at",
        day="local_day",
        known_at="at",
        period=instant,
        source=ibis.literal(0).cast("int64"),
    )
