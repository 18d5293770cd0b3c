"""A mapping document goes in; a checked feed comes out: which files, which columns, which tables they fill."""

from __future__ import annotations

import fnmatch
from datetime import time
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from relance.base.documents import Document, load_document, validated
from relance.base.errors import BadDocument, NotFound
from relance.base.ids import digest
from relance.base.spans import Span, parse_span
from relance.base.zones import zone_named
from relance.customers.tables import Table
from relance.engines.spool import Format, kind_of
from relance.ingest.columns import ColumnRule, Condition, column_rule

NAME = r"^[a-z][a-z0-9_-]{0,60}$"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FormatRule(_Strict):
    """`format:` how the files are written; the kind is the one that the name says, `decimal` the mark in numbers."""

    type: Literal["csv", "jsonl", "parquet"] | None = None
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', min_length=1, max_length=1)
    encoding: Literal["utf-8", "latin-1"] = "utf-8"
    null: tuple[str, ...] = ("",)
    decimal: Literal[".", ","] = "."

    def for_file(self, name: str) -> Format:
        return Format(self.type or kind_of(name), self.delimiter, self.quote, self.encoding, self.null)


class PeriodRule(_Strict):
    """`period:` what a file speaks of: read in its name with strptime, or the last instant of a column."""

    from_name: str | None = None
    column: str | None = None

    @model_validator(mode="after")
    def _one(self) -> PeriodRule:
        if (self.from_name is None) == (self.column is None):
            raise ValueError("say either from_name or column")
        return self


class AvailableRule(_Strict):
    """`available:` when a fact of the past could be known: the next local day at a time, or so long after."""

    next_day: str | None = None
    after: str | None = None

    @model_validator(mode="after")
    def _one(self) -> AvailableRule:
        if (self.next_day is None) == (self.after is None):
            raise ValueError("say either next_day or after")
        if self.next_day is not None:
            time.fromisoformat(self.next_day)
        if self.after is not None:
            _span(self.after)
        return self


class TableRule(_Strict):
    """One table that the file fills, column by column."""

    one_per: str | None = None
    ordinal_within: str | None = None
    columns: dict[str, ColumnRule] = Field(min_length=1)

    @field_validator("columns", mode="before")
    @classmethod
    def _rules(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            raise ValueError("columns are `column: source`")
        return {name: column_rule(said) for name, said in value.items()}


class Feed(_Strict):
    """A mapping document."""

    feed: str = Field(pattern=NAME)
    files: str
    format: FormatRule = FormatRule()
    period: PeriodRule | None = None
    period_length: str = "1d"
    available: AvailableRule | None = None
    completes: bool = False
    zone: str | None = None
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    full: bool = False
    delete_when: Condition | None = None
    flags: dict[str, Condition] = Field(default_factory=dict)
    tables: dict[str, TableRule] = Field(min_length=1)

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str | None) -> str | None:
        if value is not None:
            _said(lambda: zone_named(value))
        return value

    @field_validator("period_length")
    @classmethod
    def _length(cls, value: str) -> str:
        _span(value)
        return value

    @property
    def grain(self) -> str:
        """The table by which records are counted: the last one."""
        return list(self.tables)[-1]

    @property
    def fingerprint(self) -> str:
        """Changes whenever the document says something else."""
        return digest(self.model_dump_json())

    def takes(self, name: str) -> bool:
        """Whether a file of this name is one of this feed."""
        return any(fnmatch.fnmatchcase(bare, self.files) for bare in (name, name.removesuffix(".gz")))


def load_feeds(definitions: Path, tables: dict[str, Table]) -> dict[str, Feed]:
    """Every mapping document under `definitions/feeds`, by feed; BadDocument names file and line."""
    feeds: dict[str, Feed] = {}
    for path in sorted((definitions / "feeds").glob("*.yaml")):
        feed = read_feed(load_document(path), tables)
        if feed.feed in feeds:
            raise BadDocument(f"the feed “{feed.feed}” is declared twice", source=path.name)
        feeds[feed.feed] = feed
    return feeds


def read_feed(document: Document, tables: dict[str, Table]) -> Feed:
    """One mapping document, checked against the tables that exist."""
    feed = validated(Feed, document)
    for name, rule in feed.tables.items():
        _check_table(document, tables, name, rule, feed)
    return feed


def feed_of(feeds: dict[str, Feed], name: str) -> Feed:
    """The one feed that takes a file of that name; NotFound or BadDocument in one sentence."""
    taking = [feed for feed in feeds.values() if feed.takes(name)]
    if not taking:
        known = ", ".join(sorted(feed.files for feed in feeds.values())) or "none"
        raise NotFound(f"no feed takes a file named “{name}”; the feeds take: {known}")
    if len(taking) > 1:
        raise BadDocument(f"“{name}” is taken by the feeds {taking[0].feed} and {taking[1].feed}; change `files`")
    return taking[0]


def _check_table(document: Document, tables: dict[str, Table], name: str, rule: TableRule, feed: Feed) -> None:
    table = tables.get(name)
    place: tuple[str, ...] = ("tables", name)
    if table is None:
        raise document.error(f"there is no table “{name}”; there are {', '.join(sorted(tables))}", place)
    known = {column.name for column in table.columns}
    for column, said in rule.columns.items():
        if column not in known:
            raise document.error(
                f"table “{name}” has no column “{column}”; it has {', '.join(sorted(known))}",
                (*place, "columns", column),
            )
        for flag in said.flags():
            if flag not in feed.flags:
                raise document.error(f"there is no flag “{flag}”", (*place, "columns", column))
        if said.grouped() and rule.one_per is None:
            raise document.error("min, max, sum and the like need one_per", (*place, "columns", column))
    _check_key(document, table, rule, place)


def _check_key(document: Document, table: Table, rule: TableRule, place: tuple[str, ...]) -> None:
    given = set(rule.columns) | DERIVED_KEYS.get(table.name, set())
    if rule.ordinal_within is not None:
        given |= set(table.key)
    missing = [column for column in table.key if column not in given]
    if table.name == "contacts":
        missing = [] if "own_id" in rule.columns else ["own_id"]
    if missing:
        raise document.error(f"the key of “{table.name}” needs “{missing[0]}”", place)


# Keys that are worked out where the document does not give them.
DERIVED_KEYS = {"identities": {"value_hash"}, "consent_acts": {"act_id"}, "product_prices": {"currency"}}
DERIVED_KEYS["product_stock"] = {"store"}


def _span(text: str) -> Span:
    found: Span = _said(lambda: parse_span(text))
    return found


def _said(call: Any) -> Any:
    try:
        return call()
    except BadDocument as error:
        raise ValueError(str(error)) from None
