"""Arrow tables become CSV, for a machine as they are, or for a spreadsheet with no cell it would run."""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

DANGEROUS = "^[=+\\-@\t\r]"  # a spreadsheet would take such a cell for a formula


def write_csv(table: pa.Table, out: Path | None) -> None:
    """Columns of text, LF ends, quotes only where a value needs them; to standard output where no file is named."""
    plain = pacsv.WriteOptions(include_header=False, quoting_style="needed")
    header = ",".join(table.column_names) + "\n"
    if out is None:
        sys.stdout.flush()
        sink = sys.stdout.buffer
        sink.write(header.encode())
        pacsv.write_csv(table, sink, plain)
        sink.flush()
        return
    with out.open("wb") as file:
        file.write(header.encode())
        pacsv.write_csv(table, file, plain)


def harmless(table: pa.Table) -> pa.Table:
    """The same table with an apostrophe before every text that a spreadsheet would run."""
    for place, field in enumerate(table.schema):
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            column = pc.replace_substring_regex(table.column(place), f"({DANGEROUS})", "'\\1")
            table = table.set_column(place, field.name, column)
    return table
