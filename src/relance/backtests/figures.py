"""Decisions of a backtest are counted: keys by outcome, messages per contact, orders placed anyway, samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir

from relance.base.clock import naive_utc
from relance.base.spans import Span
from relance.customers.installation import Installation
from relance.customers.relations import house_relation, relation, scratch
from relance.customers.schema import HOUSE_TABLES
from relance.customers.star import STAR
from relance.engines.functions import sha256
from relance.engines.texts import compiled
from relance.engines.warehouse import Engine
from relance.scenarios.versions import Version

_KEY = ("scenario", "step", "contact", "visitor", "occurrence")
_SAMPLES = 3
_A_MONTH = Span(days=30)
_ASKED: Mapping[str, str] = {"scenario": "text", "begins": "instant", "seconds": "integer", "seed": "text"}


@dataclass(frozen=True)
class Counted:
    """outcomes: (scenario, outcome, reason, keys). sent: messages and contacts. lost: keys by who won.
    messages: (scenario, messages, contacts), how many contacts had so many messages of it; none counts too."""

    outcomes: list[dict[str, Any]]
    sent: dict[str, dict[str, int]]
    lost: dict[str, dict[str, int]]
    messages: list[dict[str, Any]]


def counted(engine: Engine, begins: datetime) -> Counted:
    """Everything that is counted over the span of a backtest."""
    _ask(engine, begins)
    outcomes = engine.rows(compiled(engine, ("backtest-outcomes",), _outcomes))
    sent = engine.rows(compiled(engine, ("backtest-sent",), _sent))
    lost = engine.rows(compiled(engine, ("backtest-lost",), _lost))
    messages = engine.rows(compiled(engine, ("backtest-messages",), _messages))
    return Counted(
        sorted(outcomes, key=lambda row: (row["scenario"], row["outcome"], row["reason"] or "")),
        {row["scenario"]: {"messages": row["messages"], "contacts": row["contacts"]} for row in sent},
        _by_winner(lost),
        messages,
    )


def per_contact(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many contacts had 0, 1, 2, 3 or more messages, and the most that one had."""
    found = {"0": 0, "1": 0, "2": 0, "3+": 0, "most": 0}
    for row in rows:
        number = row["messages"]
        found[str(number) if number < 3 else "3+"] += row["contacts"]
        found["most"] = max(found["most"], number)
    return found


def placed_anyway(world: Installation, version: Version, begins: datetime) -> dict[str, Any]:
    """Valid orders, as known now, of those who would have been written to, within the goal's days of the message."""
    goal = version.scenario.goal
    within = goal.within if goal else _A_MONTH
    seconds = within.days * 86_400 + int(within.elapsed.total_seconds())
    _ask(world.engine, begins, version.name, seconds)
    rows = world.engine.rows(compiled(world.engine, ("backtest-anyway",), _anyway))
    people = world.engine.rows(compiled(world.engine, ("backtest-anyway-people",), _anyway_people))
    return {
        "within": str(within),
        "contacts": people[0]["contacts"],
        "orders": sum(row["orders"] for row in rows),
        "amounts": {row["currency"]: str(row["amount"]) for row in rows if row["currency"]},
    }


def samples(world: Installation, scenario: str, begins: datetime) -> list[dict[str, Any]]:
    """Three messages, the same ones every time: those with the lowest SHA-256 of seed and key."""
    _ask(world.engine, begins, scenario, seed=world.settings.seed)
    rows = world.engine.rows(compiled(world.engine, ("backtest-samples",), _sampled))
    return [{name: _written(value) for name, value in row.items()} for row in rows]


