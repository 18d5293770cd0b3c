"""When a turn acts: after downtime, twice, killed half-way; on people who come back, are merged, or order late."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from relance.base.errors import Busy, Refused
from tests.stories.bookshop import Bookshop, bookshop, copy_of, order, person
from tests.stories.test_pressure import MONDAY, ON, TUESDAY, after_order, orders_of


@pytest.fixture(scope="module")
def first_of_march(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = bookshop(tmp_path_factory.mktemp("time") / "home")
    made.write_message("hello", "A word", "Hello {{ contact.first_name | default('you') }}.", {})
    made.people(*(person(one) for one in ("marie", "paul", "rose")))
    made.close()
    return made.home.path


@pytest.fixture
def shop(first_of_march: Path, tmp_path: Path) -> Iterator[Bookshop]:
    made = copy_of(first_of_march, tmp_path / "home")
    yield made
    made.close()


def test_after_downtime_the_stale_are_refused_and_the_fresh_are_not(shop: Bookshop) -> None:
    shop.publish(after_order("thanks"), ON)
    shop.turn("2026-03-02 09:00")
    for day, who in ((4, "marie"), (5, "paul"), (8, "rose")):
        orders_of(shop, day, who)
    shop.turn(MONDAY)
    assert shop.decided(MONDAY) == {
        "marie": ("refused", "too_late"),
        "paul": ("send", None),  # due on the 6th at nine: three days to the minute
        "rose": ("send", None),
    }


def test_what_lies_too_far_back_is_counted_and_not_written_to(shop: Bookshop) -> None:
    shop.publish(after_order("thanks", fresh_for="30d"), "2026-02-01 08:00")
    shop.turn("2026-02-28 09:00")
    shop.turn(MONDAY)
    rows = [*order("x", "marie", "2026-02-20 15:00"), *order("y", "paul", "2026-03-04 15:00")]
    shop.deliver("2026-03-10 06:00", orders=rows)
    report = shop.turn(TUESDAY).scenario("thanks")
    assert (report.candidates, report.too_old_to_see) == (1, 1)
    assert shop.decided(TUESDAY) == {"paul": ("send", None)}


def test_time_does_not_go_back(shop: Bookshop) -> None:
    shop.publish(after_order("thanks"), ON)
    shop.turn(TUESDAY)
    before = shop.place.engine.contents_hash()
    with pytest.raises(Refused, match="time does not go back"):
        shop.turn(MONDAY)
    assert shop.place.engine.contents_hash() == before


def test_of_two_turns_at_once_the_second_is_refused(shop: Bookshop) -> None:
    shop.publish(after_order("thanks"), ON)
    with shop.place.turn_lock(), pytest.raises(Busy, match="another turn"):
        shop.turn(MONDAY)
    assert shop.turn(MONDAY).kind == "run"


def test_the_same_turn_twice_decides_nobody_twice(shop: Bookshop) -> None:
    shop.publish(after_order("thanks"), ON)
    orders_of(shop, 8, "marie")
    shop.turn(MONDAY)
    again = shop.turn(MONDAY).scenario("thanks")
    assert again.candidates == 0
    assert len(shop.place.ledger.outbox()) == 1


def test_who_was_written_to_comes_back_only_after_ten_days(shop: Bookshop) -> None:
    shop.publish(after_order("thanks", reentry={"after": "10d"}), ON)
    for day in (8, 12, 18):
        orders_of(shop, day, "marie")
        shop.turn(f"2026-03-{day + 1:02} 09:00")
    assert shop.decided(MONDAY) == {"marie": ("send", None)}
    assert shop.decided("2026-03-13 09:00") == {"marie": ("refused", "reentry")}
    assert shop.decided("2026-03-19 09:00") == {"marie": ("send", None)}, "ten dates later exactly"


def test_two_contacts_that_turn_out_to_be_one_are_asked_as_one(shop: Bookshop) -> None:
    shop.publish("second-purchase", ON)
    shop.deliver("2026-02-10 06:00", orders=order("one", "marie", "2026-02-09 15:00"))
    shop.deliver("2026-02-20 06:00", orders=order("two", "rose", "2026-02-19 15:00"))
    shop.deliver("2026-03-05 06:00", aliases=[{"contact": "rose", "into": "marie", "at": "2026-03-05 05:00"}])
    shop.turn("2026-03-10 09:00")
    shop.turn("2026-03-11 09:00")
    assert shop.decided("2026-03-11 09:00") == {"marie": ("refused", "more_than_one_order")}
    shop.turn("2026-03-21 09:00")
    assert shop.decided("2026-03-21 09:00") == {}, "rose is marie"


def test_an_order_between_the_turn_and_the_sending_stops_the_message(shop: Bookshop) -> None:
    shop.publish("second-purchase", ON)
    shop.deliver(
        "2026-03-01 09:00", orders=[*order("m", "marie", "2026-02-07 15:00"), *order("p", "paul", "2026-02-07 15:00")]
    )
    shop.turn(MONDAY)
    assert {row.state for row in shop.outbox().values()} == {"queued"}
    shop.deliver("2026-03-09 09:05", orders=order("again", "marie", "2026-03-09 09:02"))
    stopped = shop.outbox()["marie@example.test"]
    assert (stopped.state, stopped.reason) == ("cancelled", "more_than_one_order")
    assert shop.send("2026-03-09 09:10").accepted == 1
    assert shop.received() == ["paul@example.test"]


DIES = """
import os, signal, sys
from pathlib import Path
from relance import flow
from relance.base.home import Home
from relance.customers.installation import open_installation
from tests.stories.bookshop import local
def die(place):
    print("committed", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
flow.release = die
flow.run(open_installation(Home(Path(sys.argv[1]))), local(sys.argv[2]))
"""


def test_a_turn_killed_before_it_copied_is_repaired_by_the_next(shop: Bookshop) -> None:
    shop.publish(after_order("thanks"), ON)
    orders_of(shop, 8, "marie", "paul")
    shop.close()
    died = subprocess.run(
        [sys.executable, "-c", DIES, str(shop.home.path), MONDAY], capture_output=True, text=True, check=False,
        cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    assert (died.returncode, died.stdout) == (-signal.SIGKILL, "committed\n"), died.stderr
    shop.reopen()
    assert shop.decided(MONDAY) == {"marie": ("send", None), "paul": ("send", None)}
    assert shop.outbox() == {}
    shop.deliver("2026-03-10 06:00", orders=order("again", "marie", "2026-03-09 20:00"))
    shop.turn(TUESDAY)
    assert [row.outgoing.address for row in shop.place.ledger.outbox(states=["queued"])].count("paul@example.test") == 1
    assert len([row for row in shop.place.ledger.outbox() if row.outgoing.address == "paul@example.test"]) == 1
    assert shop.turn("2026-03-10 09:01").scenario("thanks").candidates == 0
