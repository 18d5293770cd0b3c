"""A small shop for tests: documents and files are written as texts, imports are told by their instant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from relance.base.clock import parse_instant
from relance.engines.duckdb import DuckEngine
from relance.ingest.delivery import import_delivery
from relance.ingest.facts import Facts
from relance.ingest.reports import ImportReport

SECRET = b"a secret of the tests"

ORDERS = """
feed: orders
files: "orders-*.csv"
period: {from_name: "%Y-%m-%d"}
available: {next_day: "06:00"}
completes: true
zone: America/Toronto
currency: CAD
tables:
  orders:
    one_per: order
    columns:
      order_id: order
      contact: customer
      placed_at: at
      status: {value: order}
      valid: {value: true}
      amount: {sum: {times: [quantity, price]}}
  order_lines:
    ordinal_within: order
    columns:
      order_id: order
      product: product
      quantity: quantity
      unit_price: price
      amount: {times: [quantity, price]}
      valid: {value: true}
"""
ORDER_HEADER = "order,customer,at,product,quantity,price\n"

CONTACTS = """
feed: contacts
files: "contacts-*.csv"
period: {from_name: "%Y-%m-%d"}
tables:
  contacts:
    columns: {own_id: id, email: email, first_name: name, language: language}
"""


class Ledger:
    """Keeps what an import tells it; everybody has a message that waits."""

    def __init__(self, waiting: Sequence[int]) -> None:
        self.waiting = waiting
        self.told: list[Facts] = []

    def waiting_contacts(self) -> Sequence[int]:
        return self.waiting

    def facts_known(self, facts: Facts, known_at: datetime) -> None:
        self.told.append(facts)

    def rows_came(self, *told: object) -> None:
        """Nothing to ask again here."""


class Shop:
    """A warehouse in memory beside a folder of documents and files."""

    def __init__(self, folder: Path, *documents: str) -> None:
        self.folder = folder
        self.definitions = folder / "definitions"
        self.engine = DuckEngine(None)
        self.ledger: Ledger | None = None
        for document in documents:
            self.says(document)

    def says(self, document: str) -> None:
        """Adds a mapping document or a declaration of a table."""
        first = document.strip().splitlines()[0]
        kind, name = first.split(": ")
        folder = self.definitions / ("feeds" if kind == "feed" else "tables")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.yaml").write_text(document, encoding="utf-8")

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def takes(self, *files: Path | tuple[str, str | bytes], at: str, history: bool = False) -> list[ImportReport]:
        """Imports files (paths, or names with their text) as one delivery at an instant."""
        paths = [one if isinstance(one, Path) else self.file(*one) for one in files]
        moment = parse_instant(at)
        return import_delivery(
            self.engine, self.ledger, self.definitions, paths, moment, history=history, secret=SECRET
        )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.engine.rows(query)]

    def hashes(self) -> dict[str, str]:
        """Every table's contents, the journal left out."""
        return {name: mark for name, mark in self.engine.contents_hash().items() if name != "imports"}
