"""Instants come in, their wall times and dates in the brand's zone go out, and back, told from a table of clocks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from relance.base.zones import local_spans, offset_spans
from relance.customers.relations import scratch

# The clocks of the brand's zone, so that the engine can tell local dates. `local`: a span of wall times.
ZONE_SPANS: Mapping[str, str] = {
    "local": "boolean",
    "since": "instant",
    "until": "instant",
    "shift": "integer",
    "instant": "instant",
}


def zone_rows(zone: str) -> list[dict[str, Any]]:
    """The rows of scratch table `zone_spans`."""
    rows = [{"local": False, "instant": None} | _span(span) for span in offset_spans(zone)]
    return rows + [{"local": True, "instant": span.instant} | _span(span) for span in local_spans(zone)]


def _span(span: Any) -> dict[str, Any]:
    return {"since": span.since, "until": span.until, "shift": span.offset}


def with_local_date(rows: ir.Table, instant: str, name: str) -> ir.Table:
    """The rows with the brand's local date of an instant. Needs scratch `zone_spans`."""
    walls = with_wall(rows, instant, "wall")
    return walls.mutate(**{name: walls["wall"].date()}).drop("wall")


def with_start_of_day(rows: ir.Table, name: str, start: str = "fact_day") -> ir.Table:
    """The rows with the first instant of a local date. Needs scratch `zone_spans`."""
    midnights = rows.mutate(midnight=rows[name].cast("timestamp(6)"))
    return with_instant(midnights, "midnight", start).drop("midnight")


def with_wall(rows: ir.Table, instant: str, wall: str) -> ir.Table:
    """The rows with the wall time of an instant; one without the instant is left out. Needs scratch `zone_spans`."""
    spans = scratch("zone_spans", ZONE_SPANS)
    spans = spans.filter(~spans["local"]).select(in_since="since", in_until="until", in_shift="shift")
    joined = rows.inner_join(spans, [rows[instant] >= spans["in_since"], rows[instant] < spans["in_until"]])
    told = joined[instant] + joined["in_shift"].as_interval("s")
    return joined.mutate(**{wall: told}).drop("in_since", "in_until", "in_shift")


def with_instant(rows: ir.Table, wall: str, instant: str) -> ir.Table:
    """The rows with the instant of a wall time: the first valid one where clocks jump, the first of two."""
    spans = scratch("zone_spans", ZONE_SPANS)
    spans = spans.filter(spans["local"])
    spans = spans.select(in_since="since", in_until="until", in_shift="shift", in_jump="instant")
    joined = rows.inner_join(spans, [rows[wall] >= spans["in_since"], rows[wall] < spans["in_until"]])
    told = ibis.coalesce(joined["in_jump"], joined[wall] - joined["in_shift"].as_interval("s"))
    return joined.mutate(**{instant: told}).drop("in_since", "in_until", "in_shift", "in_jump")
