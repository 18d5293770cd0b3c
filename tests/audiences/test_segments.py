"""Segments: who came, who went, and what is known now about then."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from relance.audiences.criteria import parse_criteria
from relance.audiences.segments import (
    Refreshed,
    Segment,
    Transition,
    in_order,
    load_segments,
    members_at,
    members_seen,
    refresh,
    transition_matrix,
)
from relance.base.errors import BadDocument, Refused
from tests.audiences.shop import ZONE, Shop, at

MARIE, PAUL, ZOE = 1, 2, 3


def segment(name: str, criteria: Any) -> Segment:
    return Segment(name, parse_criteria(criteria), {})


RECENT = {"recent": segment("recent", {"count": "orders", "where": "valid", "window": {"last": "30d"}, "at_least": 1})}


def order(key: str, contact: int, day: str, amount: str = "10", known: str | None = None) -> dict[str, Any]:
    row = {"order_id": key, "contact": contact, "placed_at": at(day), "valid": True, "currency": "CAD"}
    return {**row, "amount": Decimal(amount), "known_at": at(known or day)}


@pytest.fixture
def shop() -> Shop:
    shop = Shop()
    shop.put("contacts", *({"contact": number} for number in (MARIE, PAUL, ZOE)))
    return shop


def look(shop: Shop, day: str, segments: dict[str, Segment] = RECENT) -> list[Refreshed]:
    return refresh(shop.engine, segments, shop.view(), ZONE, at(day))


def names(shop: Shop, members: Any) -> set[int]:
    return {row["contact"] for row in shop.engine.rows(members)}


def test_stays_tell_who_came_and_who_went(shop: Shop) -> None:
    shop.put("orders", order("a", MARIE, "2026-01-01"))
    assert look(shop, "2026-01-02") == [Refreshed("recent", 1, 1, 0)]
    shop.put("orders", order("b", PAUL, "2026-01-20"))
    assert look(shop, "2026-01-21") == [Refreshed("recent", 2, 1, 0)]
    assert look(shop, "2026-02-05") == [Refreshed("recent", 1, 0, 1)]
    assert names(shop, members_seen("recent", at("2026-01-30"))) == {MARIE, PAUL}
    assert names(shop, members_seen("recent", at("2026-02-05"))) == {PAUL}
    assert names(shop, members_seen("recent", at("2026-01-01"))) == set()
    stays = shop.engine.rows("SELECT contact, moved_by FROM segment_members ORDER BY contact")
    assert stays == [{"contact": MARIE, "moved_by": "facts"}, {"contact": PAUL, "moved_by": "facts"}]


def test_the_first_look_is_not_a_move(shop: Shop) -> None:
    shop.put("orders", order("a", MARIE, "2026-01-01"))
    look(shop, "2026-01-02")
    assert shop.engine.value("SELECT moved_by FROM segment_members") == "first"


def test_the_same_look_twice_moves_nobody_and_an_earlier_one_is_refused(shop: Shop) -> None:
    shop.put("orders", order("a", MARIE, "2026-01-01"))
    look(shop, "2026-01-02")
    assert look(shop, "2026-01-02") == [Refreshed("recent", 1, 0, 0)]
    with pytest.raises(Refused, match="is before that"):
        look(shop, "2026-01-01")


def test_a_late_file_corrects_the_past_but_not_what_the_turns_saw(shop: Shop) -> None:
    look(shop, "2026-01-10")
    shop.put("orders", order("late", ZOE, "2026-01-05", known="2026-01-15"))
    asked = (shop.engine, "recent", RECENT, shop.view(), ZONE, at("2026-01-10"))
    assert names(shop, members_at(*asked, at("2026-01-20"))) == {ZOE}
    assert names(shop, members_at(*asked, at("2026-01-10"))) == set()
    assert names(shop, members_seen("recent", at("2026-01-10"))) == set()


def test_a_segment_of_a_segment_reads_what_the_same_turn_found(shop: Shop) -> None:
    segments = {"a lost": segment("a lost", {"none": [{"segment": "recent"}]}), **RECENT}
    shop.put("orders", order("a", MARIE, "2026-01-01"))
    assert look(shop, "2026-01-02", segments) == [Refreshed("recent", 1, 1, 0), Refreshed("a lost", 2, 2, 0)]


def test_moves_between_two_dates_are_counted_once_each(shop: Shop) -> None:
    segments = {**RECENT, "ever": segment("ever", {"count": "orders", "at_least": 1})}
    shop.put("orders", order("a", MARIE, "2026-01-01"), order("b", PAUL, "2026-03-01"))
    dates = (at("2026-01-15"), at("2026-03-02"))
    matrix = transition_matrix(shop.engine, ["recent", "ever"], segments, shop.view(), ZONE, dates, at("2026-04-01"))
    assert matrix == [Transition(None, "recent", 1), Transition("recent", "ever", 1)]


def test_new_cuts_alone_are_said_to_have_moved_people(shop: Shop) -> None:
    """Marie's one big order is top class among two, and no longer when bigger ones come."""
    big = {"big": segment("big", {"rfm": {"m": [5], "currency": "CAD"}})}
    shop.put("contacts", *({"contact": number} for number in range(4, 20)))
    shop.put("orders", *(order(f"s{n}", n, "2026-01-01", str(n)) for n in range(1, 10)))
    look(shop, "2026-01-02", big)
    assert names(shop, members_seen("big", at("2026-01-02"))) == {9}
    shop.put("orders", *(order(f"n{n}", n, "2026-01-03", str(100 * n)) for n in range(10, 20)))
    look(shop, "2026-01-04", big)
    moved = {
        row["contact"]: row["moved_by"] for row in shop.engine.rows("SELECT contact, moved_by FROM segment_members")
    }
    assert moved[9] == "cuts"
    assert moved[19] == "facts"


