"""Probes beside a naive reading of the same rows; maintained tables beside probes."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from relance.audiences.criteria import days_needed, parse_criteria
from relance.audiences.everyone import audience, can_use_maintained
from relance.audiences.probes import PROBES, load_moments, observe
from relance.base.clock import naive_utc
from relance.customers.relations import View, scratch
from relance.customers.schema import PAST
from tests.audiences.shop import Shop, at

SHOP = Shop()
FOREVER = datetime(9999, 12, 31, tzinfo=UTC)
ZONES = ["America/Toronto", "Europe/Paris", "Pacific/Apia", "Australia/Lord_Howe", "UTC"]
# Around the changes of clocks of 2026, to the half hour, so that bounds are met exactly.
INSTANTS = st.sampled_from([at("2026-03-05"), at("2026-03-26"), at("2026-10-02"), at("2026-10-29")]).flatmap(
    lambda start: st.integers(0, 8 * 48).map(lambda halves: start + timedelta(minutes=30 * halves))
)
COMPARISONS = {
    "is": operator.eq,
    "above": operator.gt,
    "below": operator.lt,
    "at_least": operator.ge,
    "at_most": operator.le,
}
LENGTHS = ["1d", "3d", "36h"]
CONDITIONS: list[Any] = [
    None,
    "valid",
    {"column": "store", "is_not": "north"},
    {"any": [{"column": "amount", "above": "10.00"}, {"column": "store", "known": False}]},
    {"none": ["valid", {"column": "store", "in": ["north", "south"]}]},
]

orders = st.fixed_dictionaries(
    {
        "contact": st.integers(1, 3),
        "placed_at": INSTANTS,
        "known_after": st.integers(0, 4),  # days
        "stands_for": st.sampled_from([None, 1, 3]),  # days until a newer version
        "valid": st.sampled_from([True, False, None]),
        "store": st.sampled_from(["north", "south", None]),
        "amount": st.sampled_from([Decimal("0.10"), Decimal("10.00"), Decimal("10.01"), None]),
        "currency": st.sampled_from(["CAD", "EUR"]),
    }
)
windows = st.sampled_from(
    [None, *({"last": length} for length in LENGTHS), {"since": "fact"}, {"since": "start_of_fact_day"}]
)
counts = st.tuples(st.sampled_from(CONDITIONS), windows, st.sampled_from(sorted(COMPARISONS)), st.integers(0, 3)).map(
    lambda part: _without_none({"count": "orders", "where": part[0], "window": part[1], part[2]: part[3]})
)
amounts = st.tuples(
    st.sampled_from(["sum", "min", "max", "average"]),
    st.sampled_from(CONDITIONS),
    windows,
    st.sampled_from(sorted(COMPARISONS)),
    st.sampled_from(["0.10", "10.00", "20.00"]),
).map(
    lambda part: _without_none(
        {part[0]: "orders.amount", "currency": "CAD", "where": part[1], "window": part[2], part[3]: part[4]}
    )
)
extremes = st.tuples(
    st.sampled_from(["first", "last"]),
    st.sampled_from(CONDITIONS),
    st.sampled_from(["older_than", "within"]),
    st.sampled_from(LENGTHS),
).map(lambda part: _without_none({part[0]: "orders.placed_at", "where": part[1], part[2]: part[3]}))
trees = st.recursive(
    counts | amounts | extremes,
    lambda inner: st.tuples(st.sampled_from(["all", "any", "none"]), st.lists(inner, min_size=1, max_size=3)).map(
        lambda part: {part[0]: part[1]}
    ),
    max_leaves=4,
)
asked = st.fixed_dictionaries(
    {
        "contact": st.sampled_from([1, 2, 3, None]),
        "as_of": INSTANTS,
        "known_after": st.integers(0, 3),
        "fact_before": st.sampled_from([None, 0, 30, 2000]),  # minutes
    }
)


def _without_none(node: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in node.items() if value is not None}


def fill(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Puts the orders in the shop; answers every version with when it was known and until when it stood."""
    versions = []
    for number, order in enumerate(found):
        known = order["placed_at"] + timedelta(days=order["known_after"])
        row = {**order, "order_id": str(number), "known_at": known, "superseded_at": FOREVER}
        if order["stands_for"]:
            change = known + timedelta(days=order["stands_for"])
            versions.append({**row, "superseded_at": change})
            row = {**row, "known_at": change, "valid": not order["valid"], "store": "south"}
        versions.append(row)
    SHOP.engine.execute("DELETE FROM orders")
    SHOP.engine.execute(f"DELETE FROM orders{PAST}")
    SHOP.put("orders", *(_without_forever(version) for version in versions))
    return versions