def _written(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _ask(engine: Engine, begins: datetime, scenario: str = "", seconds: int = 0, seed: str = "") -> None:
    row = {"scenario": scenario, "begins": naive_utc(begins), "seconds": seconds, "seed": seed}
    engine.load("backtest_asked", _ASKED, [row])


def _asked() -> ir.Table:
    return scratch("backtest_asked", _ASKED)


def _made() -> ir.Table:
    rows, asked = house_relation("decisions"), _asked().select("begins")
    return rows.join(asked, rows["at"] >= asked["begins"]).drop("begins")


def _of_one() -> ir.Table:
    rows, asked = house_relation("decisions"), _asked()
    rows = rows.join(
        asked, [rows["scenario"] == asked["scenario"], rows["at"] >= asked["begins"]], rname="asked_{name}"
    )
    return rows.filter(rows["outcome"] == "send", rows["contact"].notnull())


def _outcomes() -> ir.Table:
    """A key that was put off counts by what was decided afterwards, or as put off where nothing was."""
    made = _made()
    final = made.filter(made["outcome"] != "deferred").select(*_KEY, "outcome", "reason")
    put_off = made.filter(made["outcome"] == "deferred")
    put_off = put_off.group_by(*_KEY).agg(reason=put_off["reason"].last(order_by=put_off["at"]))
    same = [put_off[name].identical_to(final[name]) for name in _KEY]
    open_ = put_off.anti_join(final, same).mutate(outcome=ibis.literal("deferred"))
    rows = final.union(open_.select(*final.columns))
    return rows.group_by("scenario", "outcome", "reason").agg(keys=rows.count())


def _sent() -> ir.Table:
    made = _made()
    made = made.filter(made["outcome"] == "send")
    return made.group_by("scenario").agg(messages=made["message_key"].nunique(), contacts=made["contact"].nunique())


def _lost() -> ir.Table:
    made = _made()
    made = made.filter(made["lost_to"].notnull())
    return made.group_by("scenario", "lost_to").agg(keys=made.count()).order_by("scenario", "lost_to")


def _by_winner(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row["scenario"], {})[row["lost_to"]] = row["keys"]
    return found


def _messages() -> ir.Table:
    """Scenario by scenario, and over all of them (an empty name)."""
    made = _made()
    made = made.filter(made["contact"].notnull())
    made = made.select("contact", "scenario", key=ibis.ifelse(made["outcome"] == "send", made["message_key"], None))
    every = made.union(made.mutate(scenario=ibis.literal("")).select(*made.columns))
    each = every.group_by("scenario", "contact").agg(messages=every["key"].nunique())
    return each.group_by("scenario", "messages").agg(contacts=each.count())


def _anyway() -> ir.Table:
    rows = _orders_after()
    orders = rows.select("order_id", "currency", "amount").distinct()
    return orders.group_by("currency").agg(orders=orders.count(), amount=orders["amount"].sum()).order_by("currency")


def _anyway_people() -> ir.Table:
    rows = _orders_after()
    return rows.aggregate(contacts=rows["contact"].nunique())


def _orders_after() -> ir.Table:
    made, orders = _of_one(), _orders()
    sent = made.select("contact", "at", until=made["at"] + made["seconds"].as_interval("s"))
    after = [
        orders["contact"] == sent["contact"],
        orders["placed_at"] > sent["at"],
        orders["placed_at"] <= sent["until"],
    ]
    return orders.inner_join(sent, after, rname="sent_{name}")


def _orders() -> ir.Table:
    orders = relation("orders", STAR["orders"].open_columns)
    return orders.filter(orders["valid"])


def _sampled() -> ir.Table:
    made = _of_one()
    drawn = made.mutate(drawn=sha256(made["seed"] + "\n" + made["message_key"]))
    first = drawn.order_by(drawn["drawn"], drawn["occurrence"]).distinct(on="message_key", keep="first")
    columns = [name for name in HOUSE_TABLES["decisions"] if name in _SHOWN]
    return first.order_by(first["drawn"]).limit(_SAMPLES).select(*columns)


_SHOWN = {"at", "scenario", "step", "contact", "occurrence", "fact_at", "due_at", "due_date", "message_key"}
