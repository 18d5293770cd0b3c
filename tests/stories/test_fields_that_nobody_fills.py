"""A message that wants what nobody knows is refused when it is published, not when everybody waits for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relance.base.documents import load_document
from relance.base.errors import BadDocument
from relance.messages.contexts import SUPPLIERS
from relance.messages.documents import Block, MessageDocument, load_message
from relance.messages.fields import COMMON, KINDS
from relance.messages.lint import lint
from relance.messages.preview import preview
from relance.messages.publishing import publish_scenario
from relance.messages.supplying import OF_TRIGGER
from relance.messages.templates import FILTERS
from relance.scenarios.versions import Version
from tests.conftest import PROJECT
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
    assert [word for word in ("messages/merci.yaml:3", *said) if word not in sentence] == [], sentence


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


PAGE = (PROJECT / "docs" / "how-to" / "write-a-message.md").read_text(encoding="utf-8")
EXAMPLE = PAGE.split("```yaml\n")[1].split("```")[0]


def test_the_message_of_the_page_is_published_and_reads_well(shop: Bookshop) -> None:
    assert lint(load_message(EXAMPLE)) == []
    (shop.home.definitions / "messages" / "order-thanks.yaml").write_text(EXAMPLE)
    said = SCENARIO.replace("TRIGGER", ORDER).replace("message: merci", "message: order-thanks")
    publish_scenario(shop.place, load_document(said, "merci.yaml"), local("2026-03-01 08:00"))
    read = preview(shop.place, "order-thanks", local("2026-03-10 09:00"), language="fr").rendered
    assert read.subject == "Merci Marie pour votre commande"
    assert "Les Marées lentes : https://" in read.text


def test_the_page_names_every_key_value_kind_and_filter() -> None:
    names = {
        *MessageDocument.model_fields,
        *Block.model_fields,
        *KINDS,
        *FILTERS,
        *SUPPLIERS,
        "coupon",
        "list",
        "record",
    }
    names |= {name for known in OF_TRIGGER.values() for name in known}
    names |= {field.name for field in COMMON if field.name != "contact"}
    marked = {name.rstrip("?") for name in re.findall(r"`([a-z_0-9]+\??)`", PAGE)}
    assert names - marked == set()
