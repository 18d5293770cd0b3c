"""Cuts the year of Online Retail into files a day: what was sold, at which prices, and a consent act for everyone.

python examples/online-retail/cut.py PARQUET OUTDIR
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet

ACT = (
    "email",
    "marketing",
    "shop",
    "granted",
    "2010-11-30T12:00:00Z",
    "signup-form",
    "Yes, write to me",
    "en",
    "yes",
)
ACT_HEADER = (
    "contact", "channel", "purpose", "sender", "act", "happened_at", "source", "wording", "language", "affirmative",
    "basis", "proof",
)  # fmt: skip


PRICE_HEADER = ("product", "in_force_from", "price")
PRODUCT = re.compile("[0-9]{5}")  # postage, samples and fees begin otherwise


def cut(source: Path, target: Path) -> list[Path]:
    """Writes online-retail-YYYY-MM-DD.csv for each date of InvoiceDate, in the order of the source, and
    consents-2010-11-30.csv; answers the paths, the consents first."""
    target.mkdir(parents=True, exist_ok=True)
    table = parquet.read_table(source)
    by_day: dict[str, list[tuple[Any, ...]]] = {}
    customers: set[int] = set()
    place = table.column_names.index("InvoiceDate")
    customer = table.column_names.index("CustomerID")
    for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
        by_day.setdefault(row[place].date().isoformat(), []).append(row)
        if row[customer] is not None:
            customers.add(row[customer])
    paths = [_consents(target / "consents-2010-11-30.csv", sorted(customers))]
    for day, rows in sorted(by_day.items()):
        paths.append(_write(target / f"online-retail-{day}.csv", table.column_names, rows))
    return paths


def cut_prices(source: Path, target: Path) -> list[Path]:
    """Writes prices-YYYY-MM-DD.csv, in force from the start of that day: of each product sold to a customer the middle
    one of the day's prices, the lower of two; answers the paths."""
    target.mkdir(parents=True, exist_ok=True)
    columns = ["InvoiceDate", "StockCode", "Quantity", "UnitPrice", "CustomerID"]
    table = parquet.read_table(source, columns=columns)
    sold: dict[str, dict[str, list[Decimal]]] = {}
    for at, product, quantity, price, customer in zip(*(table[name].to_pylist() for name in columns), strict=True):
        exact = Decimal(str(price)).quantize(Decimal("0.001"), ROUND_HALF_UP)
        if customer is not None and quantity > 0 and exact > 0 and PRODUCT.match(product):
            sold.setdefault(at.date().isoformat(), {}).setdefault(product, []).append(exact)
    return [
        _write(
            target / f"prices-{day}.csv",
            PRICE_HEADER,
            [(one, day, _middle(paid)) for one, paid in sorted(rows.items())],
        )
        for day, rows in sorted(sold.items())
    ]


def _middle(prices: list[Decimal]) -> Decimal:
    return sorted(prices)[(len(prices) - 1) // 2]


def _consents(path: Path, customers: Iterable[int]) -> Path:
    rows = [(customer, *ACT, "optin", f"form-{customer}") for customer in customers]
    return _write(path, ACT_HEADER, rows)


def _write(path: Path, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows(rows)
    return path


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: cut.py PARQUET OUTDIR")
    written = cut(Path(sys.argv[1]), Path(sys.argv[2]))
    prices = cut_prices(Path(sys.argv[1]), Path(sys.argv[2]))
    print(f"{len(written) - 1} daily files, {len(prices)} of prices and {written[0].name} in {sys.argv[2]}")
