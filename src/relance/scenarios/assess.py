"""Arrivals become assessed rows: freshness, identity, target and stop conditions, each with what it saw."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from relance.audiences.criteria import parse_criteria
from relance.audiences.probes import PROBES, Observed, observe
from relance.customers.relations import View, scratch
from relance.scenarios.arrivals import WORK
from relance.scenarios.documents import Scenario
from relance.scenarios.own_stops import own_reasons, with_own_stops
from relance.scenarios.reentry import with_in_progress, with_reentry, with_turn_mates
from relance.scenarios.rounds import purchases
from relance.scenarios.triggers import clock_of
from relance.scenarios.zones import ZONE_CLOCKS, with_zone

# Per rule and span of due times: is a feed that the scenario needs still missing, or missing for good?
FEED_DAYS: Mapping[str, str] = {
    "rule": "text",
    "due_from": "instant",
    "due_until": "instant",
    "waiting": "boolean",
    "stale": "boolean",
}
ASSESSED: Mapping[str, str] = {
    **WORK,
    "stale": "boolean",
    "feed_waiting": "boolean",
    "too_late": "boolean",
    "anonymous": "boolean",
    "not_logged_in": "boolean",
    "not_targeted": "boolean",
    "stopped": "text",  # reasons in the document's order, joined by commas; empty where none holds
    "nothing_left": "boolean",
    "moved": "boolean",  # came to its step in this turn, from another
    "read": "text",  # what the conditions saw
}


def probe_rows(rule: str) -> ir.Table:
    """The questions to be asked about the contacts at work: asked as of the turn, knowing what it knows."""
    work = scratch("work", WORK)
    rows = work.filter(work["contact"].notnull()).cross_join(clock_of(rule, "turn", "known"))
    return rows.select(
        probe=rows["probe"],
        contact=rows["contact"],
        as_of=rows["turn"],
        known=rows["known"],
        fact_at=rows["fact_at"],
        fact_day=rows["fact_day"],
        subject=rows["subject"],
    )


def assessed(scenario: Scenario, view: View, rule: str, zone: str) -> ir.Table:
    """Columns of ASSESSED for every row of scratch `work`; reads scratch `probes`, `items`, `feed_days`."""
    rows = _with_clock(scratch("work", WORK), scenario, view, rule)
    rows = _with_feeds(rows, scenario, rule)
    rows, reads = _with_conditions(rows, scenario, view, zone)
    rows = with_in_progress(with_reentry(rows, scenario, view, rule), scenario, view, rule)
    rows = with_repurchase(rows, scenario, view, rule)
    rows = with_own_stops(rows, scenario, view, rule)
    rows = _with_items(rows, scenario)
    stopped = _named(rows, {name: name for name in ("in_progress", "repurchased")})
    stops = {f"stop_{place}": name for place, name in enumerate(scenario.stop)}
    stops |= {name: name for name in own_reasons(scenario)}
    if scenario.items and scenario.items.none_left:
        stops["nothing_left"] = scenario.items.none_left
    stopped = stopped + _named(rows, stops)
    stopped = stopped + ibis.ifelse(rows["gone"].notnull(), rows["gone"] + ",", "")
    rows = rows.mutate(otherwise=stopped, read=reads(rows), moved=ibis.literal(False))
    rows = with_turn_mates(rows.mutate(passing=_passing(rows)), scenario)
    rows = rows.mutate(stopped=_named(rows, {"reentry": "reentry"}) + rows["otherwise"])
    return rows.mutate(nothing_left=rows["nothing_left"] & ~ibis.literal("nothing_left" in stops)).select(*ASSESSED)


def _named(rows: ir.Table, reasons: Mapping[str, str]) -> ir.StringValue:
    """The reasons of the columns that hold, each followed by a comma."""
    text: ir.StringValue = ibis.literal("")
    for column, reason in reasons.items():
        text = text + ibis.ifelse(rows[column], f"{reason},", "")
    return text


def _passing(rows: ir.Table) -> ir.BooleanValue:
    """Whether nothing that is asked here stands in the way."""
    stopped = rows["reentry"] | (rows["otherwise"] != "") | rows["nothing_left"] | rows["not_targeted"]
    return ~(stopped | rows["too_late"] | rows["stale"] | rows["feed_waiting"])


def _with_clock(work: ir.Table, scenario: Scenario, view: View, rule: str) -> ir.Table:
    if scenario.zone == "brand":
        rows = work.cross_join(clock_of(rule, "fresh_since", entry_since="reentry_since"))
    else:
        clocks = scratch("zone_clocks", ZONE_CLOCKS)
        clocks = clocks.filter(clocks["rule"] == rule).drop("rule")
        rows = with_zone(work, view, rule)
        rows = rows.inner_join(clocks, rows["own_zone"] == clocks["zone"]).drop("zone", "own_zone")
    return rows.mutate(
        too_late=rows["due_at"] < rows["fresh_since"],
        anonymous=rows["contact"].isnull(),
        not_logged_in=rows["contact"].notnull() & ~rows["logged_in"].fill_null(True),
    )


def _with_feeds(rows: ir.Table, scenario: Scenario, rule: str) -> ir.Table:
    if not scenario.needs:
        return rows.mutate(stale=ibis.literal(False), feed_waiting=ibis.literal(False))
    feeds = scratch("feed_days", FEED_DAYS)
    feeds = feeds.filter(feeds["rule"] == rule).drop("rule")
    span = [rows["due_at"] >= feeds["due_from"], rows["due_at"] < feeds["due_until"]]
    joined = rows.left_join(feeds, span)
    return joined.mutate(stale=joined["stale"].fill_null(False), feed_waiting=joined["waiting"].fill_null(False)).drop(
        "due_from", "due_until", "waiting"
    )


class Reads:
    """Collects what conditions saw, to be kept beside the verdict as one readable text."""

    def __init__(self) -> None:
        self.columns: list[tuple[str, str]] = []

    def __call__(self, rows: ir.Table) -> ir.Value:
        text: ir.Value = ibis.literal("")
        for label, column in self.columns:
            text = text + f"{label}=" + rows[column].cast("string").fill_null("") + ";"
        return text


def _with_conditions(rows: ir.Table, scenario: Scenario, view: View, zone: str) -> tuple[ir.Table, Reads]:
    reads = Reads()
    if scenario.target is not None:
        rows = asked(rows, scenario.target, "target", view, zone, reads)
        rows = rows.mutate(not_targeted=~rows["target"].fill_null(False))
    else:
        rows = rows.mutate(not_targeted=ibis.literal(False))
    for place, condition in enumerate(scenario.stop.values()):
        rows = asked(rows, condition, f"stop_{place}", view, zone, reads)
        rows = rows.mutate(**{f"stop_{place}": rows[f"stop_{place}"].fill_null(False)})
    return rows, reads


def asked(rows: ir.Table, condition: object, name: str, view: View, zone: str, reads: Reads) -> ir.Table:
    """The rows with the verdict of a condition as column `name`; `reads` learns what it saw."""
    seen = observed(condition, view, zone)
    answer = seen.rows.select("probe", "verdict", *(leaf.column for leaf in seen.leaves))
    renamed = {f"{name}_{leaf.column}": leaf.column for leaf in seen.leaves}
    reads.columns += [(f"{name}.{leaf.path}", f"{name}_{leaf.column}") for leaf in seen.leaves]
    return rows.left_join(answer.rename(**{name: "verdict"}, **renamed), "probe", rname=f"{name}_{{name}}")


def observed(condition: object, view: View, zone: str) -> Observed:
    """A condition asked of the rows of scratch `probes`."""
    return observe(parse_criteria(condition), scratch("probes", PROBES), view, zone=zone)


def with_repurchase(rows: ir.Table, scenario: Scenario, view: View, rule: str) -> ir.Table:
    """An earlier repurchase of the type starts again: its own purchase will come round."""
    said = scenario.trigger.comes_round
    if said is None:
        return rows.mutate(repurchased=ibis.literal(False))
    bought = purchases(said, view, clock_of(rule, "turn", "known"), scratch("work", WORK)).select(
        "contact", "subject", "again"
    )
    joined = rows.left_join(bought, ["contact", "subject"], rname="bought_{name}")
    return joined.mutate(repurchased=joined["again"].fill_null(False)).drop("again")


def _with_items(rows: ir.Table, scenario: Scenario) -> ir.Table:
    if scenario.items is None:
        return rows.mutate(nothing_left=ibis.literal(False))
    items = ibis.table({"probe": "int64"}, name="items")
    left = items.group_by("probe").agg(items_left=items.count())
    joined = rows.left_join(left, "probe", rname="left_{name}")
    return joined.mutate(nothing_left=joined["items_left"].isnull())
