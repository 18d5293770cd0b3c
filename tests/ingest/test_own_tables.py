"""A retailer adds a table and a column by documents, fills them, and a person is forgotten in them too."""

from __future__ import annotations

import pytest

from relance.base.clock import parse_instant
from relance.base.errors import BadDocument, NotFound
from relance.customers.erasure import erase_contact
from relance.customers.own_tables import load_tables
from tests.ingest.shop import CONTACTS, ORDER_HEADER, ORDERS, SECRET, Shop

PETS = """
table: pets
grain: an animal of a contact
key: pet
contact: true
happened: added_on
columns:
  pet: text
  name: {type: text, personal: true}
  species: text
  born_on: {type: date, personal: true}
"""
PETS_FEED = """
feed: pets
files: "pets*.csv"
tables:
  pets:
    columns: {pet: id, contact: owner, added_on: added, name: name, species: species, born_on: born}
"""
PETS_FILE = """id,owner,added,name,species,born
p1,marie,2026-03-01T10:00Z,Félix le chat,cat,2020-05-01
p2,paul,2026-03-01T10:00Z,Rex,dog,2019-01-01
"""
PEOPLE = """id,email,name,language,genre
marie,Marie.Curie@example.test,Marie Curie,fr,essai
paul,paul@example.test,Paul,fr,roman
"""
CHANGED = "id,email,name,language,genre\nmarie,m.curie@example.test,Marie,fr,essai\n"
MORE = "o3,marie,2026-03-10 10:00,tea,1,4.5\no4,paul,2026-03-10 10:00,tea,1,4.5\n"
ORDER = "o1,marie,2026-03-09 10:00,tea,2,4.50\no2,marie,Marie.Curie@example.test,tea,1,1\n"
AT = "2026-03-10T10:00:00Z"


@pytest.fixture
def shop(tmp_path):
    genre = "table: contacts\ncolumns: {favourite_genre: text}\n"
    shop = Shop(tmp_path, ORDERS, CONTACTS.replace("language: language", "language: language, favourite_genre: genre"))
    shop.says(PETS.replace("table: pets", "table: pets"))
    shop.says(genre)
    shop.says(PETS_FEED)
    (shop.definitions / "feeds" / "pets.yaml").write_text(PETS_FEED, encoding="utf-8")
    return shop


def fill(shop):
    shop.takes(
        ("contacts-2026-03-01.csv", PEOPLE),
        ("pets.csv", PETS_FILE),
        ("orders-2026-03-09.csv", ORDER_HEADER + ORDER),
        at=AT,
    )  # fmt: skip


def test_a_retailers_table_and_column_are_filled(shop):
    fill(shop)
    assert shop.rows("SELECT pet, contact, species FROM pets ORDER BY pet") == [("p1", 1, "cat"), ("p2", 2, "dog")]
    assert shop.rows("SELECT pet, name, CAST(born_on AS VARCHAR) FROM pets_vault ORDER BY pet") == [
        ("p1", "Félix le chat", "2020-05-01"),
        ("p2", "Rex", "2019-01-01"),
    ]
    assert shop.rows("SELECT contact, favourite_genre FROM contacts ORDER BY contact") == [(1, "essai"), (2, "roman")]


def everything(shop):
    """Every value of every table as one text."""
    return "\n".join(
        str(value)
        for name in sorted(shop.engine.tables())
        for row in shop.engine.rows(f'SELECT * FROM "{name}"')
        for value in row.values()
    )


def test_a_forgotten_person_is_nowhere_any_more_and_does_not_come_back(shop):
    fill(shop)
    shop.takes(("contacts-2026-03-02.csv", CHANGED), at=AT)
    for word in ("marie", "Marie.Curie@example.test", "m.curie@example.test", "Félix"):
        assert word in everything(shop)
    contact = erase_contact(shop.engine, load_tables(shop.definitions / "tables"), "marie", SECRET, parse_instant(AT))
    told = everything(shop).lower()
    for word in ("marie", "curie@example.test", "félix", "2020-05-01"):
        assert word not in told
    assert shop.rows(f"SELECT order_id FROM orders WHERE contact = {contact}") == [("o1",)]
    assert "paul@example.test" in told and "rex" in told

    reports = shop.takes(
        ("orders-2026-03-10.csv", ORDER_HEADER + MORE),
        ("contacts-2026-03-10.csv", CHANGED),
        at="2026-03-11T10:00:00Z",
    )  # fmt: skip
    assert [report.reasons for report in reports] == [{"erased": 1}, {"erased": 1}]
    assert "curie" not in everything(shop).lower() and "marie" not in everything(shop).lower()
    assert shop.rows("SELECT order_id FROM orders ORDER BY 1") == [("o1",), ("o4",)]


def test_nobody_is_forgotten_by_mistake(shop):
    fill(shop)
    with pytest.raises(NotFound, match="nobody has the id “mari”"):
        erase_contact(shop.engine, load_tables(shop.definitions / "tables"), "mari", SECRET, parse_instant(AT))


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (PETS.replace("key: pet", "key: name"), "pets.yaml:4: the key “name” must be a column that is not personal"),
        (PETS.replace("key: pet", "happened: x"), "pets.yaml"),
        (PETS.replace("species: text", "known_at: instant"), "pets.yaml:10: a column cannot be named “known_at”"),
        (PETS.replace("species: text", "species: words"), "pets.yaml:10: “columns.species.type”"),
        (PETS.replace("table: pets", "table: turns"), "a table cannot be named “turns”"),
        (PETS.replace("table: pets", "table: orders"), "“orders” exists"),
        ("table: contacts\ncolumns: {email: text}", "pets.yaml:2: “contacts” has a column “email” already"),
    ],
)
def test_a_wrong_declaration_is_told_with_its_line(tmp_path, document, said):
    (tmp_path / "pets.yaml").write_text(document, encoding="utf-8")
    with pytest.raises(BadDocument) as caught:
        load_tables(tmp_path)
    assert said in str(caught.value)
