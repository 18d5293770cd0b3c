"""A month of a small shop, one seed after another: real files, real turns with a holdout, and members who react."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np

from relance.demo.reacting import readers_of, write_truth
from relance.ingest.delivery import import_delivery
from relance.messages.stopping import LedgerStops
from relance.reports.accounts import scenario_report
from relance.reports.asking import Period
from relance.reports.results import Result
from tests.stories.bookshop import Bookshop, bookshop, local, person, yes

SCENARIO = "second-purchase"
FIRST, DAYS, WAIT = date(2026, 2, 2), 2, 10  # first orders fall on so many days, and are followed up so much later
HEADER = ["no_commande", "no_membre", "date", "canal", "librairie", "statut", "code_promo", "livree_le", "ean",
          "quantite", "prix"]  # fmt: skip
ORDERS = """
feed: orders
files: "commandes-*.csv"
format: {type: csv, delimiter: ";"}
period: {from_name: "%Y-%m-%dT%H%M"}
zone: America/Toronto
currency: CAD
tables:
  orders:
    one_per: no_commande
    columns:
      order_id: no_commande
      contact: no_membre
      placed_at: date
      valid: {value: true}
      currency: {value: CAD}
      amount: {sum: {times: [quantite, prix]}}
"""
Row = tuple[str, str, datetime, float]


def month(folder: Path, seed: int, people: int, effect: float) -> tuple[Result, float]:
    """What the report says, and the true effect per head, of which it knows nothing."""
    shop = bookshop(folder)
    try:
        (shop.home.definitions / "feeds" / "orders.yaml").write_text(ORDERS)
        return _lived(shop, seed, people, effect)
    finally:
        shop.close()


def _lived(shop: Bookshop, seed: int, people: int, effect: float) -> tuple[Result, float]:
    rng = np.random.default_rng([seed, 5])
    names = [f"s{seed}n{number:04}" for number in range(people)]
    began = [FIRST + timedelta(days=int(day)) for day in rng.integers(0, DAYS, people)]
    rows = [person(name) for name in names], [yes(name) for name in names]
    shop.deliver("2026-02-01 06:00", contacts=rows[0], consent_acts=rows[1])
    shop.publish(SCENARIO, "2026-02-01 08:00", holdout="20%", trigger={"date": {"of": "first_order", "days": WAIT}})
    history = _export(shop, FIRST + timedelta(days=DAYS), _firsts(rng, names, began))
    _fetch(shop, history)
    readers = readers_of(seed, history.parent, history, {SCENARIO: effect})
    for number in range(DAYS):
        day = FIRST + timedelta(days=WAIT + number)
        tomorrow = _export(shop, day + timedelta(days=1), [])
        at = local(f"{day} 09:00")
        shop.turn(f"{day} 09:00")
        readers.react(shop.place, at)
        _fetch(shop, tomorrow)
    end = FIRST + timedelta(days=WAIT + DAYS + 31)
    _fetch(shop, _export(shop, end, _anyway(rng, names, began)))
    result = scenario_report(shop.place, SCENARIO, Period(), local(f"{end} 12:00")).result
    assert result is not None
    write_truth(readers, shop.home.path)
    return result, float(str(readers.truth()[SCENARIO]["per_head"]))


def _firsts(rng: np.random.Generator, names: list[str], began: list[date]) -> list[Row]:
    """Everybody's first order, in the afternoon of their day."""
    amounts = np.exp(rng.normal(3.6, 0.7, len(names)))
    return [
        (f"f-{name}", name, datetime(day.year, day.month, day.day, 15), float(amount))
        for name, day, amount in zip(names, began, amounts, strict=True)
    ]


def _anyway(rng: np.random.Generator, names: list[str], began: list[date]) -> list[Row]:
    """What people order without being asked: six in a hundred, a few of them much."""
    amounts, waits = np.exp(rng.normal(3.6, 0.9, len(names))), rng.integers(WAIT, WAIT + 28, len(names))
    return [
        (f"a-{name}", name, datetime(day.year, day.month, day.day, 20) + timedelta(days=int(wait)), float(amount))
        for name, day, amount, wait in zip(names, began, amounts, waits, strict=True)
        if rng.random() < 0.06
    ]


def _export(shop: Bookshop, day: date, rows: Iterable[Row]) -> Path:
    """The shop's export of that morning."""
    folder = shop.home.path.parent / "exports"
    folder.mkdir(exist_ok=True)
    path = folder / f"commandes-{day}T0830.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\n")
        writer.writerow(HEADER)
        for number, name, at, amount in rows:
            writer.writerow(
                [number, name, f"{at:%Y-%m-%d %H:%M:%S}", "web", "", "payée", "", "", "book", 1, f"{amount:.2f}"]
            )
    return path


def _fetch(shop: Bookshop, path: Path) -> None:
    place, known_at = shop.place, local(f"{path.stem[10:20]} 08:40")
    import_delivery(
        place.engine, LedgerStops(place.ledger), shop.home.definitions, [path], known_at, secret=place.secret
    )
