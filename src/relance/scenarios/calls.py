"""A call starts a scenario for one contact: it is checked and kept once by its key, and the next turn sees it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from relance.base.errors import BadDocument, NotFound, Refused
from relance.customers.erasure import own_hash
from relance.customers.installation import Installation
from relance.customers.relations import View
from relance.engines.calling import Call
from relance.scenarios.documents import Scenario
from relance.scenarios.windows import at_instants, clock_of

LONGEST_KEY, LONGEST_TEXT, MOST_FIELDS = 200, 4_000, 50


def call_arrivals(scenario: Scenario, view: View, rule: str) -> ir.Table:
    """Calls of this scenario that fall due in the rule's window; the occurrence is the key of the call."""
    calls, clock = view.facts("calls"), clock_of(rule, "turn", "known")
    calls = calls.filter(calls["scenario"] == scenario.scenario)
    known = [*view.known(calls, clock["known"]), calls["called_at"] <= clock["turn"]]
    rows = calls.join(clock, known, rname="clock_{name}")
    facts = rows.select(
        "contact",
        "call",
        subject=ibis.literal("/").join([rows["scenario"], rows["call"]]),
        fact_at=rows["called_at"],
        visitor=ibis.literal(""),
        logged_in=ibis.null("boolean"),
    )
    due = at_instants(facts, scenario, rule)
    return due.mutate(occurrence=due["call"])


def call_scenario(
    place: Installation, running: Scenario, own_id: str, key: str | None, fields: Mapping[str, Any], at: datetime
) -> tuple[Call, bool]:
    """The call as it is kept, and whether it is new; the same key again changes nothing. Without a key one is made.

    Raises NotFound for a contact nobody knows, BadDocument for a key or fields that cannot be kept, Refused where the
    scenario is not started by calls, or the key has called it for another contact.
    """
    if running.trigger.call is None:
        raise Refused(f"“{running.scenario}” is not started by calls; its trigger is {running.trigger.kind}")
    kept = Call(running.scenario, _key(key), _contact(place, own_id), at, _fields(fields))
    if place.ledger.add_call(kept):
        return kept, True
    before = place.ledger.call(kept.scenario, kept.key)
    assert before is not None
    if before.contact != kept.contact:
        raise Refused(f"the key “{kept.key}” has called “{kept.scenario}” for another contact; give another key")
    return before, False


def _key(key: str | None) -> str:
    if key is None:
        return secrets.token_hex(16)
    if not isinstance(key, str) or not key.strip() or len(key) > LONGEST_KEY or re.search(r"[\x00-\x1f\x7f]", key):
        raise BadDocument(f"a key is a text of 1 to {LONGEST_KEY} characters on one line")
    return key.strip()


def _contact(place: Installation, own_id: str) -> int:
    """The surrogate of the retailer's own id; merges are followed when a turn sees the call."""
    place.engine.load("calling_for", {"value_hash": "text"}, [{"value_hash": own_hash(place.secret, own_id)}])
    found = place.engine.value("SELECT i.contact FROM identities AS i SEMI JOIN calling_for USING (value_hash)")
    if found is None:
        raise NotFound(f"there is no contact “{own_id:.80}”; write the id that the shop’s own files give")
    return int(found)


def _fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    if len(fields) > MOST_FIELDS:
        raise BadDocument(f"a call has at most {MOST_FIELDS} fields")
    for name, value in fields.items():
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
            raise BadDocument(f"“{name:.80}” is not a field name; use small letters, digits and _")
        if not isinstance(value, str | int | bool | Decimal) or len(str(value)) > LONGEST_TEXT:
            raise BadDocument(
                f"field “{name}” is a text, a number, true or false, of at most {LONGEST_TEXT} characters"
            )
    return dict(fields)
