"""Lots that expire: what is left of each, which date comes first for whom, and what is told together with it.

Where a shop knows only a balance, what has been spent was spent of the earliest lots first.
"""

from __future__ import annotations

from datetime import timedelta

import ibis
import ibis.expr.types as ir

from relance.base.errors import BadDocument
from relance.customers.relations import View, scratch
from relance.scenarios.documents import Scenario
from relance.scenarios.local_days import with_local_date
from relance.scenarios.starts import Expiry
from relance.scenarios.windows import clock_of, due_rows, on_dates

_AT_WORK = {"probe": "integer", "contact": "integer", "subject": "text", "occurrence": "text"}
_BALANCES = {"loyalty_lots": "loyalty_accounts.points"}


def lot_arrivals(scenario: Scenario, view: View, rule: str) -> ir.Table:
    """The first date on which something unspent of a contact expires, where that falls due; it is the occurrence."""
    said = _said(scenario)
    left = unspent(said, view, clock_of(rule, "turn", "known"), _near(said, view, rule))
    order = [left["expires_on"], left["subject"]]
    left = left.mutate(place=ibis.row_number().over(group_by=left["contact"], order_by=order))
    first = left.filter(left["place"] == 0)
    facts = first.select(
        "contact", "subject", fact_date="expires_on", visitor=ibis.literal(""), logged_in=ibis.null("boolean")
    )
    due = on_dates(facts, scenario, rule, yearly=False)
    return due.mutate(occurrence=due["fact_date"].cast("string"))


def _near(said: Expiry, view: View, rule: str) -> ir.Table:
    """(contact) of whom a lot expires between the first and the last date of the window: few of very many."""
    date, days = said.of.partition(".")[2], due_rows(rule, "date_from", "date_until")
    lots = view.facts(said.table)
    first, last = days["date_from"].min().as_scalar(), days["date_until"].max().as_scalar()
    return lots.filter(lots[date] >= first, lots[date] <= last).select("contact")


def unspent(said: Expiry, view: View, clock: ir.Table, who: ir.Table | None = None) -> ir.Table:
    """contact, subject (the lot), expires_on, amount: of every lot of which something is left at the clock's turn.

    who: the contacts that are asked about; None for everyone.
    """
    lots = _lots(said, view, with_local_date(clock, "turn", "today"))
    lots = lots if who is None else lots.semi_join(who, "contact")
    balance = _balances(said, view, clock)
    rows = lots.left_join(balance, "contact", rname="b_{name}") if balance is not None else lots
    known = rows["balance"] if balance is not None else ibis.null("decimal(18, 3)")
    of_contact = ibis.window(group_by=rows["contact"])
    so_far = ibis.cumulative_window(group_by=rows["contact"], order_by=[rows["expires_on"], rows["subject"]])
    rows = rows.mutate(
        known=known, held=rows["amount"].sum().over(of_contact), so_far=rows["amount"].sum().over(so_far)
    )
    spent = ibis.greatest(rows["held"] - rows["known"].fill_null(rows["held"]), 0)
    left = ibis.least(rows["amount"], ibis.greatest(rows["so_far"] - spent, 0))
    rows = rows.select("contact", "subject", "expires_on", amount=left.cast("decimal(18, 3)"))
    return rows.filter(rows["amount"] > 0)


def told_together(said: Expiry, left: ir.Table, asked: ir.Table) -> ir.Table:
    """probe, amount: what is left of the lots that expire within the days told together from each occurrence on.

    `asked`: probe, contact, occurrence.
    """
    first = asked.mutate(first_on=asked["occurrence"].cast("date"))
    first = first.mutate(last_on=first["first_on"] + ibis.interval(timedelta(days=said.together.days)))
    near = [
        first["contact"] == left["contact"],
        left["expires_on"] >= first["first_on"],
        left["expires_on"] <= first["last_on"].cast("date"),
    ]
    rows = first.inner_join(left, near, rname="l_{name}")
    return rows.group_by("probe").agg(amount=rows["amount"].sum())


def spent_or_extended(scenario: Scenario, view: View, rule: str) -> ir.Table:
    """probe, points_spent, points_extended: nothing expires any more on the date that an occurrence is about."""
    work = scratch("work", _AT_WORK)
    left = unspent(_said(scenario), view, clock_of(rule, "turn", "known"))
    left = left.mutate(occurrence=left["expires_on"].cast("string"))
    gone = work.anti_join(left, ["contact", "occurrence"])
    lots = left.select("contact", "subject", now_on="occurrence")
    rows = gone.left_join(lots, ["contact", "subject"], rname="l_{name}")
    later = (rows["now_on"] > rows["occurrence"]).fill_null(ibis.literal(False))
    return rows.select("probe", points_spent=~later, points_extended=later)


def _said(scenario: Scenario) -> Expiry:
    assert scenario.trigger.expiry is not None
    return scenario.trigger.expiry


def _lots(said: Expiry, view: View, clock: ir.Table) -> ir.Table:
    """Every lot known that has not expired before the turn's local date."""
    table, column = view.table(said.table), said.of.partition(".")[2]
    date, amount = table.column(column), table.column(said.amount)
    if not table.contact or date is None or date.type != "date" or date.personal:
        raise BadDocument(f"“{said.of}” is not an open date of a table whose rows belong to contacts")
    if amount is None or amount.type not in ("decimal", "integer", "number") or amount.personal:
        raise BadDocument(f"“{said.table}.{said.amount}” is not a number")
    rows = view.facts(said.table)
    on = [*view.known(rows, clock["known"]), rows[column] >= clock["today"], rows["contact"].notnull()]
    if table.happened:
        on.append(rows[table.happened].fill_null(clock["turn"]) <= clock["turn"])
    rows = rows.join(clock, on, rname="clock_{name}")
    subject = ibis.literal("/").join([rows[key].cast("string") for key in table.key])
    number = ibis.greatest(rows[said.amount].cast("decimal(18, 3)"), 0).cast("decimal(18, 3)")
    return rows.select("contact", subject=subject, expires_on=rows[column], amount=number)


def _balances(said: Expiry, view: View, clock: ir.Table) -> ir.Table | None:
    """contact, balance: the sum the shop knows, of the contacts for whom it knows one."""
    named = said.balance or _BALANCES.get(said.table)
    if named is None:
        return None
    name, _, column = named.partition(".")
    declared = view.table(name).column(column)
    if declared is None or declared.type not in ("decimal", "integer", "number") or declared.personal:
        raise BadDocument(f"“{named}” is not a number")
    rows = view.facts(name)
    rows = rows.join(clock, view.known(rows, clock["known"]), rname="clock_{name}")
    rows = rows.filter(rows[column].notnull())
    return rows.group_by("contact").agg(balance=rows[column].cast("decimal(18, 3)").sum().cast("decimal(18, 3)"))
