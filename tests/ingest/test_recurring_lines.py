"""What is kept of purchases that come round agrees with what all lines say, whatever arrives in whatever order."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from relance.customers.relations import View
from relance.scenarios.local_days import ZONE_SPANS, zone_rows
from relance.scenarios.rounds import purchases
from relance.scenarios.starts import ComesRound
from relance.scenarios.triggers import CLOCKS, clock_of
from tests.stories.bookshop import ZONE, Bookshop, bookshop, local, order, person
from tests.stories.test_replenishment import FEEDS, PRODUCTS, RECURRING

WHO = ("marie", "paul", "anne")
NOW = "2026-04-01 09:00"


def told(shop: Bookshop, view: View) -> Counter[tuple[Any, ...]]:
    """Every purchase, as a turn of the first of April would see it."""
    now = local(NOW).replace(tzinfo=None)
    shop.place.engine.load("zone_spans", ZONE_SPANS, zone_rows(ZONE))
    shop.place.engine.load("clocks", CLOCKS, [{"rule": "r", "turn": now, "known": now}])
    clock = clock_of("r").select("turn", "known")
    found = shop.place.engine.rows(purchases(ComesRound(), view, clock))
    return Counter((row["contact"], row["subject"], row["interval"], row["lead"], row["again"]) for row in found)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_the_kept_lines_say_what_all_lines_say(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    shop = bookshop(tmp_path / "home", feeds=FEEDS)
    minutes = (f"2026-03-{1 + n // 20:02} 0{n % 20 // 2}:{n % 2}0" for n in itertools.count())
    shop.people(*(person(name) for name in WHO))
    arriving = ["products", "recurring", *["orders"] * 8, "types", "changed", *["again"] * 2]
    chance.shuffle(arriving)
    most = 0
    for number, what in enumerate(arriving):
        _arrive(shop, what, next(minutes), number, chance)
        view = shop.place.view(local(NOW))
        assert not view.history
        kept = told(shop, view)
        assert kept == told(shop, replace(view, history=True)), (seed, number, what)
        most = max(most, len(kept))
    assert most > 2
    shop.close()


def _arrive(shop: Bookshop, what: str, when: str, number: int, chance: random.Random) -> None:
    if what == "products":
        shop.deliver(when, products=PRODUCTS)
    elif what == "recurring":
        shop.deliver(when, recurring_products=RECURRING)
    elif what == "types":
        shop.deliver(when, recurring_types=[{"type": "filters", "days": 90}, {"type": "china", "days": 400}])
    elif what == "changed":
        shop.deliver(when, products=[{**PRODUCTS[3], "category": "china"}])
    else:
        rows = []
        for own in chance.sample(range(6), 3):  # the same few orders again and again, said anew
            day = f"2026-02-{1 + own:02} 18:00"
            names = chance.sample([one["product"] for one in PRODUCTS], chance.randint(1, 3))
            status = chance.choice(["paid", "paid", "cancelled"])
            bought = order(f"o{own}", WHO[own % 3], day, *names, status=status)
            rows += [{**row, "quantity": chance.choice([0, 1, 1, 2])} for row in bought]
        shop.deliver(when, orders=rows)
