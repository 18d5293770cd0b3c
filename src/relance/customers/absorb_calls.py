"""Calls kept in the ledger become rows of the star, known from the turn that takes them."""

from __future__ import annotations

import json
from datetime import datetime
from itertools import takewhile

from relance.base.clock import naive_utc
from relance.customers.absorptions import absorbed, mark_absorbed
from relance.customers.relations import scratch
from relance.customers.schema import VAULT
from relance.customers.star import STAR
from relance.customers.tables import BOOKKEEPING, Column
from relance.engines.calling import Call
from relance.engines.ledger import Ledger
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine

_SOURCE, _BATCH = "calls", 20_000


def absorb_calls(engine: Engine, ledger: Ledger, turn: datetime) -> None:
    """Takes the calls made since the last turn, up to this one."""
    if not ledger.calls_since(0, 1):
        return
    done, _ = absorbed(engine, _SOURCE)
    table, last = STAR["calls"], done
    parts = {table.name: table.open_columns, table.name + VAULT: table.vault_columns}
    while calls := list(takewhile(lambda call: call.at <= turn, ledger.calls_since(last, _BATCH))):
        rows = [_row(call, turn) for call in calls]
        for name, columns in parts.items():
            _insert(engine, name, columns, rows)
        last = calls[-1].seq
    if last > done:
        mark_absorbed(engine, _SOURCE, last, 0, turn)


def _insert(engine: Engine, name: str, columns: tuple[Column, ...], rows: list[dict[str, object]]) -> None:
    kinds = {column.name: column.type for column in (*columns, *BOOKKEEPING)}
    engine.load("ledger_calls", kinds, rows)
    engine.insert(name, compiled(engine, ("absorb-calls", name), lambda: scratch("ledger_calls", kinds)))


def _row(call: Call, turn: datetime) -> dict[str, object]:
    return {
        "scenario": call.scenario,
        "call": call.key,
        "contact": call.contact,
        "called_at": naive_utc(call.at),
        "fields": json.dumps(dict(call.fields), ensure_ascii=False, sort_keys=True),
        "known_at": naive_utc(turn),
        "source": 0,
    }
