"""L5, L6, L8, L10, L11 and what comes round, over the retailer's year, lived once: none competes with another there.

Every scenario but the price drops is a service here (or sends nothing), so each decides as it would alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from relance.base.documents import load_document
from relance.messages.publishing import publish_scenario
from relance.scenarios.switching import switch_on
from tests.stories.online_retail import (
    FIRST,
    LAST,
    Retailer,
    at,
    cut_files,
    cut_module,
    days,
    list_hash,
    retailer,
)
from tests.stories.test_l5_l6_products_that_change import APART, switch_all_on
from tests.stories.test_l8_reviews import ORDERED
from tests.stories.test_l11_moves import BEFORE, LOYAL, MOVES

pytestmark = pytest.mark.year

RECURRING_FEED = """
feed: recurring
files: "recurring-*.csv"
period: {from_name: "%Y-%m-%d"}
zone: Europe/London
tables:
  recurring_products:
    columns: {product: product, interval_days: days}
"""
RECURRING = "product,days\n21212,42\n85099B,60\n22197,90\n20725,60\n"
UNTIL_ANOTHER: dict[str, Any] = {
    "scenario": "until-another",
    "schedule": {"daily": "09:00"},
    "trigger": {"date": {"of": "first_order"}},
    "fresh_for": "7d",
    "steps": [{"name": "another", "wait": {"event": {"row": "orders", "where": "valid"}, "at_most": "45d"}}],
}
WAYS = """
    SELECT way, count(*) AS number, count(*) FILTER (p."at" = entered) AS at_once FROM passages AS p
    JOIN (SELECT contact, min("at") AS entered FROM decisions WHERE scenario = 'until-another' GROUP BY contact)
    USING (contact) WHERE scenario = 'until-another' GROUP BY way
"""
WAITING = """
    SELECT count(*) FROM (SELECT state FROM journeys WHERE scenario = 'until-another'
        QUALIFY row_number() OVER (PARTITION BY contact, occurrence ORDER BY "at" DESC) = 1) WHERE state = 'waiting'
