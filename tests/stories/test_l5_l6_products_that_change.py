"""Checks L5 and L6: a year of the retailer's prices, and of what is sold again after a silence, to the last message."""

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
    EXAMPLE,
    FIRST,
    FIRST_FILE,
    Retailer,
    at,
    cut_files,
    cut_module,
    days,
    retailer,
)  # fmt: skip

# A service message competes with no other, so each of the three decides as it would alone.
WORD = {"subject": "x", "mjml": "<mj-section><mj-column><mj-text>x</mj-text></mj-column></mj-section>", "text": "x"}
APART = {"purpose": "service", "steps": [{"send": {"channel": "email", "message": "word"}}]}
SCENARIOS: dict[str, dict[str, Any]] = {
    "price-down": {},
    "price-down-rarely": {**APART, "reentry": {"after": "30d"}},
    "back-again": APART,
}


def switch_all_on(shop: Retailer) -> None:
    on = at(FIRST_FILE, 0)
    written = shop.home.definitions / "messages" / "word.yaml"
    written.parent.mkdir()
    written.write_text(json.dumps({"message": "word", "purpose": "service", "fr": WORD, "en": WORD}))
    for name, changed in SCENARIOS.items():
        text = (EXAMPLE / "more" / f"{name.removesuffix('-rarely')}.yaml").read_text()
        document = load_document(text, source=name)
        document.data.update({"scenario": name, **changed})
        assert switch_on(shop.place, publish_scenario(shop.place, document, on), on) == 0


@pytest.fixture(scope="module")
def shop(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retailer]:
    folder = tmp_path_factory.mktemp("changes")
    made = retailer(folder / "home", cut_files(shared_data, folder / "files"))
    cut_module().cut_prices(shared_data / "online-retail" / "online_retail.parquet", made.files)
    switch_all_on(made)
    yield made
    made.close()


def live(shop: Retailer, first: date, last: date) -> None:
    """Each morning the orders and the prices of the day before, then the turn."""
    for day in days(first, last):
        prices = shop.files / f"prices-{day - timedelta(days=1)}.csv"
        shop.take([*shop.file_of(day - timedelta(days=1)), *([prices] if prices.exists() else [])], at(day, 6))
        shop.turn(day)


def decided(shop: Retailer, scenario: str) -> dict[tuple[str, str], int]:
    rows = shop.place.engine.rows(f"SELECT outcome, reason FROM decisions WHERE scenario = '{scenario}'")
    return dict(Counter((row["outcome"], row["reason"] or "") for row in rows))


def test_the_prices_of_the_first_days(shop: Retailer) -> None:
    files = sorted(shop.files.glob("prices-*.csv"))
    assert (len(files), sum(len(path.read_text().splitlines()) - 1 for path in files)) == (305, 221_811)
    live(shop, FIRST, date(2010, 12, 6))
    assert decided(shop, "price-down") == {("refused", "no_price_history"): 13}
