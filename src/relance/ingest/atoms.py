"""Texts of source columns go in as expressions; typed values come out, each with the code of what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import ibis
import ibis.expr.types as ir

from relance.customers.tables import ColumnType
from relance.engines.functions import full_match, tail, try_strptime
from relance.engines.warehouse import IBIS_TYPES

# Why a record was refused: code to sentence. Codes are stable; sentences may change.
REASONS: dict[str, str] = {
    "missing_key": "the key is empty",
    "missing_value": "a required value is empty",
    "not_a_number": "is not a number",
    "not_an_integer": "is not a whole number",
    "not_a_date": "is not a date",
    "not_an_instant": "is not a date with a time",
    "no_zone": "is a time without a zone, and the mapping names none",
    "absurd_date": "is before 1900 or after 2100",
    "not_a_boolean": "is neither yes nor no",
    "duplicate_key": "another record further down in the same file has the same key",
    "not_affirmative": "consent is granted only by an affirmative act",
    "unknown_act": "is no act of consent that is known",
    "erased": "the person was erased and may not come back",
    "missing_columns": "the record has too few columns",
    "too_many_columns": "the record has too many columns",
    "broken_encoding": "the text is not in the declared encoding",
    "broken_quotes": "a quoted value does not end, or goes on after its end",
    "line_too_long": "the record is too long",
    "not_json": "the line is no JSON object",
    "unreadable": "the record cannot be read",
}

TRUE = ("true", "yes", "y", "oui", "o", "t", "1", "vrai")
FALSE = ("false", "no", "n", "non", "f", "0", "faux")
EARLIEST, LATEST = datetime(1900, 1, 1), datetime(2101, 1, 1)

_TIME = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}([.]\d{1,9})?)?)? ?(Z|z|UTC|[+-]\d{2}(:?\d{2})?)?"
_OFFSET = r":\d{2}(?:[.]\d+)? ?([+-])(\d{2}):?(\d{2})?$"
_WHOLE = r"\s*[+-]?\d+([.]0*)?\s*"


@dataclass(frozen=True)
class Atom:
    """One source column read as one type, in one way."""

    source: str
    type: ColumnType
    format: str | None = None
    map: tuple[tuple[str, str | None], ...] = ()
    default: str | None = None
    required: str | None = None  # the reason code where it is empty

    @property
    def ibis_type(self) -> str:
        return IBIS_TYPES[self.type]


@dataclass(frozen=True)
class Read:
    """A typed value and the conditions under which the record is refused for it, by code."""

    value: ir.Value
    wrong: tuple[tuple[str, ir.BooleanValue], ...]


@dataclass(frozen=True)
class LocalTime:
    """What an instant column shows before its zone is known: local time, offset in seconds if it is written."""

    local: ir.TimestampValue
    offset: ir.IntegerValue
    wrong: ir.BooleanValue


def source_text(atom: Atom, raw: ir.StringValue) -> ir.StringValue:
    """The text that is read: mapped to another, or replaced where empty."""
    text = raw.substitute(dict(atom.map), else_=raw) if atom.map else raw
    return text if atom.default is None else text.fill_null(atom.default)


def read_atom(atom: Atom, text: ir.StringValue) -> Read:
    """The value of an atom that is not an instant."""
    value, wrong = _READERS[atom.type](text, atom)
    return Read(value, (*_required(atom, text), *wrong))


def local_time(atom: Atom, text: ir.StringValue) -> LocalTime:
    """The local time and the offset of an instant as it is written."""
    if atom.format is not None:
        return _in_form(atom.format, text)
    local = text.try_cast("timestamp(6)")
    rest = tail(text, 10)
    written = rest.contains("+") | rest.contains("-")
    sign = ibis.ifelse(text.re_extract(_OFFSET, 1) == "-", -1, 1)
    hours = text.re_extract(_OFFSET, 2).try_cast("int64")
    minutes = text.re_extract(_OFFSET, 3).try_cast("int64").fill_null(0)
    zulu = rest.endswith("Z") | rest.endswith("z") | rest.endswith("UTC")
    offset = ibis.cases((written, sign * (hours * 3600 + minutes * 60)), (zulu, 0))
    return LocalTime(local, offset, text.notnull() & (local.isnull() | ~full_match(text, _TIME)))


def instant_read(atom: Atom, text: ir.StringValue, time: LocalTime, day: Mapping[str, ir.Value] | None) -> Read:
    """The instant: by its written offset, else by the zone's row of that local day."""
    by_offset = time.local - time.offset.as_interval("s")
    value = by_offset
    no_zone = text.notnull() & time.local.notnull() & time.offset.isnull()
    wrong = [("not_an_instant", time.wrong)]
    if day is None:
        wrong.append(("no_zone", no_zone))
    else:
        by_zone = day["instant"].fill_null(time.local - day["shift"].as_interval("s"))
        value = ibis.ifelse(time.offset.isnull(), by_zone, by_offset)
    wrong.append(("absurd_date", (time.local < EARLIEST) | (time.local >= LATEST)))
    return Read(value, (*_required(atom, text), *wrong))


