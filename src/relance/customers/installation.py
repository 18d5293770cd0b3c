"""A home, opened: its settings, warehouse, ledger and tables."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

import ibis
import ibis.expr.types as ir

from relance.base.clock import Clock, naive_utc
from relance.base.errors import Busy
from relance.base.home import Home
from relance.base.settings import Settings
from relance.customers.own_tables import load_tables
from relance.customers.relations import View, house_relation, relation
from relance.customers.schema import create_star
from relance.customers.star import STAR
from relance.customers.tables import Table
from relance.engines.duckdb import DuckEngine, open_warehouse
from relance.engines.ledger import Ledger
from relance.engines.sqlite import migrate_ledger, open_ledger
from relance.engines.texts import compiled, compiled_ahead, keep_texts, remember_texts


@dataclass
class Installation:
    """What every verb of the house is given. One process owns it at a time."""

    home: Home
    settings: Settings
    engine: DuckEngine
    ledger: Ledger
    tables: Mapping[str, Table]
    secret: bytes
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def zone(self) -> str:
        """The brand's zone, in which schedules and days are read."""
        return self.settings.brand.zone

    @property
    def clock(self) -> Clock:
        """The machine's clock, or a demo's own."""
        return self.home.clock()

    @contextmanager
    def turn_lock(self) -> Iterator[None]:
        """One turn at a time; the second is refused, not queued."""
        if not self._turn.acquire(blocking=False):
            raise Busy("another turn or import is under way; wait until it has finished")
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def reader(self) -> Iterator[Installation]:
        """The same home for one more thread, with connections of its own: it sees what is committed.

        A plan or an explanation asked here does not wait for a turn that is under way.
        """
        with self.another() as beside:
            yield replace(beside, _turn=threading.Lock())

    @contextmanager
    def another(self) -> Iterator[Installation]:
        """As `reader`, for a thread that may also write: one turn at a time over all of them."""
        beside = replace(self, engine=self.engine.reader(), ledger=open_ledger(self.home.ledger))
        try:
            yield beside
        finally:
            beside.engine.close()
            beside.ledger.close()

    @contextmanager
    def aside(self) -> Iterator[Installation]:
        """As `reader`, for what must write and leave nothing behind: its warehouse is a world of its own."""
        beside = replace(self, engine=self.engine.aside(), ledger=open_ledger(self.home.ledger), _turn=threading.Lock())
        try:
            yield beside
        finally:
            beside.engine.close()
            beside.ledger.close()

    def view(self, turn: datetime) -> View:
        """How a turn at this instant looks at the star: superseded versions only where later facts are in."""
        latest = self.engine.value(compiled(self.engine, ("last-import",), _last_import))
        merged = bool(self.engine.value(compiled(self.engine, ("aliases",), _number_of_aliases)))
        history = latest is not None and latest > naive_utc(turn)
        return View(self.tables, history, merged, self.settings.brand.currency)

    def close(self) -> None:
        keep_texts(self.home.texts)
        self.engine.close()


def _last_import() -> ir.Table:
    imports, taken = house_relation("imports").select(at="known_at"), house_relation("absorptions").select("at")
    both = imports.union(taken)
    return both.aggregate(latest=both["at"].max())


def _number_of_aliases() -> ir.Table:
    return relation("aliases", STAR["aliases"].open_columns).aggregate(number=ibis._.count())


def open_installation(home: Home) -> Installation:
    """Opens everything, creating and migrating what is missing. Busy where another process owns the warehouse."""
    compiled_ahead()
    remember_texts(home.texts)
    settings = home.settings()
    tables = load_tables(home.definitions / "tables")
    engine = open_warehouse(home.warehouse, memory_limit=settings.memory_limit, threads=settings.threads)
    create_star(engine, tables.values())
    migrate_ledger(home.ledger)
    return Installation(home, settings, engine, open_ledger(home.ledger), tables, home.secret())
