"""A scenario's two arms, from the instant each person first passed every other gate: heads, buyers, money."""

# Only the first entry in life makes somebody one of an arm, and only those who entered within the period are
# counted: whether a person enters again depends on what the first message did, so later entries are no fair draw.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import ibis
import ibis.expr.types as ir

from relance.base.clock import aware_utc, naive_utc
from relance.base.errors import NotFound
from relance.base.spans import Span
from relance.customers.relations import View, scratch, view_mark
from relance.engines.texts import compiled
from relance.reports.asking import Asked, clock, within
from relance.reports.facts import made_decisions, money, valid_orders
from relance.reports.intervals import Spending
from relance.scenarios.running import stored_version

TREATED, HELD_OUT = "send", "held_out"
HORIZON = Span(days=30)
ENDS = {"scenario": "text", "at": "instant", "ends": "instant"}


@dataclass(frozen=True)
class Arm:
    """One arm: people, how many have ordered within the horizon, their orders, and net money by currency.

    complete: those whose horizon had passed. spent: the same money, as far as its spread is concerned.
    """

    people: int = 0
    complete: int = 0
    buyers: int = 0
    orders: int = 0
    net: Mapping[str, Decimal] = field(default_factory=dict)
    spent: Mapping[str, Spending] = field(default_factory=dict)

    def spending(self, currency: str) -> Spending:
        """Of one currency; nothing where the arm spent nothing in it."""
        return self.spent.get(currency, Spending(self.people))


@dataclass(frozen=True)
class Arms:
    """Both arms of a scenario, how many entered by each version, and from when to when."""

    scenario: str
    horizon: Span
    treated: Arm
    held_out: Arm
    by_version: Mapping[int, tuple[int, int]]  # version -> (all people, of them held out)
    first: datetime
    last: datetime


def horizon_of(asked: Asked, scenario: str) -> Span:
    """The time the scenario's goal gives itself, else 30 days."""
    try:
        goal = stored_version(asked.place.ledger, scenario).scenario.goal
    except NotFound:
        return HORIZON
    return goal.within if goal else HORIZON


def arms_of(asked: Asked) -> list[Arms]:
    """One for each scenario with anybody in either arm, by name."""
    engine, mark = asked.place.engine, view_mark(asked.view)
    horizons = _lay_out_ends(asked)
    heads = engine.rows(compiled(engine, ("report-heads", mark), lambda: _heads(asked.view)))
    buyers = engine.rows(compiled(engine, ("report-buyers", mark), lambda: _buyers(asked.view)))
    spent = engine.rows(compiled(engine, ("report-spent", mark), lambda: _spent(asked.view)))
    names = sorted({row["scenario"] for row in heads})
    return [_arms(name, horizons[name], *(_of(name, rows) for rows in (heads, buyers, spent))) for name in names]


def entries(view: View) -> ir.Table:
    """Each person's first entry in a scenario, in life: scenario, version, contact, arm, at."""
    made = made_decisions(view)
    made = made.filter(
        made["outcome"].isin([TREATED, HELD_OUT]), made["contact"].notnull(), made["purpose"] != "transactional"
    )
    first = ibis.window(group_by=[made["scenario"], made["contact"]], order_by=[made["at"], made["step"]])
    rows = made.mutate(number=ibis.row_number().over(first)).filter(ibis._["number"] == 0)
    return rows.select("scenario", "version", "contact", "at", arm="outcome")


def _entered(view: View) -> ir.Table:
    """Entries of the period, with the end of what is observed."""
    rows = within(entries(view))
    rows = rows.inner_join(scratch("report_ends", ENDS), ["scenario", "at"], rname="e_{name}")
    return rows.select("scenario", "version", "contact", "at", "arm", "ends")


def _heads(view: View) -> ir.Table:
    rows = _entered(view).cross_join(clock().select("as_of"))
    return rows.group_by("scenario", "version", "arm").agg(
        people=rows.count(),
        complete=(rows["ends"] <= rows["as_of"]).sum(),
        first=rows["at"].min(),
        last=rows["at"].max(),
    )


def _after(entered: ir.Table, facts: ir.Table) -> ir.Table:
    """Facts of people within their horizon."""
    facts = facts.filter(facts["contact"].notnull())
    rows = entered.inner_join(facts, "contact", rname="o_{name}")
    return rows.filter(rows["o_at"] > rows["at"], rows["o_at"] <= rows["ends"])


def _buyers(view: View) -> ir.Table:
    rows = _after(_entered(view), valid_orders(view))
    return rows.group_by("scenario", "arm").agg(buyers=rows["contact"].nunique(), orders=rows.count())


def _spent(view: View) -> ir.Table:
    rows = _after(_entered(view), money(view))
    one = rows.group_by("scenario", "arm", "contact", "currency").agg(amount=rows["amount"].sum())
    x = one["amount"].cast("float64")
    return one.group_by("scenario", "arm", "currency").agg(
        spenders=one.count(), net=one["amount"].sum(), total=x.sum(), squares=(x * x).sum()
    )


def _lay_out_ends(asked: Asked) -> dict[str, Span]:
    """Fills scratch table `report_ends`: horizons are local days, so each turn's end is reckoned here."""
    engine = asked.place.engine
    moments = engine.rows(compiled(engine, ("report-moments", view_mark(asked.view)), lambda: _moments(asked.view)))
    horizons = {name: horizon_of(asked, name) for name in {row["scenario"] for row in moments}}
    ends = [{**row, "ends": _end(row["at"], horizons[row["scenario"]], asked.place.zone)} for row in moments]
    engine.load("report_ends", ENDS, ends)
    return horizons


def _moments(view: View) -> ir.Table:
    return within(entries(view)).select("scenario", "at").distinct()


def _end(at: datetime, horizon: Span, zone: str) -> datetime:
    return naive_utc(horizon.after(aware_utc(at), zone))


Rows = list[dict[str, object]]


def _of(name: str, rows: Rows) -> Rows:
    return [row for row in rows if row["scenario"] == name]


def _arms(name: str, horizon: Span, heads: Rows, buyers: Rows, spent: Rows) -> Arms:
    versions: dict[int, list[int]] = {}
    for row in heads:
        counted = versions.setdefault(_int(row["version"]), [0, 0])
        counted[0] += _int(row["people"])
        counted[1] += _int(row["people"]) if row["arm"] == HELD_OUT else 0
    return Arms(
        name,
        horizon,
        _arm(TREATED, heads, buyers, spent),
        _arm(HELD_OUT, heads, buyers, spent),
        {version: (counted[0], counted[1]) for version, counted in sorted(versions.items())},
        aware_utc(min(row["first"] for row in heads)),  # type: ignore[type-var, arg-type]
        aware_utc(max(row["last"] for row in heads)),  # type: ignore[type-var, arg-type]
    )


def _arm(arm: str, heads: Rows, buyers: Rows, spent: Rows) -> Arm:
    people = sum(_int(row["people"]) for row in heads if row["arm"] == arm)
    bought = next((row for row in buyers if row["arm"] == arm), {"buyers": 0, "orders": 0})
    own = {str(row["currency"]): row for row in spent if row["arm"] == arm}
    return Arm(
        people,
        sum(_int(row["complete"]) for row in heads if row["arm"] == arm),
        _int(bought["buyers"]),
        _int(bought["orders"]),
        {currency: Decimal(str(row["net"])) for currency, row in own.items()},
        {
            currency: Spending(people, _int(row["spenders"]), float(str(row["total"])), float(str(row["squares"])))
            for currency, row in own.items()
        },
    )


def _int(value: object) -> int:
    return int(str(value or 0))
