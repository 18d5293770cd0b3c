"""A draft is put in force over people who are on the way: counts first, one of three ways, and back again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relance.messages.publishing import library_document
from relance.web.accounts import create_user
from tests.stories.bookshop import Bookshop, bookshop, person
from tests.web.conftest import NAME, PASSWORD, browser

DRAFT = "/scenarios/forgotten-cart/publish"
WAITS = [{"name": "pause", "wait": "2d"}, {"name": "word", "send": {"channel": "email", "message": "forgotten-cart"}}]


@pytest.fixture
def shop(tmp_path: Any) -> Iterator[Bookshop]:
    """Two people wait in version 1; a draft says another wait."""
    found = waiting(tmp_path / "home")
    yield found
    found.close()


def waiting(home: Path) -> Bookshop:
    """A shop whose draft may be published over two people under way."""
    found = bookshop(home)
    found.people(person("anne"), person("luc"))
    found.deliver("2026-02-02 06:00", products=[{"product": "book", "title": "Marées", "policy": "unlimited"}])
    needs = [{"feed": "carts", "deadline": "12:00"}]
    found.publish("forgotten-cart", "2026-03-08 08:00", holdout="0%", needs=needs, steps=WAITS)
    left = {"added": "2026-03-09 15:00", "touched": "2026-03-09 15:00", "product": "book", "logged_in": "yes"}
    found.deliver(
        "2026-03-10 06:00", carts=[{"cart": f"k-{name}", "contact": name, **left} for name in ("anne", "luc")]
    )
    found.turn("2026-03-10 09:00")
    steps = [{**WAITS[0], "wait": "3d"}, WAITS[1]]
    draft = {**library_document("forgotten-cart").data, "holdout": "0%", "needs": needs, "steps": steps}
    folder = found.home.definitions / "scenarios"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "forgotten-cart.yaml").write_text(json.dumps(draft, default=str), encoding="utf-8")
    create_user(found.home, NAME, PASSWORD, administrator=True)
    return found


@pytest.fixture
def reader(shop: Bookshop) -> Any:
    from django.contrib.auth import get_user_model

    camille = browser(shop)
    camille.force_login(get_user_model().objects.get(username=NAME))
    return camille


def ways(page: str) -> dict[str, int]:
    """Each way with how many it concerns."""
    return {live: int(n) for live, n in re.findall(r'value="([\w:-]+)".*?<span class="ct">(\d+)</span>', page)}


def running(shop: Bookshop) -> int:
    return shop.place.ledger.switches()[-1].version


def test_counts_come_first_and_looking_publishes_nothing(shop: Bookshop, reader: Any) -> None:
    assert "Publier le brouillon" in reader.get("/scenarios/forgotten-cart").content.decode()
    page = reader.get(DRAFT).content.decode()
    assert ways(page) == {"finish": 2, "move:word": 2, "stop": 2}
    assert "Étape 1\u00a0: Attendre 2 jours → Attendre 3 jours" in page
    english = reader.get(DRAFT, HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert "Step 1: Wait 2 days → Wait 3 days" in english
    assert len(shop.place.ledger.history("scenario", "forgotten-cart")) == 1


@pytest.mark.parametrize("live", ["finish", "move:word", "stop"])
def test_each_way_publishes_and_can_be_undone(shop: Bookshop, reader: Any, live: str) -> None:
    assert reader.post(DRAFT, {"live": live}).status_code == 302
    assert running(shop) == 2
    assert "Défaire" in reader.get("/scenarios/forgotten-cart").content.decode()
    assert reader.get("/scenarios/forgotten-cart/undo").status_code == 200
    assert reader.post("/scenarios/forgotten-cart/undo").status_code == 302
    assert running(shop) == 1


def test_a_way_that_is_none_publishes_nothing(shop: Bookshop, reader: Any) -> None:
    answer = reader.post(DRAFT, {"live": "move:nowhere"})
    assert answer.status_code == 409
    assert "Relisez les choix" in answer.content.decode()
    assert running(shop) == 1
    assert len(shop.place.ledger.history("scenario", "forgotten-cart")) == 1
