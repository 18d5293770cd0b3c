"""L14 beyond its story (files/l14-edit.yaml): nothing is written beforehand, and undo restores every row as it was."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relance.base.documents import load_document
from relance.base.errors import Refused
from relance.messages.publishing import publish_scenario
from relance.scenarios.editing import edit, undo
from relance.scenarios.under_way import choices
from relance.scenarios.versions import Version
from tests.stories.bookshop import Bookshop, bookshop, copy_of, local, order, person

EARLY, LATER, LAST = 40, 5, 100
NOW = "2026-03-11 10:00"
V8: dict[str, Any] = {
    "scenario": "three-words",
    "trigger": {"row": {"table": "orders", "where": "valid"}},
    "schedule": {"daily": "09:00"},
    "fresh_for": "3d",
    "steps": [
        {"name": "a", "send": {"message": "word"}},
        {"wait": "7d"},
        {"name": "b", "send": {"message": "word"}},
        {"wait": "7d"},
        {"name": "c", "send": {"message": "word"}},
    ],
}


def v9() -> dict[str, Any]:
    """The second word is called otherwise."""
    made = copy.deepcopy(V8)
    made["steps"][2]["name"] = "b-again"
    return made


def who(group: str, number: int) -> list[str]:
    return [f"{group}{each:03}" for each in range(number)]


@pytest.fixture(scope="module")
def in_march(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Version 8; 100 wait before B, 40 before C, and the second word for 5 is queued."""
    shop = bookshop(tmp_path_factory.mktemp("edit") / "home")
    everyone = [*who("early", EARLY), *who("later", LATER), *who("last", LAST)]
    shop.people(*(person(each) for each in everyone))
    shop.write_message("word", "A word", "Good day", {})
    for number in range(1, 8):
        shop_publishes(shop, {**V8, "priority": number})
    shop.publish(V8, "2026-02-20 08:00")
    days = {"01": who("early", EARLY), "04": who("later", LATER), "08": [], "10": who("last", LAST)}
    for day, people in days.items():
        rows = [row for each in people for row in order(f"o-{each}", each, f"2026-03-{day} 07:00")]
        shop.deliver(f"2026-03-{day} 08:00", **({"orders": rows} if rows else {}))
        shop.turn(f"2026-03-{day} 09:00")
        shop.send(f"2026-03-{day} 09:05")
    shop.turn("2026-03-11 09:00")
    shop.close()
    return shop.home.path


def shop_publishes(shop: Bookshop, said: dict[str, Any], when: str = NOW) -> Version:
    return publish_scenario(shop.place, load_document(json.dumps(said)), local(when))


@pytest.fixture
def shop(in_march: Path, tmp_path: Path) -> Iterator[Bookshop]:
    made = copy_of(in_march, tmp_path / "home")
    yield made
    made.close()


def standing(shop: Bookshop) -> list[tuple[Any, ...]]:
    """Where every journey stands, as its last row has it."""
    rows = shop.place.engine.rows(
        "SELECT contact, occurrence, version, node, due_at, state, reason FROM journeys "
        'QUALIFY row_number() OVER (PARTITION BY contact, occurrence ORDER BY "at" DESC, node DESC) = 1 ORDER BY 1, 2'
    )
    return [tuple(row.values()) for row in rows]


def queue(shop: Bookshop) -> list[tuple[Any, ...]]:
    rows = shop.place.ledger.outbox()
    return [(row.id, row.state, row.reason, row.outgoing.version, row.retry_at, row.updated_at) for row in rows]


def sent_to(shop: Bookshop, step: str) -> set[tuple[str, int]]:
    """(address, version) of the messages of a step."""
    rows = (row.outgoing for row in shop.place.ledger.outbox(states=("accepted",)))
    return {(row.address, row.version) for row in rows if row.key.step == step}


