"""Journeys of several steps: waits, branches on a table of the retailer's own, exits, dates, and versions."""

from __future__ import annotations

from datetime import date

import pytest

from relance.customers.tables import Column, Table
from tests.explaining.shop import Bookshop, condition, local

PETS = Table(
    "pets",
    "an animal of a contact",
    ("pet",),
    (Column("pet", "text"), Column("contact", "integer"), Column("species", "text"), Column("adopted_at", "instant")),
    happened="adopted_at",
    contact=True,
    own=True,
)
STEPS = [
    {"name": "rest", "wait": "3d"},
    {
        "name": "which-pet",
        "branch": [
            {
                "if": {"count": "pets", "where": {"column": "species", "is": "cat"}, "at_least": 1},
                "then": [{"name": "cat-news", "send": {"channel": "email", "message": "win-back"}}],
            },
            {"else": [{"exit": "no_cat"}]},
        ],
    },
]
BIRTHDAY = {"date": {"of": "contacts.birth_date", "yearly": True}}
LETTER = [{"send": {"channel": "email", "message": "win-back"}}]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Bookshop:
    """c1 has a cat, c2 a dog; both ordered on the 1st; c3 was born on 8 March."""
    shop = Bookshop(tmp_path_factory.mktemp("journeys"))
    shop.tables(pets=PETS)
    shop.publish("second-purchase", holdout="0%")
    shop.publish("cats", trigger={"row": {"table": "orders", "where": "valid"}}, steps=STEPS)
    shop.publish("birthday", trigger=BIRTHDAY, schedule={"daily": "09:00"}, steps=LETTER, target=_child())
    shop.on("cats", "2026-03-01 00:00")
    shop.on("birthday", "2026-03-01 00:00")
    for number, species in ((1, "cat"), (2, "dog")):
        shop.person(number)
        shop.order(f"A{number}", number, "2026-03-01 10:00", "2026-03-01 11:00")
        shop.put("pets", pet=f"p{number}", contact=number, species=species, adopted_at=local("2025-06-01"))
    shop.person(3, birth_date=date(1980, 3, 8))
    shop.person(4, birth_date=date(2012, 3, 8))
    shop.turn("2026-03-01 12:00")
    shop.turn("2026-03-04 12:00")
    shop.turn("2026-03-08 09:00")
    return shop


def _child():
    return {"attribute": "contacts.birth_date", "below": "2010-01-01"}


def test_a_waiting_journey_says_which_step_comes_and_when(shop):
    found = shop.why("c1", "2026-03-02 09:00", "cats")
    assert (found.outcome, found.step) == ("waiting", "rest")
    assert found.next.at == local("2026-03-04 10:00")
    assert "l’étape « rest »" in found.headline.fr


def test_a_branch_shows_what_it_saw_and_where_it_came_from(shop):
    found = shop.why("c1", "2026-03-05 09:00", "cats")
    assert (found.outcome, found.step) == ("send", "cat-news")
    branch = condition(found, "branch:which-pet")
    assert (branch.verdict, branch.seen.value) == ("held", 1)
    assert [(row.table, row.key) for row in branch.seen.evidence] == [("pets", "p1")]
    assert len(found.earlier) == 1


def test_an_exit_names_itself_and_the_branch_that_led_there(shop):
    found = shop.why("c2", "2026-03-05 09:00", "cats")
    assert (found.outcome, found.reason) == ("ended", "no_cat")
    assert "no_cat" in found.headline.en
    assert condition(found, "branch:which-pet").seen.value == 0
    assert condition(found, "cap").verdict == "not_asked"


def test_a_birthday_shows_the_date_that_a_decision_may_not_keep(shop):
    found = shop.why("c3", "2026-03-08 10:00", "birthday")
    assert (found.outcome, found.occurrence) == ("send", "3/2026")
    assert condition(found, "not_targeted").seen.value == date(1980, 3, 8)
    assert "8 mars 1980" in found.text("fr")
    stored = shop.place.engine.rows("SELECT \"read\" FROM decisions WHERE scenario = 'birthday'")
    assert "1980" not in stored[0]["read"]


def test_the_next_birthday_is_announced(shop):
    found = shop.why("c4", "2026-03-09", "birthday")
    assert (found.outcome, found.reason) == ("refused", "not_targeted")
    assert found.next.at == local("2027-03-08 09:00")


def test_a_birthday_to_come_is_found_without_any_decision(shop):
    found = shop.why("c3", "2026-03-05", "birthday")
    assert (found.outcome, found.due_at) == ("not_due", local("2026-03-08 09:00"))


def test_a_scenario_that_is_not_on_says_so(shop):
    shop.order("A9", 2, "2026-03-02 10:00", "2026-03-08 11:00")
    found = shop.why("c1", "2026-03-09", "second-purchase")
    assert (found.outcome, found.reason) == ("not_on", None)
    assert condition(found, "on").verdict == "refused"
    assert found.next.said.fr == "Rien tant que le scénario n’est pas en marche."


def test_a_journey_is_explained_in_the_version_that_decided_it(shop):
    shop.publish("cats", trigger={"row": {"table": "orders"}}, steps=LETTER)
    assert shop.why("c2", "2026-03-10", "cats").version == 1
