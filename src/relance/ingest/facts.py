"""What an import tells the ledger before a file is acknowledged, so that nothing wrong leaves any more."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from relance.customers.tables import Table
from relance.engines.warehouse import Engine


@dataclass(frozen=True)
class OrderFact:
    """The latest new valid order of a contact. Instants are aware UTC."""

    contact: int
    happened_at: datetime


@dataclass(frozen=True)
class RefusalFact:
    """A new refusal of a contact; “*” stands for every channel, purpose or sender."""

    contact: int
    channel: str
    purpose: str
    sender: str
    happened_at: datetime


@dataclass(frozen=True)
class PurchaseFact:
    """A product that a contact was just seen to have bought, at its latest instant."""

    contact: int
    product: str
    happened_at: datetime


@dataclass(frozen=True)
class StockFact:
    """The latest count of a product (in one store, or None for the whole shop) that a file brought."""

    product: str
    store: str | None
    quantity: Decimal
    happened_at: datetime


@dataclass(frozen=True)
class RiseFact:
    """A price above the one before it, and the instant from which it is in force."""

    product: str
    currency: str | None
    amount: Decimal
    happened_at: datetime


@dataclass(frozen=True)
class Facts:
    """What one file said of contacts with messages that wait, and of products."""

    orders: tuple[OrderFact, ...] = ()
    purchases: tuple[PurchaseFact, ...] = ()
    refusals: tuple[RefusalFact, ...] = ()
    stock: tuple[StockFact, ...] = ()
    rises: tuple[RiseFact, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.orders or self.purchases or self.refusals or self.stock or self.rises)


class LedgerHook(Protocol):
    """Cancels unsent messages and writes stop facts, in sets, inside the import's transaction."""

    def waiting_contacts(self) -> Collection[int]:
        """Contacts with messages that have not left yet; facts are asked for them alone."""
        ...

    def facts_known(self, facts: Facts, known_at: datetime) -> None:
        """Called before a file is acknowledged, where it said anything of them."""
        ...

    def rows_came(
        self, engine: Engine, tables: Mapping[str, Table], filled: Collection[str], known_at: datetime
    ) -> None:
        """Called after that, where somebody waits: rows of these tables are in the star, still uncommitted."""
        ...
