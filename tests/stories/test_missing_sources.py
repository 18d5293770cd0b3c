"""A scenario that reads what no source declares does not start; a source without rows says: nothing so far."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from relance.base.documents import load_document
from relance.base.errors import Refused
from relance.messages.publishing import library_document, publish_scenario
from relance.scenarios.sources import check_sources, missing_sources
from relance.scenarios.versions import Version
from tests.stories.bookshop import Bookshop, bookshop, local

WISHES = {"wishlists": {"list": {"product": "text"}}}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Bookshop]:
    made = bookshop(tmp_path / "home")
    yield made
    made.close()


def published(shop: Bookshop, name: str) -> Version:
    return publish_scenario(shop.place, library_document(name), local("2026-03-01 08:00"))


def test_what_has_its_sources_starts_also_before_there_are_rows(shop: Bookshop) -> None:
    for name in ("forgotten-cart", "second-purchase", "order-confirmation", "consent-lapse", "birthday"):
        assert missing_sources(shop.place, published(shop, name)) == (), name


def test_the_refusal_names_table_column_and_reader(shop: Bookshop) -> None:
    for name, said in (
        ("first-purchase", "the trigger reads the column “joined_on” of the table “contacts”"),
        ("review", "the list of items reads the table “reviews”"),
        ("points", "the trigger reads the table “loyalty_lots”"),
    ):
        with pytest.raises(Refused, match=f"“{name}” cannot start: {said}, and no source declares it"):
            check_sources(shop.place, published(shop, name))


def test_a_column_that_is_not_mapped_is_missing_for_target_stop_and_message(tmp_path: Path) -> None:
    shop = bookshop(tmp_path / "home")
    shop.write_message("wishes", "A word", "{% for one in wishlists %}{{ one.product }}{% endfor %}", WISHES)
    said = {
        "scenario": "told",
        "trigger": {"row": {"table": "orders", "where": "valid"}},
        "target": {"attribute": "contacts.province", "is": "QC"},
        "stop": {"asked": {"count": "service_events", "where": {"column": "kind", "is": "call"}, "at_least": 1}},
        "fresh_for": "1d",
        "steps": [{"send": {"channel": "email", "message": "wishes"}}],
    }
    document = load_document(json.dumps(said), source="story")
    with pytest.raises(Refused) as refusal:
        check_sources(shop.place, publish_scenario(shop.place, document, local("2026-03-01 08:00")))
    shop.close()
    assert str(refusal.value).split(": ", 1)[1].split("; ") == [
        "the target reads the column “province” of the table “contacts”, and no source declares it",
        "the stop condition “asked” reads the table “service_events”, and no source declares it",
        "the message “wishes” reads the table “wishlists”, and no source declares it",
    ]
