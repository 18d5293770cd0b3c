"""A feed goes in; the compiled queries of its import come out, to be run for every file of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
from pydantic import TypeAdapter

from relance.base.errors import BadFile
from relance.customers.relations import scratch
from relance.customers.tables import Column, Table
from relance.engines.warehouse import IBIS_TYPES
from relance.ingest.atoms import Atom
from relance.ingest.columns import ColumnRule
from relance.ingest.derived import DERIVED
from relance.ingest.expressions import TYPED, Builder, Shape, group_key, is_contact, reasons, typed
from relance.ingest.mapping import Feed, TableRule

CLOCK = {"known_at": "instant", "period": "instant", "source": "integer", "secret": "text"}
IDS = {"own": "text", "contact": "integer", "erased": "boolean"}
OPTIONAL_KEYS = {"store", "currency"}  # empty means: the whole shop, the feed's own currency
BESIDE = {"record": "integer", "records": "integer", "reference": "instant", "gone": "boolean"}


@dataclass(frozen=True)
class TableQueries:
    """How one table's candidates are made: texts of queries, and which columns the document speaks of."""

    name: str
    first: str  # candidates as the document says, contacts by the retailer's own id
    second: str  # the same with surrogates, what the owner gives and what is worked out
    mapped: tuple[str, ...]
    columns: tuple[str, ...]  # all columns of `second`
    contacts: tuple[str, ...]  # columns of `first` that hold the retailer's own ids


@dataclass(frozen=True)
class Queries:
    """All that is compiled for a feed: it can be kept as text, and needs no expression to be read again."""

    sources: tuple[str, ...]
    typed: str
    reasons: Mapping[int, tuple[Atom, str]]
    tables: tuple[TableQueries, ...]
    own_atoms: tuple[str, ...]  # columns of `typed` that hold own ids of contacts
    period_atom: str | None  # the column of `typed` that says what the file speaks of


@dataclass(frozen=True)
class TablePlan:
    """One table that a feed fills: its rules, and its queries."""

    table: Table
    rule: TableRule
    made: TableQueries

    @property
    def open(self) -> tuple[str, ...]:
        """Mapped columns that are not personal."""
        return tuple(name for name in self.mapped if not _column(self.table, name).personal)

    @property
    def personal(self) -> tuple[str, ...]:
        """Mapped columns that are personal."""
        return tuple(name for name in self.mapped if _column(self.table, name).personal)

    @property
    def mapped(self) -> tuple[str, ...]:
        return self.made.mapped

    @property
    def one(self) -> str:
        """The scratch table of what `first` asks for."""
        return _given(self.table, self.made.contacts)

    @property
    def two(self) -> str:
        """The scratch table of what `second` asks for."""
        return "cand_" + self.table.name


@dataclass(frozen=True)
class Plan:
    """The queries of one feed for files of one shape."""

    feed: Feed
    made: Queries
    tables: tuple[TablePlan, ...]


_KEPT = TypeAdapter(Queries)


def kept(queries: Queries) -> str:
    """As text, from which `plan_from` makes the plan again."""
    return _KEPT.dump_json(queries).decode()


def plan_from(text: str, feed: Feed, tables: Mapping[str, Table]) -> Plan:
    """The plan of a feed whose queries were kept as text."""
    made = _KEPT.validate_json(text)
    return Plan(feed, made, tuple(TablePlan(tables[each.name], feed.tables[each.name], each) for each in made.tables))


def shape_of(feed: Feed, tables: Mapping[str, Table]) -> Shape:
    """The source columns and atoms that a feed needs, found by walking its rules once."""
    shape = Shape(feed, tables)
    for name, rule in feed.tables.items():
        _stage(shape, None, tables[name], rule)
    if feed.delete_when is not None:
        Builder(shape, None).condition(feed.delete_when)
    if feed.period is not None and feed.period.column is not None:
        shape.atom(Atom(feed.period.column, "instant"))
    return shape


def compile_queries(
    feed: Feed, tables: Mapping[str, Table], days: str | None, compiler: Callable[[ir.Table], str]
) -> Queries:
    """Compiles the queries of a feed. `days`: the scratch table of its zone's local days, if it has a zone."""
    shape = shape_of(feed, tables)
    kinds = {f"a{place}": atom.ibis_type for place, atom in enumerate(shape.atoms)}
    rows = ibis.table({"record": "int64", "err": "int64", **kinds}, name=TYPED)
    good = rows.filter(rows["err"].isnull())
    made = [_table_queries(shape, good, tables[name], rule, compiler) for name, rule in feed.tables.items()]
    text = compiler(typed(shape, days))
    period = feed.period.column if feed.period else None
    period_atom = shape.atom(Atom(period, "instant")) if period else None
    return Queries(tuple(shape.sources), text, reasons(shape), tuple(made), _own_atoms(shape), period_atom)


