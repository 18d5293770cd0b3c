"""What one question of the gate found: whether it refuses, and what it saw."""

from __future__ import annotations

from dataclasses import dataclass

from relance.explaining.explanation import Seen


@dataclass(frozen=True)
class Found:
    """`refuses` is None where the question does not arise; `fixed`: more knowledge does not change it."""

    refuses: bool | None
    seen: Seen
    fixed: bool = False
