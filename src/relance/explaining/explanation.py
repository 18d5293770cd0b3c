"""The explanation of one contact, scenario and instant: a noun that reads aloud and as stable JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from relance.base.clock import aware_utc
from relance.explaining.said import Said

if TYPE_CHECKING:
    from relance.explaining.sides import Side

Verdict = Literal["held", "refused", "not_asked"]

VERDICTS: Mapping[str, Said] = {
    "held": Said("oui", "yes"),
    "refused": Said("NON", "NO"),
    "not_asked": Said("—", "—"),
}
_WIDTH = 5


@dataclass(frozen=True)
class Evidence:
    """A row that a condition saw: where it lies, when it happened, when it became known (both instants aware)."""

    table: str
    key: str
    happened_at: datetime | None
    known_at: datetime | None
    value: Any
    said: Said

    def as_dict(self) -> dict[str, Any]:
        """The published shape."""
        row = {"table": self.table, "key": self.key, "value": plain(self.value), "said": self.said.as_dict()}
        return row | {"happened_at": plain(self.happened_at), "known_at": plain(self.known_at)}


@dataclass(frozen=True)
class Seen:
    """What a condition saw: its words, the bare value, and the rows behind it."""

    said: Said
    value: Any = None
    evidence: tuple[Evidence, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The published shape."""
        rows = [row.as_dict() for row in self.evidence]
        return {"said": self.said.as_dict(), "value": plain(self.value), "evidence": rows}


@dataclass(frozen=True)
class Condition:
    """One question of the gate, in the published order.

    `seen`: with what was known when it was asked. `known_now`: what it sees with all that is known today, where
    that differs; `holds_now` is then its verdict. `noted`: what the decision wrote down, where that differs.
    """

    code: str
    verdict: Verdict
    question: Said
    seen: Seen
    known_now: Seen | None = None
    holds_now: bool | None = None
    noted: Said | None = None

    def as_dict(self) -> dict[str, Any]:
        """The published shape."""
        row: dict[str, Any] = {"code": self.code, "verdict": self.verdict, "question": self.question.as_dict()}
        row |= {"seen": self.seen.as_dict(), "known_now": None, "noted": None}
        if self.known_now:
            row["known_now"] = {"holds": self.holds_now, **self.known_now.as_dict()}
        if self.noted:
            row["noted"] = self.noted.as_dict()
        return row


@dataclass(frozen=True)
class Next:
    """What happens next, and when, where there is an instant."""

    said: Said
    at: datetime | None = None

    def as_dict(self) -> dict[str, Any]:
        """The published shape."""
        return {"said": self.said.as_dict(), "at": plain(self.at)}


