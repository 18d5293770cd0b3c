"""The window of a rule: the instants of its turn, its due days, and how facts with an instant or a date meet them."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from relance.customers.relations import scratch
from relance.scenarios.documents import Scenario
from relance.scenarios.due import DUE_DAYS

# One row per rule: the instants of a turn, as data.
CLOCKS: Mapping[str, str] = {
    "rule": "text",
    "turn": "instant",  # conditions are asked as of this instant …
    "known": "instant",  # … with what was known by this one
    "decided_until": "instant",  # decisions before it count, later ones are not looked at
    "fresh_since": "instant",  # what was due before it is too late
    "reentry_since": "instant",  # a message at or after it forbids another entry
}
OLD = ":old"  # behind a rule: its window that lies too far back to be seen
ARRIVALS: Mapping[str, str] = {
    "contact": "integer",
    "visitor": "text",  # names an anonymous candidate; empty for a contact
    "occurrence": "text",
    "subject": "text",  # key of the row behind
    "fact_at": "instant",
    "fact_day": "instant",
    "due_at": "instant",
    "logged_in": "boolean",
}


def clock_of(rule: str, *columns: str, **renamed: str) -> ir.Table:
    """The turn's instants for one rule: these columns of CLOCKS, for each is carried through every query behind."""
    clocks = scratch("clocks", CLOCKS)
    return clocks.filter(clocks["rule"] == rule).select(*(columns or CLOCKS), **renamed)


def instant_of(clock: ir.Table, column: str) -> ir.Value:
    """One instant of a clock as a value: of very many rows, a filter costs less than a join."""
    return clock[column].max().as_scalar()


def due_rows(rule: str, *more: str) -> ir.Table:
    rows = scratch("due_days", DUE_DAYS)
    rows = rows.filter(rows["rule"].isin([rule, rule + OLD]))
    unseen = rows["rule"] != rule
    return rows.select(
        "zone", "fact_from", "fact_until", "year", "fact_day", "due_at", "shift", "since", "until", *more, unseen=unseen
    )


def _there(facts: ir.Table, days: ir.Table) -> list[ir.BooleanValue]:
    """Only days of the contact’s own calendar (`own_zone`), or of the fact’s own wait (`part`), where there is one."""
    there = [facts["own_zone"] == days["zone"]] if "own_zone" in facts.columns else []
    return [*there, facts["part"] == days["part"]] if "part" in facts.columns else there


def near(facts: ir.Table, days: ir.Table, column: str = "fact_at") -> ir.Table:
    """Of very many facts those between the first and the last of some days, before each is held against its own."""
    first, last = days["fact_from"].min().as_scalar(), days["fact_until"].max().as_scalar()
    return facts.filter(facts[column] >= first, facts[column] < last)


def at_instants(facts: ir.Table, scenario: Scenario, rule: str) -> ir.Table:
    days = due_rows(rule, "part") if "part" in facts.columns else due_rows(rule)
    joined = near(facts, days).join(
        days,
        [*_there(facts, days), facts["fact_at"] >= days["fact_from"], facts["fact_at"] < days["fact_until"]],
        rname="day_{name}",
    )
    due = ibis.coalesce(joined["due_at"], joined["fact_at"] + joined["shift"].as_interval("s"))
    joined = joined.mutate(due_at=due)
    joined = joined.filter(joined["due_at"] > joined["since"], joined["due_at"] <= joined["until"])
    return joined.mutate(occurrence=occurrence_of(joined, scenario))


def on_dates(facts: ir.Table, scenario: Scenario, rule: str, yearly: bool) -> ir.Table:
    days = due_rows(rule, "date_from", "date_until", "month", "day")
    days = days.filter(days["fact_from"] == days["fact_day"])
    if yearly:
        on = [facts["fact_date"].month() == days["month"], facts["fact_date"].day() == days["day"]]
    else:
        on = [facts["fact_date"] >= days["date_from"], facts["fact_date"] <= days["date_until"]]
    joined = facts.join(days, [*_there(facts, days), *on], rname="day_{name}")
    joined = joined.mutate(
        fact_at=joined["fact_day"],
        due_at=ibis.coalesce(joined["due_at"], joined["fact_day"] + joined["shift"].as_interval("s")),
    )
    joined = joined.filter(joined["due_at"] > joined["since"], joined["due_at"] <= joined["until"])
    if yearly:
        joined = joined.filter(joined["fact_date"].year() <= joined["year"])
    return joined.mutate(occurrence=occurrence_of(joined, scenario))


def occurrence_of(rows: ir.Table, scenario: Scenario) -> ir.Value:
    if scenario.occurs == "once":
        return ibis.literal("once")
    if scenario.occurs == "year":
        return rows["subject"] + "/" + rows["year"].cast("string")
    return rows["subject"]
