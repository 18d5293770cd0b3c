"""A small shop with a control group: what is counted, from which instant, net of what, and known when."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from relance.base.errors import BadDocument, NotFound
from relance.reports.accounts import Account, overview, per_day, scenario_report
from relance.reports.asking import Period, ask
from relance.reports.catalogue import CATALOGUE
from relance.reports.metrics import Figure, measure
from relance.reports.shape import shape_of
from tests.stories.bookshop import ORDERS, Bookshop, bookshop, local, order, person

PEOPLE = [f"reader{number:02}" for number in range(40)]
ON, TURN = "2026-01-20 08:00", "2026-02-04 09:00"
LATER, MUCH_LATER = "2026-02-20 06:00", "2026-03-20 06:00"
ALWAYS = Period()
REFUNDS = """
columns: {refund: refund, order_id: order, contact: contact, refunded_at: at, amount: amount, currency: {value: CAD},
          whole: {value: false}}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Bookshop]:
    """Forty readers ordered once on 2026-01-20; thirty days on half of them are written to, half left alone."""
    shop = bookshop(tmp_path / "home", feeds={"refunds": REFUNDS})
    (shop.home.definitions / "feeds" / "usd.yaml").write_text(
        ORDERS.replace("feed: orders", "feed: usd").replace("orders-*", "usd-*").replace("CAD", "USD")
    )
    shop.people(*(person(name) for name in PEOPLE))
    shop.publish("second-purchase", ON, holdout="50%", trigger={"date": {"of": "first_order", "days": 15}})
    rows = [row for name in PEOPLE for row in order(f"first-{name}", name, "2026-01-20 15:00")]
    shop.deliver("2026-01-21 06:00", orders=rows)
    shop.turn(TURN)
    shop.send("2026-02-04 09:05")
    yield shop
    shop.close()


def arms(shop: Bookshop) -> tuple[list[str], list[str]]:
    """Who was written to and who was left alone, by name."""
    decided = shop.decided(TURN)
    return tuple(sorted(who for who, (outcome, _) in decided.items() if outcome == arm) for arm in ("send", "held_out"))  # type: ignore[return-value]


def account(shop: Bookshop, as_of: str, period: Period = ALWAYS) -> Account:
    return scenario_report(shop.place, "second-purchase", period, local(as_of))


def value(shop: Bookshop, name: str, as_of: str, period: Period = ALWAYS) -> list[Figure]:
    return measure(ask(shop.place, period, local(as_of)), CATALOGUE[name])


def test_both_arms_count_from_the_decision_within_the_horizon(shop: Bookshop) -> None:
    written, alone = arms(shop)
    assert len(written) + len(alone) == 40 and len(alone) > 10
    rows = order("a", written[0], "2026-02-05 10:00") + order("b", written[0], "2026-02-06 10:00", "x", "y")
    rows += order("c", alone[0], "2026-02-04 09:01") + order("d", alone[1], "2026-02-04 08:59")
    rows += order("e", written[1], "2026-03-06 08:59") + order("f", written[2], "2026-03-06 09:01")
    shop.deliver("2026-03-10 06:00", orders=rows)
    result = account(shop, MUCH_LATER).result
    assert result and result.horizon == "30d"
    assert (result.treated.people, result.treated.buyers, result.treated.orders) == (len(written), 2, 3)
    assert (result.held_out.people, result.held_out.buyers, result.held_out.orders) == (len(alone), 1, 1)
    assert (result.treated.net, result.held_out.net) == ({"CAD": Decimal(80)}, {"CAD": Decimal(20)})
    assert result.treated.complete == len(written)
    assert result.main.difference.estimate == pytest.approx(80 / len(written) - 20 / len(alone))
    assert result.verdict == "too_early", "three buyers are not enough"


def test_what_became_known_later_is_not_in_an_earlier_report(shop: Bookshop) -> None:
    written, _ = arms(shop)
    shop.deliver(LATER, orders=order("late", written[0], "2026-02-05 10:00"))
    before, after = account(shop, "2026-02-19 12:00").result, account(shop, LATER).result
    assert before and after and (before.treated.buyers, after.treated.buyers) == (0, 1)
    assert before.treated.complete == 0, "the thirty days have not passed"


def test_money_is_net_of_refunds_and_cancellations_known_then(shop: Bookshop) -> None:
    written, _ = arms(shop)
    rows = order("a", written[0], "2026-02-05 10:00", "x", "y") + order("b", written[1], "2026-02-05 11:00")
    shop.deliver("2026-02-06 06:00", orders=rows)
    back = {"refund": "r", "order": "a", "contact": written[0], "at": "2026-02-10 10:00", "amount": "15.00"}
    shop.deliver("2026-02-11 06:00", refunds=[back])
    shop.deliver("2026-02-12 06:00", orders=order("b", written[1], "2026-02-05 11:00", status="cancelled"))
    spent = [account(shop, day).result for day in ("2026-02-07 06:00", "2026-02-11 06:00", "2026-02-12 06:00")]
    assert [each and each.treated.net["CAD"] for each in spent] == [Decimal(60), Decimal(45), Decimal(25)]
    assert [each and each.treated.buyers for each in spent] == [2, 2, 1]


