"""A bookshop that has lived through a few mornings, and browsers of people who may and may not come in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relance.base.clock import FixedClock
from relance.web.accounts import create_user
from relance.web.app import CLOCK, PLACE, wsgi_application
from relance.web.configuration import configure
from tests.stories.bookshop import Bookshop, bookshop, local, order, person, yes

NAME, PASSWORD = "camille", "un petit bateau de papier"
NOW = "2026-03-11 10:00"


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bookshop]:
    """Two mornings of the forgotten cart: some were written to, others were not, one line could not be read."""
    shop = bookshop(tmp_path_factory.mktemp("web") / "home")
    live(shop)
    create_user(shop.home, NAME, PASSWORD, administrator=True)
    wsgi_application(shop.place)
    yield shop
    shop.close()


def live(shop: Bookshop) -> None:
    people = [
        person(name, language="fr" if name < "l" else "en") for name in ("anne", "benoit", "chloe", "luc", "marie")
    ]
    shop.people(*people, person("school", kind="institution"))
    shop.deliver("2026-01-03 06:00", contacts=[person("refuses"), person("silent")])
    shop.deliver("2026-02-01 06:00", consent_acts=[yes("refuses", act="refused")])
    shop.deliver(
        "2026-02-02 06:00", products=[{"product": "book", "title": "Les Marées lentes", "policy": "unlimited"}]
    )
    shop.publish("forgotten-cart", "2026-03-08 08:00", holdout="20%", needs=[{"feed": "carts", "deadline": "12:00"}])
    for day in (9, 10):
        yesterday = f"2026-03-{day:02} 15:00"
        rows = [
            {
                "cart": f"{one}-{day}",
                "contact": one,
                "added": yesterday,
                "touched": yesterday,
                "product": "book",
                "logged_in": "yes",
            }
            for one in carts_of(day)
        ]
        rows.append(
            {
                "cart": f"v-{day}",
                "contact": "",
                "added": yesterday,
                "touched": yesterday,
                "product": "book",
                "logged_in": "no",
            }
        )
        orders = order(f"o-{day}", "luc", f"2026-03-{day:02} 16:00", "book")
        bad = order(f"bad-{day}", "luc", "not a date", "book")
        shop.deliver(f"2026-03-{day + 1:02} 06:00", carts=rows, orders=[*orders, *bad])
        shop.turn(f"2026-03-{day + 1:02} 09:00")
        shop.send(f"2026-03-{day + 1:02} 09:05")


def carts_of(day: int) -> tuple[str, ...]:
    everyone = ("anne", "benoit", "chloe", "luc", "marie", "school", "refuses", "silent")
    return everyone if day == 9 else ("anne", "marie", "luc")


@pytest.fixture
def nobody(lived: Bookshop) -> Any:
    """A browser of somebody who is not logged in."""
    return browser(lived)


@pytest.fixture
def camille(lived: Bookshop) -> Any:
    """A browser of the administrator."""
    from django.contrib.auth import get_user_model

    found = browser(lived)
    found.force_login(get_user_model().objects.get(username=NAME))
    return found


def browser(shop: Bookshop, language: str = "fr", **more: Any) -> Any:
    """Speaks to the pages of a shop as a browser would, without a network between."""
    configure(shop.home)
    from django.test import Client

    environment = {PLACE: shop.place, CLOCK: FixedClock(local(NOW)), "HTTP_HOST": "127.0.0.1"}
    return Client(**environment, HTTP_ACCEPT_LANGUAGE=language, raise_request_exception=True, **more)


def folder_of(shop: Bookshop) -> Path:
    return shop.home.path
