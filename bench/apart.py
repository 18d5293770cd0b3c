"""A function goes in; what it answers, and the peak memory of a process that did nothing else, come out."""

from __future__ import annotations

import resource
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any


def apart(does: Callable[..., Any], *given: Any) -> tuple[Any, int]:
    """The answer and the peak in MB. `does` and what it is given must be found by their names in a fresh process."""
    context = get_context("spawn")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_do, args=(there, does, given))
    child.start()
    there.close()
    try:
        answer: tuple[Any, int] = here.recv()
        return answer
    finally:
        child.join()


def _do(to: Connection, does: Callable[..., Any], given: tuple[Any, ...]) -> None:
    answer = does(*given)
    to.send((answer, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024))  # the system counts in KB
