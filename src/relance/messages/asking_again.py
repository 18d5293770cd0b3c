"""Messages that wait are asked their stop conditions again when a file has come; those that now hold cancel them.

New orders and refusals have a narrow fact that senders read by themselves (`stopping`). Whatever else a stop
condition may read (refunds, reviews, a table of the shop's own) is asked here, exactly, before the file is
acknowledged. A condition over the last so many days also changes without a file; the next turn asks it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import ibis.expr.types as ir

from relance.audiences.criteria import Count, Criteria, days_needed, leaves, parse_criteria
from relance.audiences.evidence import table_of
from relance.audiences.probes import PROBES, observe
from relance.base.clock import naive_utc
from relance.customers.relations import View, house_relation, relation, scratch, view_mark
from relance.customers.tables import Table
from relance.engines.ledger import Ledger, OutboxKey
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine
from relance.scenarios.running import stored_version
from relance.scenarios.versions import Version

_ASKED: Mapping[str, str] = {
    "probe": "integer",
    "scenario": "text",
    "contact": "integer",
    "occurrence": "text",
    "as_of": "instant",
}


def cancel_stopped(
    engine: Engine, ledger: Ledger, tables: Mapping[str, Table], filled: Collection[str], known_at: datetime
) -> int:
    """Cancels, with the condition's name, each waiting message that a row of these tables stops; how many."""
    cancelled = 0
    for name, number in ledger.waiting_versions():
        version = stored_version(ledger, name, number)
        if asked := list(_stops_reading(version, filled)):
            keys = ledger.waiting_keys(name, number)
            view = View(tables, merged=bool(engine.value(_merges(tables))))
            _lay_probes(engine, keys, known_at)
            cancelled += sum(_cancel(engine, ledger, version, view, stop, keys, known_at) for stop in asked)
    return cancelled


def _stops_reading(version: Version, filled: Collection[str]) -> Iterator[str]:
    """Stop conditions that a row of these tables may make true, but for those that a new order says by itself."""
    for name, tree in version.scenario.stop.items():
        criteria = parse_criteria(tree)
        questions = [node for _, node in leaves(criteria)]
        read = not days_needed(criteria) and any(table_of(node) in filled for node in questions)
        if read and not all(map(_said_by_an_order, questions)):
            yield name


def _said_by_an_order(node: Criteria) -> bool:
    return isinstance(node, Count) and node.count == "orders" and node.where == "valid"


def _lay_probes(engine: Engine, keys: Sequence[OutboxKey], known_at: datetime) -> None:
    """A probe for each message, with the fact that began its journey."""
    asked: list[dict[str, Any]] = [
        {
            "probe": number,
            "scenario": key.scenario,
            "contact": key.contact,
            "occurrence": key.occurrence,
            "as_of": naive_utc(known_at),
        }
        for number, key in enumerate(keys)
    ]
    engine.load("asked_again", _ASKED, asked)
    engine.keep("probes", compiled(engine, ("asked-again",), _probes))


def _probes() -> ir.Table:
    asked, journeys = scratch("asked_again", _ASKED), house_relation("journeys")
    facts = journeys.group_by("scenario", "contact", "occurrence").agg(
        fact_at=journeys["fact_at"].max(), fact_day=journeys["fact_day"].max(), subject=journeys["subject"].max()
    )
    rows = asked.inner_join(facts, ["scenario", "contact", "occurrence"])
    return rows.mutate(known=rows["as_of"]).select(*PROBES)


def _cancel(
    engine: Engine, ledger: Ledger, version: Version, view: View, stop: str, keys: Sequence[OutboxKey], at: datetime
) -> int:
    def build() -> ir.Table:
        criteria = parse_criteria(version.scenario.stop[stop])
        seen = observe(criteria, scratch("probes", PROBES), view).rows
        return seen.filter(seen["verdict"]).select("probe")

    found = engine.rows(compiled(engine, ("stopped-again", version.mark, stop, view_mark(view)), build))
    return ledger.cancel_keys([keys[row["probe"]] for row in found], stop, at) if found else 0


def _merges(tables: Mapping[str, Table]) -> ir.Table:
    return relation("aliases", tables["aliases"].open_columns).count().as_table()
