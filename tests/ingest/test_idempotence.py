"""Whatever files come, in whatever order and however often: the same content again writes nothing."""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ingest.shop import ORDER_HEADER, ORDERS, Shop

LINE = st.tuples(
    st.sampled_from(["o1", "o2", "o3"]),
    st.sampled_from(["", "marie", "paul"]),
    st.sampled_from(["2026-03-01 10:00", "2026-03-02 11:00", "never"]),
    st.sampled_from(["tea", "cup", 'a "b"\nc']),
    st.sampled_from(["1", "2", "x"]),
    st.just("4.50"),
)
DAYS = st.dictionaries(st.integers(1, 4), st.lists(LINE, max_size=5), min_size=1, max_size=4)


def written(lines):
    quoted = ('","'.join(value.replace('"', '""') for value in line) for line in lines)
    return ORDER_HEADER + "".join(f'"{line}"\n' for line in quoted)


@settings(max_examples=12)
@given(days=DAYS, seed=st.integers(0, 99))
def test_any_files_in_any_order_are_the_same_a_second_time_and_end_alike(days, seed):
    order = sorted(days)
    random.Random(seed).shuffle(order)
    ends = []
    for sequence in (order, sorted(days)):
        with TemporaryDirectory() as folder:
            shop = Shop(Path(folder), ORDERS)
            files = [(f"orders-2026-03-{day:02d}.csv", written(days[day])) for day in sequence]
            reports = [shop.takes(file, at="2026-03-10T10:00:00Z")[0] for file in files]
            assert [report.read for report in reports] == [len(days[day]) for day in sequence]
            before = shop.hashes()
            again = [shop.takes(file, at="2026-03-11T10:00:00Z")[0] for file in reversed(files)]
            assert shop.hashes() == before
            assert all(report.repeated for report in again)
            ends.append(current(shop))
            shop.engine.close()
    assert ends[0] == ends[1]


def current(shop):
    """What is known at the end, whoever said it first: orders and lines by the retailer's own ids."""
    people = "LEFT JOIN contacts_vault AS v USING (contact)"
    return (
        shop.rows(f"SELECT order_id, own_id, placed_at, amount FROM orders {people} ORDER BY 1"),
        shop.rows(f"SELECT line, own_id, product, quantity FROM order_lines {people} ORDER BY 1"),
        shop.rows(f"SELECT own_id, orders, first_order_id, last_order_id FROM contact_orders {people} ORDER BY 1"),
    )
