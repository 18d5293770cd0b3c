"""Approved decisions are copied to the outbox, each message with the values it prints; copying again is harmless."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

import ibis.expr.types as ir

from relance.audiences.criteria import Count, leaves, parse_criteria
from relance.base.clock import aware_utc, naive_utc
from relance.base.ids import address_hash
from relance.base.settings import Settings
from relance.customers.installation import Installation
from relance.customers.relations import View, house_relation, scratch
from relance.customers.schema import HOUSE_TABLES
from relance.engines.ledger import DEARER, UNTIL, OutboxKey, Outgoing
from relance.engines.texts import compiled
from relance.messages.allowing import followed, following
from relance.messages.batch import Batch, lay_out_batch, lay_out_rows
from relance.messages.contexts import agreements, profiles
from relance.messages.coupons import COUPON, coupon_field, reserved
from relance.messages.documents import MESSAGE, MessageDocument
from relance.messages.following import FOLLOWED
from relance.messages.supplying import supplied
from relance.messages.webhooks import release_calls
from relance.scenarios.running import stored_version
from relance.scenarios.versions import Version

COPIED = "copied"
ORDERED = "ordered"
# What takes a product out of a message, by the kind of trigger; the reason where none is left.
_TAKEN: Mapping[str, Mapping[str, str]] = {
    "price_drop": {"bought": "bought", DEARER: "price_back"},
    "restock": {"bought": "bought", "out_of_stock": "out_again"},
    "comes_back": {"bought": "bought"},
}
_BATCH = 2_000


def release(place: Installation) -> int:
    """Copies the messages of every turn not yet copied; answers how many are new in the outbox."""
    new = 0
    for turn in uncopied(place):
        place.engine.load("this_turn", HOUSE_TABLES["turns"], [{"at": turn}])
        rows = place.engine.rows(compiled(place.engine, ("approved",), _approved))
        new += sum(_copy_all(place, rows) for rows in _batches(rows))
        release_calls(place)
        _mark(place, turn)
    return new


def uncopied(place: Installation) -> list[datetime]:
    """Instants of the turns whose approved messages are not yet in the outbox, oldest first."""
    rows = place.engine.rows(compiled(place.engine, ("turn-kinds",), _turn_kinds))
    copied = {row["at"] for row in rows if row["kind"] == COPIED}
    return sorted({row["at"] for row in rows if row["kind"] == "run"} - copied)


def _turn_kinds() -> ir.Table:
    return house_relation("turns").select("at", "kind")


def _approved() -> ir.Table:
    turn = scratch("this_turn", HOUSE_TABLES["turns"]).select("at")
    rows = house_relation("decisions").semi_join(turn, "at")
    rows = rows.filter(rows["outcome"] == "send")
    return rows.order_by("scenario", "version", "step", "message_key", "occurrence")


def _message_of(row: Mapping[str, Any]) -> tuple[str, int, str]:
    return row["scenario"], row["version"], row["step"]


def _batches(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Slices that never part the keys of one message."""
    batch: list[dict[str, Any]] = []
    for _, keys in groupby(rows, key=lambda row: row["message_key"]):
        batch.extend(keys)
        if len(batch) >= _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


@dataclass(frozen=True)
class _Told:
    """What is asked once of everybody who is written to in a turn, whatever they are told."""

    people: Mapping[int, Mapping[str, Any]]  # by contact
    consented_on: Mapping[int, Any]  # by probe, as the last
    until: Mapping[int, datetime]
    following: Mapping[int, Mapping[str, bool]]


def _copy_all(place: Installation, rows: list[dict[str, Any]]) -> int:
    """The messages of all scenarios; what is asked of people is asked of all at once."""
    for probe, row in enumerate(rows):
        row["probe"] = probe
    everybody = Batch(place, _now(place, rows), None, rows)
    lay_out_batch(everybody)
    told = _Told(profiles(everybody), *agreements(everybody), following(everybody))
    new = 0
    for (scenario, number, step), group in groupby(rows, key=_message_of):
        version = stored_version(place.ledger, scenario, number)
        new += _copy(replace(everybody, version=version, rows=list(group)), version, step, told)
    return new


def _copy(batch: Batch, version: Version, step: str, told: _Told) -> int:
    place, rows = batch.place, batch.rows
    lay_out_rows(batch)
    node = next(node for node in version.nodes if node.name == step)
    assert node.send is not None
    stored = place.ledger.document(MESSAGE, node.send.message, version.messages[node.send.message])
    document = MessageDocument.model_validate_json(stored.body)
    more = {"consented_on": told.consented_on, FOLLOWED: followed(batch, document, told.following)}
    values = {**supplied(batch, document.declared()), **more}
    messages = [list(keys) for _, keys in groupby(rows, key=lambda row: row["message_key"])]
    if node.send.coupon:
        values[COUPON] = reserved(place, node.send.coupon, messages, rows[0]["at"])
    stops, marketing = stops_of(version), version.scenario.purpose == "marketing"
    outgoing = [
        _outgoing(
            batch,
            version,
            keys,
            told.people.get(keys[0]["contact"], {}),
            values,
            stored.name,
            stored.version,
            {**stops, **_lapsing(told.until.get(keys[0]["probe"]) if marketing else None)},
        )
        for keys in messages
    ]
    coupon = coupon_field(document)
    without = [each.key for each in outgoing if coupon and not coupon.optional and COUPON not in each.context]
    with place.ledger.transaction():
        new = place.ledger.enqueue(outgoing)
        if without:
            place.ledger.cancel_keys(without, "no_coupon", outgoing[0].created_at)
    return new


