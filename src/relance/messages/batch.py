"""Keys of one message version that are released together, as rows that the suppliers of its fields can read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir

from relance.base.clock import naive_utc
from relance.customers.installation import Installation
from relance.customers.relations import View, view_mark
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine
from relance.scenarios.arrivals import WORK
from relance.scenarios.local_days import ZONE_SPANS, zone_rows
from relance.scenarios.triggers import CLOCKS
from relance.scenarios.versions import Version

# Approved keys of one scenario, version and step.
APPROVED: Mapping[str, str] = {
    "probe": "integer",
    "message_key": "text",
    "contact": "integer",
    "occurrence": "text",
    "subject": "text",
    "fact_at": "instant",
    "due_at": "instant",
    "day": "date",
    "at": "instant",
    "channel": "text",
    "purpose": "text",
    "sender": "text",
}
RULE = "release"
Values = dict[int, Any]  # by probe


@dataclass(frozen=True)
class Batch:
    """Keys of one message version that are released together; they lie in scratch table `approved`.

    Without a version there is a person to be told of, and nothing that was decided.
    """

    place: Installation
    view: View
    version: Version | None
    rows: Sequence[Mapping[str, Any]]

    @property
    def engine(self) -> Engine:
        return self.place.engine


def lay_out_batch(batch: Batch) -> None:
    """Fills the scratch tables that suppliers read. What is true at release counts, not what was planned."""
    now = naive_utc(max(row["at"] for row in batch.rows))
    clock = {"rule": RULE, "turn": now, "known": now, "decided_until": now, "fresh_since": now, "reentry_since": now}
    batch.engine.load("clocks", CLOCKS, [clock])
    batch.engine.load("zone_spans", ZONE_SPANS, zone_rows(batch.place.zone))
    lay_out_rows(batch)


def lay_out_rows(batch: Batch) -> None:
    """The rows alone, where the clocks of the same instant are laid out already."""
    batch.engine.load("approved", APPROVED, batch.rows)
    work = [{name: row.get(name) for name in WORK} for row in batch.rows]
    batch.engine.load("work", WORK, work)


def asked(batch: Batch, name: str, build: Callable[[], ir.Table]) -> list[dict[str, Any]]:
    """The rows of a query that is compiled once for this way of looking at the star."""
    return batch.engine.rows(compiled(batch.engine, ("context", name, view_mark(batch.view)), build))