def test_l14_every_choice_says_how_many_beforehand_and_writes_nothing(shop: Bookshop) -> None:
    new = shop_publishes(shop, v9())
    assert new.number == 9
    before = (standing(shop), queue(shop))
    found = choices(shop.place, new, local(NOW))
    assert (found.running, found.new, found.waiting, found.queued) == (8, 9, 140, 5)
    assert found.past_change == 40
    told = {each.live: (each.moved, each.finish, each.stopped, each.cancelled) for each in found.choices}
    assert told == {"finish": (0, 145, 0, 0), "move:c": (40, 105, 0, 0), "stop": (0, 0, 145, 5)}
    assert [(each.step, each.journeys, each.named_in_new) for each in found.standing] == [
        ("b", 100, False),
        ("c", 40, True),
    ]
    assert (standing(shop), queue(shop)) == before
    with pytest.raises(Refused, match="there are: finish, move:c, stop"):
        edit(shop.place, new, "move:b", local(NOW))


def test_l14_undo_restores_all_until_a_message_of_the_new_version_has_left(shop: Bookshop) -> None:
    before = (standing(shop), queue(shop))
    new = shop_publishes(shop, v9())
    edit(shop.place, new, "move:c", local(NOW))
    back = undo(shop.place, "three-words", local("2026-03-11 10:05"))
    assert (back.version, back.undone, back.journeys, back.queued) == (8, 9, 40, 0)
    assert (standing(shop), queue(shop)) == before
    assert shop.plan("2026-03-11 10:06").scenario("three-words").version == 8
    with pytest.raises(Refused, match="nothing to undo"):
        undo(shop.place, "three-words", local("2026-03-11 10:07"))


def test_l14_undo_takes_back_what_the_new_version_has_queued_and_nobody_gets_a_step_twice(shop: Bookshop) -> None:
    new = shop_publishes(shop, v9())
    before = standing(shop)
    edit(shop.place, new, "move:c", local(NOW))
    shop.turn("2026-03-15 09:00")
    undo(shop.place, "three-words", local("2026-03-15 09:01"))
    assert standing(shop) == before
    shop.turn("2026-03-15 09:02")
    shop.send("2026-03-15 09:05")
    assert sorted(sent_to(shop, "c")) == [(f"{each}@example.test", 8) for each in who("early", EARLY)]


def test_who_enters_the_new_version_and_who_finishes_in_the_old_are_decided_in_one_turn(shop: Bookshop) -> None:
    edit(shop.place, shop_publishes(shop, v9()), "finish", local(NOW))
    rows = [row for each in who("early", 3) for row in order(f"n-{each}", each, "2026-03-17 07:00")]
    shop.deliver("2026-03-17 08:00", orders=rows)
    report = shop.turn("2026-03-17 09:00")
    told = {each.version: (each.candidates, each.send) for each in report.scenarios}
    two_at_once = 3  # of the third word and the first, one leaves
    assert told == {8: (LAST + EARLY, LAST + EARLY - two_at_once), 9: (3, 3)}
    shop.send("2026-03-17 09:05")
    assert sorted(address for address, version in sent_to(shop, "a") if version == 9) == [
        f"{each}@example.test" for each in who("early", 3)
    ]


def test_l14_stop_exits_all_and_cancels_what_is_queued_and_undo_restores_it(shop: Bookshop) -> None:
    before = (standing(shop), queue(shop))
    done = edit(shop.place, shop_publishes(shop, v9()), "stop", local(NOW))
    assert (done.stopped, done.cancelled) == (145, 5)
    after = standing(shop)
    assert {(row[5], row[6]) for row in after} == {("ended", "stopped_by_edit")}
    assert [row[2] for row in queue(shop)].count("stopped_by_edit") == 5
    assert shop.send("2026-03-11 10:02").accepted == 0
    assert undo(shop.place, "three-words", local("2026-03-11 10:05")).queued == 5
    assert (standing(shop), queue(shop)) == before
    assert shop.send("2026-03-11 10:06").accepted == 5


def test_l14_finishing_in_the_old_is_what_new_occurrences_do_not(shop: Bookshop) -> None:
    edit(shop.place, shop_publishes(shop, v9()), "finish", local(NOW))
    shop.people(person("newcomer"), when="2026-03-11 11:00")
    shop.deliver("2026-03-12 08:00", orders=order("o-new", "newcomer", "2026-03-12 07:00"))
    shop.turn("2026-03-12 09:00")
    versions = {row[0]: row[2] for row in standing(shop)}
    (own,) = shop.place.engine.rows("SELECT contact FROM contacts_vault WHERE own_id = 'newcomer'")
    assert versions.pop(own["contact"]) == 9
    assert set(versions.values()) == {8}
