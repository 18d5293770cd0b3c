"""A scenario document and the messages it names become immutable versions, or one sentence and nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from relance.audiences.criteria import parse_criteria
from relance.audiences.probes import check
from relance.base.documents import Document, load_document
from relance.base.errors import BadDocument, NotFound, Refused
from relance.base.outside import refuse_address
from relance.customers.installation import Installation
from relance.customers.relations import View
from relance.messages.coupons import check_coupon
from relance.messages.documents import MESSAGE, SHIPPED, MessageDocument, canonical_body, load_message, shipped_text
from relance.messages.filling import unfilled
from relance.messages.lint import Finding, lint
from relance.messages.naming import check_names, check_needs, conditions_said
from relance.messages.rendering import compile_text
from relance.scenarios.awaiting import events_known
from relance.scenarios.documents import Scenario, parse_scenario
from relance.scenarios.lines import keep_lines
from relance.scenarios.places import step_called, step_sending
from relance.scenarios.products import event_queries
from relance.scenarios.program import Node, compile_steps
from relance.scenarios.running import KIND, stored_version
from relance.scenarios.steps import every_step
from relance.scenarios.triggers import trigger_rows
from relance.scenarios.versions import Version, body_of


def library() -> list[str]:
    """Names of the scenarios that come with the product."""
    folder = files("relance.scenarios") / "library"
    return sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml"))


def library_text(name: str) -> str:
    """The document of a scenario that comes with the product, as written; NotFound names those that exist."""
    if name not in library():
        raise NotFound(f"there is no scenario “{name}” in the library; there are {', '.join(library())}")
    return (files("relance.scenarios") / "library" / f"{name}.yaml").read_text(encoding="utf-8")


def library_document(name: str) -> Document:
    """The same document, read."""
    return load_document(library_text(name), source=f"library/{name}.yaml")


def name_said(document: Document) -> str:
    """The name that a document gives its scenario. BadDocument for what is none."""
    if not isinstance(document.data, dict) or not isinstance(document.data.get("scenario"), str):
        raise document.error("a scenario is a document with scenario, trigger and steps")
    return str(document.data["scenario"])


def check_scenario(place: Installation, document: Document, feeds_later: bool = False) -> Version:
    """The version that this document would make; BadDocument names the line of what is wrong.

    feeds_later: do not ask for mapping documents; the home of a story makes them as it goes.
    """
    scenario = parse_scenario(document.data, document.source, document.line)
    try:
        version = Version(scenario, 0, compile_steps(scenario))
    except BadDocument as error:
        raise document.error(str(error), step_called(scenario, error.part)) from None
    view = View(place.tables)
    _check_queries(version, view, place, document)
    check_names(scenario, place, document)
    if not feeds_later:
        check_needs(scenario, place, document)
    _check_sender(scenario, place, document)
    _check_calls(version, place, document)
    return version


def publish_scenario(
    place: Installation, document: Document, at: datetime, beside: Path | None = None, feeds_later: bool = False
) -> Version:
    """Publishes the scenario and its messages together; the same documents make no new version.

    beside: a folder of messages that is looked into before the home's own. feeds_later: see `check_scenario`.
    """
    version = check_scenario(place, document, feeds_later)
    folders = [*([beside] if beside else []), place.home.definitions / "messages"]
    bodies = {name: _message_body(folders, name, version, document, place) for name in _message_names(version)}
    with place.ledger.transaction():
        pinned = {name: place.ledger.publish(MESSAGE, name, body, at) for name, body in bodies.items()}
        number = place.ledger.publish(KIND, version.name, body_of(document.data, pinned), at)
        keep_lines(place.ledger, document, version.name, number, at)
    return stored_version(place.ledger, version.name, number)


def _check_queries(version: Version, view: View, place: Installation, document: Document) -> None:
    """Every table and column that the document names exists, and every comparison makes sense."""
    scenario = version.scenario
    try:
        trigger_rows(scenario, view, version.name)
        list(event_queries(scenario, view))
    except BadDocument as error:
        raise document.error(str(error), ("trigger",)) from None
    for where, tree in conditions_said(scenario):
        try:
            check(parse_criteria(tree), view, place.zone)
        except BadDocument as error:
            raise document.error(str(error), where) from None
    for place_of_step, step in every_step(scenario.steps):
        if step.wait and step.wait.event:
            try:
                events_known(scenario, step.wait.event, view, place.zone)
            except BadDocument as error:
                raise document.error(str(error), (*place_of_step, "wait", "event")) from None


def _check_sender(scenario: Scenario, place: Installation, document: Document) -> None:
    known = set(place.settings.senders) | {"default"}
    if scenario.sender not in known:
        raise document.error(
            f"there is no sender “{scenario.sender}”; there are {', '.join(sorted(known))}", ("sender",)
        )


def _check_calls(version: Version, place: Installation, document: Document) -> None:
    """A webhook leads outside, and takes columns of the contact along."""
    there = {column.name for column in place.tables["contacts"].columns}
    for node in version.nodes:
        if node.webhook is None:
            continue
        if unknown := sorted(set(node.webhook.fields) - there):
            known = ", ".join(sorted(there))
            said = f"step “{node.name}”: contacts have no “{unknown[0]}”; they have {known}"
            raise document.error(said, (*step_called(version.scenario, node.name), "webhook", "fields"))
        try:
            refuse_address(node.webhook.url, place.settings.webhook.private)
        except Refused as error:
            called = (*step_called(version.scenario, node.name), "webhook", "url")
            raise document.error(f"step “{node.name}”: {error}", called) from None


def _message_names(version: Version) -> list[str]:
    return sorted({node.send.message for node in version.nodes if node.send})


def _message_body(folders: Sequence[Path], name: str, version: Version, document: Document, place: Installation) -> str:
    """The checked text of a message: the retailer's own where there is one, else the one that comes with us."""
    scenario = version.scenario
    text, source = message_text(folders, name, document, step_sending(scenario, name))
    message = load_message(text, source)
    if message.purpose != scenario.purpose:
        both = f"the scenario is {scenario.purpose} and its message “{name}” is {message.purpose}"
        raise document.error(f"{both} ({source}); let both say the same", step_sending(scenario, name))
    for node in version.nodes:
        if node.send and node.send.message == name:
            _check_coupon(node, message, scenario, document)
    compile_text(text, source)
    if refused := _refusal(text, source):
        raise load_document(text, source).error(refused.sentence, (refused.language or "message",))
    _check_filled(message, load_document(text, source), scenario, place)
    return canonical_body(message)


