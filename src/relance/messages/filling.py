"""A message and the trigger that sends it come in; each field that nobody would fill comes out, with a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from relance.customers.tables import Table
from relance.messages.contexts import SUPPLIERS
from relance.messages.coupons import COUPON
from relance.messages.documents import MessageDocument
from relance.messages.fields import COMMON, Field
from relance.messages.lint import Finding
from relance.messages.orders import PAGE
from relance.messages.supplying import OF_TRIGGER
from relance.scenarios.documents import Scenario

_OF_ORDER = {"order_number", "lines", "total", "currency", "collect_at", "product"}
_ORDERS = {"orders", "first_order", "last_order"}
_PAGE = {"product", *PAGE}
_ROWS: Mapping[str, set[str]] = {
    "lines": _PAGE | {"quantity", "amount", "currency"},
    "items": _PAGE.union(
        ("price", "currency", "low_stock", "lowest_30d", "good_until", "shop_that_has_it", "last_on"),
        ("advice_fr", "advice_en"),
    ),
    "complements": {"product", "title", "author", "url"},
}
"""What each row of a list tells."""


def unfilled(
    document: MessageDocument, tables: Mapping[str, Table], scenario: Scenario | None = None
) -> Iterator[tuple[Field, str]]:
    """Fields that nobody fills for the trigger of a scenario; without one, for none at all.

    Yields the field of the document and the sentence. A call gives whatever its caller says, so nothing of it.
    """
    if scenario and scenario.trigger.kind == "call":
        return
    filled = _filled(scenario, tables)
    counted = {field.rest for field in document.declared() if field.rest}
    for field in document.declared():
        own = tables.get(field.name) if field.kind == "list" else None
        if own is not None and own.contact and field.name not in filled:
            yield from _unfilled_rows(field, {column.name for column in own.columns})
        elif field.name not in filled | counted:
            yield field, _sentence(field.name, scenario, filled, tables)
        elif field.name in _ROWS:
            yield from _unfilled_rows(field, _ROWS[field.name])


def advice_on_fields(document: MessageDocument, tables: Mapping[str, Table]) -> list[Finding]:
    """What nobody fills but a call; publishing refuses it elsewhere, where the message cannot do without."""
    return [Finding("nobody_fills", sentence, refuses=False) for _, sentence in unfilled(document, tables)]


def _filled(scenario: Scenario | None, tables: Mapping[str, Table]) -> set[str]:
    everybody = {*SUPPLIERS, COUPON, *(field.name for field in COMMON)}
    if scenario is None:
        return everybody.union(*OF_TRIGGER.values())
    kind, started_by = scenario.trigger.kind, _started_by(scenario)
    found = everybody | set(OF_TRIGGER.get(kind, {}))
    if kind == "handed_over":  # the subject is that of the scenario before
        return found
    by_order = started_by in tables and tables[started_by].key == ("order_id",)
    if not (by_order or started_by in _ORDERS):
        found -= _OF_ORDER
    if started_by != "consent_acts":
        found -= {"basis"}
    about_products = kind in ("quiet", "comes_round") or scenario.trigger.wanted is not None
    if not (about_products or started_by in ("carts", "cart_lines") or scenario.items):
        found -= {"items"}
    return found


def _started_by(scenario: Scenario) -> str:
    """The table whose rows start it, or the moment of life; empty where no row does."""
    trigger = scenario.trigger
    return (trigger.row.table if trigger.row else trigger.date.of if trigger.date else "").partition(".")[0]


def _sentence(name: str, scenario: Scenario | None, filled: set[str], tables: Mapping[str, Table]) -> str:
    if scenario is None:
        return f"nobody fills the field “{name}”, whatever the trigger; only a call could give it"
    of_all = sorted(f"{field.name}.{inner.name}" for field in COMMON for inner in field.of)
    named = sorted(filled - {COUPON, *(field.name for field in COMMON)})
    lists = sorted(table.name for table in tables.values() if table.contact and table.own)
    there = f"there are {', '.join(named)}; a list of each table of the contact{_like(lists)}; {', '.join(of_all)}"
    return f"nobody fills the field “{name}” where “{scenario.scenario}” starts by {scenario.trigger.kind}; {there}"


def _like(lists: Sequence[str]) -> str:
    return f", like {', '.join(lists)}" if lists else ""


def _unfilled_rows(field: Field, columns: set[str]) -> Iterator[tuple[Field, str]]:
    for inner in _needed(field.of):
        if inner.name not in columns:
            yield field, f"nobody fills “{inner.name}” in “{field.name}”; its rows tell {', '.join(sorted(columns))}"


def _needed(fields: Sequence[Field]) -> Iterator[Field]:
    return (field for field in fields if not field.optional)
