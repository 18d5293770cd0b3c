"""A retailer's own table, from a file and one document to a message, and out of the house again with its owner."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from relance.audiences.criteria import parse_criteria
from relance.audiences.everyone import audience, count
from relance.channels.erasing import erase_everywhere
from tests.stories.bookshop import Bookshop, bookshop, copy_of, local, person

TABLE = """
table: pets
grain: an animal that lives with a contact
key: pet
contact: true
happened: seen_at
columns:
  pet: text
  kind: text
  born_on: date
  seen_at: instant
  name: {type: text, personal: true}
"""
COLUMNS = "columns: {pet: id, contact: owner, kind: kind, born_on: born, seen_at: seen, name: name}"
EACH = "{% for pet in pets %}{{ pet.name }} ({{ pet.kind }}) {% endfor %}"
FIELDS = {"pets": {"list": {"name": "text", "kind": "text"}}}
BIRTHDAY = {
    "scenario": "pet-birthday",
    "schedule": {"daily": "09:00"},
    "trigger": {"date": {"of": "pets.born_on", "yearly": True}},
    "fresh_for": "12h",
    "target": {"count": "pets", "where": {"column": "kind", "is": "dog"}, "at_least": 1},
    "steps": [{"send": {"channel": "email", "message": "pet-birthday"}}],
}
WELCOME = {
    "scenario": "new-pet",
    "trigger": {"row": {"table": "pets"}},
    "fresh_for": "3d",
    "priority": 10,
    "steps": [{"send": {"channel": "email", "message": "new-pet"}}],
}
PETS = [
    {"id": "p1", "owner": "marie", "kind": "dog", "born": "2020-03-10", "seen": "2026-01-05 10:00", "name": "Zigomar"},
    {"id": "p2", "owner": "marie", "kind": "cat", "born": "2021-08-01", "seen": "2026-01-05 10:00", "name": "Fantômas"},
    {"id": "p3", "owner": "paul", "kind": "cat", "born": "2019-03-10", "seen": "2026-01-05 10:00", "name": "Belphégor"},
]


@pytest.fixture(scope="module")
def in_january(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("pets") / "home"
    (home / "definitions" / "tables").mkdir(parents=True)
    (home / "definitions" / "tables" / "pets.yaml").write_text(TABLE)
    made = bookshop(home, feeds={"pets": COLUMNS})
    for name in ("pet-birthday", "new-pet"):
        made.write_message(name, "A thought for {{ pets[0].name }}", EACH, FIELDS)
    made.people(person("marie"), person("paul"))
    made.deliver("2026-01-06 06:00", pets=PETS)
    made.close()
    return home


@pytest.fixture
def shop(in_january: Path, tmp_path: Path) -> Iterator[Bookshop]:
    made = copy_of(in_january, tmp_path / "home")
    yield made
    made.close()


def asked(shop: Bookshop, question: object) -> int:
    """How many contacts a criteria tree holds for, on the tenth of March."""
    place, now = shop.place, local("2026-03-10 09:00")
    return count(place.engine, audience(place.engine, parse_criteria(question), place.view(now), place.zone, now, now))


def texts_of(shop: Bookshop) -> Iterator[str]:
    """Every value of every table of the warehouse and the ledger, and every file of the mailbox."""
    for table in shop.place.engine.tables():
        yield from (str(row) for row in shop.place.engine.rows(f'SELECT * FROM "{table}"'))
    with sqlite3.connect(shop.home.ledger) as ledger:
        for (table,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            yield from (str(row) for row in ledger.execute(f'SELECT * FROM "{table}"'))
    yield from (path.read_text() for path in sorted(shop.home.mail.rglob("*")) if path.is_file())


def test_pets_are_counted(shop: Bookshop) -> None:
    assert asked(shop, {"count": "pets", "at_least": 1}) == 2
    assert asked(shop, {"count": "pets", "where": {"column": "kind", "is": "dog"}, "at_least": 1}) == 1
    assert asked(shop, {"count": "pets", "at_least": 2}) == 1


def test_pets_have_birthdays_that_are_kept(shop: Bookshop) -> None:
    shop.publish(BIRTHDAY, "2026-03-01 08:00")
    shop.turn("2026-03-09 09:00")
    shop.turn("2026-03-10 09:00")
    assert shop.decided("2026-03-10 09:00") == {"marie": ("send", None), "paul": ("refused", "not_targeted")}
    assert shop.send("2026-03-10 09:01").accepted == 1
    mail = shop.mails()[0]
    assert mail["Subject"] == "A thought for Zigomar"
    assert "Zigomar (dog) Fantômas (cat)" in mail.get_body(("plain",)).get_content()
    shop.turn("2026-03-10 10:00")
    assert shop.decided("2026-03-10 10:00") == {}, "once a year"
    late = shop.turn("2027-03-09 09:00").scenario("pet-birthday")
    assert late.refused == {"too_late": 1}, "the cat's birthday in August was missed"
    shop.turn("2027-03-10 09:00")
    assert shop.decided("2027-03-10 09:00")["marie"] == ("send", None)


def test_pets_that_arrive_start_a_scenario(shop: Bookshop) -> None:
    shop.publish(WELCOME, "2026-03-01 08:00")
    newcomer = {
        "id": "p4",
        "owner": "paul",
        "kind": "dog",
        "born": "2026-01-01",
        "seen": "2026-03-09 15:00",
        "name": "Rex",
    }
    shop.deliver("2026-03-10 06:00", pets=[newcomer])
    shop.turn("2026-03-10 09:00")
    assert shop.decided("2026-03-10 09:00") == {"paul": ("send", None)}


def test_pets_are_erased_with_their_owner(shop: Bookshop) -> None:
    shop.publish(BIRTHDAY, "2026-03-01 08:00")
    shop.turn("2026-03-10 09:00")
    shop.send("2026-03-10 09:01")
    decisions = "SELECT scenario, outcome, reason, count(*) AS n FROM decisions GROUP BY ALL ORDER BY ALL"
    before = shop.place.engine.rows(decisions)
    told = [text for text in texts_of(shop) if "Zigomar" in text or "marie@example.test" in text]
    assert len(told) >= 4, "vault, outbox and mailbox knew them"
    erase_everywhere(shop.place, "marie", local("2026-03-11 10:00"))
    for text in texts_of(shop):
        assert not any(word in text.lower() for word in ("zigomar", "fantômas", "marie@example.test")), text[:200]
    assert shop.place.engine.rows(decisions) == before, "what was decided stays counted"
    assert any("Belphégor" in text for text in texts_of(shop)), "Paul's cat is another matter"
    shop.deliver("2026-03-12 06:00", pets=PETS)
    assert not any("Zigomar" in text for text in texts_of(shop)), "a later file does not bring her back"
