"""A feed and the columns of its file go in; the queries that turn source texts into candidate rows come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from relance.customers.relations import scratch
from relance.customers.tables import Column, Table
from relance.engines.calendar import DAYS
from relance.engines.warehouse import IBIS_TYPES
from relance.ingest.atoms import Atom, LocalTime, Read, instant_read, local_time, read_atom, source_text
from relance.ingest.columns import ColumnRule, Condition, Scalar, template_columns, template_parts
from relance.ingest.mapping import Feed, TableRule

RAW = "raw"
TYPED = "typed"
CONTACTS = ("contact", "referee", "into")  # columns that hold a contact: files give the retailer's own id


@dataclass
class Shape:
    """The source columns and atoms that a feed reads from one kind of file."""

    feed: Feed
    tables: Mapping[str, Table]
    sources: list[str] = field(default_factory=list)
    atoms: list[Atom] = field(default_factory=list)

    def atom(self, atom: Atom) -> str:
        """The name under which `typed` holds an atom; one that is required anywhere is required."""
        if atom.type in ("decimal", "number") and atom.format is None:
            atom = replace(atom, format=self.feed.format.decimal)
        if atom.source not in self.sources:
            self.sources.append(atom.source)
        for place, known in enumerate(self.atoms):
            if replace(known, required=atom.required) == atom:
                self.atoms[place] = known if known.required else atom
                return f"a{place}"
        self.atoms.append(atom)
        return f"a{len(self.atoms) - 1}"


def typed(shape: Shape, days: str | None) -> ir.Table:
    """`typed`: record, one column per atom, `err` (atom × 100 + place among its reasons) where it is wrong."""
    names = {source: f"c{place}" for place, source in enumerate(shape.sources)}
    raw = ibis.table({"record": "int64", **dict.fromkeys(names.values(), "string")}, name=RAW)
    instants = [place for place, atom in enumerate(shape.atoms) if atom.type == "instant"]
    shown: dict[str, ir.Value] = {}
    for place in instants:
        shown |= _local(shape, place, raw, names)
    rows = raw.mutate(**shown)
    if days is not None:
        rows = _with_days(rows, instants, days)
    read = {place: _read(rows, shape, place, names, days) for place in range(len(shape.atoms))}
    wrong = [
        (condition, place * 100 + nth) for place, one in read.items() for nth, (_, condition) in enumerate(one.wrong)
    ]
    err = ibis.cases(*wrong) if wrong else ibis.null("int64")
    values = {f"a{place}": one.value for place, one in read.items()}
    return rows.select(record=rows["record"], err=err.cast("int64"), **values)


def reasons(shape: Shape) -> dict[int, tuple[Atom, str]]:
    """What a number in `err` means: the atom and the reason code."""
    codes: dict[int, tuple[Atom, str]] = {}
    text = ibis.table({"x": "string"}, name="any")["x"]
    for place, atom in enumerate(shape.atoms):
        if atom.type == "instant":
            day = scratch("any_day", DAYS) if shape.feed.zone else None
            wrong = instant_read(atom, text, local_time(atom, text), day).wrong
        else:
            wrong = read_atom(atom, text).wrong
        for nth, (code, _) in enumerate(wrong):
            codes[place * 100 + nth] = (atom, code)
    return codes


def _local(shape: Shape, place: int, raw: ir.Table, names: Mapping[str, str]) -> dict[str, ir.Value]:
    atom = shape.atoms[place]
    time = local_time(atom, source_text(atom, raw[names[atom.source]]))
    return {f"l{place}": time.local, f"o{place}": time.offset.cast("int64"), f"w{place}": time.wrong}


def _with_days(rows: ir.Table, instants: list[int], days: str) -> ir.Table:
    """The row of its zone's calendar beside each instant; all joined at once, for each join carries every column."""
    joined = rows
    for place in instants:
        names = {f"{name}_{place}": name for name in ("day", "since", "until")}
        day = scratch(days, DAYS).rename({**names, f"s{place}": "shift", f"i{place}": "instant"})
        local = rows[f"l{place}"]
        on = [local.date() == day[f"day_{place}"], local >= day[f"since_{place}"], local < day[f"until_{place}"]]
        joined = joined.left_join(day, on)
    return joined


