"""A scenario and the mapping documents go in; each table or column it reads that no source declares comes out.

A source without rows is no gap: it says that there is nothing so far.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from relance.audiences.conditions import RowCriteria
from relance.audiences.criteria import (
    Amount,
    Attribute,
    Behind,
    Count,
    Criteria,
    Extreme,
    Holds,
    InRfm,
    leaves,
    parse_criteria,
)
from relance.audiences.scope import columns_of
from relance.base.errors import NotFound, Refused
from relance.customers.installation import Installation
from relance.customers.tables import Table
from relance.ingest.mapping import load_feeds
from relance.scenarios.documents import Scenario
from relance.scenarios.versions import Version

_ROWS: TypeAdapter[RowCriteria] = TypeAdapter(RowCriteria)
# Written by the house itself, from links, turns and the receipts of mail.
_OURS = frozenset(
    {"aliases", "calls", "consent_acts", "contact_values", "identities", "reactions", "suppressions", "touches"}
)
# What every contact has, as a default where nobody says.
_ALWAYS = frozenset(f"contacts.{name}" for name in ("contact", "own_id", "kind", "language", "zone", "email"))
# Worked out by the import, where the document does not say them.
_DERIVED = frozenset(
    {"order_lines.placed_at", "cart_lines.added_at", "carts.touched_at", "product_prices.currency"}
    | {"product_stock.store", "orders.currency", "order_lines.currency"}
)
# What a field that a message cannot do without is filled from.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "product": ("order_lines.product",),
    "lines": ("order_lines.product",),
    "order_number": ("orders.order_id",),
}
_DROPPED = {
    "reviewed": "reviews.product",
    "bought": "order_lines.product",
    "out_of_stock": "product_stock.quantity",
}
MOMENTS = {"first_order": "orders", "last_order": "orders"}


@dataclass(frozen=True)
class Missing:
    """A table, or one of its columns, that nothing fills; `reader` is who reads it."""

    table: str
    column: str | None
    reader: str

    @property
    def sentence(self) -> str:
        """One line for people."""
        what = f"the table “{self.table}”"
        if self.column:
            what = f"the column “{self.column}” of {what}"
        return f"{self.reader} reads {what}, and no source declares it"


def missing_sources(place: Installation, version: Version) -> tuple[Missing, ...]:
    """What the scenario reads and no mapping document fills, each once, in the order of reading."""
    declared = _declared(place)
    found: dict[tuple[str, str | None], Missing] = {}
    for reader, name in _reads(place, version):
        table, _, column = name.partition(".")
        gap = _gap(declared, table, column, set(version.scenario.may_lack))
        if gap is not None:
            found.setdefault(gap, Missing(*gap, reader))
    return tuple(found.values())


def check_sources(place: Installation, version: Version) -> None:
    """Refuses a scenario that reads what nothing fills; says all of it at once. Raises Refused."""
    if found := missing_sources(place, version):
        raise Refused(f"“{version.name}” cannot start: {'; '.join(each.sentence for each in found)}")


def _declared(place: Installation) -> Mapping[str, set[str]]:
    """By table, the columns that some mapping document fills."""
    filled: dict[str, set[str]] = {}
    for feed in load_feeds(place.home.definitions, dict(place.tables)).values():
        for name, rule in feed.tables.items():
            table = place.tables[name]
            filled.setdefault(name, set()).update(rule.columns, table.key)
    return filled


def _gap(
    declared: Mapping[str, set[str]], table: str, column: str, may_lack: set[str]
) -> tuple[str, str | None] | None:
    if table in _OURS or table in may_lack or f"{table}.{column}" in _ALWAYS | may_lack:
        return None
    if table not in declared:
        return table, None
    filled = not column or column in declared[table] or f"{table}.{column}" in _DERIVED
    return None if filled else (table, column)


def _reads(place: Installation, version: Version) -> Iterator[tuple[str, str]]:
    """(who reads, table or table.column), in the order of the document."""
    scenario = version.scenario
    yield from (("the trigger", name) for name in _of_trigger(scenario, place.tables))
    if scenario.target is not None:
        yield from (("the target", name) for name in _of_tree(scenario.target, place.tables))
    for reason, tree in scenario.stop.items():
        yield from ((f"the stop condition “{reason}”", name) for name in _of_tree(tree, place.tables))
    for node in version.nodes:
        for when, _ in node.arms:
            if when is not None:
                yield from ((f"the step “{node.name}”", name) for name in _of_tree(when, place.tables))
    if scenario.items:
        said = {"cart_lines": "cart_lines.product", "order_lines": "order_lines.product"}
        for name in (said[scenario.items.of], *(_DROPPED[drop] for drop in scenario.items.drop)):
            yield "the list of items", name
    for message in sorted(version.messages):
        yield from ((f"the message “{message}”", name) for name in _of_message(place, version, message))


def _of_trigger(scenario: Scenario, tables: Mapping[str, Table]) -> Iterator[str]:
    trigger = scenario.trigger
    if trigger.date:
        if trigger.date.of in MOMENTS:
            yield "orders.placed_at"
            yield from _of_rows(MOMENTS[trigger.date.of], trigger.date.where or "valid", tables)
            return
        yield trigger.date.of
        if trigger.date.otherwise:
            yield trigger.date.otherwise.of
        yield from _of_rows(trigger.date.of.partition(".")[0], trigger.date.where, tables)
    elif trigger.row:
        happened = tables[trigger.row.table].happened if trigger.row.table in tables else None
        yield f"{trigger.row.table}.{happened}" if happened else trigger.row.table
        yield from _of_rows(trigger.row.table, trigger.row.where, tables)
    elif trigger.quiet:
        yield from ("carts.touched_at", "cart_lines.added_at", *(["carts.stage"] if trigger.quiet.by_stage else []))
    elif trigger.expiry:
        balance = [trigger.expiry.balance] if trigger.expiry.balance else []
        yield from (trigger.expiry.of, *balance)
    elif trigger.price_drop:
        yield from ("product_prices.amount", f"{trigger.price_drop.wanted.table}.product")
    elif trigger.restock:
        yield from ("product_stock.quantity", f"{trigger.restock.wanted.table}.product")
    elif trigger.comes_round:
        yield from ("order_lines.product",)


def _of_rows(table: str, where: Any, tables: Mapping[str, Table]) -> Iterator[str]:
    if where is None:
        return
    condition = _ROWS.validate_python(where)
    if isinstance(condition, str):
        column = tables[table].conditions.get(condition) if table in tables else None
        yield f"{table}.{column}" if column else table
        return
    yield from (f"{table}.{column}" for column in sorted(columns_of(condition)))


def _of_tree(tree: Any, tables: Mapping[str, Table]) -> Iterator[str]:
    for _, node in leaves(parse_criteria(tree)):
        yield from _of_leaf(node, tables)


def _of_leaf(node: Criteria, tables: Mapping[str, Table]) -> Iterator[str]:
    where = getattr(node, "where", None)
    if isinstance(node, Attribute):
        yield node.attribute
    elif isinstance(node, Count | Behind):
        table = node.count if isinstance(node, Count) else node.fact
        yield table
        yield from _of_rows(table, where, tables)
    elif isinstance(node, Amount | Extreme):
        yield node.target
        yield from _of_rows(node.target.partition(".")[0], where, tables)
    elif isinstance(node, Holds):
        yield "order_lines.product"
        yield from (f"products.{name}" for name in node.holds if name != "product")
    elif isinstance(node, InRfm):
        yield from ("orders.placed_at", "orders.amount")


def _of_message(place: Installation, version: Version, message: str) -> Iterator[str]:
    """What the fields that it cannot do without are filled from; those with a “?” read well empty."""
    try:
        body = place.ledger.document("message", message, version.messages[message]).body
    except NotFound:
        return
    for name in sorted(_needed(json.loads(body).get("fields", {}))):
        if name in FIELDS:
            yield from FIELDS[name]
        elif name in place.tables and place.tables[name].contact:
            yield name


def _needed(fields: Iterable[str]) -> Iterator[str]:
    yield from (name for name in fields if not name.endswith("?"))
