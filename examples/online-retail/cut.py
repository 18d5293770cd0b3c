"""Cuts the year of Online Retail into one CSV file a day, and a consent act for every customer.

python examples/online-retail/cut.py PARQUET OUTDIR
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
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
    print(f"{len(written) - 1} daily files and {written[0].name} in {sys.argv[2]}")
