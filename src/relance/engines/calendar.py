"""A time zone goes in; a scratch table of its days comes out, by which local times become instants."""

from __future__ import annotations

from datetime import datetime
from weakref import WeakKeyDictionary

from relance.base.ids import digest
from relance.base.zones import local_spans, offset_spans
from relance.engines.duckdb import DuckEngine

FIRST, LAST = datetime(1900, 1, 1), datetime(2101, 1, 1)
DAYS = {"day": "date", "since": "instant", "until": "instant", "shift": "integer", "instant": "instant"}
_MADE: WeakKeyDictionary[DuckEngine, set[str]] = WeakKeyDictionary()
_SPANS = {name: kind for name, kind in DAYS.items() if name != "day"}


def keep_local_days(engine: DuckEngine, zone: str) -> str:
    """(day, since, until, shift, instant) for each local day from 1900 to 2100; answers the table's name.

    Made once per engine; call it outside of a transaction, so that it is not undone with one.

    A local time in [since, until) of its day means `time - shift seconds`, or `instant` where it is given.
    """
    return _keep(engine, "local_days_" + digest(zone), [vars(span) for span in local_spans(zone)])


def keep_offset_days(engine: DuckEngine, zone: str) -> str:
    """The same for instants: at an instant in [since, until) clocks show `instant + shift seconds`."""
    return _keep(engine, "offset_days_" + digest(zone), [vars(span) for span in offset_spans(zone)])


def _keep(engine: DuckEngine, name: str, spans: list[dict[str, object]]) -> str:
    made = _MADE.setdefault(engine, set())
    if name in made:
        return name
    engine.load("zone_spans", _SPANS, [{**span, "shift": span["offset"]} for span in spans])
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT unnest(range("
        f"date_trunc('day', greatest(since, TIMESTAMP '{FIRST}')), least(until, TIMESTAMP '{LAST}'), INTERVAL 1 DAY"
        "))::DATE AS day, since, until, shift, instant FROM zone_spans"
    )
    made.add(name)
    return name
