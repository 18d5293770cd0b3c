"""How a table of the star is declared: its grain, key, columns, and which of its values are personal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

ColumnType = Literal["text", "integer", "decimal", "number", "date", "instant", "boolean"]
# decimal is decimal(18,3); instant is UTC without offset; number is a double.


@dataclass(frozen=True)
class Column:
    """One value of a row. A personal one lives in the table's vault."""

    name: str
    type: ColumnType
    personal: bool = False
    unit: str | None = None
    about: str = ""


@dataclass(frozen=True)
class Table:
    """A table of the star.

    key: columns that name a row; `happened`: the instant column that says when the fact took place (None for
    a table that describes; its rows hold from when they are known). `contact` tells whether rows belong to a
    contact. `owner`: the table whose newest file owns all rows of this one, by the column named like its key.
    `conditions`: named row conditions, each a boolean column.
    """

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    happened: str | None = None
    contact: bool = False
    owner: str | None = None
    conditions: dict[str, str] = field(default_factory=dict)
    own: bool = False  # added by the retailer

    def column(self, name: str) -> Column | None:
        """The column of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)

    @property
    def open_columns(self) -> tuple[Column, ...]:
        """Columns that are not personal, the key included."""
        return tuple(column for column in self.columns if not column.personal)

    @property
    def vault_columns(self) -> tuple[Column, ...]:
        """The key and the personal columns; empty where nothing is personal."""
        personal = tuple(column for column in self.columns if column.personal)
        keys = tuple(column for column in self.columns if column.name in self.key)
        return (*keys, *personal) if personal else ()


# Columns that every stored version of a row carries besides its own.
BOOKKEEPING = (
    Column("known_at", "instant", about="when this version became known"),
    Column("period", "instant", about="what the file that brought it speaks of; the newest owns the row"),
    Column("source", "integer", about="the import that brought it; 0 where a turn wrote it"),
)
SUPERSEDED = Column("superseded_at", "instant", about="when a newer version became known")
