"""Commands become child processes that are started again when they end, and that leave when their parent does."""

from __future__ import annotations

import logging
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

from relance.serving.findings import Colour, Finding, finding

log = logging.getLogger("relance.serving")

LOOK = 0.2  # seconds between two looks at the children
SHORTEST, LONGEST = 1.0, 60.0  # seconds until a child that failed is started again; doubled from time to time
STEADY = 60.0  # a child that has lived so long has not failed at its start
PATIENCE = 30.0  # seconds in which a child finishes its batch


@dataclass
class Child:
    """One command that is to be running always; `rest`: seconds between an end in good order and the next start.

    Its standard input is a pipe of which the parent alone holds the other end: when the parent is gone, however it
    went, the child reads the end of it and leaves.
    """

    name: str
    command: Sequence[str]
    rest: float = 30.0
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    again_at: float = 0.0
    shortest: float = SHORTEST
    pause: float = 0.0
    failures: int = 0

    def look(self) -> None:
        """Starts it where it is due, notices its end where it has ended."""
        if self.process is None:
            if monotonic() >= self.again_at:
                self._start()
        elif self.process.poll() is not None:
            self._ended(self.process)

    def _start(self) -> None:
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
        )
        self.started = monotonic()

    def _ended(self, process: subprocess.Popen[bytes]) -> None:
        _drop_leash(process)
        self.process = None
        if process.returncode == 0 or monotonic() - self.started > STEADY:
            self.pause, self.failures, wait = 0.0, 0, self.rest
        if process.returncode != 0:
            self.failures += 1
            wait = self.pause = min(self.pause * 2 or self.shortest, LONGEST)
            log.error("%s ended with %s; it is started again in %.2g s", self.name, process.returncode, wait)
        self.again_at = monotonic() + wait

    def leave(self) -> None:
        """Lets go of the leash; the child finishes what it is doing."""
        if self.process:
            _drop_leash(self.process)

    def gone(self, patience: float) -> None:
        """Waits for its end, asks again by signal, and in the end does not ask."""
        if self.process is None:
            return
        for ask in (self.process.terminate, self.process.kill):
            try:
                self.process.wait(patience)
                return
            except subprocess.TimeoutExpired:
                log.warning("%s (process %s) has not left in time", self.name, self.process.pid)
                ask()
                patience = 5.0
        self.process.wait()


class Children:
    """Looks after children until it is closed."""

    def __init__(self, children: Sequence[Child], patience: float = PATIENCE) -> None:
        self.children, self._patience = tuple(children), patience
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_after, name="children", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """No child is left when this returns."""
        self._stop.set()
        self._thread.join()
        for each in self.children:
            each.leave()
        for each in self.children:
            each.gone(self._patience)

    def findings(self) -> Iterator[Finding]:
        """Amber after one failure, red when it goes on."""
        for each in self.children:
            running = each.process is not None
            said = "is at work" if not each.failures else f"has failed {each.failures} times and is started again"
            colour: Colour = "green" if not each.failures else "amber" if each.failures < 3 else "red"
            yield finding(each.name, colour, said, running=running, failures=each.failures)

    def _look_after(self) -> None:
        while not self._stop.is_set():
            for each in self.children:
                each.look()
            self._stop.wait(LOOK)


def _drop_leash(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        with suppress(OSError):
            process.stdin.close()