def check_columns(plan: Plan, names: tuple[str, ...] | None, file: str) -> None:
    """BadFile where the header lacks a mapped column, or has it twice."""
    if names is None:
        return
    missing = [source for source in plan.made.sources if source not in names]
    if missing:
        raise BadFile(f"{file} has no column “{missing[0]}”; nothing of it was taken (it has {', '.join(names)})")
    twice = [source for source in plan.made.sources if names.count(source) > 1]
    if twice:
        raise BadFile(f"{file} has the column “{twice[0]}” twice; nothing of it was taken")


def _own_atoms(shape: Shape) -> tuple[str, ...]:
    """Where the own ids of contacts stand, record by record."""
    found = []
    for name, rule in shape.feed.tables.items():
        for column, said in rule.columns.items():
            if said.kind == "column" and (column == "own_id" or _is_contact(shape.tables[name], column)):
                found += [f"a{at}" for at, atom in enumerate(shape.atoms) if atom.source == said.column]
    return tuple(dict.fromkeys(found))


def _table_queries(
    shape: Shape, good: ir.Table, table: Table, rule: TableRule, compiler: Callable[[ir.Table], str]
) -> TableQueries:
    first = _stage(shape, good, table, rule)
    assert first is not None
    contacts = tuple(name for name in first.columns if name == "own_id" or _is_contact(table, name))
    given = ibis.table(first.schema(), name=_given(table, contacts))
    second, mapped = _second(shape, table, rule, given)
    return TableQueries(table.name, compiler(first), compiler(second), mapped, tuple(second.columns), contacts)


def _given(table: Table, contacts: tuple[str, ...]) -> str:
    """What is kept and what is only looked at have two names: an engine holds no table and view of one name."""
    return ("given_" if contacts else "seen_") + table.name


def _is_contact(table: Table, name: str) -> bool:
    column = table.column(name)
    return column is not None and is_contact(column)


def _stage(shape: Shape, rows: ir.Table | None, table: Table, rule: TableRule) -> Any:
    """Candidates as the document says them; only learns the atoms where there are no rows."""
    grain = table.name == shape.feed.grain
    if rows is not None and shape.feed.delete_when is not None and (not grain or rule.ordinal_within):
        rows = rows.filter(~Builder(shape, rows).condition(shape.feed.delete_when))
    key = group_key(shape, rule, grain or rule.ordinal_within is not None) if _by(rule) else None
    if rows is not None and key is not None and not rule.ordinal_within:
        rows = rows.filter(rows[shape.atom(key)].notnull())
    builder = Builder(shape, rows)
    group = builder.atom(key) if key else None
    make = builder.group if rule.one_per else builder.row
    values = {
        name: make(said, _column(table, name), _required(table, rule, name, grain))
        for name, said in rule.columns.items()
    }
    if rule.one_per and key:
        values = {name: _grouped_by(rule, name, group, value) for name, value in values.items()}
    gone = builder.condition(shape.feed.delete_when) if grain and shape.feed.delete_when else None
    reference = _reference(builder, shape)
    if rows is None:
        return None
    if rule.one_per:
        return _by_group(rows, group, values, reference, gone)
    if rule.ordinal_within:
        values = {**_ordinal(table, rows, group), **values}
    beside = _beside(reference, gone)
    return rows.select(**values, record=rows["record"], records=ibis.literal(1).cast("int64"), **beside)


def _by(rule: TableRule) -> str | None:
    return rule.one_per or rule.ordinal_within


def _grouped_by(rule: TableRule, name: str, group: Any, value: Any) -> Any:
    """The column by which records are grouped is the same in all of them."""
    said = rule.columns[name]
    return group if said == ColumnRule(column=rule.one_per) and str(value.type()) == "string" else value


def _by_group(rows: ir.Table, group: Any, values: dict[str, Any], reference: Any, gone: Any) -> ir.Table:
    plain = {name: value for name, value in values.items() if value is not group}
    beside: dict[str, Any] = {"record": rows["record"].max(), "records": rows.count()}
    if reference is not None:
        beside["reference"] = reference.min()
    if gone is not None:
        beside["gone"] = gone.last(order_by=rows["record"])
    constant = {name: value for name, value in plain.items() if not _aggregates(value)}
    made = rows.group_by(of_group=group).aggregate(
        **{name: value for name, value in plain.items() if name not in constant}, **beside
    )
    same = {name: made["of_group"] for name, value in values.items() if value is group}
    return made.mutate(**constant, **same).drop("of_group")


def _aggregates(value: Any) -> bool:
    return isinstance(value, ir.Scalar) and bool(value.op().find(ibis.expr.operations.Reduction))


