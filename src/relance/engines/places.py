"""Byte offsets and record numbers of a text file go in; physical lines and the records' text come out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from relance.engines.spool import CHUNK, Format

MOST_TEXT = 2000  # characters of a record that are kept beside its reason


@dataclass(frozen=True)
class Place:
    """Where a record begins: 1-based physical line, byte offset from 0, and its text, shortened."""

    line: int
    offset: int
    text: str


def lines_at(path: Path, offsets: Iterable[int]) -> dict[int, int]:
    """The physical line (1-based) in which each byte offset (from 0) lies; one pass over the file."""
    wanted = sorted(set(offsets))
    found: dict[int, int] = {}
    line, at = 1, 0
    with path.open("rb") as stream:
        for offset in wanted:
            line += _line_feeds(stream, offset - at)
            at = offset
            found[offset] = line
    return found


def records(path: Path, form: Format, refused: Mapping[int, int]) -> Iterator[Place]:
    """The records that were taken, in order: not the header, not those that begin at an offset of `refused`.

    refused: byte offset of a record that was not taken, to the number of physical lines it spans.
    """
    first, blanks = form.kind == "csv", form.kind == "jsonl"
    for line, offset, raw in _joined(path, form if form.kind == "csv" else None, refused):
        if first:
            first = False
            continue
        if offset not in refused and (blanks or raw.strip(b"\r\n")):
            yield Place(line, offset, shortened(raw))


def shortened(raw: bytes) -> str:
    """The text of a record as it is kept with a reject."""
    return raw.decode("utf-8", "replace").strip("\r\n").lstrip("\ufeff")[:MOST_TEXT]


def _joined(path: Path, form: Format | None, refused: Mapping[int, int]) -> Iterator[tuple[int, int, bytes]]:
    """(line, offset, bytes) of every record: physical lines joined while a quoted value is open."""
    line, offset = 0, 0
    mark = form.quote.encode() if form else b""
    opening = _left_open(form) if form else None
    with path.open("rb") as stream:
        for raw in stream:
            start, begins, span = line + 1, offset, refused.get(offset, 0)
            line += 1
            offset += len(raw)
            odd = bool(mark) and not span and raw.count(mark) % 2 == 1
            open_value = bool(odd and opening and opening.match(raw))
            while open_value or line < start + span - 1:
                more = stream.readline()
                if not more:
                    break
                raw += more
                line += 1
                offset += len(more)
                open_value = open_value and more.count(mark) % 2 == 0
            yield start, begins, raw


def _left_open(form: Format) -> re.Pattern[bytes]:
    """Matches a line that ends inside a quoted value; a quote inside an unquoted value opens nothing."""
    quote, delimiter = re.escape(form.quote.encode()), re.escape(form.delimiter.encode())
    inside = b"(?:[^%s]|%s%s)*" % (quote, quote, quote)
    whole = b" *%s%s%s" % (quote, inside, quote)
    bare = b"[^%s%s][^%s]*" % (quote, delimiter, delimiter)
    return re.compile(b"(?:(?:%s|%s|)%s)* *%s%s$" % (whole, bare, delimiter, quote, inside))


def _line_feeds(stream: BinaryIO, length: int) -> int:
    count = 0
    while length > 0 and (chunk := stream.read(min(length, CHUNK))):
        count += chunk.count(b"\n")
        length -= len(chunk)
    return count
