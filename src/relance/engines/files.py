"""A spooled file goes in; a scratch table of texts comes out, with every record that could not be taken."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from relance.base.errors import BadFile, RelanceError
from relance.engines.duckdb import DuckEngine
from relance.engines.places import MOST_TEXT, Place, lines_at, records, shortened
from relance.engines.spool import Format, Spooled, rewritten

LONGEST_RECORD = 2_000_000  # bytes; a longer one is a broken quote, not a record
MOST_REPAIRS = 50
_REASONS = {
    "MISSING COLUMNS": "missing_columns",
    "TOO MANY COLUMNS": "too_many_columns",
    "INVALID ENCODING": "broken_encoding",
    "UNQUOTED VALUE": "broken_quotes",
    "LINE SIZE OVER MAXIMUM": "line_too_long",
}


@dataclass(frozen=True)
class Reject:
    """A record that was not taken: where it is, and why, as a code."""

    line: int
    column: str | None
    value: str | None
    reason: str
    record: str


@dataclass(frozen=True)
class Taken:
    """What was read: the plain file as it was last read, rejects, and spans of rejects by byte offset."""

    file: Spooled
    form: Format
    rows: int
    rejects: tuple[Reject, ...]
    refused: dict[int, int]


def header(file: Spooled, form: Format) -> tuple[str, ...] | None:
    """The names of a file's columns in order; None for JSON Lines, whose records name their own."""
    if form.kind == "jsonl":
        return None
    if form.kind == "parquet":
        return tuple(_parquet_types(file))
    names = _first_record(file, form)
    if not any(names):
        raise BadFile(f"{file.name} has no header; nothing of it was taken")
    return tuple(names)


def read_file(engine: DuckEngine, file: Spooled, form: Format, columns: Sequence[str], into: str) -> Taken:
    """Reads the named columns into a scratch view of (record, c0, c1, …): texts, null where there is no value.

    `record` is the ordinal of the record among those taken, from 1. BadFile where nothing can be read.
    """
    if form.kind == "parquet":
        return _read_parquet(engine, file, form, columns, into)
    if form.kind == "jsonl":
        return _read_jsonl(engine, file, form, columns, into)
    names = header(file, form) or ()
    return _read_csv(engine, file, form, names, [names.index(column) for column in columns], into)


def places_of(taken: Taken, wanted: Sequence[int]) -> dict[int, Place]:
    """Where the records of those ordinals are; one pass over the file, and none where nothing is wanted."""
    if not wanted:
        return {}
    if taken.form.kind == "parquet":
        return {record: Place(record, 0, "") for record in wanted}
    asked, last = set(wanted), max(wanted)
    found: dict[int, Place] = {}
    for ordinal, place in enumerate(records(taken.file.plain, taken.form, taken.refused), start=1):
        if ordinal in asked:
            found[ordinal] = place
        if ordinal >= last:
            break
    return found


def _first_record(file: Spooled, form: Format) -> list[str]:
    try:
        with file.plain.open(encoding="utf-8-sig", newline="") as stream:
            text = stream.read(LONGEST_RECORD)
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=form.delimiter, quotechar=form.quote)
        return [name.strip() for name in next(rows, [])]
    except UnicodeDecodeError:
        with file.plain.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
            first = stream.readline(LONGEST_RECORD)
        if "\ufffd" in first:
            raise BadFile(f"{file.name} is not written in {form.encoding}; nothing of it was taken") from None
        return [name.strip() for name in next(csv.reader([first], delimiter=form.delimiter), [])]
    except csv.Error as error:
        raise BadFile(f"{file.name} has a header that cannot be read: {error}") from None


def _read_csv(
    engine: DuckEngine, file: Spooled, form: Format, names: Sequence[str], wanted: Sequence[int], into: str
) -> Taken:
    """Reads, and where one open quote swallowed the lines after it, refuses its line alone and reads again."""
    lost: list[Reject] = []
    listed = ", ".join(f"{_trimmed(f'x{place}')} AS c{at}" for at, place in enumerate(wanted)) or "NULL AS c0"
    blank = " WHERE x0 IS NOT NULL" if len(names) == 1 else ""  # an empty line is no record
    for repair in range(MOST_REPAIRS):
        source = _csv_source(form, len(names)) + blank
        found = _scan(engine, file, form, source, listed, into)
        if found is None:
            copy = file.folder / f"feeds-{repair}"
            file = replace(file, plain=rewritten(file.plain, copy, lambda text: text.replace(b"\r\n", b"\n")))
            continue
        swallowing = [offset for offset, error in found.items() if _spans(error) > 1 and _open(error)]
        if not swallowing or repair == MOST_REPAIRS - 1:
            break
        file, more = _without(file, swallowing, repair)
        lost += more
    rejects, refused = _rejects(file, form, names, found or {})
    rows = _count(engine, into)
    _refuse_if_all_broken(file, form, rows, rejects)
    return Taken(file, form, rows, (*lost, *rejects), refused)


