"""Who is at work about a product that changed; whether they bought it, wish for it no more, or it changed back."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from relance.customers.relations import View, scratch, view_mark
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine
from relance.scenarios.arrivals import WORK
from relance.scenarios.documents import Scenario
from relance.scenarios.price_drops import prices_of
from relance.scenarios.product_starts import Wanted
from relance.scenarios.restocks import stock_of
from relance.scenarios.sales import last_sold, lay_out_sales
from relance.scenarios.versions import Version
from relance.scenarios.wanting import REMOVED, wishes
from relance.scenarios.windows import clock_of

_PRODUCT: Mapping[str, str] = {  # the product within a subject, which may have any letters in it
    "price_drop": "^(.*)/[^/]*/[^/]*$",
    "restock": "^(.*)/[^/]*$",
    "comes_back": "^(.*)/[^/]*$",
}
ASKED: Mapping[str, str] = {
    "probe": "integer",
    "contact": "integer",
    "subject": "text",
    "fact_at": "instant",
    "product": "text",
}
WISHING: Mapping[str, str] = {
    "probe": "integer",
    "wishing": "boolean",  # a wish from before the event stands
    "wished_at": "instant",  # the first of them
    "bought": "boolean",  # since the last of them
}
_FLAGS = ("bought", "unwished", "price_back", "no_price_history", "out_again")
_STOPS: Mapping[str, str] = {"probe": "integer", **dict.fromkeys(_FLAGS, "boolean")}


def lay_out_product_stops(engine: Engine, view: View, version: Version, rule: str) -> None:
    """Fills scratch table `product_stops` for the rows of `work`, where a product is what changes."""
    if version.scenario.trigger.wanted is None:
        return
    marks = (version.mark, rule, view_mark(view))
    wanted = version.scenario.trigger.wanted
    clock = clock_of(rule, "turn", "known")
    engine.keep("asked_products", compiled(engine, ("asked-products", *marks), lambda: _asked(version.scenario)))
    lay_out_sales(engine, view, "asked_products")
    engine.keep("wishing", compiled(engine, ("wishing", *marks), lambda: _wishing(wanted, view, clock)))
    engine.keep(
        "product_stops", compiled(engine, ("product-stops", *marks), lambda: _stops(version.scenario, view, clock))
    )


def found_product_stops(scenario: Scenario, view: View, rule: str) -> ir.Table:
    """What `lay_out_product_stops` has found, by probe."""
    return scratch("product_stops", _STOPS)


def product_in(kind: str, subject: ir.Value) -> ir.StringValue:
    """The product that the subject of a trigger of this kind names."""
    return subject.cast("string").re_extract(_PRODUCT[kind], 1)


def _asked(scenario: Scenario) -> ir.Table:
    rows = scratch("work", WORK)
    product = product_in(scenario.trigger.kind, rows["subject"])
    return rows.select("probe", "contact", "subject", "fact_at", product=product)


def _stops(scenario: Scenario, view: View, clock: ir.Table) -> ir.Table:
    rows = scratch("asked_products", ASKED)
    rows = rows.left_join(scratch("wishing", WISHING), "probe", rname="wish_{name}")
    rows = rows.mutate(
        unwished=~rows["wishing"].fill_null(False),
        **dict.fromkeys(("price_back", "no_price_history", "out_again"), ibis.literal(False)),
    )
    if scenario.trigger.price_drop:
        rows = _with_prices(rows, view, clock)
    return (_with_stock(rows, view, clock) if scenario.trigger.restock else rows).select(*_STOPS)


def _wishing(wanted: Wanted, view: View, clock: ir.Table) -> ir.Table:
    """Columns of WISHING for who wished for the product before what happened to it."""
    asked = scratch("asked_products", ASKED)
    wished = wishes(wanted, view, clock).semi_join(asked, ["contact", "product"])
    pairs = asked.inner_join(wished, ["contact", "product"], rname="w_{name}")
    pairs = pairs.filter(pairs["wished_at"] < pairs["fact_at"]).cross_join(clock.select("turn"))
    stands = pairs[REMOVED].isnull() | (pairs[REMOVED] > pairs["turn"])
    made = pairs.group_by("probe", "contact", "product").agg(
        wished_at=pairs["wished_at"].min(where=stands),
        last_wish=pairs["wished_at"].max(),
        wishing=stands.any(),
    )
    later = made.left_join(last_sold(view, clock, "asked_products"), ["contact", "product"], rname="s_{name}")
    since = later["sold_at"] > later["last_wish"]
    return later.mutate(bought=since.fill_null(False)).select(*WISHING)


def _with_prices(rows: ir.Table, view: View, clock: ir.Table) -> ir.Table:
    asked = scratch("asked_products", ASKED)
    told = prices_of(asked.select("subject").distinct(), view, clock).select("subject", "amount", "short", "price_now")
    rows = rows.left_join(told, "subject", rname="price_{name}")
    return rows.mutate(
        price_back=(rows["price_now"] > rows["amount"]).fill_null(False),
        no_price_history=rows["short"].fill_null(False),
    )


def _with_stock(rows: ir.Table, view: View, clock: ir.Table) -> ir.Table:
    asked = scratch("asked_products", ASKED)
    told = stock_of(asked.select("subject", "product", "fact_at").distinct(), view, clock)
    rows = rows.left_join(told.select("subject", gone="out_again"), "subject", rname="stock_{name}")
    return rows.mutate(out_again=rows["gone"].fill_null(False))
