"""A broadcast: on its dates everybody for whom the target holds at the turn is a candidate, and nobody else."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from relance.customers.relations import View
from relance.scenarios.documents import Scenario
from relance.scenarios.windows import clock_of, due_rows


def broadcast_arrivals(_: Scenario, view: View, rule: str) -> ir.Table:
    """Every contact known, for each date of the broadcast in the window; `meant` leaves whom the target means."""
    people, clock = view.facts("contacts"), clock_of(rule, "known")
    people = people.join(clock, view.known(people, clock["known"]), rname="clock_{name}").select("contact")
    if view.merged:
        people = people.anti_join(view.facts("aliases"), "contact")
    days = due_rows(rule, "part")
    days = days.filter(days["part"].notnull()).select("part", "due_at", "unseen", on_day="fact_day")
    rows = people.cross_join(days)
    return rows.select(
        "contact",
        "due_at",
        "unseen",
        occurrence=rows["part"],
        subject=rows["contact"].cast("string"),
        visitor=ibis.literal(""),
        fact_at=rows["due_at"],
        fact_day=rows["on_day"],
        logged_in=ibis.null("boolean"),
    )


def meant(rows: ir.Table, scenario: Scenario) -> ir.Table:
    """Of assessed rows those that are candidates: the audience of a broadcast is its target, so others never were."""
    return rows if scenario.trigger.calendar is None else rows.filter(~(rows["entering"] & rows["not_targeted"]))
