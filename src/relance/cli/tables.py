"""Arrow tables become CSV, for a machine as they are, or for a spreadsheet with no cell it would run."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import TextIO

import pyarrow as pa
import pyarrow.compute as pc

DANGEROUS = "^[=+\\-@\t\r]"  # a spreadsheet would take such a cell for a formula
_BATCH = 10_000


def write_csv(table: pa.Table, out: Path | None) -> None:
    """UTF-8, LF ends, quotes only where a value needs them; to standard output where no file is named."""
    if out is not None:
        with out.open("w", encoding="utf-8", newline="") as file:
            _write(table, file)
        return
    sys.stdout.flush()
    stream = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="", write_through=True)
    try:
        _write(table, stream)
    finally:
        stream.detach()


def _write(table: pa.Table, stream: TextIO) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(table.column_names)
    for batch in table.to_batches(max_chunksize=_BATCH):
        writer.writerows(zip(*(column.to_pylist() for column in batch.columns), strict=True))


def harmless(table: pa.Table) -> pa.Table:
    """The same table with an apostrophe before every text that a spreadsheet would run."""
    for place, field in enumerate(table.schema):
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            column = pc.replace_substring_regex(table.column(place), f"({DANGEROUS})", "'\\1")
            table = table.set_column(place, field.name, column)
    return table
