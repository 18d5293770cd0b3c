"""The past-day rule for whatever the library holds: turn = plan of that day = replay = forecast, field by field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from relance.backtests.asked import asked_of, version_named
from relance.backtests.stored import decisions_of
from relance.backtests.walk import backtest
from relance.base.clock import FixedClock, naive_utc
from relance.base.documents import load_document
from relance.base.home import Home
from relance.base.zones import local_day
from relance.channels.sender import send_due
from relance.channels.setup import email_channel, mail_settings
from relance.customers.installation import Installation, open_installation
from relance.customers.schema import HOUSE_TABLES
from relance.demo.month import in_own_names, make_files, make_home, receive
from relance.demo.plan import Delivery, DemoPlan
from relance.flow import plan, run
from relance.messages.publishing import library, library_text, publish_scenario
from relance.scenarios.calls import call_scenario
from relance.scenarios.switching import switch_on
from tests.stories.test_year import outcomes_seen

pytestmark = pytest.mark.slow
MEMBERS, DAYS, PLANNED = 1_000, 12, 6
COLUMNS = tuple(HOUSE_TABLES["decisions"])
Rows = set[tuple[Any, ...]]


@dataclass(frozen=True)
class Lived:
    """Some weeks of the cooperative with everything on, and the reports of its turns."""

    place: Installation
    reports: dict[datetime, dict[str, Any]]

    @property
    def days(self) -> list[date]:
        return [local_day(at, self.place.zone) for at in self.reports]

    def decided(self, at: datetime) -> Rows:
        """Every column of what the turn of that instant decided."""
        rows = self.place.engine.rows(f"SELECT * FROM decisions WHERE \"at\" = TIMESTAMP '{naive_utc(at)}'")
        return {tuple(row[name] for name in COLUMNS) for row in rows}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    home = Home(tmp_path_factory.mktemp("past") / "cooperative")
    make_home(home, again=False)
    story = make_files(home, MEMBERS, seed=1)
    place = open_installation(home)
    yield Lived(place, dict(live(place, story)))
    place.close()


def live(place: Installation, story: DemoPlan) -> Iterator[tuple[datetime, dict[str, Any]]]:
    """Files as they come; every scenario of the library begins at the first turn, and some members are called for."""
    first, settings = story.turns[-DAYS], mail_settings(place.settings, place.secret)
    channel = email_channel(settings, place.home.mail)
    for moment in story.moments:
        if isinstance(moment, Delivery):
            receive(place, moment)
            continue
        at = getattr(moment, "at", first)
        if at not in story.turns[-DAYS:]:
            continue
        if at == first:
            switch_all_on(place, at)
        call_for(place, story, at)
        yield at, run(place, at).as_dict()
        send_due(place.ledger, channel, settings, FixedClock(at))


def switch_all_on(place: Installation, at: datetime) -> None:
    for name in library():
        document = load_document(in_own_names(library_text(name)), source=name)
        switch_on(place, publish_scenario(place, document, at), at)


def call_for(place: Installation, story: DemoPlan, at: datetime) -> None:
    """Half an hour before the turn another system calls, for a member worth looking at, whatever calls start."""
    who = story.showcase[at.day % len(story.showcase)].own_id
    for version in (version_named(place, name) for name in library()):
        if version.scenario.trigger.call:
            call_scenario(place, version.scenario, who, f"{at:%d}", {}, at - timedelta(minutes=30))


def test_every_scenario_of_the_library_had_candidates(lived: Lived) -> None:
    seen = Counter[str]()
    for report in lived.reports.values():
        seen.update({each["id"]: each["candidates"] for each in report["scenarios"]})
    assert {name for name in library() if seen[name]} == set(library()), (
        "give it a reason to begin, here or in the demo"
    )


def test_the_plan_of_each_past_day_is_what_its_turn_decided(lived: Lived) -> None:
    with outcomes_seen(COLUMNS) as seen:
        for at, report in list(lived.reports.items())[-PLANNED:]:
            planned = plan(lived.place, at).as_dict()
            assert seen.pop() ^ lived.decided(at) == set(), at
            assert planned == report, at


def test_the_replay_of_the_span_has_no_differences(lived: Lived) -> None:
    found = backtest(lived.place, asked_of(lived.place, (), lived.days[0], lived.days[-1]))
    assert found["kind"] == "replay"
    assert found["differences"] == {"missing": 0, "added": 0, "rows": []}


def test_the_forecast_is_what_was_lived(lived: Lived) -> None:
    beyond = lived.days[-1] + timedelta(days=1)  # no turn was run, so nothing that was decided is read again
    found = backtest(lived.place, asked_of(lived.place, (), lived.days[0], beyond))
    assert found["kind"] == "forecast"
    rows = decisions_of(lived.place.home.path / "backtests" / found["id"]).to_pylist()
    foretold = {tuple(row[name] for name in COLUMNS) for row in rows if row["at"].date() < beyond}
    everything = set[tuple[Any, ...]]().union(*map(lived.decided, lived.reports))
    assert everything ^ foretold == set()
    assert [each["scenarios"] for each in found["days"][:-1]] == [each["scenarios"] for each in lived.reports.values()]