def test_sums_never_mix_currencies(shop: Bookshop) -> None:
    written, _ = arms(shop)
    shop.deliver("2026-02-06 06:00", orders=order("a", written[0], "2026-02-05 10:00"))
    shop.deliver("2026-02-06 07:00", usd=order("u", written[1], "2026-02-05 10:00", "x", "y"))
    result = account(shop, LATER).result
    assert result and result.treated.net == {"CAD": Decimal(20), "USD": Decimal(40)}
    assert set(result.money) == {"CAD", "USD"} and result.currency == "CAD"
    february = Period(local(TURN).date(), None)
    assert {each.currency: each.value for each in value(shop, "revenue", LATER, february)} == {"CAD": 20, "USD": 40}


def test_the_equation_balances_and_knows_what_the_ledger_has_not_yet_told(shop: Bookshop) -> None:
    written, alone = arms(shop)
    found = account(shop, LATER)
    assert found.equation.outbox["sent"] == len(written), "sent after the only turn, and no turn since"
    assert (found.equation.candidates, found.equation.held_out) == (40, len(alone))
    counted = {each.metric: each.value for each in found.figures}
    assert (counted["candidates"], counted["sent"], counted["held_out"]) == (40, len(written), len(alone))
    assert account(shop, "2026-02-04 09:01").equation.outbox["queued"] == len(written), "four minutes earlier"


def test_a_period_chooses_by_the_brands_dates(shop: Bookshop) -> None:
    day = local(TURN).date()
    assert account(shop, LATER, Period(day, day)).equation.candidates == 40
    empty = account(shop, LATER, Period(None, day.replace(day=3)))
    assert (empty.equation.candidates, empty.result) == (0, None)
    [sent] = per_day(shop.place, ("sent",), ALWAYS, local(LATER))
    assert (sent.day, sent.scenario) == (day, "second-purchase")
    with pytest.raises(BadDocument, match="ends before it begins"):
        Period(day, day.replace(day=3))


def test_who_comes_back_and_after_how_long(shop: Bookshop) -> None:
    february = Period(local(TURN).date(), None)
    rows = order("a", PEOPLE[0], "2026-02-09 10:00") + order("b", PEOPLE[1], "2026-02-19 10:00")
    shop.people(person("new"), when="2026-02-05 06:00")
    shop.deliver(LATER, orders=rows + order("n", "new", "2026-02-06 10:00", "x", "y"))
    [repeat] = value(shop, "repeat_rate", LATER, february)
    assert (repeat.part, repeat.whole) == (2, 3)
    assert [each.value for each in value(shop, "days_to_second", LATER, february)] == [25.0]
    assert [each.value for each in value(shop, "orders", LATER, february)] == [3]
    assert [each.value for each in value(shop, "average_order", LATER, february)] == [Decimal(80) / 3]


def test_the_whole_house_and_its_published_shape(shop: Bookshop) -> None:
    written, alone = arms(shop)
    rows = [row for n, who in enumerate(written[:12]) for row in order(f"w{n}", who, "2026-02-05 10:00")]
    rows += [row for n, who in enumerate(alone[:1]) for row in order(f"h{n}", who, "2026-02-05 10:00")]
    shop.deliver(LATER, orders=rows)
    found = overview(shop.place, Period(), local(MUCH_LATER))
    assert found.verdict == "gain" and found.earned.low and found.earned.low > 0
    shape = shape_of(found)
    assert shape["scenarios"][0]["result"]["money"]["CAD"]["earned"]["estimate"] == pytest.approx(found.earned.estimate)
    assert shape["earned"]["said"] == {"fr": "Gain établi", "en": "Gain established"}


def test_a_report_writes_nothing(shop: Bookshop) -> None:
    before = shop.place.engine.contents_hash(), shop.place.ledger.contents_hash()
    overview(shop.place, Period(), local(MUCH_LATER))
    assert (shop.place.engine.contents_hash(), shop.place.ledger.contents_hash()) == before


def test_a_scenario_that_does_not_exist_is_said_so(shop: Bookshop) -> None:
    with pytest.raises(NotFound, match="no-such"):
        scenario_report(shop.place, "no-such", Period(), local(LATER))


def test_a_metric_cannot_be_told_apart_by_what_it_does_not_know(shop: Bookshop) -> None:
    with pytest.raises(BadDocument, match="cannot be told apart by step"):
        measure(ask(shop.place, Period(), local(LATER)), CATALOGUE["orders"], ("step",))


def test_every_metric_speaks_both_languages() -> None:
    for metric in CATALOGUE.values():
        for words in (metric.label, metric.meaning):
            assert set(words) == {"fr", "en"} and all(words.values()) and words["fr"] != words["en"]