def _read(rows: ir.Table, shape: Shape, place: int, names: Mapping[str, str], days: str | None) -> Read:
    atom = shape.atoms[place]
    text = source_text(atom, rows[names[atom.source]])
    if atom.type != "instant":
        return read_atom(atom, text)
    time = LocalTime(rows[f"l{place}"], rows[f"o{place}"], rows[f"w{place}"])
    day = None if days is None else {"shift": rows[f"s{place}"], "instant": rows[f"i{place}"]}
    return instant_read(atom, text, time, day)


class Builder:
    """Turns the rules of one table into expressions over `typed`."""

    def __init__(self, shape: Shape, rows: ir.Table | None) -> None:
        self.shape = shape
        self.rows = rows  # None: only to learn which atoms are needed

    def atom(self, atom: Atom) -> Any:
        name = self.shape.atom(atom)
        return ibis.table({"any": atom.ibis_type}, name="any")["any"] if self.rows is None else self.rows[name]

    def flag(self, name: str) -> Any:
        return self.condition(self.shape.feed.flags[name])

    def condition(self, said: Condition) -> Any:
        """True or false, never unknown."""
        if said.all is not None:
            return _every([self.condition(part) for part in said.all])
        if said.any is not None:
            return ~_every([~self.condition(part) for part in said.any])
        if said.none is not None:
            return _every([~self.condition(part) for part in said.none])
        if said.column in self.shape.feed.flags:
            return self.flag(said.column) == ibis.literal(_as_text(said.is_) != "false")
        return self._comparison(said)

    def _comparison(self, said: Condition) -> Any:
        column, operator = str(said.column), said.operator
        if operator in ("above", "below", "at_least", "at_most"):
            value = self.atom(Atom(column, "decimal"))
            bound = ibis.literal(getattr(said, operator)).cast("decimal(18, 3)")
            return _COMPARE[operator](value, bound).fill_null(False)
        text = self.atom(Atom(column, "text"))
        if operator == "known":
            return text.notnull() if said.known else text.isnull()
        if operator == "starts_with":
            return text.startswith(said.starts_with).fill_null(False)
        if operator == "in_":
            return text.isin([_as_text(value) for value in said.in_ or ()]).fill_null(False)
        wanted = said.is_ if operator == "is_" else said.is_not
        same = text.isnull() if wanted is None else (text == _as_text(wanted)).fill_null(False)
        return same if operator == "is_" else ~same

    def row(self, rule: ColumnRule, column: Column, required: str | None = None) -> Any:
        """The value of a column for one record."""
        kind = rule.kind
        if kind == "column" and rule.column in self.shape.feed.flags:
            return self.flag(str(rule.column))
        if kind == "column":
            return self.atom(_atom(rule, column, required))
        if kind == "times":
            return _cast(self._product(rule), column)
        if kind == "template":
            return _cast(self._template(rule, required), column)
        if kind == "choose":
            cases = [(self.condition(one.when), _literal(one.then, column)) for one in rule.choose or ()]
            return ibis.cases(*cases, else_=self._otherwise(rule, column, None))
        return _literal(rule.value, column)

    def group(self, rule: ColumnRule, column: Column, required: str | None = None) -> Any:
        """The value of a column for the records of one group."""
        kind = rule.kind
        if kind == "aggregate":
            return self._aggregate(rule, column)
        if kind == "choose":
            cases = [(self._first(self.condition(one.when)), _literal(one.then, column)) for one in rule.choose or ()]
            return ibis.cases(*cases, else_=self._otherwise(rule, column, self.group))
        if kind == "value":
            return _literal(rule.value, column)
        return self._first(self.row(rule, column, required))

    def _aggregate(self, rule: ColumnRule, column: Column) -> Any:
        assert rule.of is not None
        where = None if rule.where is None else self.flag(rule.where)
        value = self.row(rule.of, column)
        if self.rows is None:
            self._otherwise(rule, column, self.group)
            return ibis.null(IBIS_TYPES[column.type])
        found = _AGGREGATES[str(rule.aggregate)](value, where, self.rows["record"])
        if rule.otherwise is not None:
            found = ibis.coalesce(found, self._otherwise(rule, column, self.group))
        elif rule.aggregate == "sum":
            found = found.fill_null(0)
        elif rule.aggregate in ("any", "every"):
            found = found.fill_null(False)
        return _cast(found, column)

    def _first(self, value: Any) -> Any:
        return value if self.rows is None else value.first(order_by=self.rows["record"])

    def _otherwise(self, rule: ColumnRule, column: Column, grouped: Any) -> Any:
        if isinstance(rule.otherwise, ColumnRule):
            return (grouped or self.row)(rule.otherwise, column)
        if rule.otherwise is None:
            return ibis.null(IBIS_TYPES[column.type])
        if isinstance(rule.otherwise, str) and rule.otherwise in self.shape.feed.flags:
            return (grouped or self.row)(ColumnRule(column=rule.otherwise), column)
        return _literal(rule.otherwise, column)

    def _product(self, rule: ColumnRule) -> Any:
        product = self.atom(Atom((rule.times or ("",))[0], "decimal"))
        for name in (rule.times or ())[1:]:
            product = product * self.atom(Atom(name, "decimal"))
        return product.cast("decimal(38, 6)")  # as the engine multiplies; rounded once, by the column's type

    def _template(self, rule: ColumnRule, required: str | None) -> Any:
        template = str(rule.template)
        need = required or ("missing_value" if rule.required else None)
        texts = {name: self.atom(Atom(name, "text", required=need)) for name in template_columns(template)}
        joined: Any = None
        for is_column, text in template_parts(template):
            part = texts[text] if is_column else ibis.literal(text)
            joined = part if joined is None else joined.concat(part)
        return joined


