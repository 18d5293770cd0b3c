"""A contact comes into a segment between two looks: a word to them, and none to whom only the calendar moved back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from relance.base.errors import BadDocument
from relance.explaining.explain import explain
from tests.stories.bookshop import Bookshop, bookshop, local, order, person

LOYAL = """
segment: loyal
criteria: {count: orders, where: valid, window: {last: 90d}, at_least: 2}
"""
ASLEEP = """
segment: asleep
criteria: {none: [{count: orders, where: valid, window: {last: 30d}, at_least: 1}]}
"""
NINE = "09:00"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Bookshop]:
    made = bookshop(tmp_path / "home")
    folder = made.home.definitions / "segments"
    folder.mkdir()
    (folder / "loyal.yaml").write_text(LOYAL)
    (folder / "asleep.yaml").write_text(ASLEEP)
    made.people(*(person(name, language="fr") for name in ("marie", "paul", "anne")))
    made.deliver("2026-01-20 06:00", orders=twice("paul", "2026-01-10"))
    yield made
    made.close()


def twice(who: str, day: str, **more: str) -> list[dict[str, object]]:
    """Two orders of one day."""
    return [row for n in (1, 2) for row in order(f"{who}{n}", who, f"{day} 1{n}:00", **more)]


def morning(shop: Bookshop, day: str) -> dict[str, tuple[str, str | None]]:
    shop.turn(f"{day} {NINE}")
    return shop.decided(f"{day} {NINE}")


def test_whoever_comes_in_is_written_to_and_who_was_there_at_the_first_look_is_not(shop: Bookshop) -> None:
    shop.publish("segment-move", "2026-02-01 08:00")
    assert morning(shop, "2026-02-01") == {}, "the first look moves nobody"
    shop.deliver("2026-02-02 06:00", orders=order("m1", "marie", "2026-02-01 10:00"))
    assert morning(shop, "2026-02-02") == {}
    shop.deliver("2026-02-03 06:00", orders=order("m2", "marie", "2026-02-02 10:00"))
    assert morning(shop, "2026-02-03") == {"marie": ("send", None)}
    shop.send("2026-02-03 09:05")
    (mail,) = shop.mails()
    assert str(mail["Subject"]) == "Merci d’être des nôtres"
    assert morning(shop, "2026-02-04") == {}


def test_in_and_out_between_two_turns_is_no_move(shop: Bookshop) -> None:
    shop.publish("segment-move", "2026-02-01 08:00")
    morning(shop, "2026-02-01")
    shop.deliver("2026-02-01 13:00", orders=twice("anne", "2026-02-01"))
    gone = twice("anne", "2026-02-01", status="cancelled")
    shop.deliver("2026-02-01 18:00", orders=gone)
    assert morning(shop, "2026-02-02") == {}


def test_who_has_left_again_before_the_slot_has_moved_back(shop: Bookshop) -> None:
    shop.publish("segment-move", "2026-02-01 08:00")
    morning(shop, "2026-02-01")
    shop.deliver("2026-02-01 13:00", orders=twice("anne", "2026-02-01"))
    shop.turn("2026-02-02 07:00")  # the look that sees her; her word is due at nine
    shop.deliver("2026-02-02 08:00", orders=order("anne2", "anne", "2026-02-01 12:00", status="cancelled"))
    assert morning(shop, "2026-02-02") == {"anne": ("refused", "moved_back")}
    told = explain(shop.place, "anne", "segment-move", local("2026-02-02 10:00"))
    assert told.reason == "moved_back"
    assert "Une entrée dans « loyal »" in told.text("fr").replace("« ", "« ").replace(" »", " »")
    assert "An entry into “loyal”" in told.text("en")


def test_a_past_day_is_planned_as_it_was_decided_though_the_stay_has_ended_since(shop: Bookshop) -> None:
    shop.publish("segment-move", "2026-02-01 08:00")
    morning(shop, "2026-02-01")
    shop.deliver(
        "2026-02-02 06:00",
        orders=twice("marie", "2026-02-01"),
    )
    report = shop.turn("2026-02-02 09:00").scenario("segment-move")
    for day in ("2026-02-03", "2026-05-20"):
        shop.turn(f"{day} {NINE}")
    again = shop.plan("2026-02-02 09:00").scenario("segment-move")
    assert (again.candidates, again.send) == (report.candidates, report.send) == (1, 1)


def test_from_one_segment_to_another_is_both_at_once(shop: Bookshop) -> None:
    trigger = {"segment": {"from": "loyal", "to": "asleep"}}
    shop.publish("segment-move", "2026-02-01 08:00", trigger=trigger, stop={})
    morning(shop, "2026-02-01")
    assert morning(shop, "2026-02-15") == {}, "paul is asleep since the 10th, and loyal still"
    assert morning(shop, "2026-04-15") == {}, "he was asleep when he stopped being loyal"
    shop.deliver(
        "2026-04-16 06:00",
        orders=twice("marie", "2026-04-15"),
    )
    assert morning(shop, "2026-04-16") == {}
    gone = twice("marie", "2026-04-15", status="cancelled")
    shop.deliver("2026-04-17 06:00", orders=gone)
    assert morning(shop, "2026-04-17") == {"marie": ("send", None)}


def test_a_segment_that_is_not_defined_is_refused_with_its_line(shop: Bookshop) -> None:
    with pytest.raises(BadDocument, match=r"there is no segment “rich” .*; there are asleep, loyal"):
        shop.publish("segment-move", "2026-02-01 08:00", trigger={"segment": {"entered": "rich"}})
    with pytest.raises(BadDocument, match="a move is exactly one of entered, left, or from and to"):
        shop.publish("segment-move", "2026-02-01 08:00", trigger={"segment": {"entered": "loyal", "left": "loyal"}})
