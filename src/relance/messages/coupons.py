"""Codes of a pool for the messages that print one: how many are left before a turn, and whose they are after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from relance.base.clock import aware_utc
from relance.base.errors import BadDocument, NotFound
from relance.base.zones import local_day
from relance.customers.installation import Installation
from relance.engines.coupons import CouponCode
from relance.engines.webhooks import StepKey
from relance.messages.documents import MESSAGE, MessageDocument
from relance.messages.fields import Field
from relance.policy.coupons import COUPONS
from relance.scenarios.moment import Moment
from relance.scenarios.steps import Send
from relance.scenarios.versions import Version

COUPON = "coupon"


def lay_out_codes(place: Installation, moment: Moment, versions: Iterable[Version], counted: bool) -> None:
    """Fills scratch table `coupon_pools`; not counted, as many codes as people are supposed to be there."""
    pools = [
        (version, node.name, node.send.coupon)
        for version in versions
        for node in version.nodes
        if node.send and node.send.coupon and counted and _needed(place, version, node.send)
    ]
    free = place.ledger.free_codes(moment.today) if pools else {}
    rows = [
        {"rule": version.name, "version": version.number, "step": step, "pool": pool, "codes": free.get(pool, 0)}
        for version, step, pool in pools
    ]
    place.engine.load("coupon_pools", COUPONS, rows)


def _needed(place: Installation, version: Version, send: Send) -> bool:
    """Whether the message cannot do without a code; one that was never published is taken to need it."""
    try:
        stored = place.ledger.document(MESSAGE, send.message, version.messages.get(send.message))
    except NotFound:
        return True
    field = coupon_field(MessageDocument.model_validate_json(stored.body))
    return field is not None and not field.optional


def coupon_field(document: MessageDocument) -> Field | None:
    """The field in which a message prints a code, where it has one."""
    return next((field for field in document.declared() if field.name == COUPON), None)


def check_coupon(message: MessageDocument, pool: str | None) -> None:
    """A message with a coupon is given a pool by its step, and no other is. Raises BadDocument."""
    field = coupon_field(message)
    if field and not pool:
        raise BadDocument(f"“{message.message}” prints a coupon; say of which pool: send: {{…, coupon: POOL}}")
    if pool and not field:
        said = "coupon?: {record: {code: text, expires_on?: date}}"
        raise BadDocument(f"“{message.message}” prints no coupon; add the field {said}, or take the pool away")


def reserved(
    place: Installation, pool: str, messages: Sequence[Sequence[Mapping[str, Any]]], at: datetime
) -> Mapping[int, Any]:
    """A code for each message, kept for it from now on, by the probe of its first key; none where none is left."""
    firsts = [keys[0] for keys in messages]
    moment = aware_utc(at)
    found = place.ledger.reserve_codes(pool, [_key(row) for row in firsts], local_day(moment, place.zone), moment)
    return {row["probe"]: _printed(found[_key(row)]) for row in firsts if _key(row) in found}


def _key(row: Mapping[str, Any]) -> StepKey:
    return StepKey(row["scenario"], row["step"], row["contact"], row["occurrence"])


def _printed(code: CouponCode) -> dict[str, Any]:
    return {"code": code.code, "expires_on": code.expires_on}