def test_money_of_two_currencies_has_no_classes(shop: Shop) -> None:
    shop.put("orders", order("a", MARIE, "2026-01-01"), {**order("b", PAUL, "2026-01-01"), "currency": "EUR"})
    with pytest.raises(Refused, match="orders are in CAD and EUR"):
        look(shop, "2026-01-02", {"big": segment("big", {"rfm": {"m": [5]}})})
    assert look(shop, "2026-01-02", {"new": segment("new", {"rfm": {"r": [1]}})})[0].members == 2


def test_a_circle_of_segments_is_refused_by_name() -> None:
    circle = {name: segment(name, {"segment": asked}) for name, asked in (("a", "b"), ("b", "c"), ("c", "b"))}
    with pytest.raises(BadDocument, match="in a circle: b → c → b"):
        in_order(circle)


FILES = [
    ("segment: a\ncriteria: {count: orders, is: 1}\nabuot: {}\n", "one.yaml: there is no field “abuot”"),
    ("segment: a\n", "one.yaml: segment “a” has no criteria"),
    ("criteria: {count: orders, is: 1}\n", "one.yaml: “segment” should be the name"),
    ("- a\n", "one.yaml: a segment is a document"),
    ("segment: [\n", "one.yaml:1: "),
    ("about: &a {fr: x}\nsegment: s\ncriteria: *a\n", "one.yaml:1: anchors are not allowed"),
    (
        "segment: a\ncriteria: {segment: ghost}\n",
        "one.yaml: segment “a” asks for “ghost”, which does not exist",
    ),
    ("segment: a\ncriteria: {count: orders}\n", "one.yaml: nothing is compared"),
    ("segment: a\ncriteria: {count: orders, is: 1}\nabout: {fr: 3}\n", "one.yaml: “about” should be texts"),
]


@pytest.mark.parametrize(("text", "sentence"), FILES)
def test_a_segment_file_that_is_wrong_is_refused_in_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "one.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(BadDocument) as refused:
        load_segments(tmp_path)
    assert str(refused.value).startswith(sentence)


def test_a_folder_of_segments_is_read_in_the_order_in_which_they_need_one_another(tmp_path: Path) -> None:
    (tmp_path / "1.yaml").write_text("segment: a\ncriteria: {none: [{segment: b}]}\n", encoding="utf-8")
    (tmp_path / "2.yaml").write_text("segment: b\ncriteria: {count: orders, is: 1}\nabout: {fr: b}\n", encoding="utf-8")
    assert list(load_segments(tmp_path)) == ["b", "a"]
    (tmp_path / "3.yaml").write_text("segment: b\ncriteria: {count: orders, is: 2}\n", encoding="utf-8")
    with pytest.raises(BadDocument, match=r"3\.yaml: segment “b” is also in 2\.yaml"):
        load_segments(tmp_path)
    assert load_segments(tmp_path / "nowhere") == {}
