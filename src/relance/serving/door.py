"""Both sides of a home's socket: a command line with its folder and streams goes in, an exit code comes out.

Whoever asks passes its own standard output, standard error and working folder along, so that the owner writes
where the asker would have written: a terminal stays a terminal, a pipe a pipe, and a relative path means the same.
"""

from __future__ import annotations

import array
import json
import os
import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from relance.base.errors import RelanceError

PATIENCE = 10.0  # seconds in which an asker says what it wants
MOST_BYTES = 4_000_000  # of one command line; the system allows less
_LENGTH = struct.Struct("!I")
_HANDED_OVER = 3  # descriptors: working folder, standard output, standard error


@dataclass(frozen=True)
class Asked:
    """One command line, what the asker's environment says of its home, and its descriptors, ours to close."""

    arguments: tuple[str, ...]
    variable: str | None
    folder: int
    out: int
    err: int


def knock(door: Path) -> socket.socket | None:
    """A connection to the process that serves the home; None where nobody does."""
    if not door.exists():
        return None
    channel = socket.socket(socket.AF_UNIX)
    try:
        with _short(door) as name:
            channel.connect(name)
    except (ConnectionRefusedError, FileNotFoundError):
        channel.close()
        return None
    return channel


def ask(channel: socket.socket, arguments: Sequence[str], variable: str | None) -> int:
    """Has the owner execute a command line; its exit code. RelanceError where it ends before it has answered."""
    body = json.dumps({"arguments": list(arguments), "variable": variable}).encode()
    folder = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        socket.send_fds(channel, [_LENGTH.pack(len(body))], [folder, 1, 2])
    finally:
        os.close(folder)
    channel.sendall(body)
    answer = channel.makefile("rb").read()
    if not answer:
        raise RelanceError("the process that serves this home ended before it had answered; ask again when it is back")
    return int(answer)


def listen(door: Path) -> socket.socket:
    """The owner's side, for its own user only. A socket that a dead owner left behind is replaced."""
    with suppress(FileNotFoundError):
        door.unlink()
    channel = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        with _short(door) as name:
            channel.bind(name)
    finally:
        os.umask(before)
    channel.listen(64)
    return channel


def receive(channel: socket.socket) -> Asked | None:
    """What was asked; None from another user, or where the asker has gone before saying it."""
    if _user_of(channel) != os.getuid():
        return None
    channel.settimeout(PATIENCE)
    head, given, _, _ = socket.recv_fds(channel, _LENGTH.size, _HANDED_OVER)
    try:
        said = json.loads(_exactly(channel, _LENGTH.unpack(head)[0]))
        channel.settimeout(None)
        return Asked(tuple(said["arguments"]), said["variable"], *given)
    except (struct.error, OSError, EOFError, ValueError, TypeError, KeyError):
        for each in given:
            os.close(each)
        return None


def _exactly(channel: socket.socket, length: int) -> bytes:
    if length > MOST_BYTES:
        raise ValueError(length)
    read = bytearray()
    while len(read) < length:
        more = channel.recv(length - len(read))
        if not more:
            raise EOFError
        read += more
    return bytes(read)


def _user_of(channel: socket.socket) -> int:
    """Who is at the other end; the mode of the socket has said no to others already."""
    if not hasattr(socket, "SO_PEERCRED"):
        return os.getuid()
    size = struct.calcsize("3i")
    return int(array.array("i", channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))[1])


@contextmanager
def _short(door: Path) -> Iterator[str]:
    """A name of the socket that fits: the system takes some hundred characters only."""
    if len(os.fsencode(door)) < 100:
        yield str(door)
        return
    folder = os.open(door.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{door.name}"
    finally:
        os.close(folder)
