"""A small bookshop on disk, filled row by row, whose turns really run: what the stories are told about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from relance import flow
from relance.base.clock import naive_utc, parse_instant
from relance.base.documents import load_document
from relance.base.home import Home
from relance.base.settings import settings_from
from relance.base.zones import to_instant
from relance.customers.installation import Installation, open_installation
from relance.customers.maintained import refresh_contact_orders
from relance.customers.relations import scratch
from relance.customers.schema import HOUSE_TABLES, PAST, VAULT, create_star
from relance.customers.tables import BOOKKEEPING, SUPERSEDED, Column
from relance.engines.ledger import Switch
from relance.explaining.explain import explain
from relance.explaining.explanation import Condition, Explanation
from relance.messages.publishing import library_document, publish_scenario
from relance.policy.report import TurnReport
from relance.scenarios.running import stored_version

ZONE = "America/Toronto"
LONG_AGO = parse_instant("2020-01-01T00:00:00Z")


def local(text: str) -> datetime:
    """`2026-03-10` or `2026-03-10 09:30` on the shop's clocks."""
    moment = datetime.fromisoformat(text)
    return to_instant(moment.date(), moment.time(), ZONE)


class Bookshop:
    """An installation of its own, with one verb per thing that may happen in a story."""

    def __init__(self, folder: Path, settings: Mapping[str, Any] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.place: Installation = open_installation(Home(folder))
        self.place.settings = settings_from(
            {"brand": {"name": "Lire ici", "url": "https://lire.example"}, **(settings or {})}
        )
        self.acts = 0
        self._told: dict[tuple[str, ...], Explanation] = {}

    def tables(self, **own: Any) -> None:
        """More tables in the star."""
        self.place.tables = {**self.place.tables, **own}
        create_star(self.place.engine, own.values())

    def publish(self, name: str, at: str = "2025-01-01", **changes: Any) -> None:
        """A scenario of the library, changed here and there, or one written whole."""
        document = library_document(name) if "steps" not in changes else None
        data = {**(document.data if document else {"scenario": name, "fresh_for": "3d"}), **changes}
        publish_scenario(self.place, load_document(_yaml(data), source=f"{name}.yaml"), local(at), feeds_later=True)

    def on(self, name: str, at: str) -> None:
        """Switched on; how many are already past is asked elsewhere."""
        version = stored_version(self.place.ledger, name).number
        self.place.ledger.switch(Switch(name, True, version, local(at)))

    def turn(self, at: str, **how: Any) -> TurnReport:
        self._told.clear()
        return flow.run(self.place, local(at), **how)

    def put(self, table: str, known: str | None = None, **row: Any) -> None:
        """A row, known long ago unless said; with `superseded_at` it is a past version."""
        declared = self.place.tables[table]
        past = PAST if "superseded_at" in row else ""
        more = (SUPERSEDED,) if past else ()
        at = local(known) if known else LONG_AGO
        whole = {"known_at": at, "period": at, "source": 1, **row}
        self._insert(table + past, (*declared.open_columns, *BOOKKEEPING, *more), whole)
        if declared.vault_columns:
            self._insert(table + VAULT + past, (*declared.vault_columns, *BOOKKEEPING, *more), whole)
        if known:
            self.house("imports", import_id=1, feed="test", file="test", known_at=at)
        if table == "orders":
            self._maintain()
        self._told.clear()

    def person(self, number: int, consent: bool = True, known: str | None = None, **row: Any) -> None:
        """A contact `c1`, `c2`…; an individual who agreed to the messages unless said."""
        whole = {"kind": "individual", "own_id": f"c{number}", "email": f"c{number}@example.test", **row}
        self.put("contacts", known, contact=number, **whole)
        if consent:
            self.act(number, "granted", "2021-05-01")

    def act(self, contact: int, act: str, at: str, known: str | None = None, **row: Any) -> None:
        self.acts += 1
        whole = {"channel": "email", "purpose": "marketing", "sender": "default", **row}
        self.put(
            "consent_acts", known, act_id=f"act-{self.acts}", contact=contact, act=act, happened_at=local(at), **whole
        )

    def order(
        self, order_id: str, contact: int, at: str, known: str | None = None, amount: int = 40, **row: Any
    ) -> None:
        """A valid order of one book."""
        whole = {"contact": contact, "placed_at": local(at), "valid": True, "amount": amount, "currency": "CAD", **row}
        self.put("orders", known, order_id=order_id, **whole)

    def why(self, own_id: str, at: str, scenario: str = "second-purchase") -> Explanation:
        """The explanation; told once, as long as nothing happens."""
        asked = (own_id, at, scenario)
        if asked not in self._told:
            self._told[asked] = explain(self.place, own_id, scenario, local(at))
        return self._told[asked]

    def hashes(self) -> tuple[object, ...]:
        """Of everything that is kept."""
        return self.place.engine.contents_hash(), self.place.ledger.contents_hash()

    def house(self, table: str, **row: Any) -> None:
        """A row of a table that the house writes itself."""
        kinds = HOUSE_TABLES[table]
        self._load(table, kinds, row)

    def _insert(self, name: str, columns: Iterable[Column], row: Mapping[str, Any]) -> None:
        self._load(name, {column.name: column.type for column in columns}, row)

    def _load(self, name: str, kinds: Mapping[str, str], row: Mapping[str, Any]) -> None:
        values = {column: _stored(row.get(column)) for column in kinds}
        self.place.engine.load("one_row", kinds, [values])
        self.place.engine.insert(name, scratch("one_row", kinds))

    def _maintain(self) -> None:
        self.place.engine.keep("touched", 'SELECT DISTINCT contact FROM "orders" WHERE contact IS NOT NULL')
        refresh_contact_orders(self.place.engine, "touched")


def spoken(text: str) -> str:
    """The text with ordinary spaces, to be compared."""
    return text.replace("\u00a0", " ")


def condition(found: Explanation, code: str) -> Condition:
    """The one condition of this code."""
    [one] = [each for each in found.conditions if each.code == code]
    return one


def _stored(value: Any) -> Any:
    return naive_utc(value) if isinstance(value, datetime) else value


def _yaml(data: Any) -> str:
    return str(yaml.safe_dump(data, allow_unicode=True, sort_keys=False))
