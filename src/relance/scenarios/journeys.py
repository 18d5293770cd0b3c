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
from relance.scenarios.program import END, HANDED_TO, Node
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
# Which scenario takes a journey on where a condition stops it.
TAKEN_ON: Mapping[str, str] = {"scenario": "text", "version": "integer", "reason": "text", "taken_on": "text"}
OUTCOMES: Mapping[str, str] = {
    **HOUSE_TABLES["decisions"],
    "node": "integer",
    "entering": "boolean",
    "fact_day": "instant",
    "u": "number",
}


def lay_follows(engine: Engine, moment: Moment, versions: Iterable[Version]) -> None:
    """Fills scratch tables `follows` and `taken_on` for every version at work in the turn."""
    every = list(versions)
    engine.load("follows", FOLLOWS, [row for version in every for row in _follows(version, moment)])
    engine.load("taken_on", TAKEN_ON, [row for version in every for row in _taken_on(version)])


def journey_rows() -> ir.Table:
    """Rows of `journeys` for the turn's `outcomes`; a deferred candidate stays where it is."""
    made = scratch("outcomes", OUTCOMES)
    made = made.filter(made["outcome"] != "deferred")
    follows = scratch("follows", FOLLOWS)
    rows = made.left_join(follows, ["scenario", "version", "node", "outcome"], rname="f_{name}")
    taken_on = scratch("taken_on", TAKEN_ON)
    rows = rows.left_join(taken_on, ["scenario", "version", "reason"], rname="t_{name}")
    handed = (rows["outcome"] == "refused") & ~rows["entering"]  # who had the message, and was stopped after it
    goes_on = rows["next_node"].notnull()
    rows = rows.mutate(
        state=ibis.ifelse(goes_on, "waiting", "ended"),
        node=ibis.coalesce(rows["next_node"], rows["node"]),
        due_at=ibis.coalesce(rows["next_due"], rows["due_at"]),
        reason=ibis.coalesce(ibis.ifelse(handed, rows["taken_on"], None), rows["reason"], rows["outcome"]),
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


def _taken_on(version: Version) -> list[dict[str, Any]]:
    own = {"scenario": version.name, "version": version.number}
    return [
        own | {"reason": reason, "taken_on": f"{HANDED_TO}{said.hand_over}"}
        for reason, said in version.scenario.on_stop.items()
    ]


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
