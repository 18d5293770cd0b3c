"""What every step of a turn works with: the engine, the rows that stand at a step, and what is settled of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from relance.base.settings import Settings
from relance.customers.relations import View, scratch, view_mark
from relance.customers.schema import HOUSE_TABLES
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine
from relance.scenarios.assess import ASSESSED
from relance.scenarios.program import Node
from relance.scenarios.triggers import clock_of
from relance.scenarios.versions import Version

# Rows of `decisions` made on the way to a send step.
SETTLED: Mapping[str, str] = {
    **HOUSE_TABLES["decisions"],
    "node": "integer",
    "entering": "boolean",
    "fact_day": "instant",
}


@dataclass(frozen=True)
class Desk:
    """What every query of a turn needs."""

    engine: Engine
    view: View
    zone: str
    settings: Settings

    def keep(self, name: str, marks: Iterable[str], build: Callable[[], ir.Table]) -> int:
        """Keeps a scratch table by a query that is compiled once for these marks."""
        return self.engine.keep(name, self.text(name, marks, build))

    def add(self, name: str, marks: Iterable[str], build: Callable[[], ir.Table]) -> int:
        """Appends to a scratch table; answers how many rows."""
        return self.engine.insert(name, self.text("+" + name, marks, build))

    def text(self, name: str, marks: Iterable[str], build: Callable[[], ir.Table]) -> str:
        """The engine's own text of a query, kept for these marks."""
        return compiled(self.engine, (name, view_mark(self.view), self.zone, *marks), build)


def marks_at(version: Version, node: Node) -> tuple[str, ...]:
    """What tells the queries of one step apart from those of any other."""
    return (version.mark, str(version.number), str(node.number))


def settle(desk: Desk, version: Version, node: Node, outcome: str, reason: str | None) -> None:
    """Writes down the rows that stand at a step: as refused where something refuses them, else as the outcome."""
    marks = (*marks_at(version, node), outcome)
    desk.add("settled", marks, lambda: settled(version, node, outcome, reason))


def settled(version: Version, node: Node, outcome: str, reason: str | None) -> ir.Table:
    """The rows at a step, with an outcome each; columns of SETTLED."""
    rows = scratch("assessed", ASSESSED)
    rows = rows.filter(rows["node"] == node.number).cross_join(clock_of(version.name).select("turn"))
    reasons = blocked_by(rows)
    blocked = reasons != ""
    passed = ibis.literal(reason, type="string")
    first = reasons.re_extract("^([^,]*)", 1)
    rows = rows.mutate(
        at=rows["turn"],
        scenario=ibis.literal(version.name),
        version=ibis.literal(version.number).cast("int64"),
        step=ibis.literal(node.name),
        outcome=ibis.cases((rows["feed_waiting"], "deferred"), (blocked, "refused"), else_=outcome),
        reason=ibis.cases((rows["feed_waiting"], "waiting_feed"), (blocked, first), else_=passed),
        reasons=ibis.ifelse(blocked, reasons.re_replace(",$", ""), passed),
        due_date=ibis.null("date"),
        day=ibis.null("date"),
        purpose=ibis.literal(version.scenario.purpose),
        sender=ibis.literal(version.scenario.sender),
        **{name: ibis.null("string") for name in ("message_key", "lost_to", "channel")},
    )
    return rows.select(*SETTLED)


def blocked_by(rows: ir.Table) -> ir.StringValue:
    """Reasons that keep a journey from any step, in the published order, each followed by a comma."""
    named = {
        "stale_data": "stale",
        "too_late": "too_late",
        "anonymous": "anonymous",
        "not_logged_in": "not_logged_in",
        "not_targeted": "not_targeted",
    }
    text: ir.StringValue = ibis.literal("")
    for reason, column in named.items():
        text = text + ibis.ifelse(rows[column], f"{reason},", "")
    return text + rows["stopped"]
