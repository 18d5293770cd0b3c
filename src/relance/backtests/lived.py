"""Whether a span was lived: its recorded turns, where each asked for the same scenarios in the same versions."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import ibis.expr.types as ir

from relance.backtests.asked import Asked
from relance.base.clock import naive_utc
from relance.base.zones import local_day, to_instant
from relance.customers.relations import house_relation, scratch
from relance.customers.schema import HOUSE_TABLES
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine

_COMPARED = ("at", "scenario", "contact", "visitor", "occurrence", "step", "outcome", "reason")
_SHOWN = 50


def lived_turns(engine: Engine, asked: Asked, zone: str) -> list[datetime]:
    """Instants of the turns to replay; empty where a date had none, or a turn ran other versions or scenarios."""
    wanted = {each.name: each.number for each in asked.every}
    begins = to_instant(asked.first, time(0, 0), zone)
    ends = to_instant(asked.last + timedelta(days=1), time(0, 0), zone)
    found: list[datetime] = []
    for row in engine.rows(compiled(engine, ("turn-reports",), _turn_reports)):
        at = row["at"].replace(tzinfo=UTC)
        if at >= ends:
            continue
        ran = {one["id"]: one["version"] for one in json.loads(row["report"])["scenarios"]}  # the newest is the last
        if at < begins:
            if not asked.continued and ran.keys() & wanted.keys():
                return []  # it was under way before, so beginning here is another story
            continue
        if ran != wanted:
            return []
        found.append(at)
    dates: set[date] = {local_day(at, zone) for at in found}
    whole = len(dates) == (asked.last - asked.first).days + 1
    return sorted(found) if whole else []


def keep_lived(engine: Engine, first: datetime, last: datetime) -> None:
    """Keeps what was recorded of the span as scratch `lived`, before it is hidden."""
    made = house_relation("decisions")
    span = [made["at"] >= naive_utc(first), made["at"] <= naive_utc(last)]
    engine.keep("lived", made.filter(*span).select(*_COMPARED))


def differences(engine: Engine, first: datetime) -> dict[str, Any]:
    """Where the replay and what was lived part: rows of one side alone, counted, and the first of each."""
    walked = house_relation("decisions")
    walked = walked.filter(walked["at"] >= naive_utc(first)).select(*_COMPARED)
    lived = scratch("lived", {name: HOUSE_TABLES["decisions"][name] for name in _COMPARED})
    missing, added = lived.difference(walked), walked.difference(lived)
    return {
        "missing": int(engine.value(missing.aggregate(n=missing.count())) or 0),
        "added": int(engine.value(added.aggregate(n=added.count())) or 0),
        "rows": _first(engine, missing, "missing") + _first(engine, added, "added"),
    }


def _first(engine: Engine, rows: ir.Table, side: str) -> list[dict[str, Any]]:
    found = engine.rows(rows.order_by(*_COMPARED).limit(_SHOWN))
    return [{"side": side} | row | {"at": row["at"].isoformat()} for row in found]


def _turn_reports() -> ir.Table:
    turns = house_relation("turns")
    return turns.filter(turns["kind"] == "run").select("at", "report")
