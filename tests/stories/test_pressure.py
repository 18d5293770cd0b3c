"""The gate, told in small: caps, arbitration, quiet hours, shared addresses, refusals and what lifts them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from relance.base.errors import BadDocument
from tests.stories.bookshop import Bookshop, bookshop, order, person, yes

Open = Callable[..., Bookshop]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """A shop with settings of its own, and a message for every scenario told here."""
    shops: list[Bookshop] = []

    def make(more: str = "") -> Bookshop:
        shop = bookshop(tmp_path / "home", more)
        for name, purpose in (("hello", "marketing"), ("notice", "service"), ("receipt", "transactional")):
            shop.write_message(name, "A word", "Hello {{ contact.first_name | default('you') }}.", {}, purpose=purpose)
        shops.append(shop)
        return shop

    yield make
    for shop in shops:
        shop.close()


def after_order(name: str, message: str = "hello", days: int = 1, **more: Any) -> dict[str, Any]:
    """Written to so many days after any valid order, at nine."""
    trigger = {"row": {"table": "orders", "where": "valid", "days": days}}
    steps = [{"send": {"channel": "email", "message": message}}]
    plain = {"scenario": name, "schedule": {"daily": "09:00"}, "trigger": trigger, "fresh_for": "3d"}
    return {**plain, "steps": steps, **more}


MONDAY, TUESDAY, WEDNESDAY = "2026-03-09 09:00", "2026-03-10 09:00", "2026-03-11 09:00"
ON = "2026-03-01 08:00"


def orders_of(shop: Bookshop, day: int, *who: str) -> None:
    """An order each on that day of March, known the next morning at six."""
    rows = [row for one in who for row in order(f"{one}-{day}", one, f"2026-03-{day:02} 15:00")]
    shop.deliver(f"2026-03-{day + 1:02} 06:00", orders=rows)


def test_at_the_cap_nobody_is_written_to_again_within_seven_days(opened: Open) -> None:
    shop = opened("[pressure]\nmessages = 1\ndays = 7\n")
    shop.people(person("marie"))
    shop.publish(after_order("thanks"), ON)
    for day in (8, 9, 15):
        orders_of(shop, day, "marie")
        shop.turn(f"2026-03-{day + 1:02} 09:00")
    assert shop.decided(MONDAY) == {"marie": ("send", None)}
    assert shop.decided(TUESDAY) == {"marie": ("refused", "cap")}
    assert shop.decided("2026-03-16 09:00") == {"marie": ("send", None)}, "the ninth is seven dates ago"


def test_a_refused_mail_gives_its_place_back(opened: Open) -> None:
    shop = opened("[pressure]\nmessages = 1\ndays = 7\n")
    shop.people(person("marie"))
    shop.publish(
        after_order("thanks", stop={"came_back": {"count": "orders", "window": {"since": "fact"}, "at_least": 1}}), ON
    )
    orders_of(shop, 8, "marie")
    shop.turn(MONDAY)
    orders_of(shop, 9, "marie")
    assert shop.outbox()["marie@example.test"].reason == "came_back"
    shop.turn(TUESDAY)
    assert shop.decided(TUESDAY) == {"marie": ("send", None)}, "the cancelled one does not count"


def test_the_more_important_message_goes_and_the_other_is_lost(opened: Open) -> None:
    shop = opened()
    shop.people(person("marie"))
    shop.publish(after_order("small", priority=10), ON)
    shop.publish(after_order("great", priority=90), ON)
    orders_of(shop, 8, "marie")
    shop.turn(MONDAY)
    assert shop.decided(MONDAY, "great") == {"marie": ("send", None)}
    assert shop.decided(MONDAY, "small") == {"marie": ("refused", "lost")}
    rows = shop.place.engine.rows("SELECT lost_to FROM decisions WHERE reason = 'lost'")
    assert rows == [{"lost_to": "great"}]
    assert shop.turn(TUESDAY).scenario("small").candidates == 0


def test_who_waits_after_losing_goes_the_next_day(opened: Open) -> None:
    shop = opened()
    shop.people(person("marie"))
    shop.publish(after_order("small", priority=10, on_lose="wait"), ON)
    shop.publish(after_order("great", priority=90), ON)
    orders_of(shop, 8, "marie")
    shop.turn(MONDAY)
    assert shop.decided(MONDAY, "small") == {"marie": ("deferred", "lost")}
    shop.turn(TUESDAY)
    assert shop.decided(TUESDAY) == {"marie": ("send", None)}


QUIET = '[quiet_hours.email]\nstart = "20:00:00"\nend = "10:00:00"\n'


def test_quiet_hours_put_off_and_let_go(opened: Open) -> None:
    shop = opened(QUIET)
    shop.people(person("marie"), person("west", zone="America/Vancouver"))
    shop.publish(after_order("thanks"), ON)
    orders_of(shop, 8, "marie", "west")
    shop.turn(MONDAY)
    assert shop.decided(MONDAY) == dict.fromkeys(("marie", "west"), ("deferred", "quiet_hours"))
    shop.turn("2026-03-09 10:00")
    assert shop.decided("2026-03-09 10:00") == {"marie": ("send", None), "west": ("deferred", "quiet_hours")}
    shop.turn("2026-03-09 13:00")
    assert shop.decided("2026-03-09 13:00") == {"west": ("send", None)}, "ten o'clock in Vancouver"


def test_quiet_hours_expire_with_freshness_and_look_again(opened: Open) -> None:
    shop = opened(QUIET)
    shop.people(person("marie"), person("paul"))
    shop.publish(after_order("thanks", fresh_for="2h"), ON)
    orders_of(shop, 8, "marie", "paul")
    shop.turn(MONDAY)
    shop.deliver("2026-03-09 09:30", consent_acts=[yes("paul", "2026-03-09 09:20", act="denied")])
    shop.turn("2026-03-09 11:01")
    assert shop.decided("2026-03-09 11:01")["marie"] == ("refused", "too_late")
    asked = shop.place.engine.value("SELECT max(reasons) FROM decisions WHERE reasons LIKE '%consent_refused%'")
    assert asked == "too_late,consent_refused,no_basis", "asked again, all of it"


def test_one_address_gets_one_message(opened: Open) -> None:
    shop = opened()
    shop.people(person("anna", email="Home@Example.test"), person("bert", email=" home@example.test"))
    shop.publish(after_order("thanks"), ON)
    orders_of(shop, 8, "anna", "bert")
    shop.turn(MONDAY)
    assert shop.decided(MONDAY) == {"anna": ("send", None), "bert": ("refused", "same_address")}


def test_a_dead_address_is_left_alone(opened: Open) -> None:
    shop = opened()
    shop.people(person("marie"), person("paul"))
    shop.deliver("2026-03-01 06:00", suppressions=[{"contact": "marie", "at": "2026-02-28 12:00", "reason": "bounced"}])
    shop.publish(after_order("thanks"), ON)
    orders_of(shop, 8, "marie", "paul")
    shop.turn(MONDAY)
    assert shop.decided(MONDAY) == {"marie": ("refused", "suppressed"), "paul": ("send", None)}


def test_only_a_confirmed_act_lifts_a_global_opt_out(opened: Open) -> None:
    shop = opened()
    people = [person(one) for one in ("asked", "confirmed", "imported", "refused_all")]
    shop.people(*people)
    gone = [yes(row["id"], "2026-02-01 12:00", act="opt_out") for row in people[:3]]
    gone.append(yes("refused_all", "2026-02-01 12:00", act="denied", purpose="*", channel="*"))
    shop.deliver("2026-02-02 06:00", consent_acts=gone)
    back = [yes(who, "2026-02-10 12:00") for who in ("imported", "refused_all")]
    back += [yes("confirmed", "2026-02-10 12:00", confirmed="yes")]
    shop.deliver("2026-02-11 06:00", consent_acts=back)
    shop.publish(after_order("thanks"), ON)
    orders_of(shop, 8, *(row["id"] for row in people))
    shop.turn(MONDAY)
    assert shop.decided(MONDAY) == {
        "asked": ("refused", "consent_refused"),
        "imported": ("refused", "consent_refused"),
        "refused_all": ("refused", "consent_refused"),
        "confirmed": ("send", None),
    }


def test_an_implied_basis_lapses_by_itself(opened: Open) -> None:
    shop = opened()
    shop.deliver("2026-01-02 06:00", contacts=[person("old"), person("recent"), person("never")])
    acts = [
        yes("old", "2024-03-09 23:00", basis="implied_purchase"),
        yes("recent", "2024-03-10 01:00", basis="implied_purchase"),
    ]
    shop.deliver("2026-01-03 06:00", consent_acts=acts)
    shop.publish(after_order("thanks"), ON)
    orders_of(shop, 8, "old", "recent", "never")
    shop.turn(MONDAY)
    assert shop.decided(MONDAY) == {
        "old": ("refused", "no_basis"),
        "recent": ("send", None),
        "never": ("refused", "no_basis"),
    }


def test_service_needs_no_yes_and_a_transaction_no_leave_at_all(opened: Open) -> None:
    shop = opened("[pressure]\nmessages = 1\ndays = 7\n" + QUIET)
    shop.deliver("2026-01-02 06:00", contacts=[person("silent"), person("gone")])
    gone = yes("gone", "2026-02-01 12:00", act="opt_out", purpose="*", channel="*")
    shop.deliver("2026-02-02 06:00", consent_acts=[gone])
    shop.publish(after_order("word", "notice", purpose="service"), ON)
    shop.publish(after_order("bill", "receipt", purpose="transactional", holdout="90%"), ON)
    orders_of(shop, 8, "silent", "gone")
    shop.turn(MONDAY)
    assert shop.decided(MONDAY, "bill") == dict.fromkeys(("silent", "gone"), ("send", None))
    assert shop.decided(MONDAY, "word")["gone"] == ("refused", "consent_refused")
    shop.turn("2026-03-09 10:00")
    assert shop.decided("2026-03-09 10:00", "word") == {"silent": ("send", None)}


def test_a_complaint_stops_service_but_not_the_bill_and_a_dead_address_stops_both(opened: Open) -> None:
    shop = opened("global_holdout = 0.99\n")
    shop.deliver("2026-01-02 06:00", contacts=[person("cross"), person("dead"), person("paul")])
    stops = [("cross", "complaint"), ("dead", "bounced")]
    rows = [{"contact": who, "at": "2026-02-28 12:00", "reason": why} for who, why in stops]
    shop.deliver("2026-03-01 06:00", suppressions=rows)
    shop.publish(after_order("word", "notice", purpose="service"), ON)
    shop.publish(after_order("bill", "receipt", purpose="transactional"), ON)
    orders_of(shop, 8, "cross", "dead", "paul")
    shop.turn(MONDAY)
    refused, goes = ("refused", "suppressed"), ("send", None)
    assert shop.decided(MONDAY, "word") == {"cross": refused, "dead": refused, "paul": goes}, "no holdout of its own"
    assert shop.decided(MONDAY, "bill") == {"cross": goes, "dead": refused, "paul": goes}


def test_a_message_is_of_the_purpose_of_its_scenario(opened: Open) -> None:
    with pytest.raises(BadDocument, match="let both say the same"):
        opened().publish(after_order("word", "hello", purpose="service"), ON)
