"""A million order lines in a CSV file: our import, first and second time, beside the engine's own COPY."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time

from relance.base.home import Home
from relance.customers.installation import open_installation
from relance.engines.duckdb import DuckEngine
from relance.ingest.delivery import import_delivery

LINES = 1_000_000
_FEED = """feed: orders
files: "orders-*.csv"
period: {from_name: "%Y-%m-%d"}
zone: America/Toronto
currency: CAD
flags:
  positive: {all: [{column: quantity, above: 0}]}
tables:
  orders:
    one_per: order_id
    columns: {order_id: order_id, contact: customer, placed_at: {min: placed_at}, valid: {any: positive},
              amount: {sum: {times: [quantity, price]}, where: positive}}
  order_lines:
    ordinal_within: order_id
    columns: {order_id: order_id, product: product, quantity: quantity, unit_price: price,
              amount: {times: [quantity, price]}, valid: positive}
"""
_FILE = """COPY (SELECT 'o' || (i // 3) AS order_id, 'c' || (hash(i // 3) % 300000) AS customer,
  TIMESTAMP '2026-03-09 06:00' + to_seconds((i // 3) % 60000) AS placed_at, 'p' || (hash(i, 2) % 50000) AS product,
  CASE WHEN i % 1000 = 7 THEN 'two' ELSE (1 + hash(i) % 4)::VARCHAR END AS quantity,
  (hash(i, 5) % 9000) / 100.0 AS price FROM range(0, {lines}) t(i)) TO '{path}' (HEADER)"""
_TYPES = "order_id VARCHAR, customer VARCHAR, placed_at TIMESTAMP, product VARCHAR, quantity VARCHAR, price DOUBLE"


def measure() -> dict[str, str]:
    """Seconds and the ratio to COPY in the same run; one line in a thousand cannot be read and is kept apart."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders-2026-03-09.csv"
        plain = DuckEngine(Path(folder) / "plain.duckdb")
        plain.execute(_FILE.format(lines=LINES, path=path))
        plain.execute(f"CREATE TABLE plain ({_TYPES})")
        copied = _timed(lambda: plain.execute(f"COPY plain FROM '{path}' (HEADER)"))
        plain.close()
        figures = {"COPY": _said(copied), "file": f"{path.stat().st_size / 1e6:.0f} MB"}
        place = _home(Path(folder) / "home")
        for name, hour in (("import, first", 10), ("import, again", 11)):
            at = datetime(2026, 3, 10, hour, tzinfo=UTC)
            taken = _timed(
                lambda at=at: import_delivery(
                    place.engine, None, place.home.definitions, [path], at, secret=place.secret
                )
            )
            figures[name] = f"{_said(taken)}, {copied[0] / taken[0]:.2f} of COPY (goal 0.8)"
        place.close()
    return figures


def _home(folder: Path):  # type: ignore[no-untyped-def]
    (folder / "definitions" / "feeds").mkdir(parents=True)
    (folder / "definitions" / "feeds" / "orders.yaml").write_text(_FEED, encoding="utf-8")
    return open_installation(Home(folder))


def _timed(run) -> tuple[float, float]:  # type: ignore[no-untyped-def]
    wall, processor = perf_counter(), process_time()
    run()
    return perf_counter() - wall, process_time() - processor


def _said(taken: tuple[float, float]) -> str:
    return f"{taken[0]:.1f} s, {taken[1]:.1f} s CPU"
