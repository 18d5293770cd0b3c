"""A product that changed goes in; its prices or its stock, who wished for it, and what has become of it, come out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis.expr.types as ir

from relance.base.clock import aware_utc
from relance.customers.relations import scratch
from relance.explaining.arrivals import Arrival
from relance.explaining.case import Case
from relance.explaining.explanation import Evidence, Seen
from relance.explaining.found import Found
from relance.explaining.reading import Reading, evidence_row
from relance.explaining.said import Said, same
from relance.scenarios.price_drops import DAYS, prices_of
from relance.scenarios.product_stops import ASKED
from relance.scenarios.restocks import stock_of
from relance.scenarios.sales import last_sold
from relance.scenarios.starts import Trigger
from relance.scenarios.wanting import wishes
from relance.scenarios.waves import WAVES, lay_out_waves
from relance.scenarios.windows import clock_of

_SUBJECT: Mapping[str, str] = {"subject": "text"}
_DROP = Said(
    "{product} : {price} depuis le {at} ; au plus bas {lowest} dans les {days} jours d’avant",
    "{product}: {price} since {at}; lowest {lowest} in the {days} days before",
)
_BACK = Said("{product} de nouveau là le {at}", "{product} there again on {at}")
_NOW = Said("{price} aujourd’hui", "{price} now")
_STOCK = Said("{stock} en stock le {at}", "{stock} in stock on {at}")
_WISHED = Said("souhaité le {at}", "wished for on {at}")
_REMOVED = Said("souhaité le {at}, retiré le {gone}", "wished for on {at}, taken off on {gone}")
_BOUGHT = Said("acheté le {at}", "bought on {at}")
_NOT_BOUGHT = Said("pas acheté depuis", "not bought since")
_SHORT = Said("historique de moins de {days} jours", "history of less than {days} days")
_LONG = Said("historique d’au moins {days} jours", "history of at least {days} days")
_WAVE = Said(
    "{stock} en stock, {places} place(s) dans la vague ; souhaité le {at}",
    "{stock} in stock, {places} place(s) in the wave; wished for on {at}",
)
_NO_WAVE = Said("aucune vague ouverte ; souhaité le {at}", "no wave open; wished for on {at}")


def question(trigger: Trigger) -> Said:
    """What the scenario waits for."""
    if trigger.price_drop:
        by = f"{round(trigger.price_drop.by * 100, 2):g}"
        return Said(
            f"Un produit souhaité coûte au moins {by.replace('.', ',')} % de moins que dans les {DAYS} jours d’avant",
            f"A product they wished for costs at least {by}% less than in the {DAYS} days before",
        )
    if trigger.restock:
        return Said("Un produit souhaité est de nouveau en stock", "A product they wished for is in stock again")
    assert trigger.comes_back is not None
    days = trigger.comes_back.after.days
    return Said(
        f"Un produit réapparaît après plus de {days} jours", f"A product appears again after more than {days} days"
    )


def told(case: Case, arrival: Arrival) -> Said:
    """What happened to the product, and when."""
    at = case.pen.at(arrival.fact_at)
    row = _price(case, arrival.subject) if case.version.scenario.trigger.price_drop else None
    if row is None:
        return _BACK.put(product=same(arrival.subject.rpartition("/")[0]), at=at)
    amounts = {name: case.pen.money(row[name], row["currency"]) for name in ("amount", "lowest")}
    said = {"price": amounts["amount"], "lowest": amounts["lowest"], "days": same(DAYS)}
    return _DROP.put(product=same(row["product"]), at=at, **said)


def bought(reading: Reading) -> Seen:
    """The last purchase of the product."""
    case = reading.case
    rows = case.rows("product-sold", lambda: last_sold(case.view, _clock(case), "asked_products"))
    if not rows:
        return Seen(_NOT_BOUGHT)
    at = aware_utc(rows[0]["sold_at"])
    said = _BOUGHT.put(at=case.pen.at(at))
    return Seen(said, at, (evidence_row(case, "order_lines", rows[0]["product"], at, None),))


def wished(reading: Reading) -> Seen:
    """The wishes for the product, with when they were given up."""
    case = reading.case
    wanted = case.version.scenario.trigger.wanted
    assert wanted is not None

    def build() -> ir.Table:
        rows = wishes(wanted, case.view, _clock(case))
        return rows.semi_join(scratch("asked_products", ASKED), ["contact", "product"]).order_by("wished_at")

    rows = tuple(_wish(case, wanted.table, row) for row in case.rows("product-wishes", build))
    return Seen(rows[-1].said if rows else Said("aucune envie connue", "no wish known"), None, rows)


def price_now(reading: Reading) -> Seen:
    """The price in force at the turn."""
    case = reading.case
    row = _price(case, case.arrival.subject) if case.arrival else None
    if row is None or row["price_now"] is None:
        return Seen(Said("aucun prix en vigueur", "no price in force"))
    return Seen(_NOW.put(price=case.pen.money(row["price_now"], row["currency"])), row["price_now"])


def history(reading: Reading) -> Seen:
    """Whether the prices of the thirty days before are known."""
    row = _price(reading.case, reading.case.arrival.subject) if reading.case.arrival else None
    return Seen((_SHORT if row and row["short"] else _LONG).put(days=same(DAYS)))


def stock_now(reading: Reading) -> Seen:
    """The last count."""
    case = reading.case

    def build() -> ir.Table:
        asked = scratch("asked_products", ASKED).select("subject", "product", "fact_at")
        return stock_of(asked, case.view, _clock(case))

    rows = case.rows("product-stock", build)
    if not rows:
        return Seen(Said("aucun compte connu", "no count known"))
    at = aware_utc(rows[0]["counted_at"])
    stock = case.pen.number(rows[0]["stock"])
    row = evidence_row(case, "product_stock", case.arrival.subject if case.arrival else "", at, None, stock)
    return Seen(_STOCK.put(stock=stock, at=case.pen.at(at)), rows[0]["stock"], (row,))


def wave(reading: Reading) -> Found:
    """The places of the wave that is open, and since when the contact waits; whom else it took is the turn's affair."""
    case, engine = reading.case, reading.case.place.engine
    if case.arrival is None or "no_address" not in reading.flags:
        return Found(None, Seen(Said("rien n’est dû", "nothing is due")), fixed=True)
    engine.load("waves", WAVES, [])
    lay_out_waves(engine, case.view, case.version, case.version.name)
    rows = case.rows("waves", lambda: scratch("waves", WAVES))
    if not rows or rows[0]["wished_at"] is None:
        return Found(None, Seen(Said("ne fait plus la queue", "is no longer in the line")), fixed=True)
    at = case.pen.at(rows[0]["wished_at"])
    stock, places = case.pen.number(rows[0]["stock"]), case.pen.number(rows[0]["places"])
    words = _WAVE.put(stock=stock, places=places, at=at) if rows[0]["places"] else _NO_WAVE.put(at=at)
    waits = "next_wave" in case.decided_reasons if case.decision else None
    return Found(waits, Seen(words, rows[0]["places"]), fixed=True)


def _wish(case: Case, table: str, row: Mapping[str, Any]) -> Evidence:
    at = case.pen.at(row["wished_at"])
    said = _REMOVED.put(at=at, gone=case.pen.at(row["removed_at"])) if row["removed_at"] else _WISHED.put(at=at)
    return Evidence(table, row["product"], aware_utc(row["wished_at"]), None, row["product"], said)


def _price(case: Case, subject: str) -> Mapping[str, Any] | None:
    case.place.engine.load("explained_subject", _SUBJECT, [{"subject": subject}])
    rows = case.rows("price-drop", lambda: prices_of(scratch("explained_subject", _SUBJECT), case.view, _clock(case)))
    return rows[0] if rows else None


def _clock(case: Case) -> ir.Table:
    return clock_of(case.version.name, "turn", "known")
