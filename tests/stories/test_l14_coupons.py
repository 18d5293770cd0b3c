"""L14 beyond its story (files/l14-coupons.yaml): a code is one person's with a real server, in plans and in files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from relance.base.clock import FixedClock
from relance.base.documents import load_document
from relance.base.errors import BadDocument
from relance.channels.email.smtp import SmtpChannel
from relance.channels.sender import send_due
from relance.engines.coupons import CouponCode
from relance.explaining.explain import explain
from relance.messages.coupon_files import read_codes
from relance.messages.preview import preview
from tests.channels.conftest import SETTINGS, SHOP, Postmaster, smtp_server
from tests.stories.bookshop import Bookshop, bookshop, local, order, person

PEOPLE = ("alba", "bruno", "chloe", "dina", "emil")
COUPON = {"record": {"code": "text", "expires_on?": "date"}}
TEXT = "{% if coupon %}Your code: {{ coupon.code }}{% else %}See you soon{% endif %} {{ unsubscribe_url }}"


def scenario(**more: Any) -> dict[str, Any]:
    return {
        "scenario": "thanks",
        "trigger": {"row": {"table": "orders", "where": "valid"}},
        "fresh_for": "5d",
        "holdout": "0%",
        "steps": [{"send": {"channel": "email", "message": "thanks", "coupon": "welcome"}}],
        **more,
    }


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Bookshop]:
    made = bookshop(tmp_path / "home")
    made.people(*map(person, PEOPLE))
    yield made
    made.close()


def ready(shop: Bookshop, codes: int, optional: bool = False, **more: Any) -> None:
    fields = {"coupon?" if optional else "coupon": COUPON}
    text = TEXT if optional else "Your code: {{ coupon.code }} {{ unsubscribe_url }}"
    shop.write_message("thanks", "Thank you", text, fields)
    shop.place.ledger.add_codes("welcome", [CouponCode(f"W-{n}") for n in range(codes)], local("2026-03-01 08:00"))
    shop.publish(scenario(**more), "2026-03-01 08:00")


def orders(*people: str, day: str = "02") -> list[dict[str, Any]]:
    return [row for each in people for row in order(f"{each}-{day}", each, f"2026-03-{day} 15:00")]


def states(shop: Bookshop) -> dict[str, int]:
    return {state: number for _, state, number in shop.place.ledger.code_counts(date(2026, 3, 3))}


def printed(mails: list[tuple[str, bytes]]) -> dict[str, str]:
    """Who was sent which code."""
    found = {to.split("@")[0]: body.partition(b"Your code: ")[2].split()[:1] for to, body in mails}
    return {who: words[0].decode() for who, words in found.items() if words}


def send_to(shop: Bookshop, postmaster: Postmaster, when: str) -> None:
    with smtp_server(postmaster) as server:
        settings = replace(SETTINGS, smtp=server, senders={"default": SHOP})
        send_due(shop.place.ledger, SmtpChannel(server), settings, FixedClock(local(when)))


def test_l14_three_codes_five_people_one_refused_by_the_server(shop: Bookshop) -> None:
    ready(shop, 3)
    shop.deliver("2026-03-03 06:00", orders=orders(*PEOPLE))
    shop.turn("2026-03-03 09:00")
    assert shop.decided("2026-03-03 09:00") == {
        **dict.fromkeys(PEOPLE[:3], ("send", None)),
        **dict.fromkeys(PEOPLE[3:], ("refused", "no_coupon")),
    }
    refusing = Postmaster(rcpt=lambda to: "550 5.1.1 nobody here" if to.startswith("bruno") else "250 ok")
    send_to(shop, refusing, "2026-03-03 09:05")
    first = printed(refusing.taken)
    assert sorted(first) == ["alba", "chloe"] and states(shop) == {"issued": 2, "free": 1}

    shop.deliver("2026-03-04 06:00", orders=orders("dina", "emil", day="03"))
    shop.turn("2026-03-04 09:00")
    willing = Postmaster()
    send_to(shop, willing, "2026-03-04 09:05")
    [(who, code)] = printed(willing.taken).items()
    assert who == "dina" and code not in first.values() and states(shop) == {"issued": 3}


def test_a_message_that_reads_well_without_a_code_leaves_without_one(shop: Bookshop) -> None:
    ready(shop, 2, optional=True)
    shop.deliver("2026-03-03 06:00", orders=orders(*PEOPLE))
    shop.turn("2026-03-03 09:00")
    shop.send("2026-03-03 09:05")
    texts = [mail.get_body(("plain",)).get_content() for mail in shop.mails()]  # type: ignore[union-attr]
    assert sum("Your code: W-" in text for text in texts) == 2 and sum("See you soon" in text for text in texts) == 3


def test_the_control_group_a_plan_and_a_test_take_no_code(shop: Bookshop) -> None:
    ready(shop, 3, holdout="99%")
    shop.deliver("2026-03-03 06:00", orders=orders("alba"))
    shop.plan("2026-03-03 09:00")
    shop.turn("2026-03-03 09:00")
    assert shop.decided("2026-03-03 09:00") == {"alba": ("held_out", "holdout")}
    preview(shop.place, "thanks", local("2026-03-03 09:00"))
    assert states(shop) == {"free": 3}


def test_a_plan_foresees_who_gets_none(shop: Bookshop) -> None:
    ready(shop, 3)
    shop.deliver("2026-03-03 06:00", orders=orders(*PEOPLE))
    [planned] = shop.plan("2026-03-03 09:00").scenarios
    [run] = shop.turn("2026-03-03 09:00").scenarios
    assert planned == run and run.refused == {"no_coupon": 2}


def test_a_code_withdrawn_between_the_turn_and_the_release_stops_its_message(shop: Bookshop) -> None:
    ready(shop, 1)
    shop.deliver("2026-03-03 06:00", orders=orders("alba"))
    ledger = shop.place.ledger
    shop.place.ledger = Withdrawing(ledger)  # type: ignore[assignment]
    shop.turn("2026-03-03 09:00")
    shop.place.ledger = ledger
    assert {(row.state, row.reason) for row in ledger.outbox()} == {("cancelled", "no_coupon")}


class Withdrawing:
    """The ledger of a shop that takes its codes back while a turn is under way."""

    def __init__(self, ledger: Any) -> None:
        self.ledger = ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)

    def reserve_codes(self, pool: str, keys: Any, today: date, at: Any) -> Any:
        self.ledger.mark_codes(pool, ["W-0"], "withdrawn", at)
        return self.ledger.reserve_codes(pool, keys, today, at)


def test_a_code_that_has_ended_is_given_to_nobody(shop: Bookshop) -> None:
    ready(shop, 0)
    shop.place.ledger.add_codes("welcome", [CouponCode("OLD", date(2026, 3, 2))], local("2026-03-01 08:00"))
    shop.deliver("2026-03-03 06:00", orders=orders("alba"))
    shop.turn("2026-03-03 09:00")
    assert shop.decided("2026-03-03 09:00") == {"alba": ("refused", "no_coupon")}
    assert states(shop) == {"expired": 1}


@pytest.mark.parametrize(
    "fields, step, said",
    [({"coupon": COUPON}, {}, "say of which pool"), ({}, {"coupon": "welcome"}, "prints no coupon")],
)
def test_a_step_names_a_pool_where_its_message_prints_a_code(
    shop: Bookshop, fields: dict[str, Any], step: dict[str, str], said: str
) -> None:
    shop.write_message("thanks", "Thank you", "Thank you {{ unsubscribe_url }}", fields)
    document = scenario(steps=[{"send": {"channel": "email", "message": "thanks", **step}}])
    with pytest.raises(BadDocument, match=said):
        shop.publish(load_document(json.dumps(document), "thanks.yaml").data, "2026-03-01 08:00")


@pytest.mark.parametrize(
    "text, said",
    [
        ("codes\nA-1\n", "no column “code”"),
        ("code\nA-1\nA 2\n", ":3: “A 2” is not a code"),
        ("code,expires_on\nA-1,soon\n", "“soon” is not a date"),
        ("code\n" + "A" * 65 + "\n", "is not a code"),
    ],
)
def test_a_file_of_codes_with_a_bad_line_is_refused_whole(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "codes.csv"
    file.write_text(text)
    with pytest.raises(BadDocument, match=said):
        read_codes(file)


def test_explain_says_that_no_code_was_left(shop: Bookshop) -> None:
    ready(shop, 0)
    shop.deliver("2026-03-03 06:00", orders=orders("alba"))
    shop.turn("2026-03-03 09:00")
    told = explain(shop.place, "alba", "thanks", local("2026-03-03 09:00"))
    assert told.reason == "no_coupon"
    french, english = (" ".join(told.text(one).split()) for one in ("fr", "en"))
    assert "il ne restait plus de code à donner (réserve « welcome » : plus aucun" in french
    assert "NON Il reste un code pour ce message" in french
    assert "no code was left to give (pool “welcome”: none, others came before)" in english
    assert "more codes in the pool" in english