def _atom(rule: ColumnRule, column: Column, required: str | None) -> Atom:
    kind = "text" if is_contact(column) else column.type
    mapped = tuple(sorted((key, _as_text(value)) for key, value in (rule.map or {}).items()))
    need = required or ("missing_value" if rule.required else None)
    return Atom(str(rule.column), kind, rule.format, mapped, _as_text(rule.default), need)


def is_contact(column: Column) -> bool:
    """A column that holds a contact, which files give by the retailer's own id."""
    return column.name in CONTACTS and column.type == "integer"


def group_key(shape: Shape, rule: TableRule, required: bool) -> Atom:
    """The source column by which records are grouped or numbered."""
    name = str(rule.one_per or rule.ordinal_within)
    return Atom(name, "text", required="missing_key" if required else None)


def _literal(value: Scalar, column: Column) -> Any:
    kind = "string" if is_contact(column) else IBIS_TYPES[column.type]
    if value is None:
        return ibis.null(kind)
    if column.type == "boolean":
        return ibis.literal(_as_text(value) == "true")
    if column.type in ("decimal",):
        return ibis.literal(Decimal(str(value))).cast(kind)
    return ibis.literal(_as_text(value)).cast(kind)


def _cast(value: Any, column: Column) -> Any:
    kind = "string" if is_contact(column) else IBIS_TYPES[column.type]
    return value if str(value.type()) == kind else value.cast(kind)


def _as_text(value: Scalar) -> str | None:
    if value is None:
        return None
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _every(parts: list[Any]) -> Any:
    found = ibis.literal(True)
    for nth, part in enumerate(parts):
        found = part if nth == 0 else found & part
    return found


_COMPARE: dict[str, Any] = {
    "above": lambda value, bound: value > bound,
    "below": lambda value, bound: value < bound,
    "at_least": lambda value, bound: value >= bound,
    "at_most": lambda value, bound: value <= bound,
}
_AGGREGATES: dict[str, Any] = {
    "min": lambda value, where, record: value.min(where=where),
    "max": lambda value, where, record: value.max(where=where),
    "sum": lambda value, where, record: value.sum(where=where),
    "any": lambda value, where, record: value.any(where=where),
    "every": lambda value, where, record: value.all(where=where),
    "first": lambda value, where, record: value.first(where=where, order_by=record),
    "last": lambda value, where, record: value.last(where=where, order_by=record),
}
