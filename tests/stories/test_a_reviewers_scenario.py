"""A scenario that nobody here has seen before: order placed, wait 3 days, branch on the shop's own table, send."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relance.base.documents import load_document
from relance.explaining.explain import explain
from relance.messages.publishing import publish_scenario
from relance.policy.equation import equations
from relance.reports.accounts import scenario_report
from relance.reports.asking import Period
from tests.stories.bookshop import Bookshop, bookshop, copy_of, local, order, person

TABLE = """
table: club_cards
grain: a card of the reading club
key: card
contact: true
happened: issued_at
columns: {card: text, level: text, issued_at: instant}
"""
SCENARIO = """
scenario: three-days-after
schedule: {daily: "09:00"}
trigger: {row: {table: orders, where: valid}}
fresh_for: 5d
stop: {complained: {count: service_events, where: {column: kind, is: complaint}, at_least: 1}}
steps:
  - wait: 3d
  - branch:
      - if: {count: club_cards, where: {column: level, is: gold}, at_least: 1}
        then: [{send: {channel: email, message: for-members}}]
      - else: [{send: {channel: email, message: for-everyone}}]
"""
SECOND = SCENARIO.replace("wait: 3d", "wait: 5d")
COMPLAINTS = "columns: {event: id, contact: contact, happened_at: at, kind: kind}"
Day = dict[str, tuple[str, str | None]]


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four people; Alba and Dora have a golden card. The scenario is on since 1 March."""
    home = tmp_path_factory.mktemp("reviewer") / "home"
    (home / "definitions" / "tables").mkdir(parents=True)
    (home / "definitions" / "tables" / "club_cards.yaml").write_text(TABLE)
    cards = "columns: {card: card, contact: contact, level: level, issued_at: at}"
    made = bookshop(home, feeds={"club_cards": cards, "service_events": COMPLAINTS})
    for name in ("for-members", "for-everyone"):
        made.write_message(name, f"A word {name}", "Thank you, {{ contact.first_name | default('you') }}.", {})
    made.people(*(person(one) for one in ("alba", "bruno", "carla", "dora")))
    cards_of = [{"card": one, "contact": one, "level": "gold", "at": "2026-01-05 10:00"} for one in ("alba", "dora")]
    made.deliver("2026-01-06 06:00", club_cards=cards_of)
    made.publish(load_document(SCENARIO).data, "2026-03-01 08:00")
    made.close()
    return home


@pytest.fixture
def shop(ready: Path, tmp_path: Path) -> Iterator[Bookshop]:
    made = copy_of(ready, tmp_path / "home")
    yield made
    made.close()


def days(shop: Bookshop, first: int, last: int, **files: Any) -> dict[int, Day]:
    """March from day to day: what each turn decided; `on_4` is a file of orders of the morning of the 4th."""
    seen = {}
    for day in range(first, last + 1):
        if rows := files.get(f"on_{day}"):
            shop.deliver(f"2026-03-{day:02} 06:00", orders=rows)
        shop.turn(f"2026-03-{day:02} 09:00")
        seen[day] = shop.decided(f"2026-03-{day:02} 09:00")
    return seen


def test_a_reviewers_scenario_day_by_day(shop: Bookshop) -> None:
    rows = [*order("o1", "alba", "2026-03-03 15:00"), *order("o2", "bruno", "2026-03-03 16:00")]
    seen = days(shop, 3, 8, on_4=rows)
    assert seen == {
        3: {},
        4: {"alba": ("waiting", None), "bruno": ("waiting", None)},
        5: {},
        6: {"alba": ("send", None), "bruno": ("send", None)},
        7: {},
        8: {},
    }
    chosen = {address: row.outgoing.message for address, row in shop.outbox().items()}
    assert chosen == {"alba@example.test": "for-members", "bruno@example.test": "for-everyone"}
    assert shop.send("2026-03-08 09:01").accepted == 2
    states = "SELECT state, count(*) AS n FROM journeys GROUP BY state ORDER BY state"
    assert shop.place.engine.rows(states) == [{"state": "ended", "n": 2}, {"state": "waiting", "n": 2}]


