"""Word lists of the demo, one word a line: a list's name comes in, its lines go out."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relance.demo.calendar import Whole


@cache
def lines(name: str) -> tuple[str, ...]:
    """The lines of words/<name>.txt."""
    text = files(__package__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
    return tuple(text.splitlines())


def fields(name: str) -> list[tuple[str, ...]]:
    """The fields of each line, where a list has several."""
    return [tuple(line.split(";")) for line in lines(name)]


def pick(words: tuple[str, ...] | list[str], index: Whole) -> pa.Array:
    """The word at each index."""
    return pa.array(words, pa.string()).take(pa.array(index))


def written(number: Whole, digits: int) -> pa.Array:
    """Whole numbers as text, filled with zeros to a width."""
    return pc.utf8_lpad(pc.cast(pa.array(number), pa.string()), width=digits, padding="0")


def joined(*parts: str | pa.Array) -> pa.Array:
    """Texts put end to end, row by row; a plain text is the same in every row."""
    return pc.binary_join_element_wise(*parts, "")


def chosen(flags: np.ndarray, then: str | pa.Array, otherwise: str | pa.Array | None) -> pa.Array:
    """`then` where the flag holds, else the other."""
    other = pa.scalar(None, pa.string()) if otherwise is None else otherwise
    return pc.if_else(pa.array(flags), then, other)
