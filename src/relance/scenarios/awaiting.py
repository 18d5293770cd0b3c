"""Waits for a time, and for an event or a deadline: whoever's event is known goes on, at the deadline the rest.

Who comes to a wait whose end lies behind already, by a late file or after downtime, goes on in the same turn.
"""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir
from pydantic import TypeAdapter, ValidationError

from relance.audiences.conditions import RowCriteria
from relance.audiences.probes import PROBES
from relance.audiences.scope import matching, scope
from relance.base.clock import aware_utc, naive_utc
from relance.base.errors import BadDocument
from relance.customers.relations import View, scratch
from relance.customers.tables import Table
from relance.scenarios.arrivals import WORK
from relance.scenarios.assess import ASSESSED
from relance.scenarios.desk import Desk, marks_at
from relance.scenarios.documents import Scenario
from relance.scenarios.fields import Where
from relance.scenarios.moment import wait_ends
from relance.scenarios.program import HAPPENED, ON, OTHERWISE, Node
from relance.scenarios.starts import Trigger
from relance.scenarios.steps import Event
from relance.scenarios.triggers import MOMENTS
from relance.scenarios.versions import Version
from relance.scenarios.ways import send_on

ENDS: Mapping[str, str] = {"begun": "instant", "ends": "instant"}


def await_event(desk: Desk, version: Version, node: Node) -> None:
    """Both known in the same turn, the event wins; who has neither waits on."""
    _lay_out_ends(desk, version, node)
    send_on(desk, version, node, lambda rows: _choose(rows, version, node, desk), rest="waiting")


def wait(desk: Desk, version: Version, node: Node) -> None:
    """Whose wait is over goes on, who has just come waits."""
    _lay_out_ends(desk, version, node)
    send_on(desk, version, node, _over, rest="waiting")


def events_known(scenario: Scenario, event: Event, view: View, zone: str) -> ir.Table:
    """probe, fact, happened_at, known_at: the first row that ends the wait of each row of scratch `work`.

    It happened at or after the fact that began the journey and by the turn, is known by it, and is another fact.
    """
    table = view.table(event.row)
    if not table.happened:
        raise BadDocument(f"the rows of “{event.row}” have no instant, so a wait cannot be for one of them")
    asked = scope(scratch("probes", PROBES), view, (), zone)
    rows = matching(asked, event.row, row_condition(event.where))
    key = ibis.literal("/").join([rows[name].cast("string") for name in table.key])
    rows = rows.select(
        probe="probe_", fact=key, happened_at=rows[table.happened], known_at="known_at", began="fact_at_"
    )
    work = scratch("work", WORK)
    rows = rows.inner_join(work.select("probe", "subject"), "probe")
    rows = rows.filter(_another(rows, scenario.trigger, table))
    order = [rows["happened_at"], rows["fact"]]
    rows = rows.mutate(place=ibis.row_number().over(group_by=rows["probe"], order_by=order))
    named = ibis.literal(event.row + " ") + rows["fact"]
    return rows.filter(rows["place"] == 0).select("probe", "happened_at", "known_at", fact=named)


def row_condition(where: Where | None) -> RowCriteria | None:
    """A condition on the rows of a table, checked; BadDocument says what is wrong."""
    if where is None:
        return None
    try:
        condition: RowCriteria = TypeAdapter(RowCriteria).validate_python(where)
    except ValidationError as error:
        raise BadDocument(f"the “where” is not a condition on rows: {error.errors()[0]['msg']}") from None
    return condition


def _another(rows: ir.Table, trigger: Trigger, table: Table) -> ir.BooleanValue:
    """At or after the fact, and not the fact; where the occurrence does not name the fact's row, after it."""
    if _table_of(trigger) == table.name:
        return (rows["happened_at"] >= rows["began"]) & (rows["fact"] != rows["subject"])
    if trigger.comes_round:
        return rows["happened_at"] > rows["began"]
    same: ir.BooleanValue = rows["happened_at"] >= rows["began"]
    return same


def _table_of(trigger: Trigger) -> str | None:
    """The table whose key is the subject of the trigger's occurrences."""
    if trigger.date:
        return MOMENTS[trigger.date.of][0] if trigger.date.of in MOMENTS else trigger.date.of.partition(".")[0]
    named = trigger.row or trigger.quiet
    return named.table if named else None


def _lay_out_ends(desk: Desk, version: Version, node: Node) -> None:
    """Scratch `wait_ends`: for each due time at the wait, when one that begins then is over; an hour always comes."""
    assert node.wait is not None
    rows = (
        [] if node.wait.until else desk.engine.rows(desk.text("begun", marks_at(version, node), lambda: _begun(node)))
    )
    begun = [aware_utc(row["due_at"]) for row in rows]
    ends = [(at, wait_ends(node.wait, version.scenario, at, desk.zone)) for at in begun]
    desk.engine.load("wait_ends", ENDS, [{"begun": naive_utc(at), "ends": naive_utc(end)} for at, end in ends])


def _begun(node: Node) -> ir.Table:
    rows = scratch("assessed", ASSESSED)
    return rows.filter(rows["node"] == node.number).select("due_at").distinct()


def _with_ends(rows: ir.Table) -> ir.Table:
    """The rows with `waited`, whether they stood here before the turn, and `ends`, when the wait of others is over."""
    ends = scratch("wait_ends", ENDS)
    joined = rows.left_join(ends, rows["due_at"] == ends["begun"]).drop("begun")
    return joined.mutate(waited=~joined["entering"] & ~joined["moved"])


def _over(rows: ir.Table) -> ir.Table:
    rows = _with_ends(rows)
    behind = (rows["ends"] <= rows["turn"]).fill_null(False)
    return rows.drop("read").mutate(
        way=ibis.ifelse(rows["waited"] | behind, ON, ibis.null("string")),
        new_due=ibis.ifelse(rows["waited"], rows["due_at"], ibis.coalesce(rows["ends"], rows["due_at"])),
        read=ibis.null("string"),
    )


def _choose(rows: ir.Table, version: Version, node: Node, desk: Desk) -> ir.Table:
    assert node.wait is not None and node.wait.event is not None
    known = events_known(version.scenario, node.wait.event, desk.view, desk.zone)
    joined = _with_ends(rows).left_join(known, "probe", rname="e_{name}")
    happened = joined["fact"].notnull()
    deadline = ibis.ifelse(joined["waited"], joined["due_at"], joined["ends"])
    way = ibis.cases((happened, HAPPENED), (deadline <= joined["turn"], OTHERWISE), else_=ibis.null("string"))
    return joined.drop("read").mutate(
        way=way,
        new_due=ibis.ifelse(happened, joined["turn"], deadline),
        read=ibis.null("string"),
    )
