"""A message and perhaps a contact come in; what that person would read, or a sample of it, goes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import ibis.expr.types as ir

from relance.base.clock import aware_utc, naive_utc
from relance.base.documents import Document
from relance.base.errors import NotFound
from relance.base.zones import local_day
from relance.customers.installation import Installation
from relance.customers.relations import house_relation
from relance.messages.batch import APPROVED, Batch, lay_out_batch
from relance.messages.contexts import consents, profiles
from relance.messages.documents import SHIPPED, MessageDocument, load_message
from relance.messages.fields import COMMON, Field
from relance.messages.publishing import message_text
from relance.messages.release import context_of, locale_of
from relance.messages.rendering import Rendered, compile_text, render
from relance.messages.samples import samples
from relance.messages.supplying import supplied
from relance.scenarios.running import stored_version

_COMMON = {field.name for field in COMMON}


@dataclass(frozen=True)
class Preview:
    """A message as it would be read. `of`: a decision's own values, a contact with sample products, or a sample.

    `made_up` names the fields that the message cannot do without and that are a sample, though a person is real.
    """

    message: str
    language: str
    locale: str
    of: Literal["decision", "contact", "sample"]
    context: Mapping[str, Any]
    rendered: Rendered
    made_up: tuple[str, ...] = ()


def message_names(place: Installation) -> list[str]:
    """The messages at hand: those of the library and the retailer's own, by name."""
    own = {file.stem for file in _folder(place).glob("*.yaml")}
    return sorted(own | set(SHIPPED))


def message_document(place: Installation, name: str) -> tuple[MessageDocument, str, str]:
    """The message as it would be published now, its text and where that lies. NotFound names those that exist."""
    if name not in message_names(place):
        raise NotFound(f"there is no message “{name}”; there are {', '.join(message_names(place))}")
    text, source = message_text([_folder(place)], name, Document(None, name, {}))
    return load_message(text, source), text, source


def _folder(place: Installation) -> Path:
    return place.home.definitions / "messages"


def preview(
    place: Installation, name: str, at: datetime, contact: int | None = None, language: str | None = None
) -> Preview:
    """Render a message for a contact, or for a made-up one. Writes nothing, sends nothing.

    The values are those of the contact's last decision about this message where there is one; else the person
    is theirs and what the message lists is a sample. Raises NotFound, BadDocument, BadContext.
    """
    document, text, source = message_document(place, name)
    row = None if contact is None else _last_decision(place, name, contact)
    of: Literal["decision", "contact", "sample"] = "sample" if contact is None else "decision" if row else "contact"
    batch, row = _batch(place, row or _row(place, contact or 0, at))
    person = profiles(batch).get(row["contact"], {}) if contact is not None else {"first_name": "Marie"}
    locale = locale_of(language or person.get("language"), place.settings.brand.languages)
    own = _sample(document.declared(), bare=of != "sample")
    values: dict[str, Any] = {"consented_on": consents(batch)} if contact is not None else {}
    if of == "decision":
        values |= supplied(batch, document.declared())
    known = context_of(batch, [row], person, values, locale[:2])
    context = {**own, **_links(), **known}
    rendered = render(compile_text(text, source), locale[:2], locale, context)
    made_up = tuple(sorted(own.keys() - known.keys())) if contact is not None else ()
    return Preview(document.message, locale[:2], locale, of, context, rendered, made_up)


def _sample(fields: tuple[Field, ...], bare: bool) -> dict[str, Any]:
    """What the message lists, made up. bare: of a real person nothing is made up that may be missing."""
    may_miss = {field.name for field in fields if field.optional}
    sample = next(iter(samples(fields)))
    return {name: value for name, value in sample.items() if name not in _COMMON and not (bare and name in may_miss)}


def _links() -> dict[str, str]:
    """Links of a preview lead nowhere: nobody is unsubscribed by a look."""
    return {
        "unsubscribe_url": "https://relance.invalid/u/preview",
        "preferences_url": "https://relance.invalid/p/preview",
    }


def _row(place: Installation, contact: int, at: datetime) -> dict[str, Any]:
    """An occurrence that never was, so that the contact's own values can be asked."""
    now = naive_utc(at)
    words = {"message_key": "", "occurrence": "", "subject": "", "channel": "email", "purpose": "marketing"}
    sender = next(iter(place.settings.senders), "default")
    return words | {
        "contact": contact,
        "fact_at": now,
        "due_at": now,
        "at": now,
        "day": local_day(at, place.zone),
        "sender": sender,
    }


def _last_decision(place: Installation, message: str, contact: int) -> dict[str, Any] | None:
    """The latest decision about a contact at a step that sends this message."""
    rows = house_relation("decisions")
    asked = rows.filter(rows["contact"] == contact).order_by(rows["at"].desc(), rows["occurrence"])
    for row in place.engine.rows(_decided(asked)):
        version = stored_version(place.ledger, row["scenario"], row["version"])
        node = next((node for node in version.nodes if node.name == row["step"]), None)
        if node and node.send and node.send.message == message:
            return row
    return None


def _decided(rows: ir.Table) -> ir.Table:
    kept = [name for name in APPROVED if name != "probe"]
    return rows.select(*kept, "scenario", "version", "step").limit(100)


def _batch(place: Installation, row: dict[str, Any]) -> tuple[Batch, dict[str, Any]]:
    full = {**row, "probe": 0, "day": row["day"] or row["due_at"].date(), "channel": row["channel"] or "email"}
    version = stored_version(place.ledger, row["scenario"], row["version"]) if "scenario" in row else None
    batch = Batch(place, place.view(aware_utc(row["at"])), version, [full])
    lay_out_batch(batch)
    return batch, full
