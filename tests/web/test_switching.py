"""A scenario is switched on after one has seen whom it would write to, and off again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relance.web.accounts import create_user
from tests.stories.bookshop import Bookshop, bookshop, order, person
from tests.web.conftest import NAME, PASSWORD, browser


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Bookshop]:
    """Yesterday was the thirtieth day after anne's first order; a turn was run, and nothing is on."""
    made = bookshop(tmp_path / "home")
    made.people(person("anne"), person("luc"))
    rows = [*order("1", "anne", "2026-02-08 12:00"), *order("2", "luc", "2026-02-20 12:00")]
    made.deliver("2026-02-21 06:00", orders=rows)
    made.turn("2026-03-10 09:30")
    create_user(made.home, NAME, PASSWORD, administrator=True)
    yield made
    made.close()


def manager(shop: Bookshop) -> Any:
    from django.contrib.auth import get_user_model

    found = browser(shop)
    found.force_login(get_user_model().objects.get(username=NAME))
    return found


def test_before_it_is_on_one_sees_how_many_it_would_have_written_to_and_nothing_is_kept(shop: Bookshop) -> None:
    camille = manager(shop)
    before = (shop.place.engine.contents_hash(), shop.place.ledger.contents_hash())
    page = camille.get("/scenarios/second-purchase/on").content.decode()
    assert "<b>1 message</b>" in page
    assert (shop.place.engine.contents_hash(), shop.place.ledger.contents_hash()) == before


def test_switching_on_asks_once_and_off_again_too(shop: Bookshop) -> None:
    camille = manager(shop)
    assert camille.post("/scenarios/second-purchase/on").status_code == 302
    assert [(one.scenario, one.on) for one in shop.place.ledger.switches()] == [("second-purchase", True)]
    assert camille.get("/scenarios/second-purchase/on").status_code == 302, "it is on already"
    assert "En marche" in camille.get("/scenarios/second-purchase").content.decode()
    assert camille.get("/scenarios/second-purchase/off").status_code == 200
    assert camille.post("/scenarios/second-purchase/off").status_code == 302
    assert [one.on for one in shop.place.ledger.switches()] == [True, False]


def test_a_library_scenario_of_no_shop_is_not_there(shop: Bookshop) -> None:
    assert manager(shop).post("/scenarios/no-such/on").status_code == 404