def _without_forever(version: dict[str, Any]) -> dict[str, Any]:
    current = version["superseded_at"] == FOREVER
    return {name: value for name, value in version.items() if not (current and name == "superseded_at")}


def earlier(instant: datetime, length: str, zone: str) -> datetime:
    """Local days by the calendar of zoneinfo, hours by the clock."""
    if length.endswith("h"):
        return instant - timedelta(hours=int(length[:-1]))
    local = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) - timedelta(days=int(length[:-1]))
    first = local.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)
    if first.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local:
        return first
    minute = timedelta(minutes=1)  # a local time that the clocks jump over: the first valid instant after it
    back = first - timedelta(hours=26)
    while (back + minute).astimezone(ZoneInfo(zone)).replace(tzinfo=None) <= local:
        back += minute
    return back + minute


def naive_row(where: Any, row: dict[str, Any]) -> bool:
    if where is None:
        return True
    if isinstance(where, str):
        return bool(row[where])
    for word, combine in (("all", all), ("any", any)):
        if word in where:
            return combine(naive_row(part, row) for part in where[word])
    if "none" in where:
        return not any(naive_row(part, row) for part in where["none"])
    value = row[where["column"]]
    tests: dict[str, Callable[[Any], bool]] = {
        "is_not": lambda wanted: value != wanted,
        "in": lambda wanted: value in wanted,
        "known": lambda wanted: (value is not None) == wanted,
        "above": lambda wanted: value is not None and value > Decimal(wanted),
    }
    return all(tests[word](wanted) for word, wanted in where.items() if word != "column")


def naive(tree: dict[str, Any], probe: dict[str, Any], versions: list[dict[str, Any]], zone: str) -> bool:
    for word, combine in (("all", all), ("any", any)):
        if word in tree:
            return combine([naive(part, probe, versions, zone) for part in tree[word]])
    if "none" in tree:
        return not any(naive(part, probe, versions, zone) for part in tree["none"])
    rows = [
        row
        for row in versions
        if row["contact"] == probe["contact"]
        and row["placed_at"] <= probe["as_of"]
        and row["known_at"] <= probe["known"] < row["superseded_at"]
        and naive_row(tree.get("where"), row)
        and naive_window(tree.get("window"), row["placed_at"], probe, zone)
    ]
    if "first" in tree or "last" in tree:
        return naive_extreme(tree, [row["placed_at"] for row in rows], probe, zone)
    [word] = [word for word in COMPARISONS if word in tree]
    if "count" in tree:
        return bool(COMPARISONS[word](len(rows), tree[word]))
    values = [row["amount"] for row in rows if row["currency"] == "CAD" and row["amount"] is not None]
    if "sum" in tree:
        return bool(COMPARISONS[word](sum(values), Decimal(tree[word])))
    if not values:
        return False
    if "average" in tree:
        return bool(COMPARISONS[word](sum(values), Decimal(tree[word]) * len(values)))
    return bool(COMPARISONS[word](min(values) if "min" in tree else max(values), Decimal(tree[word])))


def naive_window(window: Any, placed: datetime, probe: dict[str, Any], zone: str) -> bool:
    if window is None:
        return True
    if "last" in window:
        return placed > earlier(probe["as_of"], window["last"], zone)
    if probe["fact_at"] is None:
        return False
    if window["since"] == "fact":
        return bool(placed > probe["fact_at"])
    return bool(placed >= probe["fact_day"])


def naive_extreme(tree: dict[str, Any], placed: list[datetime], probe: dict[str, Any], zone: str) -> bool:
    if not placed:
        return False
    found = min(placed) if "first" in tree else max(placed)
    if "older_than" in tree:
        return found <= earlier(probe["as_of"], tree["older_than"], zone)
    return earlier(probe["as_of"], tree["within"], zone) < found


def whole(probe: dict[str, Any], number: int, zone: str) -> dict[str, Any]:
    fact = None if probe["fact_before"] is None else probe["as_of"] - timedelta(minutes=probe["fact_before"])
    midnight = fact and fact.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0)
    known = probe["as_of"] + timedelta(days=probe["known_after"])
    return {
        "probe": number,
        "contact": probe["contact"],
        "as_of": probe["as_of"],
        "known": known,
        "fact_at": fact,
        "fact_day": midnight and midnight.astimezone(UTC),
    }