def _csv_source(form: Format, width: int) -> str:
    """The file is named by a variable, so that the statement is the same for every file of a feed, and parsed once."""
    columns = ", ".join(f"'x{place}': 'VARCHAR'" for place in range(width))
    nulls = ", ".join(_text(null) for null in form.nulls)
    quote = _text(form.quote)
    return (
        f"read_csv({_INCOMING}, columns = {{{columns}}}, header = true, auto_detect = false, "
        f"delim = {_text(form.delimiter)}, quote = {quote}, escape = {quote}, nullstr = [{nulls}], "
        f"max_line_size = {LONGEST_RECORD}, {_STORE})"
    )


_INCOMING = "getvariable('incoming')"
_STORE = "store_rejects = true, rejects_limit = 0, rejects_table = 'reject_rows', rejects_scan = 'reject_scans'"


def _scan(
    engine: DuckEngine, file: Spooled, form: Format, source: str, listed: str, into: str
) -> dict[int, dict[str, Any]] | None:
    """Byte offset (from 0) to what is wrong there; None where the ends of lines are mixed."""
    for table in ("reject_rows", "reject_scans"):
        engine.execute(f"DROP TABLE IF EXISTS {table}")
    engine.execute(f"SET VARIABLE incoming = {_text(str(file.plain))}")
    try:
        _keep(engine, f"SELECT {listed} FROM {source}", into)
    except duckdb.Error as error:
        if "invalid state" in str(error):
            return None
        raise _unreadable(file, error) from None
    order = "SELECT * FROM reject_rows ORDER BY line_byte_position, column_idx DESC"
    return {_begins(row): row for row in engine.rows(order)}


def _begins(error: dict[str, Any]) -> int:
    """Byte offset (from 0) of a record; the engine may count the end of the line before to it."""
    text = str(error["csv_line"] or "")
    return int(error["line_byte_position"]) - 1 + len(text) - len(text.lstrip("\r\n"))


def _keep(engine: DuckEngine, query: str, into: str) -> None:
    """Ordinals are the engine's own row numbers, which begin elsewhere inside a transaction."""
    engine.execute(f'CREATE OR REPLACE TEMP TABLE "{into}_texts" AS {query}')
    ends = engine.rows(f'SELECT min(rowid) AS first, max(rowid) AS last, count(*) AS n FROM "{into}_texts"')[0]
    if ends["n"] and ends["last"] - ends["first"] + 1 != ends["n"]:
        raise RelanceError("the engine does not number rows in order; the file was not imported")
    shift = (ends["first"] or 0) - 1
    engine.execute(f'CREATE OR REPLACE TEMP VIEW "{into}" AS SELECT rowid - {shift} AS record, * FROM "{into}_texts"')


def _count(engine: DuckEngine, into: str) -> int:
    return int(engine.value(f'SELECT count(*) FROM "{into}_texts"'))


def _spans(error: dict[str, Any]) -> int:
    return 1 + str(error["csv_line"] or "").strip("\r\n").count("\n")


def _open(error: dict[str, Any]) -> bool:
    return error["error_type"] in ("UNQUOTED VALUE", "LINE SIZE OVER MAXIMUM")


def _without(file: Spooled, offsets: list[int], repair: int) -> tuple[Spooled, list[Reject]]:
    """A copy in which the physical lines at those offsets are empty, and these lines as rejects."""
    numbers = lines_at(file.plain, offsets)
    target = file.folder / f"repaired-{repair}"
    lost = []
    with file.plain.open("rb") as before, target.open("wb") as after:
        at = 0
        for offset in sorted(offsets):
            _copy(before, after, offset - at)
            raw = before.readline()
            after.write(b"\n")
            at = offset + len(raw)
            lost.append(Reject(numbers[offset], None, None, "broken_quotes", shortened(raw)))
        _copy(before, after, None)
    return replace(file, plain=target), lost


def _copy(before: Any, after: Any, length: int | None) -> None:
    while length is None or length > 0:
        chunk = before.read(1 << 22 if length is None else min(length, 1 << 22))
        if not chunk:
            return
        after.write(chunk)
        length = None if length is None else length - len(chunk)


def _rejects(
    file: Spooled, form: Format, names: Sequence[str], found: dict[int, dict[str, Any]]
) -> tuple[list[Reject], dict[int, int]]:
    numbers = lines_at(file.plain, found)
    rejects = []
    for offset, error in found.items():
        place = int(error["column_idx"] or 0) - 1
        code = _REASONS.get(str(error["error_type"]), "unreadable")
        column = names[place] if code in ("broken_encoding", "broken_quotes") and 0 <= place < len(names) else None
        text = str(error["csv_line"] or "").strip("\r\n")[:MOST_TEXT]
        rejects.append(Reject(numbers[offset], column, None, code, text))
    return rejects, {offset: _spans(error) for offset, error in found.items()}


def _refuse_if_all_broken(file: Spooled, form: Format, rows: int, rejects: list[Reject]) -> None:
    if rejects and not rows and all(reject.reason == "broken_encoding" for reject in rejects):
        raise BadFile(f"{file.name} is not written in {form.encoding}; nothing of it was taken")


