"""A retailer's file as it came goes in; a plain UTF-8 file that can be read at any byte comes out."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Literal

from relance.base.errors import BadFile

CHUNK = 1 << 22
Kind = Literal["csv", "jsonl", "parquet"]


@dataclass(frozen=True)
class Format:
    """How a file is written. `nulls`: texts that mean “no value”."""

    kind: Kind = "csv"
    delimiter: str = ","
    quote: str = '"'
    encoding: Literal["utf-8", "latin-1"] = "utf-8"
    nulls: tuple[str, ...] = ("",)


@dataclass(frozen=True)
class Spooled:
    """A file ready to be read: `name` as the retailer calls it, `plain` where its UTF-8 text lies."""

    name: str
    plain: Path
    folder: Path
    digest: str


def kind_of(name: str) -> Kind:
    """The kind of file that its name says; csv where it says nothing."""
    bare = name.lower().removesuffix(".gz")
    if bare.endswith((".jsonl", ".ndjson", ".json")):
        return "jsonl"
    return "parquet" if bare.endswith(".parquet") else "csv"


@contextmanager
def spooled(path: Path, form: Format, near: Path | None = None) -> Iterator[Spooled]:
    """Opens a file for reading, unpacked and in UTF-8; BadFile in one sentence where that cannot be.

    near: the folder in which a copy is made where one is needed (the system's own by default).
    """
    with TemporaryDirectory(prefix=".import-", dir=near) as name:
        folder = Path(name)
        digest = _digest(path)
        plain = _unpacked(path, folder)
        if form.kind != "parquet":
            _refuse_binary(plain, path.name)
            plain = _as_utf8(plain, folder, form)
        yield Spooled(path.name, plain, folder, digest)


def rewritten(source: Path, target: Path, change: Callable[[bytes], bytes]) -> Path:
    """A copy of which each chunk (ending at a line's end) went through `change`."""
    with source.open("rb") as before, target.open("wb") as after:
        for chunk in _whole_lines(before):
            after.write(change(chunk))
    return target


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise BadFile(f"{path.name} cannot be opened: {error.strerror}") from None


def _unpacked(path: Path, folder: Path) -> Path:
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    if not packed and path.name.lower().endswith(".gz"):
        raise BadFile(f"{path.name} is named .gz but is not gzip; nothing of it was taken")
    if not packed:
        return path
    plain = folder / "unpacked"
    try:
        with gzip.open(path, "rb") as source, plain.open("wb") as target:
            shutil.copyfileobj(source, target, CHUNK)
    except (OSError, EOFError, zlib.error):
        raise BadFile(f"{path.name} is cut short or broken inside its gzip; nothing of it was taken") from None
    return plain


def _refuse_binary(plain: Path, name: str) -> None:
    with plain.open("rb") as stream:
        start = stream.read(65536)
    if b"\x00" in start:
        raise BadFile(f"{name} is not a text file; nothing of it was taken")


def _as_utf8(plain: Path, folder: Path, form: Format) -> Path:
    """A copy only where it is needed: another encoding, or lines that end in a bare carriage return."""
    with plain.open("rb") as stream:
        start = stream.read(65536)
    if form.encoding == "latin-1":
        plain = rewritten(plain, folder / "utf8", lambda chunk: chunk.decode("latin-1").encode())
    if b"\r" in start and b"\n" not in start:
        plain = rewritten(plain, folder / "lines", lambda chunk: chunk.replace(b"\r", b"\n"))
    return plain


def _whole_lines(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK):
        yield chunk + (b"" if chunk.endswith(b"\n") else stream.readline())
