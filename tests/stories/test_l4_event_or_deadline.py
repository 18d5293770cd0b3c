"""L4: a wait until another order or ten days; which branch, when, and what becomes known too late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from relance.explaining.explain import explain
from tests.stories.bookshop import ZONE, Bookshop, bookshop, copy_of, local, order, person

SCENARIO: dict[str, Any] = {
    "scenario": "after-first",
    "title": {"fr": "Après la première", "en": "After the first"},
    "schedule": {"daily": "09:00"},
    "trigger": {"date": {"of": "first_order"}},
    "fresh_for": "7d",
    "stop": {
        "cancelled": {"count": "orders", "where": {"column": "status", "is": "cancelled"}, "at_least": 1},
        "ordered": {"count": "orders", "where": "valid", "at_least": 2},
    },
    "steps": [
        {
            "name": "another",
            "wait": {
                "event": {"row": "orders", "where": "valid"},
                "at_most": "10d",
                "happened": [{"exit": "came-back"}],
                "otherwise": [{"name": "news", "wait": "1d"}, {"send": {"message": "second-purchase"}}],
            },
        }
    ],
}
FIRST = order("o1", "mia", "2026-03-01 12:00")
AFTER = {name: tree for name, tree in SCENARIO["stop"].items() if name == "cancelled"}


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Mia has said yes; the scenario is on since 1 March, 08:00."""
    shop = bookshop(tmp_path_factory.mktemp("ready") / "home")
    shop.people(person("mia"))
    shop.close()
    return shop.home.path


@pytest.fixture
def shop(ready: Path, tmp_path: Path) -> Iterator[Bookshop]:
    made = copy_of(ready, tmp_path / "home")
    yield made
    made.close()


def live(shop: Bookshop, until: str, **files: list[dict[str, Any]]) -> list[tuple[str, str, str | None]]:
    """Turns at 09:00 from 2 March on, files at 06:00 (`on_0312`); (date, outcome, reason) of every decision."""
    day = date(2026, 3, 2)
    while day <= date.fromisoformat(until):
        if rows := files.get(f"on_{day:%m%d}"):
            shop.deliver(f"{day} 06:00", orders=rows)
        shop.turn(f"{day} 09:00")
        day += timedelta(days=1)
    rows = shop.place.engine.rows('SELECT "at", outcome, reason FROM decisions ORDER BY "at"')
    return [(f"{row['at']:%m-%d}", row["outcome"], row["reason"] or None) for row in rows]


def way(shop: Bookshop) -> str | None:
    """Which way the wait was left."""
    return shop.place.engine.value("SELECT way FROM passages WHERE step = 'another'")


def test_l4_known_on_the_morning_of_the_deadline_it_is_the_event(shop: Bookshop) -> None:
    shop.publish(SCENARIO | {"stop": AFTER}, "2026-03-01 08:00")
    second = order("o2", "mia", "2026-03-10 20:00")
    seen = live(shop, "2026-03-14", on_0302=FIRST, on_0311=second)
    assert seen == [("03-02", "waiting", None), ("03-11", "ended", "came-back")]
    assert way(shop) == "happened"
    told = explain(shop.place, "mia", "after-first", local("2026-03-14 10:00"))
    assert "what was waited for was known" in told.text("en")
    assert "late_event" not in {each.code for each in told.conditions}


@pytest.mark.parametrize(
    ("second", "what"), [("2026-03-11 08:30", "happened too late to be known"), ("2026-03-05 10:00", "came in late")]
)
def test_l4_known_after_the_deadline_it_is_the_deadline_for_good(shop: Bookshop, second: str, what: str) -> None:
    shop.publish(SCENARIO, "2026-03-01 08:00")
    seen = live(shop, "2026-03-14", on_0302=FIRST, on_0312=order("o2", "mia", second))
    assert seen == [("03-02", "waiting", None), ("03-11", "waiting", None), ("03-12", "refused", "ordered")], what
    assert way(shop) == "otherwise"
    told = explain(shop.place, "mia", "after-first", local("2026-03-14 10:00"))
    late = next(each for each in told.conditions if each.code == "late_event")
    (row,) = late.seen.evidence
    assert (row.key, row.happened_at, row.known_at) == ("o2", local(second), local("2026-03-12 06:00"))
    assert "Su trop tard pour l’attente another" in told.text("fr")
    assert "at the deadline nothing of the kind was known" in told.text("en")


def test_l4_another_order_at_the_same_time_is_the_event_in_the_turn_of_entry(shop: Bookshop) -> None:
    shop.publish(SCENARIO | {"stop": AFTER}, "2026-03-01 08:00")
    both = [*FIRST, *order("o2", "mia", "2026-03-01 12:00")]
    assert live(shop, "2026-03-03", on_0302=both) == [("03-02", "ended", "came-back")]


def test_l4_a_cancelled_first_order_ends_the_journey_in_the_wait(shop: Bookshop) -> None:
    shop.publish(SCENARIO, "2026-03-01 08:00")
    gone = order("o1", "mia", "2026-03-01 12:00", status="cancelled")
    assert live(shop, "2026-03-14", on_0302=FIRST, on_0304=gone) == [
        ("03-02", "waiting", None),
        ("03-04", "refused", "cancelled"),
    ]
    exit_ = 'SELECT state, reason, left_by, left_happened_at, left_known_at FROM journeys ORDER BY "at" DESC LIMIT 1'
    row = shop.place.engine.rows(exit_)[0]
    assert (row["state"], row["reason"], row["left_by"]) == ("ended", "cancelled", "orders o1")
    assert [f"{row[name]:%m-%d %H:%M}" for name in ("left_happened_at", "left_known_at")] == [
        "03-01 17:00",
        "03-04 11:00",
    ], f"12:00 and 06:00 in {ZONE}"
    told = explain(shop.place, "mia", "after-first", local("2026-03-14 10:00"))
    assert any("Le parcours a été quitté" in note.fr and "o1" in note.fr for note in told.notes)