"""


@pytest.fixture(scope="module")
def year(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retailer]:
    folder = tmp_path_factory.mktemp("library")
    shop = retailer(folder / "home", cut_files(shared_data, folder / "files"))
    cut_module().cut_prices(shared_data / "online-retail" / "online_retail.parquet", shop.files)
    definitions = shop.home.definitions
    (definitions / "segments").mkdir()
    (definitions / "segments" / "loyal.yaml").write_text(LOYAL)
    (definitions / "feeds" / "recurring.yaml").write_text(RECURRING_FEED)
    (folder / "recurring-2010-11-30.csv").write_text(RECURRING)
    shop.take([folder / "recurring-2010-11-30.csv"], at(date(2010, 11, 30), 14))
    switch_all_on(shop)
    # a first order of 1 December was due that day at 09:00, before it was placed
    begin(shop, UNTIL_ANOTHER, at(FIRST.replace(day=1), 8))
    for day in days(FIRST, LAST):
        prices = shop.files / f"prices-{day - timedelta(days=1)}.csv"
        shop.take([*shop.file_of(day - timedelta(days=1)), *([prices] if prices.exists() else [])], at(day, 6))
        if day == FIRST:
            library(shop, "review", day, trigger=ORDERED, items=None, stop={}, lookback="7d")
            library(shop, "replenishment", day, trigger={"comes_round": {"quantity": "ignored"}}, **APART)
        if day == BEFORE:
            for name, move in MOVES.items():
                said = {"scenario": name, "trigger": {"segment": move}, "target": None, "stop": {}, "reentry": "each"}
                library(shop, "segment-move", day, **said, **APART)
        shop.turn(day)
    yield shop
    shop.close()


def begin(shop: Retailer, document: dict[str, Any], on: Any) -> None:
    version = publish_scenario(shop.place, load_document(json.dumps(document), source=document["scenario"]), on)
    switch_on(shop.place, version, on)


def library(shop: Retailer, name: str, day: date, **changed: Any) -> None:
    switch_on(shop.place, shop.publish(name, at(day, 8), **changed), at(day, 8))


def outcomes(shop: Retailer, scenario: str) -> dict[tuple[str, str], int]:
    rows = shop.place.engine.rows(f"SELECT outcome, reason FROM decisions WHERE scenario = '{scenario}'")
    return dict(Counter((row["outcome"], row["reason"] or "") for row in rows))


def messages(shop: Retailer, scenario: str) -> tuple[int, int, str]:
    """How many messages, to how many people, and the hash of (date of the turn, customer)."""
    rows = shop.place.engine.rows(
        "SELECT DISTINCT \"at\", own_id FROM decisions JOIN contacts_vault USING (contact) WHERE outcome = 'send'"
        f" AND scenario = '{scenario}'"
    )
    sent = [(row["at"].date(), row["own_id"]) for row in rows]
    return len(sent), len({who for _, who in sent}), list_hash(sent)[:16]


def members(shop: Retailer, day: date) -> int:
    text = f"SELECT members FROM segment_runs WHERE \"at\" = TIMESTAMP '{at(day, 9):%Y-%m-%d %H:%M:%S}'"
    return int(shop.place.engine.value(text))


def test_l5_a_year_of_prices(year: Retailer) -> None:
    told = {("refused", "bought"): 295, ("refused", "no_price_history"): 1_204, ("send", ""): 24_426}
    assert outcomes(year, "price-down") == told
    assert messages(year, "price-down") == (18_708, 3_235, "58283b15d6251929")
    number, _, hashed = messages(year, "price-down-rarely")
    assert (number, hashed) == (8_923, "f99eeffa4d45f8c1")


def test_l6_a_year_of_returns(year: Retailer) -> None:
    assert outcomes(year, "back-again") == {("refused", "bought"): 116, ("send", ""): 7_999}
    assert messages(year, "back-again") == (7_352, 1_860, "e49d493ac7409d02")


def test_l8_reviews_of_the_year(year: Retailer) -> None:
    sends = year.decided("review")
    assert (len(sends), outcomes(year, "review")["refused", "reentry"]) == (7_409, 9_314)
    assert len({customer for _, customer in sends}) == 4_187
    assert list_hash(sends).startswith("96a615ce9bd87fcc")


def test_l10_another_order_or_45_days(year: Retailer) -> None:
    ways = {row["way"]: (row["number"], row["at_once"]) for row in year.place.engine.rows(WAYS)}
    assert ways == {"happened": (1_315, 222), "otherwise": (2_715, 0)}
    assert (year.place.engine.value(WAITING), 1_315 + 2_715 + 308) == (308, 4_338)


def test_l11_the_moves_of_the_year(year: Retailer) -> None:
    """Since 1 March; here the segment is older than the scenarios, and some came in on the morning they began."""
    came, went = ([move for move in year.decided(name) if move[0] > BEFORE] for name in MOVES)
    assert (len(came), len({who for _, who in came}), len(went)) == (3_181, 2_084, 2_444)
    assert (members(year, BEFORE), members(year, LAST)) == (650, 1_387)
    assert 650 + 3_181 - 2_444 == 1_387
    sample = [LAST - timedelta(days=n) for n in (0, 50, 150, 250)]
    by_day = Counter(day for day, _ in came)
    assert {day: year.plan(day).scenario("came-in").send for day in sample} == {day: by_day[day] for day in sample}


def test_what_comes_round_in_a_year(year: Retailer) -> None:
    """Leads 10, 12, 14 and 12 days; quantity ignored; what falls due within seven days is told together."""
    assert outcomes(year, "replenishment") == {("refused", "repurchased"): 1_167, ("send", ""): 2_800}
    number, people, hashed = messages(year, "replenishment")
    assert (number, people, hashed) == (2_547, 1_256, "7bb74cf1ab350380")