def _in_form(form: str, text: ir.StringValue) -> LocalTime:
    """`%z` at the end is read as an offset; all else is local."""
    if not form.endswith("%z"):
        local = try_strptime(text, form)
        return LocalTime(local, ibis.null("int64"), text.notnull() & local.isnull())
    pattern = r" ?([+-])(\d{2}):?(\d{2})$"
    bare = text.re_replace(r" ?([+-]\d{2}:?\d{2}|Z)$", "")
    local = try_strptime(bare, form.removesuffix("%z").rstrip())
    sign = ibis.ifelse(text.re_extract(pattern, 1) == "-", -1, 1)
    seconds = text.re_extract(pattern, 2).try_cast("int64") * 3600 + (
        text.re_extract(pattern, 3).try_cast("int64") * 60
    )
    offset = ibis.cases((text.endswith("Z"), 0), else_=sign * seconds)
    return LocalTime(local, offset, text.notnull() & (local.isnull() | offset.isnull()))


def _required(atom: Atom, text: ir.StringValue) -> tuple[tuple[str, ir.BooleanValue], ...]:
    return ((atom.required, text.isnull()),) if atom.required else ()


Wrong = tuple[tuple[str, ir.BooleanValue], ...]


def _as_text(text: ir.StringValue, atom: Atom) -> tuple[ir.Value, Wrong]:
    return text, ()


def _as_decimal(text: ir.StringValue, atom: Atom) -> tuple[ir.Value, Wrong]:
    value = _number(text, atom).try_cast("decimal(18, 3)")
    return value, (("not_a_number", text.notnull() & value.isnull()),)


def _as_number(text: ir.StringValue, atom: Atom) -> tuple[ir.Value, Wrong]:
    value = _number(text, atom).try_cast("float64")
    bad = value.isnull() | value.isnan() | value.isinf()
    return value, (("not_a_number", text.notnull() & bad),)


def _as_integer(text: ir.StringValue, atom: Atom) -> tuple[ir.Value, Wrong]:
    value = text.try_cast("int64")
    return value, (("not_an_integer", text.notnull() & (value.isnull() | ~full_match(text, _WHOLE))),)


def _as_date(text: ir.StringValue, atom: Atom) -> tuple[ir.Value, Wrong]:
    if atom.format is not None:
        value = try_strptime(text, atom.format).date()
        known = value.notnull()
    else:
        value = text.try_cast("date")
        known = value.notnull() & full_match(text, _TIME)
    absurd = (value < EARLIEST.date()) | (value >= LATEST.date())
    return value, (("not_a_date", text.notnull() & ~known.fill_null(False)), ("absurd_date", absurd))


def _as_boolean(text: ir.StringValue, atom: Atom) -> tuple[ir.Value, Wrong]:
    low = text.lower()
    value = ibis.cases((low.isin(TRUE), True), (low.isin(FALSE), False))
    return value, (("not_a_boolean", text.notnull() & value.isnull()),)


def _number(text: ir.StringValue, atom: Atom) -> ir.StringValue:
    """`format: ","` says that the comma is the decimal mark."""
    return text.replace(",", ".") if atom.format == "," else text


_READERS = {
    "text": _as_text,
    "decimal": _as_decimal,
    "number": _as_number,
    "integer": _as_integer,
    "date": _as_date,
    "boolean": _as_boolean,
}
