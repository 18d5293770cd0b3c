"""The holdout check: who is kept apart depends on the seed, the scenario and the person, and on nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from relance.scenarios.switching import switch_on
from tests.stories.online_retail import FIRST, LAST, Retailer, at, days, retailer

MIDSUMMER = date(2011, 6, 21)
SHARES = {"second-purchase": ("20%", 0.2), "win-back": ("10%", 0.1)}


def start(shop: Retailer) -> None:
    """Everything is in, as `import --history` stamps it; no turn has been made."""
    shop.take(sorted(shop.files.glob("online-retail-*.csv")), at(LAST, 6), history=True)
    for name, (said, _) in SHARES.items():
        switch_on(shop.place, shop.publish(name, at(FIRST, 8), holdout=said), at(FIRST, 8))


def u(scenario: str, customer: str) -> float:
    """The first eight bytes of the hash as a fraction."""
    digest = sha256(f"check\n{scenario}\nholdout\n{customer}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


@pytest.fixture(scope="module")
def lived(daily_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Retailer]:
    """The year with control groups; second purchase gets a new version at midsummer."""
    shop = retailer(tmp_path_factory.mktemp("holdout") / "home", daily_files)
    start(shop)
    for day in days(FIRST, LAST):
        if day == MIDSUMMER:
            again = shop.publish("second-purchase", at(day, 7), holdout="20%", fresh_for="4d")
            assert again.number == 2
            switch_on(shop.place, again, at(day, 7))
        shop.turn(day)
    yield shop
    shop.close()


@pytest.mark.slow
def test_holdout_check_650_of_the_3199(lived: Retailer) -> None:
    held, sent = lived.decided("second-purchase", "held_out"), lived.decided("second-purchase")
    assert (len(held), len(sent)) == (650, 3199 - 650)
    after = [customer for day, customer in held if day >= MIDSUMMER]
    assert len(after) > 100, "both versions have held people out"
    assert {who for _, who in held} == {who for _, who in held + sent if u("second-purchase", who) < 0.2}


@pytest.mark.slow
def test_holdout_of_win_back_is_another_draw(lived: Retailer) -> None:
    held, sent = lived.decided("win-back", "held_out"), lived.decided("win-back")
    people = {customer for _, customer in held}
    assert (len(held), len(held) + len(sent), len(people)) == (345, 3245, 286)
    assert not people & {customer for _, customer in sent}, "an arm is for life"
    both = {customer for _, customer in lived.decided("second-purchase", "held_out")}
    asked = {customer for _, customer in held + sent}
    assert 0.06 < len(people & both) / len(asked & both) < 0.15, "being held out here says nothing of there"


@pytest.mark.slow
def test_holdout_is_the_same_on_a_second_run(lived: Retailer, daily_files: Path, tmp_path: Path) -> None:
    last = date(2011, 1, 31)
    shop = retailer(tmp_path / "again", daily_files)
    start(shop)
    for day in days(FIRST, last):
        shop.turn(day)
    once = [row for row in lived.decided("second-purchase", "held_out") if row[0] <= last]
    assert shop.decided("second-purchase", "held_out") == once
    shop.close()
