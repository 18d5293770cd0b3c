"""Commands that others ask for at the home's door are executed here, each in a thread with connections of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from relance.base.errors import RelanceError
from relance.customers.installation import Installation
from relance.serving.door import Asked, listen, receive
from relance.serving.instead import PerThread, instead_of

Execute = Callable[[Installation, Sequence[str]], int]
"""A command line is executed in an open home, and an exit code comes out."""

MOST_AT_ONCE = 16


class Answering:
    """Takes commands at the door until it is closed; those under way are finished then."""

    def __init__(self, place: Installation, execute: Execute, streams: tuple[PerThread, PerThread]) -> None:
        self._place, self._execute, self._streams = place, execute, streams
        self._listening = listen(place.home.door)
        self._room = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._threads: set[threading.Thread] = set()
        self._doorman = threading.Thread(target=self._take, name="door", daemon=True)
        self._doorman.start()

    def close(self) -> None:
        """Nothing more is taken; waits for what is under way."""
        self._place.home.door.unlink(missing_ok=True)
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._doorman.join()
        for each in list(self._threads):
            each.join()

    def _take(self) -> None:
        while True:
            self._room.acquire()
            try:
                channel, _ = self._listening.accept()
            except OSError:
                return  # the door is closed
            thread = threading.Thread(target=self._answer, args=(channel,), name="command", daemon=True)
            self._threads.add(thread)
            thread.start()

    def _answer(self, channel: socket.socket) -> None:
        try:
            with channel, suppress(BrokenPipeError, ConnectionResetError):
                asked = receive(channel)
                if asked is not None:
                    channel.sendall(str(self._done(asked)).encode())
        finally:
            self._threads.discard(threading.current_thread())
            self._room.release()

    def _done(self, asked: Asked) -> int:
        _, err = self._streams
        with instead_of(asked, *self._streams):
            try:
                with self._place.another() as place:
                    return self._execute(place, asked.arguments)
            except RelanceError as error:
                err.write(f"relance: {error}\n")
                return error.exit_code
