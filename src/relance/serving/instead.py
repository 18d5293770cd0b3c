"""A thread stands in for the process that asked: its streams and its working folder are those of the asker."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO, cast

from relance.base.errors import Refused
from relance.base.home import VARIABLE_OF_ASKER
from relance.serving.door import Asked

_OWN_FOLDER = 0x200  # CLONE_FS of Linux: from then on the thread's working folder is its own


class PerThread:
    """Stands for a stream of the process; a thread may have its own instead."""

    def __init__(self, usual: TextIO) -> None:
        self._usual, self._own = usual, threading.local()

    @property
    def current(self) -> TextIO:
        return cast(TextIO, getattr(self._own, "stream", self._usual))

    def take(self, stream: TextIO | None) -> None:
        """This thread's own stream from now on; None gives the usual one back."""
        self._own.stream = stream or self._usual

    def __getattr__(self, name: str) -> Any:
        return getattr(self.current, name)


@contextmanager
def streams_of_threads() -> Iterator[tuple[PerThread, PerThread]]:
    """For as long as commands of others are executed here, print goes where each thread says."""
    before = sys.stdout, sys.stderr
    out, err = PerThread(sys.stdout), PerThread(sys.stderr)
    sys.stdout, sys.stderr = cast(TextIO, out), cast(TextIO, err)
    try:
        yield out, err
    finally:
        sys.stdout, sys.stderr = before


@contextmanager
def instead_of(asked: Asked, out: PerThread, err: PerThread) -> Iterator[None]:
    """This thread, which does nothing else afterwards, writes and looks for files where the asker would."""
    VARIABLE_OF_ASKER.set(asked.variable)
    own_out, own_err = _text(asked.out, "strict"), _text(asked.err, "backslashreplace")
    out.take(own_out)
    err.take(own_err)
    try:
        _work_in(asked.folder)
        yield
    finally:
        out.take(None)
        err.take(None)
        os.close(asked.folder)
        for stream in (own_out, own_err):
            with suppress(OSError):  # the asker has gone, nobody reads what is left
                stream.close()


def _text(descriptor: int, errors: str) -> TextIO:
    return os.fdopen(descriptor, "w", encoding="utf-8", errors=errors, buffering=1)


def _work_in(folder: int) -> None:
    """Refused where the system (or its container) cannot give a thread a folder of its own and it needs one."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "unshare") and libc.unshare(_OWN_FOLDER) == 0:
        os.fchdir(folder)
    elif not os.path.samestat(os.fstat(folder), Path().stat()):
        raise Refused("on this system a served home is asked from the folder in which “relance serve” was started")