def _read_jsonl(engine: DuckEngine, file: Spooled, form: Format, columns: Sequence[str], into: str) -> Taken:
    """One physical line is one record; a line that is no JSON object is a reject."""
    source = (
        f"read_csv({_INCOMING}, columns = {{'x0': 'VARCHAR'}}, header = false, "
        f"auto_detect = false, delim = '\x1e', quote = '', escape = '', nullstr = '', "
        f"max_line_size = {LONGEST_RECORD}, {_STORE})"
    )
    found = _scan(engine, file, form, source, "x0", into + "_lines")
    if found is None:
        plain = rewritten(file.plain, file.folder / "feeds", lambda text: text.replace(b"\r\n", b"\n"))
        file = replace(file, plain=plain)
        found = _scan(engine, file, form, source, "x0", into + "_lines")
    lines = f'"{into}_lines"'
    engine.execute(f"CREATE OR REPLACE TEMP TABLE bad_json AS {_BAD_JSON.format(lines=lines)}")
    _refuse_no_json(engine, file, lines)
    rejects, refused = _rejects(file, form, ("",), found or {})
    rejects += _bad_json(engine, Taken(file, form, 0, (), refused))
    _parse_json(engine, lines, columns, form, into)
    return Taken(file, form, _count(engine, into), tuple(rejects), refused)


_BAD_JSON = (
    "SELECT record, left(x0, 2000) AS text FROM {lines} "
    "WHERE x0 IS NOT NULL AND trim(x0) <> '' AND NOT coalesce(json_type(try_cast(x0 AS JSON)) = 'OBJECT', false)"
)


def _refuse_no_json(engine: DuckEngine, file: Spooled, lines: str) -> None:
    bad = int(engine.value("SELECT count(*) FROM bad_json"))
    whole = int(engine.value(f"SELECT count(*) FROM {lines} WHERE trim(x0) <> ''"))
    if bad and bad == whole:
        raise BadFile(f"{file.name} holds no JSON object on any line; nothing of it was taken")


def _bad_json(engine: DuckEngine, taken: Taken) -> list[Reject]:
    bad = engine.rows("SELECT record, text FROM bad_json ORDER BY record")
    if not bad:
        return []
    places = places_of(taken, [row["record"] for row in bad])
    return [Reject(places[row["record"]].line, None, None, "not_json", row["text"]) for row in bad]


def _parse_json(engine: DuckEngine, lines: str, columns: Sequence[str], form: Format, into: str) -> None:
    """Ordinals stay those of the lines, so that a record is found again."""
    nulls = ", ".join(_text(null) for null in form.nulls)
    listed = ", ".join(f"CASE WHEN v{at} IN ({nulls}) THEN NULL ELSE v{at} END AS c{at}" for at in range(len(columns)))
    values = ", ".join(
        f"json_extract_string(x0, {_text(_json_path(column))}) AS v{at}" for at, column in enumerate(columns)
    )
    good = f"{lines} ANTI JOIN bad_json USING (record) WHERE trim(x0) <> ''"
    query = f"SELECT record, {listed} FROM (SELECT record, {values} FROM {good}) ORDER BY record"
    engine.execute(f'CREATE OR REPLACE TEMP TABLE "{into}_texts" AS {query}')
    engine.execute(f'CREATE OR REPLACE TEMP VIEW "{into}" AS SELECT * FROM "{into}_texts"')


def _json_path(column: str) -> str:
    escaped = column.replace("\\", "\\\\").replace('"', '\\"')
    return f'$."{escaped}"'


def _read_parquet(engine: DuckEngine, file: Spooled, form: Format, columns: Sequence[str], into: str) -> Taken:
    types = _parquet_types(file, engine)
    listed = ", ".join(f"{_as_text(column, types[column])} AS c{at}" for at, column in enumerate(columns))
    try:
        _keep(engine, f"SELECT {listed or 'NULL AS c0'} FROM read_parquet({_text(str(file.plain))})", into)
    except duckdb.Error as error:
        raise _unreadable(file, error) from None
    return Taken(file, form, _count(engine, into), (), {})


def _parquet_types(file: Spooled, engine: DuckEngine | None = None) -> dict[str, str]:
    connection = engine.connection if engine else duckdb.connect(":memory:")
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({_text(str(file.plain))})")
        return {row[0]: row[1] for row in described.fetchall()}
    except duckdb.Error as error:
        raise _unreadable(file, error) from None


def _as_text(column: str, kind: str) -> str:
    name = '"' + column.replace('"', '""') + '"'
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime(make_timestamp(epoch_us({name})), '%Y-%m-%dT%H:%M:%S.%fZ')"
    return _trimmed(f"CAST({name} AS VARCHAR)")


def _trimmed(name: str) -> str:
    """Outer space is never meant, and a value of nothing else is none; most values have none and cost nothing."""
    spaced = f"{name} < '!' OR suffix({name}, ' ') OR suffix({name}, chr(9))"
    return f"CASE WHEN {spaced} THEN nullif(trim({name}, E' \\t\\r\\n'), '') ELSE {name} END"


def _unreadable(file: Spooled, error: Exception) -> BadFile:
    first = str(error).splitlines()[0].replace(str(file.plain), file.name)
    return BadFile(f"{file.name} cannot be read ({first}); nothing of it was taken")


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