def _ordinal(table: Table, rows: ir.Table, group: Any) -> dict[str, Any]:
    number = ibis.row_number().over(group_by=group, order_by=rows["record"]) + 1
    return {table.key[0]: group.concat("/").concat(number.cast("string"))}


def _beside(reference: Any, gone: Any) -> dict[str, Any]:
    beside = {"reference": reference, "gone": gone}
    return {name: value for name, value in beside.items() if value is not None}


def _reference(builder: Builder, shape: Shape) -> Any:
    """The instant of a record's fact: that of the grain, else of its owner, else of any table of the feed."""
    grain = shape.tables[shape.feed.grain]
    order = [grain.name, *([grain.owner] if grain.owner else []), *reversed(shape.feed.tables)]
    for name in order:
        table, rule = shape.tables[name], shape.feed.tables.get(name)
        said = rule.columns.get(table.happened) if rule and table.happened else None
        while said is not None and said.of is not None:
            said = said.of
        if said is not None and table.happened is not None:
            return builder.row(said, _column(table, table.happened))
    return None


def _required(table: Table, rule: TableRule, name: str, grain: bool) -> str | None:
    """Keys may not be empty, save where an empty one has a meaning."""
    if rule.one_per and not grain:
        return None
    keys = ("own_id",) if table.name == "contacts" else table.key
    if table.name == "consent_acts":
        keys = (*keys, "contact", "act", "happened_at", "channel", "purpose")
    return "missing_key" if name in keys and name not in OPTIONAL_KEYS else None


def _column(table: Table, name: str) -> Column:
    column = table.column(name)
    assert column is not None  # the document was checked against the table
    return column


def _second(shape: Shape, table: Table, rule: TableRule, given: ir.Table) -> tuple[ir.Table, tuple[str, ...]]:
    """Surrogates for own ids, what the owner gives, what is worked out, and when it is known."""
    clock = scratch("import_clock", CLOCK)
    rows = _with_surrogates(table, given)
    rows = _with_owner(shape, table, rule, rows)
    currency = table.column("currency")
    if currency is not None and shape.feed.currency is not None:
        if "currency" not in rows.columns:
            rows = rows.mutate(currency=ibis.literal(shape.feed.currency))
        else:
            rows = rows.mutate(currency=rows["currency"].fill_null(shape.feed.currency))
    derive = DERIVED.get(table.name)
    if derive is not None:
        rows = derive(rows, shape.feed.zone or "UTC")
    rows = rows.cross_join(clock.select("known_at"))
    names = {column.name for column in table.columns}
    mapped = tuple(name for name in rows.columns if name in names and name not in table.key)
    return rows, mapped


def _with_surrogates(table: Table, rows: ir.Table) -> ir.Table:
    """Contact columns hold the retailer's own ids; the first is the contact to whom the row belongs."""
    if table.name == "contacts":
        ids = scratch("ids", IDS)
        joined = rows.left_join(ids, rows["own_id"] == ids["own"])
        return joined.select(*[rows[name] for name in rows.columns], ids["contact"], ids["erased"])
    for name in [name for name in rows.columns if _is_contact(table, name)]:
        ids = scratch("ids", IDS).view()
        joined = rows.left_join(ids, rows[name] == ids["own"])
        kept = [rows[other] for other in rows.columns if other not in (name, "erased")]
        before = rows["erased"] if "erased" in rows.columns else ibis.literal(False)
        rows = joined.select(*kept, ids["contact"].name(name), erased=before | ids["erased"].fill_null(False))
    return rows


def _with_owner(shape: Shape, table: Table, rule: TableRule, rows: ir.Table) -> ir.Table:
    """Contact and instant come from the owner: of the same file, else as it is stored."""
    if table.owner is None:
        return rows
    owner = shape.tables[table.owner]
    wanted = {
        name: source
        for name, source in (("contact", "contact"), (table.happened, owner.happened))
        if name and source and name not in rows.columns and table.column(name) and (name == "contact" or name == source)
    }
    if not wanted:
        return rows
    here = table.owner in shape.feed.tables
    name = ("cand_" if here else "") + owner.name
    key = owner.key[0]
    columns = {
        key: IBIS_TYPES["text"],
        **{source: IBIS_TYPES[_column(owner, source).type] for source in wanted.values()},
    }
    if here:
        given = set(shape.feed.tables[owner.name].columns)
        wanted = {name: source for name, source in wanted.items() if source in given}
        columns = {column: kind for column, kind in columns.items() if column == key or column in given}
    one = ibis.table(columns, name=name)
    joined = rows.left_join(one, rows[key] == one[key], rname="owner_{name}")
    return joined.select(
        *[rows[column] for column in rows.columns], **{name: one[source] for name, source in wanted.items()}
    )
