"""A scenario about products that change goes in; what happened to which is laid out, step by step, for its trigger.

Small tables one after another: planning one query of all of this costs more than running it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import ibis
import ibis.expr.types as ir

from relance.customers.relations import View, scratch, view_mark
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine
from relance.scenarios.comes_back import first_rows_after, rows_of_products
from relance.scenarios.documents import Scenario
from relance.scenarios.price_drops import PAST, dropped, in_force, price_rows
from relance.scenarios.restocks import counts, known_counts, restocked
from relance.scenarios.told_late import late_products
from relance.scenarios.versions import Version
from relance.scenarios.wanting import EVENTS
from relance.scenarios.windows import at_instants, clock_of, due_rows

_NEWS: Mapping[str, str] = {**EVENTS, "amount": "decimal"}
_PRODUCT: Mapping[str, str] = {"product": "text", "late": "boolean"}


@dataclass(frozen=True)
class _Asked:
    scenario: Scenario
    view: View
    rule: str

    @property
    def clock(self) -> ir.Table:
        return clock_of(self.rule, "turn", "known")

    def due(self, rows: ir.Table, late: ir.Column) -> ir.Table:
        """Facts that fall due in the window, and of products told late those behind it; `late` says of which.

        The very many others are left out before each is held against its days.
        """
        days = due_rows(self.rule)
        window = days.filter(~days["unseen"])
        rows = rows.mutate(late=rows["product"].isin(late))
        near = rows.filter((rows["fact_at"] >= window["fact_from"].min().as_scalar()) | rows["late"])
        due = at_instants(near, self.scenario, self.rule)
        return due.filter(~due["unseen"] | due["late"])

    def late(self, rows: ir.Table) -> ir.Column:
        """The products told late, of these facts (product, fact_at, known_at) or of who wants them."""
        return late_products(rows, self.scenario, self.view, self.rule)


def lay_out_events(engine: Engine, view: View, version: Version, rule: str) -> int:
    """Fills scratch table `product_events` where a product is what changes; answers how many there are."""
    asked = _Asked(version.scenario, view, rule)
    if version.scenario.trigger.wanted is None:
        return 0
    marks = (version.mark, rule, view_mark(view))
    engine.load("product_events", EVENTS, [])
    found = 0
    for name, build in _KINDS[version.scenario.trigger.kind].items():
        found = engine.keep(name, compiled(engine, (name, *marks), partial(build, asked)))
        if not found:
            break
    return found


def event_queries(scenario: Scenario, view: View) -> list[ir.Table]:
    """What is asked before the trigger, where a product is what changes. BadDocument names a table or column."""
    asked = _Asked(scenario, view, scenario.scenario)
    return [build(asked) for build in _KINDS.get(scenario.trigger.kind, {}).values()]


def _new_prices(asked: _Asked) -> ir.Table:
    rows = price_rows(asked.view, asked.clock)
    return asked.due(rows, asked.late(rows)).select(*_NEWS)


def _drops(asked: _Asked) -> ir.Table:
    said = asked.scenario.trigger.price_drop
    assert said is not None
    return dropped(said, scratch("product_news", _NEWS), scratch("product_past", PAST)).select(*EVENTS)


def _past_prices(asked: _Asked) -> ir.Table:
    """The prices, old and new, of the products that have new ones."""
    return in_force(asked.view, asked.clock, scratch("product_news", _NEWS))


def _there(asked: _Asked) -> ir.Table:
    """Products of which something was there when counted in the window."""
    rows = known_counts(asked.view.facts("product_stock"), asked.view, asked.clock)
    rows = rows.mutate(fact_at=rows["counted_at"], subject=rows["product"])
    return asked.due(rows.filter(rows["quantity"] > 0), asked.late(rows)).select(*_PRODUCT).distinct()


def _counted(asked: _Asked) -> ir.Table:
    """Of those the ones of which nothing was there at some count: nothing else can have come back."""
    wanted = scratch("product_seen", _PRODUCT)
    rows = known_counts(asked.view.facts("product_stock").semi_join(wanted, "product"), asked.view, asked.clock)
    gone = rows.filter(rows["quantity"] <= 0).select("product").distinct()
    return wanted.semi_join(gone, "product")


def _restocks(asked: _Asked) -> ir.Table:
    said = asked.scenario.trigger.restock
    assert said is not None
    counted = counts(asked.view, asked.clock, _near())
    return _events(asked.due(restocked(said, counted), _told_late()))


def _seen(asked: _Asked) -> ir.Table:
    """Products of which a row appeared in the window."""
    said = asked.scenario.trigger.comes_back
    assert said is not None
    rows = rows_of_products(said, asked.view, asked.clock)
    rows = rows.mutate(fact_at=rows["happened_at"], subject=rows["product"])
    return asked.due(rows, asked.late(rows)).select(*_PRODUCT).distinct()


def _returns(asked: _Asked) -> ir.Table:
    said = asked.scenario.trigger.comes_back
    assert said is not None
    rows = rows_of_products(said, asked.view, asked.clock)
    return _events(asked.due(first_rows_after(said, rows.semi_join(_near(), "product")), _told_late()))


def _near() -> ir.Table:
    return scratch("product_news", _PRODUCT)


def _told_late() -> ir.Column:
    rows = _near()
    return rows.filter(rows["late"])["product"]


def _events(rows: ir.Table) -> ir.Table:
    return rows.mutate(currency=ibis.null("string")).select(*EVENTS)


# What is laid out, one table after another, until one is empty; the last are the events.
_KINDS: Mapping[str, Mapping[str, Callable[[_Asked], ir.Table]]] = {
    "price_drop": {"product_news": _new_prices, "product_past": _past_prices, "product_events": _drops},
    "restock": {"product_seen": _there, "product_news": _counted, "product_events": _restocks},
    "comes_back": {"product_news": _seen, "product_events": _returns},
}
