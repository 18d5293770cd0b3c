"""Checks 7 and 8 on a real retailer's year: known answers, computed apart from this code."""

from __future__ import annotations

import os
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from relance.audiences.criteria import parse_criteria
from relance.audiences.everyone import audience, can_use_maintained, count, export
from relance.audiences.probes import observe
from relance.audiences.rfm import compute_cuts, load_cuts, put_question
from relance.audiences.scope import everyone
from relance.audiences.segments import Segment, Transition, inline, transition_matrix
from relance.base.zones import local_spans
from tests.audiences.shop import Shop, at

ZONE = "Europe/London"
NOW = at("2011-12-11 06:00")
RULE = """
    CREATE TEMP TABLE lines AS
    SELECT r.InvoiceNo AS invoice, r.CustomerID AS customer, r.StockCode AS product,
        coalesce(z.instant, r.InvoiceDate - to_seconds(z."offset")) AS placed_at,
        r.Quantity * CAST(r.UnitPrice AS DECIMAL(18,3)) AS amount
    FROM read_parquet('{path}') AS r
    JOIN local_clock AS z ON r.InvoiceDate >= z.since AND r.InvoiceDate < z.until
    WHERE r.CustomerID IS NOT NULL AND r.Quantity > 0 AND r.UnitPrice > 0
"""
ORDERS = """
    INSERT INTO orders BY NAME
    SELECT invoice AS order_id, min(customer) AS contact, min(placed_at) AS placed_at, true AS valid,
        'GBP' AS currency, sum(amount) AS amount,
        date_trunc('day', min(placed_at)) + INTERVAL 30 HOUR AS known_at, 1 AS source
    FROM lines GROUP BY invoice
"""
CONTACTS = """
    INSERT INTO contacts BY NAME
    SELECT DISTINCT customer AS contact, TIMESTAMP '2010-12-02 06:00:00' AS known_at, 1 AS source FROM lines
"""
VAULT = """
    INSERT INTO contacts_vault BY NAME
    SELECT DISTINCT customer AS contact, customer::VARCHAR AS own_id,
        TIMESTAMP '2010-12-02 06:00:00' AS known_at, 1 AS source FROM lines
"""
MAINTAINED = """
    INSERT INTO contact_orders BY NAME
    SELECT contact, count(*) AS orders, min(placed_at) AS first_order, max(placed_at) AS last_order
    FROM orders WHERE valid GROUP BY contact
"""
IMPORTED = "INSERT INTO imports BY NAME SELECT 1 AS import_id, TIMESTAMP '2011-12-10 06:00:00' AS known_at"


@pytest.fixture(scope="module")
def year() -> Shop:
    named = os.environ.get("RELANCE_SHARED_DATA")
    folder = Path(named) if named else Path(__file__).resolve().parents[2].parent / "shared" / "data"
    path = folder / "online-retail" / "online_retail.parquet"
    if not path.exists():
        pytest.skip("shared data absent: no Online Retail beside the project")
    shop = Shop()
    clock = {"since": "instant", "until": "instant", "offset": "integer", "instant": "instant"}
    shop.engine.load("local_clock", clock, [vars(span) for span in local_spans(ZONE)])
    for statement in (RULE.format(path=path), ORDERS, CONTACTS, VAULT, MAINTAINED, IMPORTED):
        shop.engine.execute(statement)
    return shop


def ask(year: Shop, question: Any, day: str) -> int:
    return count(year.engine, audience(year.engine, parse_criteria(question), year.view(), ZONE, at(day), NOW))


