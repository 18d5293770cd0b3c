"""What a probe sees: facts of its contact, happened and known by then, counted on the local calendar."""

from __future__ import annotations

from decimal import Decimal

import pytest

from relance.audiences.criteria import parse_criteria
from relance.audiences.probes import PROBES, check, days_needed, describe, evidence, observe
from relance.base.errors import BadDocument
from relance.customers.relations import scratch
from relance.customers.star import STAR
from relance.customers.tables import Column, Table
from tests.audiences.shop import Shop, at

MARIE, PAUL = 1, 2
TWO_IN_90_DAYS = {"count": "orders", "where": "valid", "window": {"last": "90d"}, "at_least": 2}


@pytest.fixture
def shop() -> Shop:
    return Shop()


def order(key: str, contact: int, placed: str, amount: str = "10.00", **more: object) -> dict[str, object]:
    row = {"order_id": key, "contact": contact, "placed_at": at(placed), "amount": Decimal(amount)}
    return {**row, "valid": True, "currency": "CAD", **more}


def test_two_orders_in_ninety_days_are_seen_only_while_both_are_in_the_window(shop: Shop) -> None:
    shop.put("orders", order("a", MARIE, "2026-01-10"), order("b", MARIE, "2026-03-01"))
    seen = shop.ask(
        TWO_IN_90_DAYS,
        {"contact": MARIE, "as_of": at("2026-02-28")},
        {"contact": MARIE, "as_of": at("2026-03-02")},
        {"contact": MARIE, "as_of": at("2026-04-30")},
        {"contact": PAUL, "as_of": at("2026-03-02")},
    )
    assert [seen[n]["verdict"] for n in (1, 2, 3, 4)] == [False, True, False, False]
    assert [seen[n]["v0"] for n in (1, 2, 3, 4)] == [1, 2, 1, 0]


def test_a_window_opens_after_its_first_instant_and_includes_its_last(shop: Shop) -> None:
    shop.put("orders", order("a", MARIE, "2026-05-01 12:00"))
    question = {"count": "orders", "window": {"last": "10d"}, "is": 1}
    instants = ["2026-05-01 11:59:59", "2026-05-01 12:00", "2026-05-11 11:59:59", "2026-05-11 12:00"]
    seen = shop.ask(question, *({"contact": MARIE, "as_of": at(each)} for each in instants))
    assert [seen[n]["verdict"] for n in (1, 2, 3, 4)] == [False, True, True, False]


def test_a_local_day_across_the_spring_change_has_23_hours(shop: Shop) -> None:
    """Clocks in Toronto jump on 2026-03-08: one local day before its 09:00 is the 7th 09:00, 23 hours ago."""
    shop.put("orders", order("a", MARIE, "2026-03-07 14:00:00"), order("b", MARIE, "2026-03-07 14:00:01"))
    question = {"count": "orders", "window": {"last": "1d"}, "is": 1}
    assert shop.ask(question, {"contact": MARIE, "as_of": at("2026-03-08 13:00")})[1]["verdict"] is True


def test_hours_are_elapsed_and_days_are_local(shop: Shop) -> None:
    """13:30 UTC on the 7th is 08:30 local: inside 24 hours before 09:00 on the 8th, outside one local day."""
    shop.put("orders", order("a", MARIE, "2026-03-07 13:30"))
    eight = {"contact": MARIE, "as_of": at("2026-03-08 13:00")}
    assert shop.ask({"count": "orders", "window": {"last": "24h"}, "is": 1}, eight)[1]["verdict"] is True
    assert shop.ask({"count": "orders", "window": {"last": "1d"}, "is": 1}, eight)[1]["verdict"] is False


def test_what_was_not_known_yet_was_not_seen(shop: Shop) -> None:
    shop.put("orders", order("late", MARIE, "2026-03-01", known_at=at("2026-03-05")))
    seen = shop.ask(
        {"count": "orders", "at_least": 1},
        {"contact": MARIE, "as_of": at("2026-03-04")},
        {"contact": MARIE, "as_of": at("2026-03-04"), "known": at("2026-03-05")},
    )
    assert (seen[1]["verdict"], seen[2]["verdict"]) == (False, True)


