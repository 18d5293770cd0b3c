"""While somebody writes, the pages go on and a second writer is refused: one process, several threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from relance.base.errors import Busy
from relance.base.home import Home
from relance.customers.installation import Installation, open_installation
from relance.flow import plan, run
from relance.serving.health import health
from relance.serving.rounds import slot, take_in, turn_is_due
from tests.serving.conftest import NINE, Shop


@pytest.fixture(scope="module")
def place(another_shop: Callable[..., Shop]) -> Iterator[Installation]:
    place = open_installation(Home(another_shop().home))
    yield place
    place.close()


def test_a_second_writer_is_refused_and_readers_are_not(place: Installation) -> None:
    with place.turn_lock(), place.engine.rolled_back():
        place.engine.insert("feed_completeness", "SELECT 'orders' AS feed, TIMESTAMP '2026-03-10 13:00' AS until")
        (place.home.inbox / "orders-2026-03-11.csv").write_text("order\n", encoding="utf-8")
        with place.another() as second:
            for write in (lambda: run(second, NINE), lambda: take_in(second, NINE)):
                with pytest.raises(Busy):
                    write()
        with place.reader() as reader:
            assert plan(reader, NINE).scenarios
            assert health(reader, NINE, ())["healthy"]
            assert reader.engine.value("SELECT count(*) FROM feed_completeness WHERE until >= '2026-03-10 13:00'") == 0


def test_threads_do_not_see_each_others_scratch_tables(place: Installation) -> None:
    met, found = threading.Barrier(2, timeout=30), {}

    def one(name: str) -> None:
        with place.another() as mine:
            mine.engine.keep("work", f"SELECT '{name}' AS name")
            met.wait()
            found[name] = mine.engine.value("SELECT name FROM work")

    with ExitStack() as ending:
        for name in ("first", "second"):
            thread = threading.Thread(target=one, args=(name,))
            thread.start()
            ending.callback(thread.join)
    assert found == {"first": "first", "second": "second"}


def test_a_turn_is_due_once_in_each_slot(place: Installation) -> None:
    assert slot(NINE.replace(minute=14), 15) == NINE.replace(minute=0)
    assert slot(NINE.replace(minute=15), 15) == NINE.replace(minute=15)
    with place.another() as mine:
        assert turn_is_due(mine, NINE, 15)
        run(mine, NINE)
        assert not turn_is_due(mine, NINE.replace(minute=14), 15)
        assert turn_is_due(mine, NINE.replace(minute=15), 15)
