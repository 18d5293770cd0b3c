"""The port to the raw hits: what came in by links and pixels, appended as it was and never judged here."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

HitKind = Literal["open", "click", "unsubscribe"]


@dataclass(frozen=True, slots=True)
class Hit:
    """One request for a link of a message.

    `link` names the link within its message; `agent` and `net` are the shortened program and network that asked,
    as much as a verdict needs; `early`: the program said itself that nobody is looking yet (a prefetch).
    """

    kind: HitKind
    contact: int
    scenario: str
    step: str
    occurrence: str
    channel: str
    link: str | None = None
    agent: str = ""
    net: str = ""
    early: bool = False


@dataclass(frozen=True, slots=True)
class KeptHit:
    """A hit with its number and the instant at which it was kept."""

    seq: int
    at: datetime
    hit: Hit


class Hits(Protocol):
    """An append-only file of hits. Raises Busy or RelanceError as the ledger does."""

    @property
    def id(self) -> str:
        """What tells this file from another one."""

    def transaction(self) -> AbstractContextManager[None]:
        """Several appends that are kept together, or not at all."""

    def append(self, hits: Sequence[Hit], at: datetime) -> None:
        """Keeps hits, all or none; they are durable when this returns."""

    def last_known(self, instant: datetime) -> int:
        """The number up to which every hit was kept at or before the instant; 0 where there is none."""

    def of_messages(self, after: int, until: int) -> list[KeptHit]:
        """Every hit up to `until` of the messages that were hit after `after`, oldest first."""

    def forget(self, before: datetime, until: int) -> int:
        """Drops hits kept before the instant, of those up to number `until`; how many."""

    def erase(self, contact: int) -> int:
        """Drops the hits of a contact; how many."""

    def contents_hash(self) -> str:
        """Hex SHA-256 over every row in order."""

    def close(self) -> None:
        """Let go of the file."""
