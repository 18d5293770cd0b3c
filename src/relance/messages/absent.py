"""What a contact's message has no value for becomes something that templates take for no, and that prints nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class Absent:
    """No value: false in a condition, empty in a loop. `trace` is what it prints, to see whether a text prints it."""

    __slots__ = ("trace",)

    def __init__(self, trace: str = "") -> None:
        self.trace = trace

    def __bool__(self) -> bool:
        return False

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __str__(self) -> str:
        return self.trace

    __repr__ = __str__


ABSENT = Absent()


def is_absent(value: Any) -> bool:
    """The test `is none` of a template."""
    return value is None or isinstance(value, Absent)


def or_else(value: Any, instead: Any = "", lax: bool = False) -> Any:
    """The filter `default` of a template; lax: also for what is empty."""
    return instead if is_absent(value) or (lax and not value) else value
