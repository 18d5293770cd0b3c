"""Decisions move journeys: who goes on, where to and when; who has reached the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir

from relance.base.clock import aware_utc, naive_utc
from relance.customers.relations import scratch
from relance.customers.schema import HOUSE_TABLES
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine
from relance.scenarios.moment import Moment, wait_ends
from relance.scenarios.program import END, HANDED_TO
from relance.scenarios.versions import Version
from relance.scenarios.ways import NOTED

# Where a decision at a node leads; what is not listed ends the journey.
FOLLOWS: Mapping[str, str] = {
    "scenario": "text",
    "version": "integer",
    "node": "integer",
    "outcome": "text",
    "begun": "instant",  # from when a wait that begins here counts
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
    """Fills scratch tables `follows` and `taken_on` for every version at work in the turn, once it is decided."""
    every = list(versions)
    begun = engine.rows(compiled(engine, ("waits-begun",), _waits_begun)) if any(map(_stands, every)) else []
    engine.load("follows", FOLLOWS, [row for version in every for row in _follows(version, moment, begun)])
    engine.load("taken_on", TAKEN_ON, [row for version in every for row in _taken_on(version)])


def journey_rows() -> ir.Table:
    """Rows of `journeys` for the turn's `outcomes`; a deferred candidate stays where it is."""
    made = scratch("outcomes", OUTCOMES)
    made = made.filter(made["outcome"] != "deferred")
    made = made.mutate(begun=ibis.ifelse(made["outcome"] == "waiting", made["due_at"], made["at"]))
    follows = scratch("follows", FOLLOWS)
    rows = made.left_join(follows, ["scenario", "version", "node", "outcome", "begun"], rname="f_{name}")
    taken_on = scratch("taken_on", TAKEN_ON)
    rows = rows.left_join(taken_on, ["scenario", "version", "reason"], rname="t_{name}")
    left = _left()
    rows = rows.left_join(left, ["scenario", "version", "contact", "occurrence"], rname="l_{name}")
    handed = (rows["outcome"] == "refused") & ~rows["entering"]  # who had the message, and was stopped after it
    goes_on = rows["next_node"].notnull()
    rows = rows.mutate(
        state=ibis.ifelse(goes_on, "waiting", "ended"),
        node=ibis.coalesce(rows["next_node"], rows["node"]),
        due_at=ibis.coalesce(rows["next_due"], rows["due_at"]),
        reason=ibis.coalesce(ibis.ifelse(handed, rows["taken_on"], None), rows["reason"], rows["outcome"]),
    )
    return rows.select(*HOUSE_TABLES["journeys"])


def _left() -> ir.Table:
    """The fact by which each journey was left before its time."""
    noted = scratch("noted", NOTED)
    return noted.filter(noted["kind"] == "left").select(
        "scenario",
        "version",
        "contact",
        "occurrence",
        left_by="fact",
        left_happened_at="happened_at",
        left_known_at="known_at",
    )


def _stands(version: Version) -> bool:
    """Whether a turn may settle somebody at a wait."""
    return any(node.kind in ("wait", "event") for node in version.nodes)


def _waits_begun() -> ir.Table:
    rows = scratch("outcomes", OUTCOMES)
    rows = rows.filter(rows["outcome"] == "waiting")
    return rows.select("scenario", "version", "node", begun="due_at").distinct()


def _follows(version: Version, moment: Moment, begun: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Behind a message a wait counts from the turn; else from the due time of what came before it."""
    own = {"scenario": version.name, "version": version.number}
    for node in version.nodes:
        if node.kind == "send":
            after = _after(version, node.next, moment.turn, moment)
            start = {"node": node.number, "begun": naive_utc(moment.turn)}
            for outcome in ("send", "held_out") if after else ():
                yield own | start | {"outcome": outcome} | (after or {})
    for row in begun:
        if (row["scenario"], row["version"]) == (version.name, version.number):
            after = _after(version, row["node"], aware_utc(row["begun"]), moment)
            if after:
                yield {**row, "outcome": "waiting"} | after


def _after(version: Version, number: int, begun: datetime, moment: Moment) -> dict[str, Any] | None:
    """The node at which a journey stands next and when it is due; waits right behind one another are one wait.

    In front of a wait for an event it stands at the wait before it, for until then it listens to nothing.
    """
    due = begun
    while number != END and (wait := version.nodes[number].wait) is not None:
        due = wait_ends(wait, version.scenario, max(due, moment.turn) if wait.until else due, moment.zone)
        following = version.nodes[number].next
        if wait.event or (following != END and version.nodes[following].kind == "event"):
            break
        number = following
    return None if number == END else {"next_node": number, "next_due": naive_utc(due)}


def _taken_on(version: Version) -> list[dict[str, Any]]:
    own = {"scenario": version.name, "version": version.number}
    return [
        own | {"reason": reason, "taken_on": f"{HANDED_TO}{said.hand_over}"}
        for reason, said in version.scenario.on_stop.items()
    ]
