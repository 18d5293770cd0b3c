"""What an import tells the ledger before a file is acknowledged, so that nothing wrong leaves any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


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
class StockFact:
    """A product that is now out of stock (in one store, or None for the whole shop)."""

    product: str
    store: str | None
    happened_at: datetime


@dataclass(frozen=True)
class Facts:
    """Everything that one file said which may stop a message that waits."""

    orders: tuple[OrderFact, ...] = ()
    refusals: tuple[RefusalFact, ...] = ()
    out_of_stock: tuple[StockFact, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.orders or self.refusals or self.out_of_stock)


class LedgerHook(Protocol):
    """Cancels unsent messages and writes stop facts, in sets; called inside the import's transaction."""

    def facts_known(self, facts: Facts, known_at: datetime) -> None: ...
