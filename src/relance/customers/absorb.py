"""Facts born in the ledger become rows of the star: what became of messages, consent acts, suppressions."""

from __future__ import annotations

from datetime import datetime
from itertools import takewhile

import ibis
import ibis.expr.types as ir

from relance.base.clock import naive_utc
from relance.customers.absorb_answers import absorb_calls
from relance.customers.absorptions import absorbed, mark_absorbed
from relance.customers.relations import house_relation, relation, scratch
from relance.customers.schema import HOUSE_TABLES
from relance.customers.star import STAR
from relance.customers.tables import BOOKKEEPING
from relance.engines.ledger import ConsentAct, Ledger, OutboxEvent
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine

ACTS = "consent_acts"
_BATCH = 20_000
_STATES = {**HOUSE_TABLES["message_states"], "local_day": "date", "purpose": "text", "sender": "text"}


def absorb_ledger(engine: Engine, ledger: Ledger, turn: datetime) -> int:
    """Takes what the ledger says since the last turn; answers how many events of the outbox. Known from now on."""
    _absorb_acts(engine, ledger, turn)
    absorb_calls(engine, ledger, turn)
    taken = 0
    last = last_event(engine)
    while events := list(ledger.events_since(last, _BATCH)):
        engine.load("ledger_events", _STATES, [event_row(event, turn) for event in events])
        engine.insert("message_states", compiled(engine, ("absorb-states",), _states))
        engine.insert("touches", compiled(engine, ("absorb-touches",), _touches))
        last = events[-1].seq
        taken += len(events)
    return taken


def _absorb_acts(engine: Engine, ledger: Ledger, turn: datetime) -> None:
    """Consent acts born in the ledger become facts like imported ones."""
    done, _ = absorbed(engine, ACTS)
    table, last = STAR["consent_acts"], done
    columns = {column.name: column.type for column in (*table.open_columns, *BOOKKEEPING)}
    while acts := list(takewhile(lambda act: act.at <= turn, ledger.consent_acts_since(last, _BATCH))):
        engine.load("ledger_acts", columns, [_act(act, turn) for act in acts])
        engine.insert(table.name, compiled(engine, ("absorb-acts",), lambda: scratch("ledger_acts", columns)))
        last = acts[-1].seq
    if last > done:
        mark_absorbed(engine, ACTS, last, 0, turn)


def _act(act: ConsentAct, turn: datetime) -> dict[str, object]:
    return {
        "act_id": f"ledger-{act.seq}",
        "contact": act.contact,
        "happened_at": naive_utc(act.at),
        "channel": act.channel,
        "purpose": act.purpose,
        "sender": act.sender,
        "act": act.act,
        "confirmed": False,
        "origin": act.source,
        "wording": act.wording,
        "language": act.language,
        "affirmative": act.affirmative,
        "basis": act.basis,
        "proof": act.proof,
        "known_at": naive_utc(turn),
        "source": 0,
    }


def last_event(engine: Engine) -> int:
    """The last event of the outbox that the warehouse knows."""
    return int(engine.value(compiled(engine, ("last-event",), _last_event)) or 0)


def _last_event() -> ir.Table:
    states = house_relation("message_states")
    return states.aggregate(last=states["seq"].max())


def message_key(scenario: str, step: str, contact: int, occurrence: str) -> str:
    """The name of a message, as decisions and the outbox share it."""
    return f"{scenario}|{step}|{contact}|{occurrence}"


def event_row(event: OutboxEvent, turn: datetime) -> dict[str, object]:
    """A change of state in the outbox as a row of `message_states`, known from the turn on."""
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
        "happened_at": naive_utc(event.at),
        "links": event.links,
        "pixel": event.pixel,
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
