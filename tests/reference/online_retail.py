"""The Online Retail parquet goes in, a world with one orders file a day comes out (the checks' rule)."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from tests.reference.local_time import instant
from tests.reference.world import ConsentAct, Contact, Order, OrderFile, OrderLine, Scenario, Turn, World

PARQUET = Path(__file__).resolve().parents[3] / "shared/data/online-retail/online_retail.parquet"
ZONE = "Europe/London"
FIRST, LAST = date(2010, 12, 2), date(2011, 12, 10)
SWITCH_ON = instant(ZONE, FIRST, time(8))
QUERY = """
    select InvoiceDate::date, InvoiceNo, CustomerID::text, StockCode, InvoiceDate, Quantity,
           UnitPrice::decimal(18, 3)
    from read_parquet(?) order by InvoiceDate, InvoiceNo
"""
Row = tuple[date, str, str | None, str, datetime, int, Decimal]


@cache
def daily_orders() -> dict[date, tuple[Order, ...]]:
    """The orders of each day as its file holds them, lines without price and all."""
    import duckdb

    invoices: dict[date, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    rows: list[Any] = duckdb.connect().execute(QUERY, [str(PARQUET)]).fetchall()
    for row in rows:
        invoices[row[0]][row[1]].append(row)
    return {day: tuple(_order(number, lines) for number, lines in held.items()) for day, held in invoices.items()}


def _order(number: str, rows: list[Row]) -> Order:
    """An invoice, placed at the earliest date of its valid lines."""
    valid = [row[4] for row in rows if row[5] > 0 and row[6] > 0]
    placed = min(valid or [row[4] for row in rows])
    lines = tuple(OrderLine(row[3], row[5], row[6]) for row in rows)
    moment = instant(ZONE, placed.date(), placed.time())
    return Order(number, rows[0][2], moment, lines, cancellation=number.startswith("C"))


def morning_after(day: date) -> datetime:
    """When the file of a day is known: 06:00 of the next."""
    return instant(ZONE, day + timedelta(days=1), time(6))


def files(late: dict[date, datetime] | None = None) -> tuple[OrderFile, ...]:
    """The 305 files; some may be known later than usual."""
    return tuple(
        OrderFile(datetime.combine(day, time()), (late or {}).get(day, morning_after(day)), orders)
        for day, orders in daily_orders().items()
    )


def scenario(name: str, days: int, fresh_days: int, on_at: datetime = SWITCH_ON, holdout: float = 0) -> Scenario:
    """Second purchase or win-back at 09:00."""
    trigger: Any = name.replace("-", "_")
    return Scenario(name, trigger, on_at, days=days, fresh_days=fresh_days, holdout=holdout)


def world(
    scenarios: tuple[Scenario, ...],
    order_files: tuple[OrderFile, ...] | None = None,
    from_day: date = FIRST,
    without: tuple[date, ...] = (),
) -> World:
    """Turns every day at 09:00, consent granted by everybody, no cap."""
    days = [from_day + timedelta(days=n) for n in range((LAST - from_day).days + 1)]
    ids = sorted({o.contact for orders in daily_orders().values() for o in orders if o.contact})
    before = datetime(2010, 11, 30, 12, tzinfo=UTC)
    return World(
        zone=ZONE,
        contacts=tuple(Contact(one, email=f"{one}@example.test") for one in ids),
        scenarios=scenarios,
        turns=tuple(Turn(instant(ZONE, day, time(9))) for day in days if day not in without),
        consents=tuple(ConsentAct(one, "granted", before, before) for one in ids),
        order_files=files() if order_files is None else order_files,
    )