def _lapsing(until: datetime | None) -> dict[str, str]:
    """From the instant at which the basis ends, there is none."""
    return {} if until is None else {f"{UNTIL}{until.isoformat()}": "no_basis"}


def _now(place: Installation, rows: Sequence[Mapping[str, Any]]) -> View:
    """What is true at release, also where facts have come in since the turn."""
    return replace(place.view(aware_utc(rows[0]["at"])), history=False)


def _outgoing(
    batch: Batch,
    version: Version,
    keys: Sequence[Mapping[str, Any]],
    person: Mapping[str, Any],
    values: Mapping[str, Mapping[int, Any]],
    message: str,
    message_version: int,
    stops: Mapping[str, str],
) -> Outgoing:
    first, settings = keys[0], batch.place.settings
    locale = locale_of(person.get("language"), settings.brand.languages)
    due_at, decided_at = aware_utc(first["due_at"]), aware_utc(first["at"])
    address = str(person.get("email") or "").strip()
    return Outgoing(
        key=OutboxKey(first["scenario"], first["step"], first["contact"], first["occurrence"], first["channel"]),
        keys=tuple(row["occurrence"] for row in keys),
        kind=first["purpose"],
        version=version.number,
        sender=first["sender"],
        message=message,
        message_version=message_version,
        language=locale[:2],
        locale=locale,
        context=context_of(batch, keys, person, values, locale[:2]),
        address=address,
        address_hash=address_hash(batch.place.secret, address),
        local_day=first["day"],
        due_at=min(due_at, decided_at),  # who enters before the slot (`enter_since`) is written to at once
        created_at=decided_at,
        fresh_until=_fresh_until(batch, version, due_at, decided_at),
        stops=stops,
    )


def _fresh_until(batch: Batch, version: Version, due_at: datetime, decided_at: datetime) -> datetime:
    """Counted from the due time; from the decision where that was too long ago already (`enter_since`)."""
    fresh_for, zone = version.scenario.fresh_for, batch.place.zone
    until = fresh_for.after(due_at, zone)
    return until if until >= decided_at else fresh_for.after(decided_at, zone)


def context_of(
    batch: Batch,
    keys: Iterable[Mapping[str, Any]],
    person: Mapping[str, Any],
    values: Mapping[str, Mapping[int, Any]],
    language: str,
) -> dict[str, Any]:
    """Values of the first key; lists of several keys follow one another."""
    brand = batch.place.settings.brand
    context: dict[str, Any] = {
        "contact": {"first_name": person.get("first_name")},
        "brand": {"name": brand.name, "address": brand.address, "url": brand.url or None},
    }
    if voice := voice_of(batch.place.settings, language):
        context["voice"] = voice
    if person.get("shop_name"):
        shop = {name: person.get(f"shop_{name}") for name in ("name", "phone", "address", "hours")}
        context["shop"] = shop | {"address": _tidy(shop["address"]) or brand.address}
    for name, by_probe in values.items():
        for row in keys:
            value = by_probe.get(row["probe"])
            if isinstance(value, list):
                context[name] = [*context.get(name, []), *value]
            elif value is not None:
                context.setdefault(name, value)
    return context


def voice_of(settings: Settings, language: str) -> dict[str, str]:
    """The words of the settings in one language; the rest follows when the message is rendered."""
    return next((said.model_dump(exclude_none=True) for name, said in settings.voice.items() if name == language), {})


def _tidy(address: str | None) -> str:
    return ", ".join(part for part in (address or "").split(", ") if part)


def locale_of(language: str | None, offered: Sequence[str]) -> str:
    """The brand's locale for a contact's language, the brand's first where it speaks no other."""
    wanted = (language or "")[:2].lower()
    return next((locale for locale in offered if locale[:2] == wanted), offered[0])


def stops_of(version: Version) -> dict[str, str]:
    """Which facts, learnt after the decision, still stop the message, and for which reason.

    A new order where the scenario's own conditions count orders; a refusal of its channel and purpose always,
    unless it is transactional.
    """
    stops: dict[str, str] = {}
    for reason, tree in version.scenario.stop.items():
        if any(_counts_new_orders(node) for _, node in leaves(parse_criteria(tree))):
            stops.setdefault(ORDERED, reason)
    stops |= _TAKEN.get(version.scenario.trigger.kind, {})
    purpose = version.scenario.purpose
    if purpose != "transactional":
        channels = {node.send.channel for node in version.nodes if node.send}
        kinds = (kind for channel in channels for kind in refusal_kinds(channel, purpose, version.scenario.sender))
        stops |= dict.fromkeys(kinds, "consent_refused")
    return stops


def _counts_new_orders(node: Any) -> bool:
    """Whether one more valid order may make it hold; one that looks for cancelled orders is no such thing."""
    return isinstance(node, Count) and node.count == "orders" and node.where in (None, "valid")


def refusal_kinds(channel: str, purpose: str, sender: str) -> list[str]:
    """Names of the refusals that concern a message, the exact one first; “*” stands for every one."""
    return [
        f"refused:{one}:{two}:{three}" for one in (channel, "*") for two in (purpose, "*") for three in (sender, "*")
    ]


def _mark(place: Installation, turn: datetime) -> None:
    place.engine.load("this_turn", HOUSE_TABLES["turns"], [{"at": naive_utc(turn), "kind": COPIED}])
    made = compiled(place.engine, ("this-turn",), lambda: scratch("this_turn", HOUSE_TABLES["turns"]))
    place.engine.insert("turns", made)
