"""Decisions move journeys: who goes on, where to and when; who has reached the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from relance.base.clock import naive_utc
from relance.customers.relations import scratch
from relance.customers.schema import HOUSE_TABLES
from relance.engines.warehouse import Engine
from relance.scenarios.moment import Moment, wait_ends
from relance.scenarios.program import END, Node
from relance.scenarios.versions import Version

# Where a decision at a node leads; what is not listed ends the journey.
FOLLOWS: Mapping[str, str] = {
    "scenario": "text",
    "version": "integer",
    "node": "integer",
    "outcome": "text",
    "next_node": "integer",
    "next_due": "instant",
}
OUTCOMES: Mapping[str, str] = {
    **HOUSE_TABLES["decisions"],
    "node": "integer",
    "entering": "boolean",
    "fact_day": "instant",
    "u": "number",
}


def lay_follows(engine: Engine, moment: Moment, versions: Iterable[Version]) -> None:
    """Fills scratch table `follows` for every version at work in the turn."""
    rows = [row for version in versions for row in _follows(version, moment)]
    engine.load("follows", FOLLOWS, rows)


def journey_rows() -> ir.Table:
    """Rows of `journeys` for the turn's `outcomes`; a deferred candidate stays where it is."""
    made = scratch("outcomes", OUTCOMES)
    made = made.filter(made["outcome"] != "deferred")
    follows = scratch("follows", FOLLOWS)
    rows = made.left_join(follows, ["scenario", "version", "node", "outcome"], rname="f_{name}")
    goes_on = rows["next_node"].notnull()
    rows = rows.mutate(
        state=ibis.ifelse(goes_on, "waiting", "ended"),
        node=ibis.coalesce(rows["next_node"], rows["node"]),
        due_at=ibis.coalesce(rows["next_due"], rows["due_at"]),
        reason=ibis.coalesce(rows["reason"], rows["outcome"]),
    )
    return rows.select(*HOUSE_TABLES["journeys"])


def _follows(version: Version, moment: Moment) -> list[dict[str, Any]]:
    rows = []
    for node in version.nodes:
        after = _after(version, node, moment)
        if after is None:
            continue
        outcomes = {"send": ("send", "held_out"), "wait": ("waiting",)}.get(node.kind, ())
        rows += [
            {"scenario": version.name, "version": version.number, "node": node.number} | after | {"outcome": outcome}
            for outcome in outcomes
        ]
    return rows


def _after(version: Version, node: Node, moment: Moment) -> dict[str, Any] | None:
    """The node that follows and when it is due; waits right behind are entered at once."""
    due = moment.turn
    number = node.number if node.kind == "wait" else node.next
    while number != END and version.nodes[number].wait is not None:
        wait = version.nodes[number].wait
        assert wait is not None
        due = max(due, wait_ends(wait, version.scenario, moment.turn, moment.zone))
        number = version.nodes[number].next
    return None if number == END else {"next_node": number, "next_due": naive_utc(due)}
