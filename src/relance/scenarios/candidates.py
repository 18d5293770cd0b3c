"""A turn's scenarios become candidates at their send steps; waits, branches and exits are settled on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ibis
import ibis.expr.types as ir

from relance.audiences.criteria import parse_criteria
from relance.audiences.probes import PROBES, days_needed, load_moments, observe
from relance.audiences.rfm import load_cuts
from relance.customers.relations import View, scratch, view_mark
from relance.customers.schema import HOUSE_TABLES
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine
from relance.scenarios.arrivals import ENTERING, arriving, entering, numbered, resuming
from relance.scenarios.assess import ASSESSED, assessed, probe_rows
from relance.scenarios.items import lay_out_lines, left_in_carts
from relance.scenarios.moment import Moment, Running
from relance.scenarios.program import END, Node
from relance.scenarios.triggers import clock_of
from relance.scenarios.versions import Version

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
# Rows of `decisions` made on the way to a send step.
SETTLED: Mapping[str, str] = {
    **HOUSE_TABLES["decisions"],
    "node": "integer",
    "entering": "boolean",
    "fact_day": "instant",
}


@dataclass
class Gathered:
    """How many were at work per scenario and version, and how many lie too far back to be seen."""

    at_work: dict[tuple[str, int], int] = field(default_factory=dict)
    too_old_to_see: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Desk:
    """What every query of a turn needs."""

    engine: Engine
    view: View
    zone: str

    def keep(self, name: str, marks: Iterable[str], build: Callable[[], ir.Table]) -> int:
        """Keeps a scratch table by a query that is compiled once for these marks."""
        text = compiled(self.engine, (name, view_mark(self.view), self.zone, *marks), build)
        return self.engine.keep(name, text)

    def add(self, name: str, marks: Iterable[str], build: Callable[[], ir.Table]) -> int:
        text = compiled(self.engine, ("+" + name, view_mark(self.view), self.zone, *marks), build)
        return self.engine.insert(name, text)


def gather(
    engine: Engine, view: View, moment: Moment, running: Sequence[Running], pinned: Sequence[Version]
) -> Gathered:
    """Fills scratch tables `candidates` and `settled` for every scenario of the turn.

    `running` gives the versions that new candidates take; `pinned` all versions that journeys wait in.
    Expects `moment.lay_out` to have been called.
    """
    engine.load("candidates", CANDIDATES, [])
    engine.load("settled", SETTLED, [])
    desk = _Desk(engine, view, moment.zone)
    load_condition_moments(engine, view, moment, [*(each.version for each in running), *pinned])
    found = Gathered()
    for each in running:
        found.too_old_to_see[each.version.name] = _enter(desk, each.version)
        found.at_work[each.version.name, each.version.number] = _work_through(desk, each.version, coming=True)
    current = {(each.version.name, each.version.number) for each in running}
    for version in pinned:
        if (version.name, version.number) not in current:
            found.at_work[version.name, version.number] = _work_through(desk, version, coming=False)
    return found


def conditions_of(version: Version) -> list[Any]:
    """Every criteria tree of a version: target, stops, branches."""
    scenario = version.scenario
    trees = [scenario.target] if scenario.target is not None else []
    trees += list(scenario.stop.values())
    return trees + [when for node in version.nodes for when, _ in node.arms if when is not None]


def load_condition_moments(engine: Engine, view: View, moment: Moment, versions: Sequence[Version]) -> None:
    """Lays out what conditions look up: the beginnings of their windows, the cuts of RFM classes."""
    trees = [tree for version in versions for tree in conditions_of(version)]
    together = parse_criteria({"all": trees}) if trees else None
    load_moments(engine, [moment.turn], days_needed(together) if together else (), moment.zone)
    if together:
        load_cuts(engine, view, together, [(moment.turn, moment.turn)], exact=False)


def _enter(desk: _Desk, version: Version) -> int:
    """Keeps who enters; answers how many occurrences due behind the window no turn has decided."""
    rule = version.name
    if not desk.keep("entering", (version.mark,), lambda: entering(version, desk.view, rule)):
        return 0
    return int(desk.engine.value(compiled(desk.engine, ("unseen",), _unseen)) or 0)


def _unseen() -> ir.Table:
    rows = scratch("entering", ENTERING)
    return rows.aggregate(number=rows["unseen"].sum())


def _work_through(desk: _Desk, version: Version, coming: bool) -> int:
    """One version of one scenario: who is at work, what holds for them, and each step they stand at."""
    marks = (version.mark, str(version.number), str(coming))
    number = desk.keep("work", marks, lambda: _at_work(version, coming))
    if number == 0:
        return 0
    scenario = version.scenario
    desk.keep("probes", (version.name,), lambda: probe_rows(version.name))
    if scenario.items:
        items = scenario.items
        lay_out_lines(desk.engine, desk.view, version.name)
        desk.keep("items", (version.mark,), lambda: left_in_carts(items, desk.view, version.name))
    desk.keep("assessed", (version.mark,), lambda: assessed(scenario, desk.view, version.name, desk.zone))
    present = _nodes_present(desk)
    for node in version.nodes:
        if node.number in present:
            _STEPS[node.kind](desk, version, node)
            present = _nodes_present(desk) if node.kind == "branch" else present
    return number


def _at_work(version: Version, coming: bool) -> ir.Table:
    """Who has just come, and whose wait is over where there is anything to wait for."""
    come = arriving(scratch("entering", ENTERING))
    if not coming:
        return numbered(resuming(version, version.name))
    return numbered(come.union(resuming(version, version.name)) if version.waits else come)


def _nodes_present(desk: _Desk) -> set[int]:
    rows = scratch("assessed", ASSESSED)
    return {
        row["node"]
        for row in desk.engine.rows(compiled(desk.engine, ("nodes",), lambda: rows.select("node").distinct()))
    }


def _send(desk: _Desk, version: Version, node: Node) -> None:
    drawn = (str(version.scenario.priority), str(version.scenario.holdout))
    marks = (version.mark, str(version.number), str(node.number), *drawn)
    desk.add("candidates", marks, lambda: candidates_at(version, node))


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


def _wait(desk: _Desk, version: Version, node: Node) -> None:
    _settle(desk, version, node, "waiting", None)


def _exit(desk: _Desk, version: Version, node: Node) -> None:
    _settle(desk, version, node, "ended", node.reason)


def _settle(desk: _Desk, version: Version, node: Node, outcome: str, reason: str | None) -> None:
    marks = (version.mark, str(version.number), str(node.number), outcome)
    desk.add("settled", marks, lambda: _settled(version, node, outcome, reason))


def _settled(version: Version, node: Node, outcome: str, reason: str | None) -> ir.Table:
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


def _branch(desk: _Desk, version: Version, node: Node) -> None:
    """Who is not refused goes to the first arm whose condition holds; a refusal is settled here."""
    marks = (version.mark, str(version.number), str(node.number))
    desk.add("settled", (*marks, "refused"), lambda: _refused_at_branch(version, node))
    desk.keep("branched", marks, lambda: _branched(version, node, desk))
    desk.keep("assessed", ("branched",), lambda: scratch("branched", ASSESSED))
    over = (*marks, "over")
    desk.add("settled", over, lambda: _over(version, node))


def _refused_at_branch(version: Version, node: Node) -> ir.Table:
    rows = _settled(version, node, "", None)
    return rows.filter(rows["outcome"] != "")


def _branched(version: Version, node: Node, desk: _Desk) -> ir.Table:
    rows = scratch("assessed", ASSESSED)
    here = (rows["node"] == node.number) & ~rows["feed_waiting"] & (blocked_by(rows) == "")
    elsewhere = rows.filter(rows["node"] != node.number)
    going = rows.filter(here)
    ways = []
    for place, (condition, target) in enumerate(node.arms):
        if condition is None:
            ways.append((ibis.literal(True), target))
            continue
        seen = observe(parse_criteria(condition), scratch("probes", PROBES), desk.view, zone=desk.zone)
        verdict = seen.rows.select("probe", **{f"arm_{place}": "verdict"})
        going = going.left_join(verdict, "probe", rname=f"arm{place}_{{name}}")
        ways.append((going[f"arm_{place}"].fill_null(False), target))
    target = ibis.cases(*ways[:-1], else_=ways[-1][1]) if len(ways) > 1 else ibis.literal(ways[0][1])
    going = going.mutate(node=_leading(target.cast("int64"), node)).select(*ASSESSED)
    return elsewhere.select(*ASSESSED).union(going)


_OVER = -1000  # plus the node's number: a branch whose arm leads to the end


def _leading(target: ir.IntegerValue, node: Node) -> ir.IntegerValue:
    return ibis.ifelse(target == END, _OVER - node.number, target)


def _over(version: Version, node: Node) -> ir.Table:
    ghost = Node(_OVER - node.number, node.name, "exit", reason="end")
    return _settled(version, ghost, "ended", "end")


_STEPS: dict[str, Callable[[_Desk, Version, Node], None]] = {
    "send": _send,
    "wait": _wait,
    "branch": _branch,
    "exit": _exit,
}
