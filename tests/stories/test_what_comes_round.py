"""A year of the retailer with four products that come round: every key, every message, against known answers."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from relance.scenarios.switching import switch_on
from tests.stories.online_retail import FIRST, LAST, at, cut_files, list_hash, retailer

FEED = """
feed: recurring
files: "recurring-*.csv"
period: {from_name: "%Y-%m-%d"}
zone: Europe/London
tables:
  recurring_products:
    columns: {product: product, interval_days: days}
"""
RECURRING = "product,days\n21212,42\n85099B,60\n22197,90\n20725,60\n"
ONE_STEP = [{"send": {"channel": "email", "message": "replenishment"}}]


@pytest.mark.slow
def test_a_year_of_purchases_that_come_round(shared_data: Path, tmp_path: Path) -> None:
    """Leads 10, 12, 14 and 12 days; quantity ignored; what falls due within seven days is told together."""
    shop = retailer(tmp_path / "home", cut_files(shared_data, tmp_path / "files"))
    (shop.home.definitions / "feeds" / "recurring.yaml").write_text(FEED)
    said = tmp_path / "recurring-2010-11-30.csv"
    said.write_text(RECURRING)
    shop.take([said], at(date(2010, 11, 30), 14))
    on = at(FIRST, 8)
    version = shop.publish("replenishment", on, trigger={"comes_round": {"quantity": "ignored"}}, steps=ONE_STEP)
    assert switch_on(shop.place, version, on) == 0
    shop.live(FIRST, LAST)

    outcomes = shop.place.engine.rows("SELECT outcome, reason FROM decisions")
    assert Counter((row["outcome"], row["reason"] or None) for row in outcomes) == {
        ("refused", "repurchased"): 1_167,
        ("send", None): 2_800,
    }
    sent = shop.place.engine.rows(
        "SELECT DISTINCT \"at\", own_id FROM decisions JOIN contacts_vault USING (contact) WHERE outcome = 'send'"
    )
    messages = [(row["at"].date(), row["own_id"]) for row in sent]
    assert (len(messages), len({who for _, who in messages})) == (2_547, 1_256)
    assert list_hash(messages).startswith("7bb74cf1ab350380")
    shop.close()
