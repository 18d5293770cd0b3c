"""Draws that depend on the seed, the scenario, the step and the contact's own id alone: the control group, splits."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from relance.base.settings import Settings
from relance.customers.relations import View, house_relation
from relance.engines.functions import draw
from relance.scenarios.desk import Desk
from relance.scenarios.program import Node
from relance.scenarios.triggers import clock_of
from relance.scenarios.versions import Version
from relance.scenarios.ways import passed, send_on


def split(desk: Desk, version: Version, node: Node) -> None:
    """Sends each row on the first way whose cumulative weight exceeds its draw; who has passed before, as before."""
    send_on(desk, version, node, lambda rows: _choose(rows, version, node, desk), desk.settings.seed)


def with_draw(rows: ir.Table, settings: Settings) -> ir.Table:
    """u and held: the control group by the stored draw where there is one, else by the hash; a global holdout,
    of marketing, comes first.

    rows: with rule, contact, own_id, holdout and purpose.
    """
    stored = house_relation("draws")
    stored = stored.filter(stored["step"] == "holdout").select("contact", rule="scenario", stored_u="u")
    joined = rows.left_join(stored, ["rule", "contact"], rname="d_{name}")
    own = joined["own_id"].fill_null("")
    step = ibis.literal("holdout")
    joined = joined.mutate(u=ibis.coalesce(joined["stored_u"], draw(settings.seed, joined["rule"], step, own)))
    held = (joined["u"] < joined["holdout"]) & (joined["purpose"] != "transactional")
    if settings.global_holdout:
        of_all = draw(settings.seed, ibis.literal(""), step, own) < settings.global_holdout
        held = held | (of_all & (joined["purpose"] == "marketing"))
    return joined.mutate(held=held)


def with_own_draw(rows: ir.Table, version: Version, desk: Desk) -> ir.Table:
    """The rows of one scenario's step with u and held."""
    scenario = version.scenario
    rows = with_own_id(rows, desk.view, version.name).mutate(
        rule=ibis.literal(version.name),
        holdout=ibis.literal(float(scenario.holdout)),
        purpose=ibis.literal(scenario.purpose),
    )
    return with_draw(rows, desk.settings)


def with_own_id(rows: ir.Table, view: View, rule: str) -> ir.Table:
    """The rows with the id by which the shop knows the contact, as known at the turn."""
    vault, clock = view.vault("contacts"), clock_of(rule, "known")
    vault = vault.join(clock, view.known(vault, clock["known"]), rname="c_{name}").select("contact", "own_id")
    return rows.left_join(vault, "contact", rname="v_{name}").drop("v_contact")


def _choose(rows: ir.Table, version: Version, node: Node, desk: Desk) -> ir.Table:
    rows = with_own_id(rows, desk.view, version.name)
    rule, step = ibis.literal(version.name), ibis.literal(node.name)
    rows = rows.mutate(u=draw(desk.settings.seed, rule, step, rows["own_id"].fill_null("")))
    before = passed(version, node)
    before = before.group_by("contact").agg(way=before["way"].first(order_by=[before["at"], before["occurrence"]]))
    joined = rows.left_join(before.rename(known_way="way"), "contact", rname="p_{name}")
    return joined.mutate(way=ibis.coalesce(joined["known_way"], _drawn(joined["u"], node)), read=ibis.null("string"))


def _drawn(u: ir.Value, node: Node) -> ir.Value:
    whole, upper, cases = sum(way.weight for way in node.ways), 0.0, []
    for way in node.ways[:-1]:
        upper += way.weight
        cases.append((u < upper / whole, way.name))
    return ibis.cases(*cases, else_=node.ways[-1].name)
