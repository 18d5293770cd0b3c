"""Parts of a criteria document come in, typed go out: values, comparisons, windows, conditions on rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    StrictBool,
    StrictInt,
    StringConstraints,
    Tag,
    WithJsonSchema,
    model_validator,
)

from relance.base.errors import BadDocument
from relance.base.spans import parse_span

LONGEST = 36_600  # days
UNSET: Any = None  # what is not written is not in `model_fields_set`

Scalar: TypeAlias = bool | int | float | Decimal | str | date | datetime


def _value(found: Any) -> Scalar:
    if isinstance(found, (list, tuple, set)):
        raise ValueError("takes one value; for several write “in” or “not_in”")
    if isinstance(found, (float, Decimal)) and not math.isfinite(found):
        raise ValueError("should be a number that has an end")
    if isinstance(found, datetime) and found.tzinfo is None:
        raise ValueError(f"has no offset: write {found.isoformat()}Z or {found.isoformat()}-05:00")
    if isinstance(found, (bool, int, float, Decimal, str, date)):
        return found
    raise ValueError("should be a text, a number, a date, an instant, true or false")


def _span(text: str) -> str:
    try:
        span = parse_span(text)
    except BadDocument as error:
        raise ValueError(str(error)) from None
    if span.days > LONGEST:
        raise ValueError(f"“{text}” is longer than a hundred years")
    return text


def _some_time(text: str) -> str:
    span = parse_span(_span(text))
    if not span.days and not span.elapsed:
        raise ValueError("should be longer than nothing, like 90d or 48h")
    return text


_ANY_VALUE = WithJsonSchema({"type": ["string", "number", "boolean"]})
Value: TypeAlias = Annotated[Scalar, PlainValidator(_value), _ANY_VALUE]
Values: TypeAlias = Annotated[tuple[Value, ...], Field(min_length=1, max_length=10_000)]
Whole: TypeAlias = Annotated[StrictInt, Field(ge=0, le=2**53)]
Length: TypeAlias = Annotated[str, AfterValidator(_span)]
SomeTime: TypeAlias = Annotated[str, AfterValidator(_some_time)]
TableName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=80)]
ColumnName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$", max_length=160)]
Name: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=120)]
Currency: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Class: TypeAlias = Annotated[StrictInt, Field(ge=1, le=5)]
Classes: TypeAlias = Annotated[tuple[Class, ...], Field(min_length=1, max_length=5)]


class Node(BaseModel):
    """One question or a combination of questions; a field nobody knows is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


class Window(Node):
    """`{last: 90d}`, `{since: fact}` (strictly after it), `{since: start_of_fact_day}`; one of them."""

    last: SomeTime | None = None
    since: Literal["fact", "start_of_fact_day"] | None = None

    @model_validator(mode="after")
    def _one(self) -> Window:
        if (self.last is None) == (self.since is None):
            raise ValueError("a window says either “last” or “since”")
        return self


class Comparing(Node):
    """A node that compares what it sees; every comparison that is written must hold."""

    OPERATORS: ClassVar[Mapping[str, str]] = {}  # field: the word in the document
    COMPARED: ClassVar[bool] = True

    @property
    def comparisons(self) -> tuple[tuple[str, Any], ...]:
        """(operator, value) in the order of the list of operators."""
        return tuple(
            (word, getattr(self, field)) for field, word in self.OPERATORS.items() if field in self.model_fields_set
        )

    @model_validator(mode="after")
    def _compared(self) -> Comparing:
        if self.COMPARED and not self.comparisons:
            raise ValueError(f"nothing is compared; add one of {', '.join(self.OPERATORS.values())}")
        return self


class ByValue(Comparing):
    """Every comparison that a single value allows."""

    OPERATORS = {
        "is_": "is",
        "is_not": "is_not",
        "in_": "in",
        "not_in": "not_in",
        "above": "above",
        "below": "below",
        "at_least": "at_least",
        "at_most": "at_most",
        "starts_with": "starts_with",
        "known": "known",
    }
    is_: Value = Field(default=UNSET, alias="is")
    is_not: Value = Field(default=UNSET)
    in_: Values = Field(default=(), alias="in")
    not_in: Values = Field(default=())
    above: Value = Field(default=UNSET)
    below: Value = Field(default=UNSET)
    at_least: Value = Field(default=UNSET)
    at_most: Value = Field(default=UNSET)
    starts_with: Name = Field(default="")
    known: StrictBool = Field(default=True)


class ColumnTest(ByValue):
    """`{column: amount, above: 50}`: a condition on one row of a table."""

    column: TableName


class AllRows(Node):
    """Every condition holds for the row."""

    all: Annotated[tuple[RowCriteria, ...], Field(min_length=1)]


class AnyRow(Node):
    """At least one condition holds for the row."""

    any: Annotated[tuple[RowCriteria, ...], Field(min_length=1)]


class NoRow(Node):
    """No condition holds for the row."""

    none: Annotated[tuple[RowCriteria, ...], Field(min_length=1)]


def _row_kind(data: Any) -> str | None:
    if isinstance(data, str):
        return "<name>"
    return kind_among(data, ROW_NODES)


def kind_among(data: Any, nodes: Mapping[str, type[Node]]) -> str | None:
    if isinstance(data, Mapping):
        return next((f"<{key}>" for key in nodes if key in data), None)
    return next((f"<{key}>" for key, model in nodes.items() if type(data) is model), None)


RowCriteria: TypeAlias = Annotated[
    Annotated[Name, Tag("<name>")]
    | Annotated[ColumnTest, Tag("<column>")]
    | Annotated[AllRows, Tag("<all>")]
    | Annotated[AnyRow, Tag("<any>")]
    | Annotated[NoRow, Tag("<none>")],
    Discriminator(_row_kind),
]

# The key that tells what a row condition is; one line per kind.
ROW_NODES: dict[str, type[Node]] = {"column": ColumnTest, "all": AllRows, "any": AnyRow, "none": NoRow}
for _model in ROW_NODES.values():
    _model.model_rebuild()


def parts_of(where: RowCriteria) -> tuple[RowCriteria, ...]:
    """What a combination of row conditions combines; nothing for a single one."""
    if isinstance(where, AllRows):
        return where.all
    if isinstance(where, AnyRow):
        return where.any
    return where.none if isinstance(where, NoRow) else ()
