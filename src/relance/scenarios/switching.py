"""A scenario is switched on or off; on, it says how many are already past and will not be written to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import ibis.expr.types as ir

from relance.audiences.segments import load_segments
from relance.customers.installation import Installation
from relance.customers.relations import View, view_mark
from relance.engines.ledger import Switch
from relance.engines.texts import compiled
from relance.scenarios.arrivals import arriving, counted_off, entering
from relance.scenarios.assess import assessed, probe_rows
from relance.scenarios.candidates import asks_fact_day, load_condition_moments
from relance.scenarios.documents import Scenario
from relance.scenarios.due import DUE_DAYS, ELSE, Window, instead_days, past_row
from relance.scenarios.handing import check_hand_overs
from relance.scenarios.moment import Moment, Running, days_in, lay_out
from relance.scenarios.product_stops import lay_out_product_stops
from relance.scenarios.products import lay_out_events
from relance.scenarios.versions import Version
from relance.scenarios.zones import zone_names

_YEAR = timedelta(days=367)  # a leap year, and the hours by which clocks change
_FORTNIGHT = timedelta(days=14)


def switch_on(place: Installation, version: Version, at: datetime) -> int:
    """Starts the scenario at this instant; answers how many contacts are already past."""
    segments = load_segments(place.home.definitions / "segments")
    check_hand_overs(place.ledger, version, at, segments)
    past = already_past(place, version, at)
    place.ledger.switch(Switch(version.name, True, version.number, at, already_past=past))
    return past


def switch_off(place: Installation, name: str, version: int, at: datetime) -> None:
    """Nothing more is decided; journeys keep their place."""
    place.ledger.switch(Switch(name, False, version, at))


def already_past(place: Installation, version: Version, at: datetime) -> int:
    """Contacts whose latest occurrence was due before the instant and whom nothing would stop now."""
    engine, view = place.engine, place.view(at)
    moment = Moment(at, at, None, place.zone)
    with engine.rolled_back():
        lay_out(engine, moment, [Running(version, at)])
        zones = zone_names(engine) if version.scenario.zone == "contact" else ("",)
        engine.load("due_days", DUE_DAYS, _past_days(version, at - timedelta(microseconds=1), place.zone, zones))
        load_condition_moments(engine, view, moment, [version])
        marks = (version.mark, view_mark(view), place.zone)
        name = version.name
        lay_out_events(engine, view, version, name)
        past = compiled(engine, ("past", *marks), lambda: counted_off(arriving(entering(version, view, name))))
        engine.keep("work", past)
        engine.keep("probes", compiled(engine, ("past-probes", name), lambda: probe_rows(name)))
        lay_out_product_stops(engine, view, version, name)
        asked = compiled(engine, ("not-stopped", *marks), lambda: _not_stopped(version, view, place.zone))
        return int(engine.value(asked) or 0)


def _past_days(version: Version, at: datetime, zone: str, zones: Sequence[str]) -> list[dict[str, object]]:
    """Day by day for a year where conditions ask for the fact's own day, and everything older as one row."""
    scenario = version.scenario
    by_day = scenario.trigger.calendar or _yearly(scenario) or asks_fact_day(version)
    horizon, rule = at - (_YEAR if by_day else _FORTNIGHT), version.name
    days = days_in(scenario, Window(horizon, at), zone, rule, zones)
    if scenario.trigger.calendar:
        return days[-1:]  # the last broadcast only
    if _yearly(scenario):
        return days
    horizon += timedelta(days=1)  # clocks may change between: rather twice than never, for contacts are counted
    for stage, wait in scenario.trigger.quiet.waits if scenario.trigger.quiet else ():
        days += [past_row(scenario, horizon, zone, rule, days=wait or 0) | {"part": stage}]
    days += [past_row(scenario, horizon, name or zone, rule, named=name) for name in zones]
    if (more := instead_days(scenario)) is not None:
        days += [past_row(scenario, horizon, name or zone, rule + ELSE, days=more, named=name) for name in zones]
    return days


def _yearly(scenario: Scenario) -> bool:
    return scenario.trigger.date is not None and scenario.trigger.date.yearly


def _not_stopped(version: Version, view: View, zone: str) -> ir.Table:
    asked = version.scenario.model_copy(update={"needs": (), "items": None, "reentry": None})
    rows = assessed(asked, view, version.name, zone)
    rows = rows.filter(~rows["not_targeted"], rows["stopped"] == "", rows["contact"].notnull())
    return rows.aggregate(number=rows["contact"].nunique())