@given(st.lists(orders, max_size=6), trees, st.lists(asked, min_size=1, max_size=4), st.sampled_from(ZONES))
@settings(deadline=None, max_examples=40)
def test_probes_answer_what_reading_every_row_answers(
    found: list[dict[str, Any]], tree: dict[str, Any], asking: list[dict[str, Any]], zone: str
) -> None:
    versions = fill(found)
    probes = [whole(probe, number, zone) for number, probe in enumerate(asking)]
    stored = [{k: naive_utc(v) if isinstance(v, datetime) else v for k, v in probe.items()} for probe in probes]
    SHOP.engine.load("probes", PROBES, stored)
    criteria = parse_criteria(tree)
    load_moments(SHOP.engine, [probe["as_of"] for probe in probes], days_needed(criteria), zone)
    view = View(SHOP.tables, history=True)
    rows = SHOP.engine.rows(observe(criteria, scratch("probes", PROBES), view, zone=zone).rows)
    expected = {probe["probe"]: probe["contact"] is not None and naive(tree, probe, versions, zone) for probe in probes}
    assert {row["probe"]: row["verdict"] for row in rows} == expected


FOUR_CONTACTS = (
    "INSERT INTO contacts BY NAME SELECT i AS contact, TIMESTAMP '2000-01-01' AS known_at FROM range(1, 5) AS r(i)"
)
MAINTAINED = """
    INSERT INTO contact_orders BY NAME
    SELECT contact, count(*) AS orders, min(placed_at) AS first_order, max(placed_at) AS last_order
    FROM orders WHERE valid GROUP BY contact
"""


@given(st.lists(orders, max_size=8), trees, INSTANTS)
@settings(deadline=None, max_examples=15)
def test_everyone_at_once_is_answered_like_each_one_alone(
    found: list[dict[str, Any]], tree: dict[str, Any], instant: datetime
) -> None:
    fill(found)
    for statement in ("DELETE FROM contacts", "DELETE FROM contact_orders", FOUR_CONTACTS):
        SHOP.engine.execute(statement)
    view = View(SHOP.tables, history=True)
    members = audience(SHOP.engine, parse_criteria(tree), view, "Europe/Paris", instant, instant)
    at_once = {row["contact"] for row in SHOP.engine.rows(members)}
    probes = [{"probe": number, "contact": number, "as_of": instant} for number in range(1, 5)]
    alone = SHOP.ask(tree, *probes, zone="Europe/Paris", view=view)
    assert at_once == {number for number, row in alone.items() if row["verdict"]}


@given(st.lists(orders, max_size=8), st.data())
@settings(deadline=None, max_examples=15)
def test_maintained_tables_answer_what_probes_answer(found: list[dict[str, Any]], data: st.DataObject) -> None:
    fill(found)
    for statement in (
        "DELETE FROM contacts",
        "DELETE FROM contact_orders",
        "DELETE FROM imports",
        FOUR_CONTACTS,
        MAINTAINED,
        "INSERT INTO imports BY NAME SELECT 1 AS import_id, TIMESTAMP '2026-12-01' AS known_at",
    ):
        SHOP.engine.execute(statement)
    word, number = data.draw(st.sampled_from(sorted(COMPARISONS))), data.draw(st.integers(0, 3))
    tree = data.draw(
        st.sampled_from(
            [
                {"count": "orders", "where": "valid", word: number},
                {"last": "orders.placed_at", "where": "valid", "older_than": "200d"},
                {"first": "orders.placed_at", "where": "valid", "within": "200d"},
                {
                    "none": [
                        {"count": "orders", "where": "valid", word: number},
                        {"count": "orders", "at_least": 3},
                    ]
                },
            ]
        )
    )
    now = at("2026-12-02")
    fast_view, slow_view = View(SHOP.tables), View(SHOP.tables, history=True)
    assert not can_use_maintained(SHOP.engine, slow_view, now, now)
    assert not can_use_maintained(SHOP.engine, fast_view, now, at("2026-11-30"))
    answers = [
        {row["contact"] for row in SHOP.engine.rows(audience(SHOP.engine, parse_criteria(tree), view, "UTC", now, now))}
        for view in (fast_view, slow_view)
    ]
    assert answers[0] == answers[1]
