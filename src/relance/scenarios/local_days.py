"""Instants come in and their local dates in the brand's zone go out, told by the engine from a table of clocks."""

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
    spans = scratch("zone_spans", ZONE_SPANS)
    spans = spans.filter(~spans["local"]).select("since", "until", "shift")
    rows = rows.inner_join(spans, [rows[instant] >= spans["since"], rows[instant] < spans["until"]])
    local = rows[instant] + rows["shift"].as_interval("s")
    return rows.mutate(**{name: local.date()}).drop("since", "until", "shift")


def with_start_of_day(rows: ir.Table, name: str) -> ir.Table:
    """The rows with `fact_day`, the first instant of a local date. Needs scratch `zone_spans`."""
    spans = scratch("zone_spans", ZONE_SPANS)
    spans = spans.filter(spans["local"]).select("since", "until", "shift", "instant")
    rows = rows.mutate(midnight=rows[name].cast("timestamp(6)"))
    rows = rows.inner_join(spans, [rows["midnight"] >= spans["since"], rows["midnight"] < spans["until"]])
    start = ibis.coalesce(rows["instant"], rows["midnight"] - rows["shift"].as_interval("s"))
    return rows.mutate(fact_day=start).drop("since", "until", "shift", "instant", "midnight")
