"""A turn's scenarios become candidates at their send steps; waits, branches and exits are settled on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import ibis
import ibis.expr.types as ir

from relance.audiences.criteria import leaves, parse_criteria
from relance.audiences.probes import days_needed, load_moments
from relance.audiences.rfm import load_cuts
from relance.base.settings import Settings
from relance.customers.relations import View, scratch
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine
from relance.scenarios.arrivals import COMING, arriving, coming, numbered
from relance.scenarios.assess import ASSESSED, assessed, probe_rows
from relance.scenarios.awaiting import await_event, wait
from relance.scenarios.branching import branch
from relance.scenarios.calendar import meant
from relance.scenarios.desk import SETTLED, Desk, marks_at, settle
from relance.scenarios.documents import Scenario
from relance.scenarios.drawing import split
from relance.scenarios.items import lay_out_lines, left_in_carts
from relance.scenarios.moment import Moment, Running, lay_out_clocks
from relance.scenarios.near import near_view
from relance.scenarios.own_stops import own_days
from relance.scenarios.product_stops import lay_out_product_stops
from relance.scenarios.products import lay_out_events
from relance.scenarios.program import Node
from relance.scenarios.resuming import RESUMED, note_exits, resume
from relance.scenarios.setting import set_value
from relance.scenarios.versions import Version
from relance.scenarios.waves import WAVES, lay_out_waves
from relance.scenarios.ways import NOTED
from relance.scenarios.webhooks import call

# What the gate is asked about: one row per scenario, contact and occurrence at a send step.
CANDIDATES: Mapping[str, str] = {
    "rule": "text",
    "version": "integer",
    "step": "text",
    "channel": "text",
    "purpose": "text",
    "sender": "text",
    "priority": "integer",
    "holdout": "number",
    "on_lose": "text",
    **ASSESSED,
}


@dataclass
class Gathered:
    """How many were at work per scenario and version, and how many lie too far back to be seen.

    view: to ask about those at work.
    """

    view: View
    at_work: dict[tuple[str, int], int] = field(default_factory=dict)
    too_old_to_see: dict[str, int] = field(default_factory=dict)


def gather(
    engine: Engine,
    view: View,
    settings: Settings,
    moment: Moment,
    running: Sequence[Running],
    pinned: Sequence[Version],
) -> Gathered:
    """Fills scratch tables `candidates`, `settled` and `noted` for every scenario of the turn.

    `running` gives the versions that new candidates take; `pinned` all versions that journeys wait in.
    Expects `moment.lay_out` to have been called.
    """
    engine.load("candidates", CANDIDATES, [])
    engine.load("settled", SETTLED, [])
    engine.load("waves", WAVES, [])
    engine.load("noted", NOTED, [])
    versions = [*(each.version for each in running), *pinned]
    load_condition_moments(engine, view, moment, versions)
    desk = Desk(engine, view, moment.zone, settings)
    entered = _enter(desk, [each.version for each in running])
    found = Gathered(near_view(engine, view, versions), too_old_to_see=entered)
    desk = replace(desk, view=found.view)
    for each in running:
        name = each.version.name
        found.at_work[name, each.version.number] = _work_through(desk, each.version, name in entered)
    current = {(each.version.name, each.version.number) for each in running}
    old = [version for version in pinned if (version.name, version.number) not in current]
    for version in old:
        lay_out_clocks(engine, moment, [Running(version, moment.turn)])  # it is judged by what it says itself
        found.at_work[version.name, version.number] = _work_through(desk, version, coming=False)
    if old:
        lay_out_clocks(engine, moment, running)
    return found


def conditions_of(version: Version) -> list[Any]:
    """Every criteria tree of a version: target, stops, branches."""
    scenario = version.scenario
    trees = [scenario.target] if scenario.target is not None else []
    trees += list(scenario.stop.values())
    return trees + [when for node in version.nodes for when, _ in node.arms if when is not None]


def asks_fact_day(version: Version) -> bool:
    """Whether a condition counts from the start of the local day of the fact."""
    windows = (
        getattr(node, "window", None) for tree in conditions_of(version) for _, node in leaves(parse_criteria(tree))
    )
    return any(window is not None and window.since == "start_of_fact_day" for window in windows)


def load_condition_moments(engine: Engine, view: View, moment: Moment, versions: Sequence[Version]) -> None:
    """Lays out what conditions look up: the beginnings of their windows, the cuts of RFM classes."""
    trees = [tree for version in versions for tree in conditions_of(version)]
    together = parse_criteria({"all": trees}) if trees else None
    days = days_needed(together) if together else set()
    days |= {day for version in versions for day in own_days(version.scenario)}
    load_moments(engine, [moment.turn], days, moment.zone)
    if together:
        load_cuts(engine, view, together, [(moment.turn, moment.turn)], exact=False)


def _enter(desk: Desk, versions: Sequence[Version]) -> dict[str, int]:
    """Keeps who enters; answers into which scenarios, and how many due behind its window no turn has decided."""
    desk.engine.load("entering", COMING, [])
    for version in versions:
        rule = version.name
        lay_out_events(desk.engine, desk.view, version, rule)
        desk.add("entering", (version.mark,), partial(coming, version, desk.view, rule))
    rows = desk.engine.rows(compiled(desk.engine, ("unseen",), _unseen))
    return {row["rule"]: int(row["unseen"]) for row in rows}


def _unseen() -> ir.Table:
    rows = scratch("entering", COMING)
    return rows.group_by("rule").agg(unseen=rows["unseen"].sum())


def _work_through(desk: Desk, version: Version, coming: bool) -> int:
    """One version of one scenario: who is at work, what holds for them, and each step they stand at."""
    number = _at_work(desk, version, coming)
    if number == 0:
        return 0
    scenario = version.scenario
    desk.keep("probes", (version.name,), lambda: probe_rows(version.name))
    if scenario.items:
        items = scenario.items
        lay_out_lines(desk.engine, desk.view, version.name, items)
        desk.keep("items", (version.mark,), lambda: left_in_carts(items, desk.view, version.name))
    lay_out_product_stops(desk.engine, desk.view, version, version.name)
    lay_out_waves(desk.engine, desk.view, version, version.name)
    number = desk.keep("assessed", (version.mark,), lambda: _candidates(scenario, desk, version.name))
    present, left = _standing(desk)
    if left:
        note_exits(desk, version)
    for node in version.nodes:
        if node.number in present:
            _STEPS[node.kind](desk, version, node)
            present = _standing(desk)[0] if node.ways else present
    return number


def _candidates(scenario: Scenario, desk: Desk, rule: str) -> ir.Table:
    return meant(assessed(scenario, desk.view, rule, desk.zone), scenario)


def _at_work(desk: Desk, version: Version, coming: bool) -> int:
    """Fills scratch `work`: who has just come, and which journeys go on; answers how many."""
    resumed = resume(desk, version)
    if not (coming or resumed):
        return 0
    marks = (version.mark, str(version.number), str(coming), str(resumed))
    return desk.keep("work", marks, lambda: _come_and_resumed(version, coming, resumed))


def _come_and_resumed(version: Version, coming: bool, resumed: bool) -> ir.Table:
    come, again = arriving(_coming(version)), scratch("resumed", RESUMED)
    return numbered(come.union(again) if coming and resumed else come if coming else again, version.number)


def _coming(version: Version) -> ir.Table:
    rows = scratch("entering", COMING)
    return rows.filter(rows["rule"] == version.name)


def _standing(desk: Desk) -> tuple[set[int], bool]:
    """The numbers of the nodes where somebody stands, and whether something stops a journey that had begun."""
    rows = desk.engine.rows(compiled(desk.engine, ("nodes",), _nodes))
    return {row["node"] for row in rows}, any(row["left"] for row in rows)


def _nodes() -> ir.Table:
    rows = scratch("assessed", ASSESSED)
    return rows.group_by("node").agg(left=(~rows["entering"] & (rows["stopped"] != "")).any())


def _send(desk: Desk, version: Version, node: Node) -> None:
    drawn = (str(version.scenario.priority), str(version.scenario.holdout))
    desk.add("candidates", (*marks_at(version, node), *drawn), lambda: candidates_at(version, node))


def candidates_at(version: Version, node: Node) -> ir.Table:
    """Assessed rows that stand at a send step; columns of CANDIDATES."""
    scenario = version.scenario
    rows = scratch("assessed", ASSESSED)
    rows = rows.filter(rows["node"] == node.number)
    channel = node.send.channel if node.send else "email"
    return rows.mutate(
        rule=ibis.literal(version.name),
        version=ibis.literal(version.number).cast("int64"),
        step=ibis.literal(node.name),
        channel=ibis.literal(channel),
        purpose=ibis.literal(scenario.purpose),
        sender=ibis.literal(scenario.sender),
        priority=ibis.literal(scenario.priority).cast("int64"),
        holdout=ibis.literal(float(scenario.holdout)),
        on_lose=ibis.literal(scenario.on_lose),
    ).select(*CANDIDATES)


def _exit(desk: Desk, version: Version, node: Node) -> None:
    settle(desk, version, node, "ended", node.reason)


# One line per kind of step: it settles the rows that stand at it, or sends them on.
_STEPS: dict[str, Callable[[Desk, Version, Node], None]] = {
    "send": _send,
    "wait": wait,
    "event": await_event,
    "branch": branch,
    "split": split,
    "set": set_value,
    "webhook": call,
    "exit": _exit,
}
