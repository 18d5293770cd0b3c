"""Journeys that passed a webhook step in a turn become calls in the ledger; copying them again is harmless."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

import ibis.expr.types as ir

from relance.base.clock import aware_utc
from relance.customers.installation import Installation
from relance.customers.relations import View, house_relation, scratch, view_mark
from relance.customers.schema import HOUSE_TABLES
from relance.engines.texts import compiled
from relance.engines.webhooks import StepKey, WebhookCall
from relance.scenarios.program import ON, Node
from relance.scenarios.running import stored_version

_CALLED: Mapping[str, str] = {"contact": "integer"}


def release_calls(place: Installation) -> int:
    """Copies the calls of the turn in scratch `this_turn`; answers how many are new in the ledger."""
    rows = place.engine.rows(compiled(place.engine, ("passed-on",), _passed_on))
    return sum(
        place.ledger.enqueue_calls(_calls(place, scenario, number, step, list(group)))
        for (scenario, number, step), group in groupby(rows, key=_step_of)
    )


def _passed_on() -> ir.Table:
    turn = scratch("this_turn", HOUSE_TABLES["turns"]).select("at")
    rows = house_relation("passages").semi_join(turn, "at")
    rows = rows.filter(rows["way"] == ON, rows["contact"].notnull())
    return rows.select("scenario", "version", "step", "contact", "occurrence", "at").order_by(
        "scenario", "version", "step", "contact", "occurrence"
    )


def _step_of(row: Mapping[str, Any]) -> tuple[str, int, str]:
    return row["scenario"], row["version"], row["step"]


def _calls(
    place: Installation, scenario: str, number: int, step: str, rows: list[dict[str, Any]]
) -> Iterator[WebhookCall]:
    nodes = stored_version(place.ledger, scenario, number).nodes
    node = next((node for node in nodes if node.name == step and node.webhook), None)
    if node is None or node.webhook is None:
        return  # waits and set values are passed on too
    people = _people(place, node, rows)
    for row in rows:
        key = StepKey(scenario, step, row["contact"], row["occurrence"])
        at, said = aware_utc(row["at"]), people.get(row["contact"], {})
        body = {"scenario": scenario, "step": step, "occurrence": row["occurrence"], "at": at.isoformat()}
        body |= {"contact": said.get("own_id"), "fields": {name: said.get(name) for name in node.webhook.fields}}
        yield WebhookCall(
            key, node.webhook.url, json.dumps(body, default=str, ensure_ascii=False), node.webhook.sets, at
        )


def _people(place: Installation, node: Node, rows: Iterable[Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
    """The columns that go with the call, by contact, as they are now."""
    assert node.webhook is not None
    fields, view = node.webhook.fields, View(place.tables)
    contacts = [{"contact": one} for one in sorted({row["contact"] for row in rows})]
    place.engine.load("called", _CALLED, contacts)
    asked = compiled(place.engine, ("called", *fields, view_mark(view)), lambda: _columns(view, fields))
    return {row["contact"]: row for row in place.engine.rows(asked)}


def _columns(view: View, fields: tuple[str, ...]) -> ir.Table:
    vault, facts = view.vault("contacts"), view.facts("contacts")
    secret = [name for name in vault.columns if name in fields or name == "own_id"]
    known = [name for name in facts.columns if name in fields and name != "contact"]
    rows = scratch("called", _CALLED).left_join(vault.select("contact", *secret), "contact").drop("contact_right")
    return rows.left_join(facts.select("contact", *known), "contact").drop("contact_right")