@dataclass(frozen=True)
class Sending:
    """Where the message stands in the outbox today."""

    state: str
    reason: str | None
    at: datetime
    said: Said
    evidence: tuple[Evidence, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The published shape."""
        rows = [row.as_dict() for row in self.evidence]
        return {"state": self.state, "reason": self.reason, "at": plain(self.at), "said": self.said.as_dict()} | {
            "evidence": rows
        }


@dataclass(frozen=True)
class Explanation:
    """Why this contact got the message or did not, as the shop may read it.

    outcome: `send`, `held_out`, `refused`, `deferred`, `waiting` or `ended` as decided at `decided_at`; where
    nothing was decided `no_fact`, `not_due`, `not_on`, `already_past`, `too_old_to_see`, or `undecided` (the
    next turn decides). reasons: every reason that held, or would, in the published order; `reason` is the first,
    None where the outcome itself says why. asked_at: the
    instant of the conditions, the decision's or the one asked. Nothing of it is stored.
    """

    contact: str
    scenario: str
    version: int
    at: datetime
    asked_at: datetime
    known_now: datetime
    outcome: str
    reason: str | None
    reasons: tuple[str, ...]
    title: Said
    headline: Said
    conditions: tuple[Condition, ...]
    next: Next
    decided_at: datetime | None = None
    step: str | None = None
    occurrence: str | None = None
    due_at: datetime | None = None
    sending: Sending | None = None
    notes: tuple[Said, ...] = ()
    earlier: tuple[Said, ...] = ()
    sides: tuple[Side, ...] = ()
    changes: tuple[Said, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The published shape of `explain --json`: instants as ISO 8601 in UTC, words in both languages."""
        bare = ("contact", "scenario", "version", "outcome", "reason", "step", "occurrence")
        instants = ("at", "asked_at", "known_now", "decided_at", "due_at")
        return {
            **{name: getattr(self, name) for name in bare},
            **{name: plain(getattr(self, name)) for name in instants},
            "reasons": list(self.reasons),
            "title": self.title.as_dict(),
            "headline": self.headline.as_dict(),
            "conditions": [each.as_dict() for each in self.conditions],
            "sending": self.sending.as_dict() if self.sending else None,
            "next": self.next.as_dict(),
            "notes": [each.as_dict() for each in self.notes],
            "earlier": [each.as_dict() for each in self.earlier],
            "arbitration": [each.as_dict() for each in self.sides],
            "changes": [each.as_dict() for each in self.changes],
        }

    def text(self, language: str) -> str:
        """The page for a terminal, in `fr` or `en`."""
        return "\n".join(_page(self, language)) + "\n"


_NOW = Said("Et maintenant ?", "And now?")
_KNOWN_NOW = Said("su aujourd’hui", "known now")
_NOTED = Said("noté à la décision", "noted by the decision")
_EARLIER = Said("Avant cela", "Before that")
_CHANGES = Said("Pour que ce soit oui, il faudrait", "For it to be yes, it would take")


def _page(found: Explanation, language: str) -> Iterator[str]:
    yield found.title.in_(language)
    yield ""
    yield found.headline.in_(language)
    for note in found.notes:
        yield note.in_(language)
    yield ""
    for condition in found.conditions:
        yield from _lines(condition, language)
    yield ""
    if found.sending:
        yield found.sending.said.in_(language)
        yield from _rows(found.sending.evidence, language)
    if found.sides:
        yield from (f"  · {each.said.in_(language)}" for each in found.sides)
        yield ""
    if found.changes:
        yield f"{_CHANGES.in_(language)}{_colon(language)}"
        yield from (f"  · {each.in_(language)}" for each in found.changes)
        yield ""
    yield f"{_NOW.in_(language)} {found.next.said.in_(language)}"
    if found.earlier:
        yield ""
        yield f"{_EARLIER.in_(language)}{_colon(language)}"
        yield from (f"  · {each.in_(language)}" for each in found.earlier)


def _lines(condition: Condition, language: str) -> Iterator[str]:
    word = VERDICTS[condition.verdict].in_(language)
    seen = condition.seen.said.in_(language)
    question = condition.question.in_(language)
    yield f"  {word:<{_WIDTH}}{question}{_colon(language)}{seen}" if seen else f"  {word:<{_WIDTH}}{question}"
    yield from _rows(condition.seen.evidence, language)
    if condition.noted:
        yield f"{'':<{_WIDTH + 2}}{_NOTED.in_(language)}{_colon(language)}{condition.noted.in_(language)}"
    if condition.known_now:
        yield f"{'':<{_WIDTH + 2}}{_KNOWN_NOW.in_(language)}{_colon(language)}{condition.known_now.said.in_(language)}"
        yield from _rows(condition.known_now.evidence, language)


def _rows(rows: tuple[Evidence, ...], language: str) -> Iterator[str]:
    for row in rows:
        yield f"{'':<{_WIDTH + 4}}· {row.said.in_(language)}"


def _colon(language: str) -> str:
    return "\u00a0: " if language.startswith("fr") else ": "


def plain(value: Any) -> Any:
    """A value as JSON has it: instants and dates in ISO 8601, decimals as text."""
    if isinstance(value, datetime):
        return aware_utc(value).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value
