"""A scenario and one contact go in; every occurrence that its trigger sees comes out, whenever it falls due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

from relance.base.clock import aware_utc
from relance.base.zones import local_day, to_instant
from relance.customers.installation import Installation
from relance.customers.relations import view_mark
from relance.engines.texts import compiled
from relance.explaining.person import OneContact
from relance.scenarios.documents import Scenario
from relance.scenarios.due import DUE_DAYS, ELSE, EVER_DUE, Window, due_of, ever_row, instead_days
from relance.scenarios.moment import Moment, Running, days_in, lay_out
from relance.scenarios.products import lay_out_events
from relance.scenarios.triggers import MOMENTS, trigger_rows
from relance.scenarios.versions import Version

_INSTEAD = EVER_DUE + timedelta(days=1)  # marks what stands in where a row lacks the first column
_YEARS = timedelta(days=800)  # how far around the instant dates of a calendar are looked for


@dataclass(frozen=True)
class Arrival:
    """One occurrence as the trigger sees it. Instants are aware UTC."""

    occurrence: str
    subject: str
    fact_at: datetime
    fact_day: datetime
    due_at: datetime
    logged_in: bool | None = None


def arrivals(place: Installation, version: Version, view: OneContact, moment: Moment, contact: int) -> list[Arrival]:
    """Occurrences of the contact known by the moment, by due time; those already decided are not left out.

    Facts with an instant are found however old; dates of a calendar within 800 days of the moment.
    """
    scenario, zone = version.scenario, place.zone
    lay_out(place.engine, moment, [Running(version, moment.turn)])
    on_dates, named = _on_dates(scenario, view), _own_zone(place, scenario, view)
    zone = named or zone
    days = [ever_row(version.name, named), ever_row(version.name + ELSE, named, _INSTEAD)]
    if on_dates:
        days = days_in(scenario, Window(moment.turn - _YEARS, moment.turn + _YEARS), zone, version.name, (named,))
    place.engine.load("due_days", DUE_DAYS, days)
    lay_out_events(place.engine, view, version, version.name)
    marks = ("explained-trigger", view_mark(view), version.name, version.mark)
    text = compiled(place.engine, marks, lambda: trigger_rows(scenario, view, version.name))
    found = [_arrival(row) for row in place.engine.rows(text) if row["contact"] == contact]
    if not on_dates:
        more = {True: instead_days(scenario), False: None}
        found = [
            replace(each, due_at=due_of(each.fact_at, scenario, zone, more[each.due_at == aware_utc(_INSTEAD)]))
            for each in found
        ]
        found = [replace(each, fact_day=start_of_day(each.fact_at, zone)) for each in found]
    return sorted(found, key=lambda each: (each.due_at, each.occurrence))


def _own_zone(place: Installation, scenario: Scenario, view: OneContact) -> str:
    """The zone whose clocks the scenario keeps to for this contact; empty for the brand's."""
    if scenario.zone == "brand":
        return ""
    marks = ("explained-zone", view_mark(view))
    text = compiled(place.engine, marks, lambda: view.facts("contacts").select("zone", "known_at"))
    rows = sorted(place.engine.rows(text), key=lambda row: row["known_at"])
    return str(rows[-1]["zone"] or "") if rows else ""


def start_of_day(instant: datetime, zone: str) -> datetime:
    """The first instant of its local date."""
    return to_instant(local_day(instant, zone), time(0, 0), zone)


def trigger_table(scenario: Scenario) -> str:
    """The table whose rows trigger."""
    trigger = scenario.trigger
    if trigger.date:
        return MOMENTS[trigger.date.of][0] if trigger.date.of in MOMENTS else trigger.date.of.partition(".")[0]
    if trigger.comes_round:
        return "order_lines"
    if trigger.segment:
        return "segment_members"
    if trigger.call:
        return "calls"
    if trigger.calendar:
        return "contacts"
    if trigger.expiry:
        return trigger.expiry.table
    kind = trigger.row or trigger.quiet
    assert kind is not None
    return kind.table


def _on_dates(scenario: Scenario, view: OneContact) -> bool:
    """Whether the trigger counts from calendar dates, so that the query itself says when each falls due."""
    if scenario.trigger.comes_round or scenario.trigger.expiry or scenario.trigger.calendar:
        return True
    if scenario.trigger.quiet and scenario.trigger.quiet.by_stage:
        return True
    trigger = scenario.trigger.date
    if trigger is None or trigger.of in MOMENTS:
        return False
    table, _, name = trigger.of.partition(".")
    column = view.table(table).column(name)
    return column is not None and column.type == "date"


def _arrival(row: Mapping[str, Any]) -> Arrival:
    instants = {name: aware_utc(row[name]) for name in ("fact_at", "fact_day", "due_at")}
    return Arrival(row["occurrence"], row["subject"], logged_in=row["logged_in"], **instants)