def test_a_superseded_version_answers_for_its_own_time(shop: Shop) -> None:
    shop.put(
        "orders",
        order("a", MARIE, "2026-03-01", valid=True, known_at=at("2026-03-02"), superseded_at=at("2026-03-09")),
        order("a", MARIE, "2026-03-01", valid=False, known_at=at("2026-03-09")),
    )
    days = [{"contact": MARIE, "as_of": at(each)} for each in ("2026-03-08", "2026-03-09", "2026-03-10")]
    seen = shop.ask({"count": "orders", "where": "valid", "is": 1}, *days, view=shop.view(history=True))
    assert [seen[n]["verdict"] for n in (1, 2, 3)] == [True, False, False]


def test_orders_of_a_merged_contact_count_for_the_one_that_stays(shop: Shop) -> None:
    shop.put("orders", order("a", MARIE, "2026-01-10"), order("b", PAUL, "2026-01-11"))
    shop.put("aliases", {"contact": PAUL, "into": MARIE, "happened_at": at("2026-02-01")})
    now = {"contact": MARIE, "as_of": at("2026-03-01")}
    assert shop.ask({"count": "orders", "is": 2}, now, view=shop.view(merged=True))[1]["verdict"] is True
    assert shop.ask({"count": "orders", "is": 2}, now)[1]["verdict"] is False


def test_nobody_is_answered_no_and_breaks_nothing(shop: Shop) -> None:
    shop.put("orders", order("a", MARIE, "2026-01-10"))
    question = {"none": [{"count": "orders", "at_least": 1}, {"attribute": "contacts.kind", "is": "institution"}]}
    seen = shop.ask(
        question, {"contact": None, "as_of": at("2026-03-01")}, {"contact": PAUL, "as_of": at("2026-03-01")}
    )
    assert (seen[1]["verdict"], seen[2]["verdict"]) == (False, True)


def test_since_the_fact_leaves_the_fact_out_and_since_its_day_takes_the_day_in(shop: Shop) -> None:
    shop.put("orders", order("a", MARIE, "2026-03-01 15:00"))
    probe = {
        "contact": MARIE,
        "as_of": at("2026-03-03"),
        "fact_at": at("2026-03-01 15:00"),
        "fact_day": at("2026-03-01 05:00"),
    }
    assert shop.ask({"count": "orders", "window": {"since": "fact"}, "is": 0}, probe)[1]["verdict"] is True
    of_day = {"count": "orders", "window": {"since": "start_of_fact_day"}, "is": 1}
    assert shop.ask(of_day, probe)[1]["verdict"] is True
    assert shop.ask(of_day, {**probe, "fact_day": None})[1]["verdict"] is False


def test_ninety_days_ago_is_at_or_before_and_within_is_after(shop: Shop) -> None:
    shop.put("orders", order("a", MARIE, "2026-01-01 12:00"))
    on = [{"contact": MARIE, "as_of": at(each)} for each in ("2026-01-31 11:59", "2026-01-31 12:00")]
    old = shop.ask({"last": "orders.placed_at", "where": "valid", "older_than": "30d"}, *on)
    young = shop.ask({"last": "orders.placed_at", "where": "valid", "within": "30d"}, *on)
    assert [old[n]["verdict"] for n in (1, 2)] == [False, True]
    assert [young[n]["verdict"] for n in (1, 2)] == [True, False]


def test_who_never_ordered_has_no_last_order_of_any_age(shop: Shop) -> None:
    seen = shop.ask({"last": "orders.placed_at", "older_than": "1d"}, {"contact": MARIE, "as_of": at("2026-01-31")})
    assert (seen[1]["verdict"], seen[1]["v0"]) == (False, None)


