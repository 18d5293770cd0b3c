"""A scenario document comes in; what publishing it would do goes out, and nothing is written; versions are exported."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from relance.base.documents import Document, document_text
from relance.base.errors import NotFound
from relance.customers.installation import Installation
from relance.engines.ledger import Ledger
from relance.messages.documents import MESSAGE
from relance.messages.publishing import name_said, publish_scenario
from relance.scenarios.changes import Change, as_read_aloud, told, unified
from relance.scenarios.running import KIND
from relance.scenarios.under_way import Choices, choices
from relance.scenarios.versions import Version


@dataclass(frozen=True)
class Difference:
    """What differs between two versions of a scenario, messages included; `before` and `after` name them."""

    scenario: str
    before: str
    after: str
    changes: tuple[Change, ...]
    text: str


@dataclass(frozen=True)
class Offer:
    """What publishing a document would do: the version it would be, what would change, who is under way."""

    version: Version
    new: bool
    running: int | None
    difference: Difference | None
    choices: Choices | None

    @property
    def changes(self) -> tuple[Change, ...]:
        """What would differ; nothing where there is no version to compare with."""
        return self.difference.changes if self.difference else ()


class _Unwritten(Exception):
    """Takes back what was published only to be looked at."""


def offer(place: Installation, document: Document, at: datetime, beside: Path | None = None) -> Offer:
    """Publishes, looks, and takes it back. Raises BadDocument as publishing does. Writes nothing."""
    made: list[Offer] = []
    try:
        with place.ledger.transaction():
            before = newest(place.ledger, name_said(document))
            version = publish_scenario(place, document, at, beside)
            made.append(_offer(place, version, before, at))
            raise _Unwritten
    except _Unwritten:
        return made[0]


def _offer(place: Installation, version: Version, before: int | None, at: datetime) -> Offer:
    running = in_force(place.ledger, version.name)
    since = running or before
    new = version.number != before
    difference = between(place.ledger, version.name, since, version.number) if since else None
    open_ = choices(place, version, at) if running and running != version.number else None
    return Offer(version, new, running, difference, open_)


def between(ledger: Ledger, name: str, old: int, new: int) -> Difference:
    """What differs between two published versions. Raises NotFound."""
    left, right = _whole(ledger, name, old), _whole(ledger, name, new)
    texts = [unified(left[part], right.get(part, {}), *_names(part, name, old, new)) for part in left]
    texts += [unified({}, right[part], *_names(part, name, old, new)) for part in right if part not in left]
    changes = [each for part in {**left, **right} for each in _part_told(part, left, right)]
    text = "\n".join(each for each in texts if each)
    return Difference(name, f"version {old}", f"version {new}", tuple(changes), text)


def against_file(place: Installation, document: Document, at: datetime, beside: Path | None = None) -> Difference:
    """What differs between the version in force (the newest where it is off) and a document. Writes nothing."""
    name = name_said(document)
    since = in_force(place.ledger, name) or newest(place.ledger, name)
    if since is None:
        raise NotFound(f"there is no scenario “{name}” here to compare with; publish it with: relance scenario apply")
    found = offer(place, document, at, beside).difference
    assert found is not None
    return Difference(name, found.before, document.source or "the document", found.changes, found.text)


def export(ledger: Ledger, name: str, number: int | None, folder: Path) -> tuple[int, list[Path]]:
    """Writes a version and the messages pinned to it below a folder; applied again, they change nothing."""
    document = ledger.document(KIND, name, number)
    body = json.loads(document.body)
    parts = {folder / "scenarios" / f"{name}.yaml": as_read_aloud(body["scenario"])}
    for message, pinned in body["messages"].items():
        parts[folder / "messages" / f"{message}.yaml"] = json.loads(ledger.document(MESSAGE, message, pinned).body)
    for path, data in parts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(document_text(data), encoding="utf-8")
    return document.version, list(parts)


def in_force(ledger: Ledger, name: str) -> int | None:
    """The version that is on, if any is."""
    last = next((each for each in reversed(ledger.switches()) if each.scenario == name), None)
    return last.version if last and last.on else None


def newest(ledger: Ledger, name: str) -> int | None:
    """The newest version that is published, if any is."""
    past = ledger.history(KIND, name)
    return past[-1].version if past else None


def _whole(ledger: Ledger, name: str, number: int) -> dict[str, dict[str, Any]]:
    """The scenario under the empty name, and each message pinned to it under its own."""
    body = json.loads(ledger.document(KIND, name, number).body)
    messages = {each: json.loads(ledger.document(MESSAGE, each, pin).body) for each, pin in body["messages"].items()}
    return {"": as_read_aloud(body["scenario"]), **messages}


def _part_told(part: str, left: Mapping[str, Any], right: Mapping[str, Any]) -> list[Change]:
    if part not in left or part not in right:
        return [Change("gone" if part in left else "new", message=part)]
    return told(left[part], right[part], part)


def _names(part: str, name: str, old: int, new: int) -> tuple[str, str]:
    what = f"message {part} of {name}" if part else name
    return f"{what}, version {old}", f"{what}, version {new}"
