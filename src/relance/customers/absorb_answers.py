"""How calls to a shop's own systems ended becomes rows of the star: their results, and the values answers set."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial

import ibis.expr.types as ir

from relance.base.clock import naive_utc
from relance.customers.absorptions import absorbed, mark_absorbed
from relance.customers.relations import scratch
from relance.customers.schema import VAULT
from relance.customers.star import STAR
from relance.customers.tables import BOOKKEEPING, Column
from relance.engines.ledger import Ledger
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine
from relance.engines.webhooks import EndedCall

CALLS = "webhook_calls"
RESULTS, VALUES = "webhook_results", "contact_values"
_ENDED = ("done", "failed")


def absorb_calls(engine: Engine, ledger: Ledger, turn: datetime) -> None:
    """Takes the calls that have ended since; seen by this turn."""
    if not ledger.ended_calls_since(0, limit=1):
        return  # most shops have no webhook, and every question to the warehouse costs as much as a hundred of these
    done, _ = absorbed(engine, CALLS)
    last = done
    while calls := ledger.ended_calls_since(last):
        ended = [call for call in calls if call.state in _ENDED]
        _add(engine, RESULTS, [_result(call, turn) for call in ended])
        _add(engine, VALUES, [row for call in ended for row in _values(call, turn)])
        last = calls[-1].seq
    if last > done:
        mark_absorbed(engine, CALLS, last, 0, turn)


def _add(engine: Engine, name: str, rows: list[dict[str, object]]) -> None:
    """Into the open part of a table, and into its vault where it has one."""
    table = STAR[name]
    parts = {name: table.open_columns, name + VAULT: table.vault_columns}
    for part, columns in parts.items():
        if rows and columns:
            kinds = _kinds(columns)
            engine.load("ended_calls", kinds, rows)
            engine.insert(part, compiled(engine, ("ended-calls", part), partial(_loaded, kinds)))


def _kinds(columns: tuple[Column, ...]) -> dict[str, str]:
    return {column.name: column.type for column in (*columns, *BOOKKEEPING)}


def _loaded(kinds: dict[str, str]) -> ir.Table:
    rows: ir.Table = scratch("ended_calls", kinds)
    return rows


def _result(call: EndedCall, turn: datetime) -> dict[str, object]:
    key, at = call.key, naive_utc(turn)
    return {
        "result": f"{key.scenario}/{key.step}/{key.contact}/{key.occurrence}",
        "contact": key.contact,
        "ended_at": at,
        "scenario": key.scenario,
        "step": key.step,
        "occurrence": key.occurrence,
        "state": call.state,
        "reason": call.reason,
        "known_at": at,
        "period": at,
        "source": 0,
    }


def _values(call: EndedCall, turn: datetime) -> Iterator[dict[str, object]]:
    at = naive_utc(turn)
    for attribute, value in sorted(call.answer.items()):
        key = call.key
        yield {
            "setting": f"{key.contact}/{attribute}/{key.scenario}/{key.step}/{key.occurrence}",
            "contact": key.contact,
            "set_at": at,
            "attribute": attribute,
            "scenario": key.scenario,
            "value": value,
            "known_at": at,
            "period": at,
            "source": 0,
        }
