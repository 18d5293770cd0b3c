"""The world in which a backtest begins: recorded history up to the first turn, set aside in tables of its own."""

from __future__ import annotations

from datetime import datetime, timedelta

import ibis
import ibis.expr.types as ir

from relance.base.clock import naive_utc
from relance.base.zones import local_day
from relance.customers.installation import Installation
from relance.customers.relations import house_relation, relation
from relance.customers.schema import HOUSE_TABLES, PAST
from relance.customers.tables import BOOKKEEPING, SUPERSEDED, Table
from relance.engines.warehouse import Engine

BEFORE = "before:"  # begins the scenario of a touch that was made before the backtest: it counts for caps alone
_LATER_THAN_NOW = {"erased", "absorptions"}  # these say how the facts came, not what was done with them
_ANSWERS = ("touches", "reactions")  # what came of messages that really left
_FOREVER = datetime(9999, 12, 31)


def begin(place: Installation, first: datetime, continued: bool, lived: bool) -> None:
    """Hides every table that turns write behind a scratch table of what was recorded before the first turn.

    continued: earlier decisions and journeys stand; else only the touches that caps still count. lived: what became
    of the messages of this very span is kept too, for a replay reads it.
    """
    engine = place.engine
    for name, columns in HOUSE_TABLES.items():
        if "at" in columns and name not in _LATER_THAN_NOW and not (lived and name == "message_states"):
            engine.keep(name, _before(name, "at", first))
    engine.keep("segment_members", _stays(first))
    if not continued:
        _forget(place, first)
    if not lived:
        for name in _ANSWERS:
            _unlearn(engine, place.tables[name], first)


def _before(name: str, column: str, first: datetime) -> ir.Table:
    rows = house_relation(name)
    return rows.filter(rows[column] < _instant(first))


def _stays(first: datetime) -> ir.Table:
    rows = _before("segment_members", "entered_at", first)
    return rows.mutate(left_at=ibis.ifelse(rows["left_at"] < _instant(first), rows["left_at"], ibis.null()))


def _forget(place: Installation, first: datetime) -> None:
    """No journeys, no turns, and of decisions the touches: under another name, so that only caps see them."""
    for name in ("journeys", "turns", "draws"):
        place.engine.load(name, HOUSE_TABLES[name], [])
    days = place.settings.pressure.days + 2  # the contact's own date may be another than the brand's
    rows = house_relation("decisions")
    rows = rows.filter(rows["outcome"] == "send", rows["purpose"] == "marketing")
    rows = rows.filter(rows["day"] > local_day(first, place.zone) - timedelta(days=days))
    rows = rows.mutate(scenario=ibis.literal(BEFORE) + rows["scenario"])
    place.engine.keep("earlier", rows.select(*HOUSE_TABLES["decisions"]))
    place.engine.keep("decisions", "FROM earlier")


def _unlearn(engine: Engine, table: Table, first: datetime) -> None:
    """Rows that became known from the first turn on are gone, and what they superseded stands."""
    columns = (*table.open_columns, *BOOKKEEPING)
    now = relation(table.name, columns)
    was = relation(table.name + PAST, (*columns, SUPERSEDED))
    was = was.filter(was["known_at"] < _instant(first))
    ends = ibis.ifelse(was["superseded_at"] < _instant(first), was["superseded_at"], ibis.literal(_FOREVER))
    engine.keep(table.name, now.filter(now["known_at"] < _instant(first)))
    engine.keep(table.name + PAST, was.mutate(superseded_at=ends.cast("timestamp(6)")))


def _instant(moment: datetime) -> ir.Value:
    return ibis.literal(naive_utc(moment), type="timestamp(6)")
