"""What a file has just said stops the messages that it concerns, before the file is acknowledged."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from relance.customers.tables import Table
from relance.engines.ledger import DEARER, Ledger, StopFact
from relance.engines.warehouse import Engine
from relance.ingest.facts import Facts, RefusalFact
from relance.messages.asking_again import cancel_stopped
from relance.messages.release import ORDERED, refusal_kinds, stops_of
from relance.scenarios.running import KIND
from relance.scenarios.versions import version_of

KINDS = ("marketing", "service", "transactional")


class LedgerStops:
    """The importer's hook: cancels what waits, and leaves a narrow fact for what is about to leave."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def waiting_contacts(self) -> set[int]:
        """Nobody else can be stopped."""
        return self.ledger.waiting_contacts()

    def facts_known(self, facts: Facts, known_at: datetime) -> None:
        """One statement per reason, then the facts; senders read both and need no warehouse."""
        with self.ledger.transaction():
            self._cancel_ordered([fact.contact for fact in facts.orders], known_at)
            self.ledger.add_stop_facts(_stop_facts(facts, known_at))

    def rows_came(
        self, engine: Engine, tables: Mapping[str, Table], filled: Collection[str], known_at: datetime
    ) -> None:
        """Asks the stop conditions that read these tables again, of every message that waits."""
        cancel_stopped(engine, self.ledger, tables, filled, known_at)

    def _cancel_ordered(self, contacts: list[int], known_at: datetime) -> None:
        if not contacts:
            return
        reasons: dict[str, list[str]] = {}
        for document in self.ledger.documents(KIND):
            reason = stops_of(version_of(document.body, document.version)).get(ORDERED)
            if reason:
                reasons.setdefault(reason, []).append(document.name)
        for reason, scenarios in reasons.items():
            self.ledger.cancel(contacts, reason, known_at, kinds=KINDS, scenarios=scenarios)


def _stop_facts(facts: Facts, known_at: datetime) -> Iterator[StopFact]:
    for order in facts.orders:
        yield StopFact(ORDERED, order.happened_at, known_at, contact=order.contact)
    for refusal in facts.refusals:
        yield StopFact(_kind(refusal), refusal.happened_at, known_at, contact=refusal.contact)
    for bought in facts.purchases:
        yield StopFact("bought", bought.happened_at, known_at, contact=bought.contact, product=bought.product)
    for stock in facts.stock:
        if stock.store is None:
            kind = "in_stock" if stock.quantity > 0 else "out_of_stock"
            yield StopFact(kind, stock.happened_at, known_at, product=stock.product)
    for rise in facts.rises:
        detail = {"amount": str(rise.amount), "currency": rise.currency}
        yield StopFact(DEARER, rise.happened_at, known_at, product=rise.product, detail=detail)


def _kind(refusal: RefusalFact) -> str:
    return refusal_kinds(refusal.channel, refusal.purpose, refusal.sender)[0]
