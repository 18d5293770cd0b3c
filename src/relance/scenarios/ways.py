"""Rows at a step that chooses a way are sent on it; the way is noted, for it is asked once and then stands.

A candidate that is put off later in the same turn (quiet hours, a feed) comes by again; the way it took is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ibis
import ibis.expr.types as ir

from relance.customers.relations import house_relation, scratch
from relance.customers.schema import HOUSE_TABLES
from relance.engines.warehouse import IBIS_TYPES
from relance.scenarios.arrivals import same_journey
from relance.scenarios.assess import ASSESSED
from relance.scenarios.desk import Desk, blocked_by, marks_at, settled
from relance.scenarios.program import END, HAPPENED, Node
from relance.scenarios.triggers import clock_of
from relance.scenarios.versions import Version

# What a turn notes of journeys beside its decisions. kind: `passed` (a row of `passages`, and the value that was set
# on the way), `left` (the fact by which a journey was left before its time).
NOTED: Mapping[str, str] = {**HOUSE_TABLES["passages"], "kind": "text", "attribute": "text", "value": "text"}
_JOURNEY = ("contact", "visitor", "occurrence")
_FOUND = ("u", "read", "fact", "happened_at", "known_at", "attribute", "value")  # what a choice may note
_CHOSEN: Mapping[str, str] = {
    "probe": "integer",
    "way": "text",
    "at": "instant",
    "due_at": "instant",
    "fresh": "boolean",
    **{name: ASSESSED[name] for name in _JOURNEY},
    **{name: NOTED[name] for name in _FOUND},
}
_OVER = -1000  # less the node's number: a way that leads to the end

Choice = Callable[[ir.Table], ir.Table]


def send_on(desk: Desk, version: Version, node: Node, choose: Choice, *marks: str, rest: str = "") -> None:
    """Sends the rows of a step on their ways, and settles who is refused here; who has no way becomes `rest`.

    `choose`: the rows of ASSESSED that stand here and that nothing refuses, with the column `turn`, become rows
    with `way`, null for who stays, and what of `_FOUND` they note; `due_at` is replaced where it gives `new_due`.
    """
    here = (*marks_at(version, node), *marks)
    if desk.keep("chosen", here, lambda: _chosen(version, node, choose)):
        desk.add("noted", here, lambda: _noted(version, node))
        desk.keep("moved", here, lambda: _moved(node))
        desk.keep("assessed", ("moved",), lambda: scratch("moved", ASSESSED))
        if any(way.node == END for way in node.ways):
            desk.add("settled", (*here, "over"), lambda: _over(version, node))
    desk.add("settled", (*here, rest), lambda: _staying(version, node, rest))


def passed(version: Version, node: Node) -> ir.Table:
    """The ways that journeys of the scenario took at a step of this name before the turn: contact, visitor,
    occurrence, way, at."""
    rows = house_relation("passages")
    rows = rows.filter(rows["scenario"] == version.name, rows["step"] == node.name)
    clock = clock_of(version.name, "decided_until")
    rows = rows.join(clock, rows["at"] < clock["decided_until"])
    return rows.filter(rows["way"].isin([way.name for way in node.ways])).select(*_JOURNEY, "way", "at")


def _staying(version: Version, node: Node, rest: str) -> ir.Table:
    rows = settled(version, node, rest, None)
    return rows.filter(rows["outcome"] != "")


def _chosen(version: Version, node: Node, choose: Choice) -> ir.Table:
    rows = scratch("assessed", ASSESSED)
    rows = rows.filter(rows["node"] == node.number, ~rows["feed_waiting"], blocked_by(rows) == "")
    found = choose(rows.cross_join(clock_of(version.name, "turn")))
    absent = {name: ibis.null(IBIS_TYPES[NOTED[name]]) for name in _FOUND if name not in found.columns}
    found = found if "new_due" in found.columns else found.mutate(new_due=found["due_at"])
    found = found.mutate(at=found["turn"], **absent)
    before = passed(version, node).group_by(*_JOURNEY).agg(before=ibis._["way"].min(), before_at=ibis._["at"].min())
    joined = found.left_join(before, same_journey(found, before), rname="b_{name}")
    as_before = (joined["before"] != joined["way"]).fill_null(False)  # it has another due time than the way not taken
    learnt = (joined["before"] == HAPPENED).fill_null(False) if node.kind == "event" else ibis.literal(False)
    return joined.mutate(
        way=ibis.coalesce(joined["before"], joined["way"]),
        due_at=ibis.cases((learnt, joined["before_at"]), (as_before, joined["due_at"]), else_=joined["new_due"]),
        fresh=joined["before"].isnull() & joined["way"].notnull(),
    ).select(*_CHOSEN)


def _noted(version: Version, node: Node) -> ir.Table:
    rows = scratch("chosen", _CHOSEN)
    named = {
        "kind": ibis.literal("passed"),
        "scenario": ibis.literal(version.name),
        "version": ibis.literal(version.number).cast("int64"),
        "step": ibis.literal(node.name),
    }
    return rows.filter(rows["fresh"]).mutate(**named).select(*NOTED)


def _moved(node: Node) -> ir.Table:
    rows, chosen = scratch("assessed", ASSESSED), scratch("chosen", _CHOSEN)
    chosen = chosen.filter(chosen["way"].notnull()).select("probe", "way", new_due="due_at")
    joined = rows.left_join(chosen, "probe", rname="c_{name}")
    targets = [(joined["way"] == way.name, _target(way.node, node)) for way in node.ways]
    return joined.mutate(
        node=ibis.cases(*targets, else_=joined["node"]),
        due_at=ibis.coalesce(joined["new_due"], joined["due_at"]),
        moved=joined["moved"] | joined["way"].notnull(),
    ).select(*ASSESSED)


def _target(number: int, node: Node) -> ir.Value:
    return ibis.literal(_OVER - node.number if number == END else number).cast("int64")


def _over(version: Version, node: Node) -> ir.Table:
    ghost = Node(_OVER - node.number, node.name, "exit", reason="end")
    return settled(version, ghost, "ended", "end")
