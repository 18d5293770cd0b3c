"""A story file comes in; its stories come out, checked, each part with its line.

A file is one story, or several under `stories`, which share the words said beside that list.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from relance.base.clock import parse_instant
from relance.base.documents import Document, Place, load_document, validated
from relance.base.errors import BadDocument
from relance.base.zones import to_instant, zone_named
from relance.scenarios.fields import Share

Row = dict[str, Any]
Rows = dict[str, list[Row]]  # by table, or by a story's short word for one
KINDS = ("turn", "at", "send")
NEVER = "never"  # a scenario that is published and not on
MOST = 1_000  # rows that one line may say
_ONLY = {
    "turn": ("queues", "refuses", "defers", "holds_out", "ends", "counts", "enter_since"),
    "send": ("delivers", "server_refuses"),
}


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) or value is None else [value]


def _named(value: Any) -> Any:
    """`- marie` is `- to: marie`; one with `many` is many."""
    told = [{"to": each} if isinstance(each, str | int) else each for each in _listed(value) or ()]
    return [one for each in told for one in (numbered(each) if isinstance(each, dict) else [each])]


def numbered(said: Row) -> list[Row]:
    """`{id: w#, many: 20}` is said twenty times, w01 to w20; what has no `many` is said once, as it is."""
    if "many" not in said:
        return [said]
    plain = {name: value for name, value in said.items() if name != "many"}
    many = said["many"]
    if not isinstance(many, int) or not 1 <= many <= MOST:
        raise ValueError(f"many is a number from 1 to {MOST}")
    return [_with(plain, f"{number:0{len(str(many))}}") for number in range(1, many + 1)]


def _with(said: Any, number: str) -> Any:
    if isinstance(said, str):
        return said.replace("#", number)
    if isinstance(said, dict):
        return {name: _with(value, number) for name, value in said.items()}
    return [_with(value, number) for value in said] if isinstance(said, list) else said


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class Told(_Part):
    """A message that a turn should queue or a sender should deliver; only what is said is compared."""

    to: str
    message: str | None = None
    scenario: str | None = None
    step: str | None = None
    occurrence: str | None = None
    keys: list[str] | None = None
    due: str | None = None
    language: str | None = None
    version: int | None = None
    holds: list[str] | None = None
    subject: str | None = None
    says: Annotated[list[str] | None, BeforeValidator(_listed)] = None


class Asked(_Part):
    """What `explain` should answer for a contact."""

    contact: str
    scenario: str | None = None
    outcome: str | None = None
    reason: str | None = None
    step: str | None = None
    says: Annotated[list[str] | None, BeforeValidator(_listed)] = None


class Applied(_Part):
    """A new version of a scenario, put in force in the middle of a story, and how many it should move, stop…"""

    scenario: str | dict[str, Any]
    live: str = "finish"
    waiting: int | None = None
    past_change: int | None = None
    queued: int | None = None
    moved: int | None = None
    finish: int | None = None
    stopped: int | None = None
    cancelled: int | None = None


class Called(_Part):
    """A scenario that is called for a contact."""

    contact: str
    scenario: str | None = None
    key: str | None = None
    fields: dict[str, Any] = Field(default_factory=dict)


class Moment(_Part):
    """A turn, a sending, or anything else at a time; what is added is known before it."""

    turn: str | None = None
    at: str | None = None
    send: str | None = None
    add: Rows = Field(default_factory=dict)
    complete: dict[str, str] | None = None
    apply: Applied | None = None
    undo: str | None = None
    call: Annotated[list[Called], BeforeValidator(_listed)] = Field(default_factory=list)
    on: Annotated[list[str] | None, BeforeValidator(_listed)] = None
    off: Annotated[list[str] | None, BeforeValidator(_listed)] = None
    enter_since: str | None = None
    error: Annotated[list[str] | None, BeforeValidator(_listed)] = None
    queues: Annotated[list[Told], BeforeValidator(_named)] | None = None
    refuses: dict[str, str] | None = None
    defers: dict[str, str] | None = None
    holds_out: list[str] | None = None
    ends: dict[str, str] | None = None
    counts: dict[str, int] | None = None
    delivers: Annotated[list[Told], BeforeValidator(_named)] | None = None
    server_refuses: list[str] | None = None
    cancels: dict[str, str] | None = None
    codes: dict[str, dict[str, int]] | None = None
    explain: Annotated[list[Asked], BeforeValidator(_listed)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_kind(self) -> Moment:
        if len([name for name in KINDS if getattr(self, name) is not None]) != 1:
            raise ValueError("say one of turn, at, send, with its time")
        for kind, words in _ONLY.items():
            said = [name for name in words if getattr(self, name) is not None]
            if said and kind != self.kind:
                raise ValueError(f"“{said[0]}” is something that only a {kind} can be asked")
        return self

    @property
    def kind(self) -> str:
        return next(name for name in KINDS if getattr(self, name) is not None)

    @property
    def time(self) -> str:
        return str(getattr(self, self.kind))


class Story(_Part):
    """What is given, and what should then happen at which times."""

    story: str = Field(min_length=1)
    zone: str | None = None
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    scenario: Annotated[list[str | dict[str, Any]], BeforeValidator(_listed)] = Field(min_length=1)
    on: str | dict[str, str] | None = None
    holdout: Share = 0.0
    settings: dict[str, Any] = Field(default_factory=dict)
    messages: dict[str, dict[str, Any]] = Field(default_factory=dict)
    segments: dict[str, Any] = Field(default_factory=dict)
    tables: dict[str, dict[str, Any]] = Field(default_factory=dict)
    pools: dict[str, list[str]] = Field(default_factory=dict)
    given: Rows = Field(default_factory=dict)
    complete: dict[str, str] | None = None
    then: list[Moment] = Field(min_length=1)

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                zone_named(value)
            except BadDocument as error:
                raise ValueError(str(error)) from None
        return value

    @property
    def says_what_is_complete(self) -> bool:
        """Feeds are complete, unless the story speaks of it."""
        return self.complete is not None or any(each.complete is not None for each in self.then)


@dataclass(frozen=True)
class Tale:
    """A story and where it was written; `number` tells it from others of its file."""

    story: Story
    document: Document
    path: Path
    number: int

    @property
    def line(self) -> int:
        return self.document.line(("story",)) or 1


def read_stories(path: Path) -> list[Tale]:
    """Every story of a file, in its order; BadDocument names file and line of what is wrong."""
    document = load_document(path, source=str(path))
    if not isinstance(document.data, dict):
        raise document.error("a story is a document with story, scenario, given and then")
    parts = list(_parts(document)) if "stories" in document.data else [document]
    return [Tale(validated(Story, part), part, path, number) for number, part in enumerate(parts)]


def _parts(document: Document) -> Iterator[Document]:
    """Each story with the words that all of the file share; rows given are joined, the rest is said anew."""
    listed = document.data["stories"]
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise document.error("“stories” is a list of stories", ("stories",))
    shared = {name: said for name, said in document.data.items() if name != "stories"}
    for number, own in enumerate(listed):
        given = _joined(shared.get("given"), own.get("given"))
        lines = {place: line for place, line in document.lines.items() if place[:1] != ("stories",)}
        lines |= dict(_own_lines(document, number, shared.get("given") or {}))
        data = shared | own | ({"given": given} if given else {})
        yield Document(data, document.source, lines)


def _joined(shared: Any, own: Any) -> Any:
    if not isinstance(shared, dict) or not isinstance(own, dict):
        return own or shared
    both = {name: [*shared.get(name, []), *own.get(name, [])] for name in (*shared, *own)}
    return dict(both)


def _own_lines(document: Document, number: int, shared: dict[str, Any]) -> Iterator[tuple[Place, int]]:
    for place, line in document.lines.items():
        if place[:2] != ("stories", number):
            continue
        rest = place[2:]
        if len(rest) > 2 and rest[0] == "given" and isinstance(rest[2], int):
            rest = (*rest[:2], rest[2] + len(shared.get(str(rest[1]), [])), *rest[3:])
        yield rest, line


def instant_in(text: str, zone: str) -> datetime:
    """`2026-03-10 09:00` on the clocks of a zone, or an instant with its offset. BadDocument for anything else."""
    try:
        given = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadDocument(f"“{text}” is not a time; write it like 2026-03-10 09:00") from None
    if len(text.strip()) <= len("2026-03-10"):
        raise BadDocument(f"“{text}” is a date; a time is wanted, like {text} 09:00")
    return parse_instant(text.strip()) if given.tzinfo else to_instant(given.date(), given.time(), zone)
