"""What a page calls a message is one: two forgotten carts told of in one mail are two occasions and one message."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relance.policy.equation import equations
from relance.reports.accounts import scenario_report
from relance.reports.asking import Period
from relance.web.accounts import create_user
from relance.web.app import wsgi_application
from tests.stories.bookshop import Bookshop, bookshop, local, person
from tests.web.conftest import NAME, NOW, PASSWORD, browser

CART = {"added": "2026-03-09 15:00", "touched": "2026-03-09 15:00", "product": "book", "logged_in": "yes"}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Bookshop]:
    """Anne left two carts, Benoît one; both got their mail on the morning of 10 March."""
    shop = bookshop(tmp_path / "home")
    shop.people(person("anne"), person("benoit"))
    shop.deliver(
        "2026-02-02 06:00", products=[{"product": "book", "title": "Les Marées lentes", "policy": "unlimited"}]
    )
    shop.publish("forgotten-cart", "2026-03-08 08:00", needs=[{"feed": "carts", "deadline": "12:00"}])
    carts = (("one", "anne"), ("two", "anne"), ("three", "benoit"))
    shop.deliver("2026-03-10 06:00", carts=[{"cart": cart, "contact": who, **CART} for cart, who in carts])
    shop.turn("2026-03-10 09:00")
    shop.send("2026-03-10 09:05")
    create_user(shop.home, NAME, PASSWORD, administrator=True)
    wsgi_application(shop.place)
    yield shop
    shop.close()


def read(shop: Bookshop, address: str) -> str:
    """The text of a page, without its tags."""
    from django.contrib.auth import get_user_model

    found: Any = browser(shop)
    found.force_login(get_user_model().objects.get(username=NAME))
    body = re.sub(r"<[^>]*>", " ", found.get(address).content.decode())
    return re.sub(r"[ \n]+", " ", body.replace("\u00a0", " "))


def test_pages_count_messages_and_say_the_occasions_beside_them(shop: Bookshop) -> None:
    (found,) = equations(shop.place)
    assert (found.outbox["sent"], found.messages["sent"]) == (3, 2)
    assert scenario_report(shop.place, "forgotten-cart", Period(), local(NOW)).equation.messages["sent"] == 2
    overview = read(shop, "/")
    assert "vos scénarios ont écrit 2 messages" in overview
    assert "2 messages, pour 3 occasions vues" in overview
    assert "2 messages décidés" in overview
    assert "2 messages envoyés" in read(shop, "/scenarios")
    assert "3 occasions vues = 3 envoyées, en 2 messages + 0 non envoyée" in read(shop, "/scenarios/forgotten-cart")