def test_a_date_beside_an_instant_is_the_whole_local_day_of_the_brand(shop: Shop) -> None:
    shop.put("orders", order("a", MARIE, "2026-03-02 03:00"))  # still the 1st in Toronto
    now = {"contact": MARIE, "as_of": at("2026-04-01")}
    first = {"first": "orders.placed_at", "is": "2026-03-01"}
    assert shop.ask(first, now)[1]["verdict"] is True
    assert shop.ask(first, now, zone="Europe/London")[1]["verdict"] is False
    with pytest.raises(BadDocument, match="say in which time zone"):
        check(parse_criteria(first), shop.view())


def test_sums_are_exact_and_of_one_currency(shop: Shop) -> None:
    shop.put(
        "refunds",
        *(
            {
                "refund": str(n),
                "contact": MARIE,
                "refunded_at": at("2026-01-01"),
                "amount": Decimal(amount),
                "currency": money,
            }
            for n, (amount, money) in enumerate([("0.10", "CAD"), ("0.20", "CAD"), ("99.00", "EUR")])
        ),
    )
    now = {"contact": MARIE, "as_of": at("2026-04-01")}
    exactly = {"sum": "refunds.amount", "currency": "CAD", "is": "0.30"}
    assert shop.ask(exactly, now)[1] == {"probe": 1, "verdict": True, "v0": Decimal("0.300"), "t0": True}
    mean = {"average": "refunds.amount", "currency": "CAD", "is": "0.15", "at_most": 0.15}
    assert shop.ask(mean, now)[1]["verdict"] is True


def test_the_mean_of_thirds_is_compared_without_rounding(shop: Shop) -> None:
    shop.put("orders", *(order(str(n), MARIE, "2026-01-01", amount) for n, amount in enumerate(["1", "0", "0"])))
    now = {"contact": MARIE, "as_of": at("2026-04-01")}
    question = {"average": "orders.amount", "currency": "CAD", "above": "0.333"}
    assert shop.ask(question, now)[1]["v0"] == Decimal("0.333")
    assert shop.ask(question, now)[1]["verdict"] is True


def test_a_book_is_held_by_the_category_that_was_known_then(shop: Shop) -> None:
    shop.put(
        "order_lines",
        {
            "line": "1",
            "order_id": "a",
            "contact": MARIE,
            "placed_at": at("2026-01-01"),
            "product": "p",
            "valid": True,
        },
    )
    shop.put(
        "products",
        {
            "product": "p",
            "category": "games",
            "known_at": at("2025-01-01"),
            "superseded_at": at("2026-02-01"),
        },
        {"product": "p", "category": "books", "known_at": at("2026-02-01")},
    )
    days = [{"contact": MARIE, "as_of": at(each)} for each in ("2026-01-15", "2026-02-15")]
    seen = shop.ask({"holds": {"category": ["books", "music"]}, "where": "valid"}, *days, view=shop.view(history=True))
    assert [seen[n]["verdict"] for n in (1, 2)] == [False, True]
    held = shop.ask({"holds": {"product": "p"}}, *days, view=shop.view(history=True))
    assert [held[n]["verdict"] for n in (1, 2)] == [True, True]


def test_a_personal_value_is_compared_and_not_repeated(shop: Shop) -> None:
    shop.put("contacts", {"contact": MARIE, "email": "marie@example.test", "known_at": at("2026-01-02")})
    observed = shop.observed(
        {"attribute": "contacts.email", "starts_with": "marie@"},
        [{"contact": MARIE, "as_of": at("2026-03-01")}],
    )
    [row] = shop.engine.rows(observed.rows)
    assert row["verdict"] is True
    assert row["v0"] == at("2026-01-02").replace(tzinfo=None)
    assert observed.leaves[0].personal
    [shown] = shop.engine.rows(evidence(observed.leaves[0], shop.view(), scratch("probes", PROBES)))
    assert "marie" not in str(shown)


