"""L10: from the first order, a wait until another order or 45 days, over the retailer's year."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from relance.base.documents import load_document
from relance.messages.publishing import publish_scenario
from relance.scenarios.switching import switch_on
from tests.stories.online_retail import FIRST, LAST, at, days, retailer

SCENARIO: dict[str, Any] = {
    "scenario": "until-another",
    "schedule": {"daily": "09:00"},
    "trigger": {"date": {"of": "first_order"}},
    "fresh_for": "7d",
    "steps": [{"name": "another", "wait": {"event": {"row": "orders", "where": "valid"}, "at_most": "45d"}}],
}
WAYS = """
    SELECT way, count(*) AS number, count(*) FILTER (p."at" = entered) AS at_once FROM passages AS p
    JOIN (SELECT contact, min("at") AS entered FROM decisions GROUP BY contact) USING (contact) GROUP BY way
"""
WAITING = """
    SELECT count(*) FROM (SELECT state FROM journeys
        QUALIFY row_number() OVER (PARTITION BY contact, occurrence ORDER BY "at" DESC) = 1) WHERE state = 'waiting'
"""


@pytest.mark.slow
def test_l10_another_order_or_45_days(daily_files: Path, tmp_path: Path) -> None:
    shop = retailer(tmp_path / "home", daily_files)
    shop.take(sorted(shop.files.glob("online-retail-*.csv")), at(LAST, 6), history=True)
    document = load_document(json.dumps(SCENARIO), source="until-another")
    # a first order of 1 December was due that day at 09:00, before it was placed
    on = at(FIRST, 8).replace(day=1)
    switch_on(shop.place, publish_scenario(shop.place, document, on), on)
    for day in days(FIRST, LAST):
        shop.turn(day)
    rows = {row["way"]: (row["number"], row["at_once"]) for row in shop.place.engine.rows(WAYS)}
    waiting = shop.place.engine.value(WAITING)
    shop.close()
    assert rows["happened"] == (1_315, 222)
    assert rows["otherwise"] == (2_715, 0)
    assert (waiting, 1_315 + 2_715 + 308) == (308, 4_338)
