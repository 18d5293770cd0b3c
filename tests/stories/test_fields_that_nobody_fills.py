"""A message that wants what nobody knows is refused when it is published, not when everybody waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relance.base.documents import load_document
from relance.base.errors import BadDocument
from relance.messages.publishing import publish_scenario
from relance.scenarios.versions import Version
from tests.stories.bookshop import Bookshop, bookshop, local

CHILDREN = """
table: readers
grain: a child who reads
key: reader
contact: true
columns: {reader: text, name: text}
"""
SCENARIO = "scenario: merci\ntrigger: {TRIGGER}\nfresh_for: 3d\nsteps: [{send: {message: merci}}]\n"
MESSAGE = """message: merci
fields:
  FIELD
fr: {subject: Merci, preheader: Merci, mjml: "<mj-section/>", text: Merci}
en: {subject: Thank you, preheader: Thank you, mjml: "<mj-section/>", text: Thank you}
"""
ORDER, BIRTHDAY = "row: {table: orders, where: valid}", "date: {of: contacts.birth_date, yearly: true}"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bookshop]:
    home = tmp_path_factory.mktemp("fields") / "home"
    (home / "definitions" / "tables").mkdir(parents=True)
    (home / "definitions" / "messages").mkdir()
    (home / "definitions" / "tables" / "readers.yaml").write_text(CHILDREN)
    made = bookshop(home)
    yield made
    made.close()


def publish(shop: Bookshop, trigger: str, field: str) -> Version:
    file: Path = shop.home.definitions / "messages" / "merci.yaml"
    file.write_text(MESSAGE.replace("FIELD", field))
    document = load_document(SCENARIO.replace("TRIGGER", trigger), "merci.yaml")
    return publish_scenario(shop.place, document, local("2026-03-01 08:00"))


@pytest.mark.parametrize(
    ("trigger", "field", "said"),
    [
        (ORDER, "niveau: text", ("nobody fills the field “niveau”", "starts by row", "order_number", "like readers")),
        (ORDER, "points: number", ("nobody fills the field “points”", "contact.first_name")),
        (BIRTHDAY, "lines: list {title}", ("nobody fills the field “lines”", "starts by date")),
        (ORDER, "lines: list {title, isbn}", ("nobody fills “isbn” in “lines”", "quantity")),
        (ORDER, "readers: list {name, age}", ("nobody fills “age” in “readers”", "name, reader")),
    ],
)
def test_the_sentence_names_the_field_the_line_and_what_there_is(
    shop: Bookshop, trigger: str, field: str, said: tuple[str, ...]
) -> None:
    with pytest.raises(BadDocument) as refusal:
        publish(shop, trigger, field)
    sentence = str(refusal.value)
    assert [word for word in ("merci.yaml:3", *said) if word not in sentence] == [], sentence


@pytest.mark.parametrize(
    ("trigger", "field"),
    [
        (ORDER, "niveau?: text"),
        (ORDER, "lines: {list: {title: text, isbn?: text}, at_most: 4, rest: more}"),
        (ORDER, "readers: list {name}"),
        ("call: {}", "niveau: text"),
        ("handed_over: {}", "lines: list {title}"),
        ("expiry: {of: loyalty_lots.expires_on, amount: points}", "points: number"),
    ],
)
def test_what_somebody_fills_or_what_may_be_absent_is_published(shop: Bookshop, trigger: str, field: str) -> None:
    made: Any = publish(shop, trigger, field)
    assert made.name == "merci"