def test_a_row_condition_may_look_into_the_vault(shop: Shop) -> None:
    shop.put(
        "children",
        {"child": "c", "contact": MARIE, "added_at": at("2026-01-01"), "birth_date": at("2020-05-01").date()},
    )
    question = {"count": "children", "where": {"column": "birth_date", "above": "2020-01-01"}, "is": 1}
    now = {"contact": MARIE, "as_of": at("2026-03-01")}
    assert shop.ask(question, now)[1]["verdict"] is True
    assert shop.ask(question, now, view=shop.view(merged=True, history=True))[1]["verdict"] is True


def test_an_unknown_value_is_not_anything(shop: Shop) -> None:
    shop.put("contacts", {"contact": MARIE})
    now = {"contact": MARIE, "as_of": at("2026-03-01")}
    answers = {
        ("is", "x"): False,
        ("is_not", "x"): True,
        ("in", ("x",)): False,
        ("not_in", ("x",)): True,
        ("starts_with", "x"): False,
        ("known", False): True,
        ("known", True): False,
    }
    for (operator, value), expected in answers.items():
        assert shop.ask({"attribute": "contacts.kind", operator: value}, now)[1]["verdict"] is expected, operator


def test_a_table_of_the_retailer_is_asked_like_any_other() -> None:
    pets = Table(
        "pets",
        "an animal",
        ("pet",),
        (
            Column("pet", "text"),
            Column("contact", "integer"),
            Column("probe", "text"),
            Column("name", "text", True),
        ),
        contact=True,
        own=True,
    )
    shop = Shop({**STAR, "pets": pets})
    shop.put("pets", {"pet": "1", "contact": MARIE, "probe": "cat", "name": "Mitzi"})
    question = {
        "count": "pets",
        "where": {"all": [{"column": "probe", "is": "cat"}, {"column": "name", "known": True}]},
        "is": 1,
    }
    assert shop.ask(question, {"contact": MARIE, "as_of": at("2026-03-01")})[1]["verdict"] is True


def test_evidence_names_the_rows_and_when_they_became_known(shop: Shop) -> None:
    shop.put("orders", *(order(f"o{n}", MARIE, f"2026-02-{n:02}", known_at=at("2026-03-01")) for n in range(1, 9)))
    observed = shop.observed(TWO_IN_90_DAYS, [{"contact": MARIE, "as_of": at("2026-03-02")}])
    rows = shop.engine.rows(evidence(observed.leaves[0], shop.view(), scratch("probes", PROBES)))
    assert [row["key"] for row in sorted(rows, key=lambda row: row["place"])] == [
        "o8",
        "o7",
        "o6",
        "o5",
        "o4",
    ]
    assert {row["known_at"] for row in rows} == {at("2026-03-01").replace(tzinfo=None)}
    assert describe(observed.leaves[0], "fr") == "Au moins 2 commandes valables depuis 90 jours"
    assert describe(observed.leaves[0], "en") == "At least 2 valid orders in the last 90 days"


def test_the_text_of_a_definition_does_not_change_with_the_instant(shop: Shop) -> None:
    tree = {
        "all": [
            TWO_IN_90_DAYS,
            {"last": "orders.placed_at", "within": "30d"},
            {"segment": "loyal"},
            {"rfm": {"r": [1]}},
        ]
    }
    texts = {
        shop.engine.compile(shop.observed(tree, [{"contact": MARIE, "as_of": at(day)}]).rows)
        for day in ("2026-03-01", "2026-03-02")
    }
    assert len(texts) == 1


def test_a_probe_without_its_moments_is_missing_rather_than_refused(shop: Shop) -> None:
    criteria = parse_criteria(TWO_IN_90_DAYS)
    assert days_needed(criteria) == {90}
    shop.observed(TWO_IN_90_DAYS, [{"contact": MARIE, "as_of": at("2026-03-01")}])
    shop.engine.load("probes", PROBES, [{"probe": 1, "contact": MARIE, "as_of": at("2027-01-01").replace(tzinfo=None)}])
    assert shop.engine.rows(observe(criteria, scratch("probes", PROBES), shop.view()).rows) == []
