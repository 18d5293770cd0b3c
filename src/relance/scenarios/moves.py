"""Moves between segments, as the turns saw them: who entered, left, or went from one to another, and on which date."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from relance.customers.relations import View, house_relation
from relance.scenarios.documents import Scenario
from relance.scenarios.local_days import with_local_date
from relance.scenarios.starts import SegmentTrigger
from relance.scenarios.windows import at_instants, clock_of


def move_arrivals(scenario: Scenario, view: View, rule: str) -> ir.Table:
    """Moves that fall due in the rule's window; a move happened, and was known, at the turn that looked.

    The occurrence is the local date: in and out again within one date is one move.
    """
    said = scenario.trigger.segment
    assert said is not None
    moved = _moved(said)
    clock = clock_of(rule, "turn")
    moved = moved.join(clock, moved["fact_at"] <= clock["turn"])
    if view.merged:  # who was merged into another has left every segment, and has not moved
        moved = moved.anti_join(view.facts("aliases"), "contact")
    facts = moved.select(
        "contact",
        "fact_at",
        subject=ibis.literal(name_of(said)),
        visitor=ibis.literal(""),
        logged_in=ibis.null("boolean"),
    )
    due = with_local_date(at_instants(facts, scenario, rule), "fact_at", "moved_on")
    return due.mutate(occurrence=due["moved_on"].cast("string"))


def name_of(said: SegmentTrigger) -> str:
    """A short name of the move: `loyal`, `not loyal`, `loyal > asleep`."""
    if said.source and said.to:
        return f"{said.source} > {said.to}"
    return said.entered or f"not {said.left}"


def _moved(said: SegmentTrigger) -> ir.Table:
    """contact, fact_at."""
    if said.out_of and said.into:
        return _left(said.out_of, said.cuts).inner_join(_entered(said.into, said.cuts), ["contact", "fact_at"])
    return _entered(said.into, said.cuts) if said.into else _left(str(said.out_of), said.cuts)


def _entered(segment: str, cuts: str) -> ir.Table:
    stays, runs = house_relation("segment_members"), house_relation("segment_runs")
    stays = stays.filter(stays["segment"] == segment)
    first = runs.filter(runs["segment"] == segment).aggregate(first=ibis._["at"].min())
    moved = stays.join(first, stays["entered_at"] > first["first"])
    if cuts == "ignored":
        moved = moved.filter(moved["came_by"].fill_null("facts") != "cuts")
    return moved.select("contact", fact_at="entered_at")


def _left(segment: str, cuts: str) -> ir.Table:
    stays = house_relation("segment_members")
    moved = stays.filter(stays["segment"] == segment, stays["left_at"].notnull())
    if cuts == "ignored":
        moved = moved.filter(moved["moved_by"] != "cuts")
    return moved.select("contact", fact_at="left_at")
