"""What pages read is made again when something is new, not before; between a turn and its outbox nothing is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from threading import Thread
from time import sleep

import pytest

from relance import flow
from relance.messages.release import release
from relance.policy.equation import equations
from relance.web.reading.kept import kept, kept_if_ready, warm
from relance.web.reading.standing import standings
from relance.web.reading.worth import worth
from relance.web.warm import Warmth
from tests.stories.bookshop import Bookshop, bookshop
from tests.web.conftest import live


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bookshop]:
    """A shop of this file alone: turns are run here."""
    shop = bookshop(tmp_path_factory.mktemp("kept") / "home")
    live(shop)
    yield shop
    shop.close()


def test_the_same_mark_is_read_once(own: Bookshop) -> None:
    made: list[int] = []
    for mark in ("a", "a", "b"):
        kept(own.place, "test", mark, lambda: made.append(1))
    assert len(made) == 2


def test_while_a_home_is_kept_warm_nobody_waits_for_what_is_new(own: Bookshop) -> None:
    seen: list[object] = []

    def look(mark: str) -> None:
        seen.append(kept_if_ready(own.place, "slow", mark, lambda: f"made of {mark}"))

    def from_a_page(mark: str) -> None:
        page = Thread(target=look, args=(mark,))
        page.start()
        page.join()

    with warm(own.place):
        from_a_page("a")
        look("a")
        from_a_page("b")
    from_a_page("b")
    assert seen == [None, "made of a", "made of a", "made of b"]


def test_what_a_turn_approved_is_queued_until_it_is_copied(own: Bookshop, monkeypatch: pytest.MonkeyPatch) -> None:
    cart = {"cart": "late", "contact": "benoit", "added": "2026-03-11 15:00", "touched": "2026-03-11 15:00"}
    own.deliver("2026-03-12 06:00", carts=[{**cart, "product": "book", "logged_in": "yes"}])
    monkeypatch.setattr(flow, "release", lambda place: 0)  # as if the process had died there
    report = own.turn("2026-03-12 09:00")
    approved = sum(each.send for each in report.scenarios)
    waiting = {each.scenario: each.outbox["queued"] for each in equations(own.place)}
    assert approved > 0
    assert waiting == {"forgotten-cart": approved}
    assert all(one.equation.balanced for one in standings(own.place) if one.equation)
    release(own.place)
    assert {each.scenario: each.outbox["queued"] for each in equations(own.place)} == waiting


def test_a_shop_is_warm_a_moment_after_it_is_opened(own: Bookshop) -> None:
    with closing(Warmth(own.place)):
        for _ in range(1200):
            if own.home.texts.exists():  # what comes last of the first reading
                break
            sleep(0.05)
    assert own.home.texts.exists()
    with own.place.reader() as place:
        assert worth(place, own.place.clock.now()) is not None
