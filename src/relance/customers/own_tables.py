"""The retailer's own tables and columns, declared by documents, join the star."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from relance.base.documents import Document, load_document, validated
from relance.base.errors import BadDocument
from relance.customers.schema import HOUSE_TABLES, PAST, VAULT
from relance.customers.star import STAR
from relance.customers.tables import BOOKKEEPING, SUPERSEDED, Column, ColumnType, Table

NAME = r"^[a-z][a-z0-9_]{0,60}$"


class _Column(BaseModel):
    model_config = ConfigDict(extra="forbid")
    type: ColumnType
    personal: bool = False
    unit: str | None = None
    about: str = ""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid")
    table: str = Field(pattern=NAME)
    grain: str = ""
    key: str | list[str] | None = None
    contact: bool = False
    happened: str | None = None
    conditions: dict[str, str] = Field(default_factory=dict)
    columns: dict[str, _Column] = Field(min_length=1)

    @field_validator("columns", mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {name: {"type": said} if isinstance(said, str) else said for name, said in value.items()}


def load_tables(folder: Path) -> dict[str, Table]:
    """The star with what the documents of a folder add to it, by name. BadDocument names file and line."""
    tables = dict(STAR)
    for path in sorted(folder.glob("*.yaml")):
        document = load_document(path)
        said = validated(_Table, document)
        _check_names(document, said)
        known = tables.get(said.table)
        tables[said.table] = _extended(document, said, known) if known else _declared(document, said)
    return tables


def _check_names(document: Document, said: _Table) -> None:
    ours = {column.name for column in (*BOOKKEEPING, SUPERSEDED)}
    for name in said.columns:
        if name in ours or not name.isidentifier() or name != name.lower() or len(name) > 60:
            raise document.error(f"a column cannot be named “{name}”", ("columns", name))
    if said.table in HOUSE_TABLES or said.table.endswith((PAST, VAULT)):
        raise document.error(f"a table cannot be named “{said.table}”", ("table",))


def _columns(said: _Table) -> tuple[Column, ...]:
    return tuple(Column(name, each.type, each.personal, each.unit, each.about) for name, each in said.columns.items())


def _extended(document: Document, said: _Table, known: Table) -> Table:
    if said.key is not None or said.happened is not None:
        raise document.error(f"“{said.table}” exists; a document may only add columns to it", ("table",))
    for name in said.columns:
        if known.column(name) is not None:
            raise document.error(f"“{said.table}” has a column “{name}” already", ("columns", name))
    return replace(known, columns=(*known.columns, *_columns(said)))


def _declared(document: Document, said: _Table) -> Table:
    key = tuple([said.key] if isinstance(said.key, str) else said.key or ())
    columns = _columns(said)
    if said.contact and "contact" not in said.columns:
        columns = (*columns, Column("contact", "integer"))
    if said.happened is not None and said.happened not in said.columns:
        columns = (*columns, Column(said.happened, "instant"))
    named = {column.name: column for column in columns}
    for name in key:
        if name not in named or named[name].personal:
            raise document.error(f"the key “{name}” must be a column that is not personal", ("key",))
    if not key:
        raise document.error(f"table “{said.table}” needs a key", ("table",))
    _check_roles(document, said, named)
    return Table(said.table, said.grain, key, columns, said.happened, said.contact, None, said.conditions, True)


def _check_roles(document: Document, said: _Table, named: dict[str, Column]) -> None:
    if said.happened is not None and _type(named, said.happened) != "instant":
        raise document.error(f"happened “{said.happened}” must be an instant column", ("happened",))
    for condition, column in said.conditions.items():
        if _type(named, column) != "boolean":
            raise document.error(f"the condition “{condition}” must name a boolean column", ("conditions", condition))
    if "contact" in said.columns and said.columns["contact"].type != "integer":
        raise document.error("the column contact holds a contact and is an integer", ("columns", "contact"))


def _type(named: dict[str, Column], name: str) -> str | None:
    column = named.get(name)
    if column is None or column.personal:
        return None
    return column.type


def table_named(tables: dict[str, Table], name: str) -> Table:
    """The table, or BadDocument naming those that exist."""
    if name not in tables:
        raise BadDocument(f"there is no table “{name}”; there are {', '.join(sorted(tables))}")
    return tables[name]