def test_a_reviewers_scenario_stops_before_each_step(shop: Bookshop) -> None:
    days(shop, 3, 5, on_4=[*order("o1", "alba", "2026-03-03 15:00"), *order("o2", "bruno", "2026-03-03 16:00")])
    complaint = {"id": "e1", "contact": "alba", "at": "2026-03-05 18:00", "kind": "complaint"}
    shop.deliver("2026-03-06 06:00", service_events=[complaint])
    assert days(shop, 6, 7)[6] == {"alba": ("refused", "complained"), "bruno": ("send", None)}
    late = days(shop, 8, 11, on_8=order("o3", "alba", "2026-03-07 15:00"))
    assert late[8] == {"alba": ("refused", "complained")}, "nor may she enter"
    assert late[11] == {}


def test_a_reviewers_scenario_finishes_in_the_version_it_began(shop: Bookshop) -> None:
    days(shop, 3, 5, on_4=order("o1", "alba", "2026-03-03 15:00"), on_5=order("o2", "bruno", "2026-03-04 15:00"))
    changed = publish_scenario(shop.place, load_document(SECOND), local("2026-03-06 07:00"))
    assert changed.number == 2
    shop.publish(load_document(SECOND).data, "2026-03-06 07:00")
    seen = days(shop, 6, 11, on_6=order("o3", "carla", "2026-03-05 15:00"))
    assert seen[6] == {"alba": ("send", None), "carla": ("waiting", None)}
    assert seen[7] == {"bruno": ("send", None)}
    assert (seen[8], seen[9]) == ({}, {})
    assert seen[10] == {"carla": ("send", None)}
    versions = "SELECT version, count(*) AS n FROM decisions WHERE outcome = 'send' GROUP BY version ORDER BY version"
    assert shop.place.engine.rows(versions) == [{"version": 1, "n": 2}, {"version": 2, "n": 1}]


def test_a_reviewers_scenario_outlives_the_process(shop: Bookshop) -> None:
    days(shop, 3, 5, on_4=order("o1", "dora", "2026-03-03 15:00"))
    shop.reopen()
    assert days(shop, 6, 8)[6] == {"dora": ("send", None)}
    assert shop.outbox()["dora@example.test"].outgoing.message == "for-members"


def test_a_reviewers_scenario_is_planned_as_it_runs(shop: Bookshop) -> None:
    days(shop, 3, 5, on_4=[*order("o1", "alba", "2026-03-03 15:00"), *order("o2", "bruno", "2026-03-03 16:00")])
    planned = shop.plan("2026-03-06 09:00")
    assert shop.turn("2026-03-06 09:00").as_dict() == planned.as_dict()
    report = planned.scenario("three-days-after")
    assert (report.candidates, report.send) == (2, 2)
    days(shop, 7, 9)
    assert shop.plan("2026-03-06 09:00").as_dict() == planned.as_dict(), "a past day is as it was"
    entered = shop.plan("2026-03-04 09:00").scenario("three-days-after")
    assert (entered.candidates, entered.waiting) == (2, 2)


def test_whoever_has_gone_on_waits_no_more_in_the_equation(shop: Bookshop) -> None:
    days(shop, 3, 6, on_4=order("o1", "alba", "2026-03-03 15:00"), on_6=order("o2", "bruno", "2026-03-05 15:00"))
    [whole] = equations(shop.place)
    assert (whole.candidates, whole.waiting, sum(whole.outbox.values())) == (2, 1, 1)
    days(shop, 7, 9)
    [whole] = equations(shop.place)
    assert (whole.candidates, whole.waiting, sum(whole.outbox.values())) == (2, 0, 2)
    told = scenario_report(shop.place, "three-days-after", Period(), local("2026-03-10 09:00")).equation
    assert (told.candidates, told.waiting) == (2, 0)


def test_a_step_behind_a_wait_is_explained_by_its_own_due_time(shop: Bookshop) -> None:
    days(shop, 3, 6, on_4=order("o1", "alba", "2026-03-03 15:00"))
    shop.deliver("2026-03-08 08:00", orders=order("o9", "bruno", "2026-03-07 15:00"))
    told = explain(shop.place, "alba", "three-days-after", local("2026-03-06 09:00"))
    assert [each.known_now for each in told.conditions if each.code == "trigger"] == [None]