@lru_cache(maxsize=64)
def _refusal(text: str, source: str) -> Finding | None:
    """What must be put right first; asked once of each text, whoever sends it."""
    return next((finding for finding in lint(load_message(text, source)) if finding.refuses), None)


def _check_filled(message: MessageDocument, said: Document, scenario: Scenario, place: Installation) -> None:
    """A field that must be there and that nobody fills would stop every message, as it is sent."""
    for field, sentence in unfilled(message, place.tables, scenario):
        if not field.optional:
            raise said.error(sentence, ("fields", field.name))


def _check_coupon(node: Node, message: MessageDocument, scenario: Scenario, document: Document) -> None:
    assert node.send is not None
    try:
        check_coupon(message, node.send.coupon)
    except BadDocument as error:
        raise document.error(str(error), step_sending(scenario, node.send.message)) from None


def message_text(
    folders: Sequence[Path], name: str, document: Document, named_at: tuple[str | int, ...] = ()
) -> tuple[str, str]:
    """The text of a message document and where it lies, in the first folder that has it."""
    for folder in folders:
        own = folder / f"{name}.yaml"
        if own.exists():
            return own.read_text(encoding="utf-8"), str(own)
    if name in SHIPPED:
        return shipped_text(name), f"messages/library/{name}.yaml"
    wanted = folders[-1] / f"{name}.yaml"
    raise document.error(f"there is no message “{name}”; write {wanted}", named_at)