def test_check_7_rfm_cuts_and_class_sizes(year: Shop) -> None:
    instant = at("2011-12-10")
    cuts = compute_cuts(year.engine, year.view(), instant, NOW, ["r", "f", "m"])
    assert cuts["r"] == tuple(map(Decimal, ("12", "32", "71", "179")))
    assert cuts["f"] == tuple(map(Decimal, ("1", "2", "3", "6")))
    assert cuts["m"] == tuple(map(Decimal, ("250.15", "490.22", "942.26", "2059.45")))
    every = list(range(1, 6))
    tree = parse_criteria({"rfm": {"r": every, "f": every, "m": every, "currency": "GBP"}})
    load_cuts(year.engine, year.view(), tree, [(instant, NOW)], exact=True)
    put_question(year.engine, instant, NOW)
    rows = year.engine.rows(observe(tree, everyone(year.view()), year.view()).rows)
    sizes = [Counter(str(row["v0"])[place] for row in rows) for place in range(3)]
    assert [sizes[0][str(each)] for each in every] == [868, 880, 863, 866, 861]
    assert [sizes[1][str(each)] for each in every] == [1493, 835, 508, 802, 700]
    assert [sizes[2][str(each)] for each in every] == [868, 868, 867, 868, 867]
    assert all(row["verdict"] for row in rows)


def test_check_7_classes_are_asked_as_criteria(year: Shop) -> None:
    assert ask(year, {"rfm": {"r": [5]}}, "2011-12-10") == 861
    assert ask(year, {"rfm": {"f": [4, 5]}}, "2011-12-10") == 802 + 700
    assert ask(year, {"rfm": {"m": [1], "currency": "GBP"}}, "2011-12-10") == 868


def test_check_8_two_orders_in_ninety_days(year: Shop) -> None:
    question = {"count": "orders", "where": "valid", "window": {"last": "90d"}, "at_least": 2}
    assert ask(year, question, "2011-09-01") == 820


def test_check_8_exactly_one_order_ever(year: Shop) -> None:
    assert ask(year, {"count": "orders", "where": "valid", "is": 1}, "2011-09-01") == 1376


def test_the_export_speaks_of_customers_by_the_retailers_own_id(year: Shop) -> None:
    one = {"all": [{"count": "orders", "where": "valid", "at_least": 200}]}
    members = audience(year.engine, parse_criteria(one), year.view(), ZONE, NOW, NOW)
    assert [row["contact"] for row in year.engine.rows(export(members, year.view()))] == ["12748", "14911"]


@pytest.mark.parametrize(
    "question",
    [
        {"count": "orders", "where": "valid", "is": 1},
        {"last": "orders.placed_at", "where": "valid", "older_than": "90d"},
        {"first": "orders.placed_at", "where": "valid", "within": "30d"},
    ],
)
def test_maintained_tables_answer_what_probes_answer(year: Shop, question: dict[str, Any]) -> None:
    assert can_use_maintained(year.engine, year.view(), NOW, NOW)
    fast = ask(year, question, "2011-12-11 06:00")
    probes = audience(year.engine, parse_criteria(question), year.view(history=True), ZONE, NOW, NOW)
    assert fast == count(year.engine, probes) > 0


def test_those_at_risk_moved_between_two_dates(year: Shop) -> None:
    """L11: frequent (F 4 and more) and long silent (R 4 and more)."""
    risk = Segment("at risk", parse_criteria({"rfm": {"f": [4, 5], "r": [4, 5]}}), {})
    instants = (at("2011-09-01"), at("2011-12-01"))
    matrix = transition_matrix(year.engine, ["at risk"], {"at risk": risk}, year.view(), ZONE, instants, NOW)
    assert matrix == [
        Transition(None, "at risk", 172),
        Transition("at risk", None, 128),
        Transition("at risk", "at risk", 162 - 128),
    ]


def test_a_segment_inside_a_segment_means_what_it_says(year: Shop) -> None:
    loyal = Segment("loyal", parse_criteria({"count": "orders", "where": "valid", "at_least": 2}), {})
    tree = inline(parse_criteria({"none": [{"segment": "loyal"}]}), {"loyal": loyal})
    found = count(year.engine, audience(year.engine, tree, year.view(), ZONE, NOW, NOW))
    assert found == ask(year, {"count": "orders", "where": "valid", "below": 2}, "2011-12-11 06:00") == 1493
