"""A criteria document comes in, a typed tree goes out: who is meant, said without naming a query."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
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
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from relance.audiences.refusals import check_size, refusal
from relance.base.errors import BadDocument
from relance.base.spans import parse_span

LONGEST = 36_600  # days
_UNSET: Any = None  # what is not written is not in `model_fields_set`

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
    is_: Value = Field(default=_UNSET, alias="is")
    is_not: Value = Field(default=_UNSET)
    in_: Values = Field(default=(), alias="in")
    not_in: Values = Field(default=())
    above: Value = Field(default=_UNSET)
    below: Value = Field(default=_UNSET)
    at_least: Value = Field(default=_UNSET)
    at_most: Value = Field(default=_UNSET)
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
    return _kind_among(data, ROW_NODES)


def _kind(data: Any) -> str | None:
    return _kind_among(data, NODES)


def _kind_among(data: Any, nodes: Mapping[str, type[Node]]) -> str | None:
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


class AllOf(Node):
    """Every question is answered yes."""

    all: Annotated[tuple[Criteria, ...], Field(min_length=1)]


class AnyOf(Node):
    """At least one question is answered yes."""

    any: Annotated[tuple[Criteria, ...], Field(min_length=1)]


class NoneOf(Node):
    """No question is answered yes."""

    none: Annotated[tuple[Criteria, ...], Field(min_length=1)]


class Attribute(ByValue):
    """`{attribute: contacts.kind, is: individual}`: a column of a table with one row per contact."""

    attribute: ColumnName


class Count(Comparing):
    """`{count: orders, where: valid, window: {last: 90d}, at_least: 2}`; none found is 0."""

    OPERATORS = {
        "is_": "is",
        "above": "above",
        "below": "below",
        "at_least": "at_least",
        "at_most": "at_most",
    }
    count: TableName
    where: RowCriteria | None = None
    window: Window | None = None
    is_: Whole = Field(default=0, alias="is")
    above: Whole = Field(default=0)
    below: Whole = Field(default=0)
    at_least: Whole = Field(default=0)
    at_most: Whole = Field(default=0)


class Amount(Comparing):
    """What sum, min, max and average share; of nothing a sum is 0 and the others are unknown."""

    OPERATORS = Count.OPERATORS
    MEASURE: ClassVar[str] = ""
    currency: Currency | None = None
    where: RowCriteria | None = None
    window: Window | None = None
    is_: Value = Field(default=_UNSET, alias="is")
    above: Value = Field(default=_UNSET)
    below: Value = Field(default=_UNSET)
    at_least: Value = Field(default=_UNSET)
    at_most: Value = Field(default=_UNSET)

    @property
    def target(self) -> str:
        """`table.column`."""
        return str(getattr(self, self.MEASURE))


class Sum(Amount):
    """`{sum: refunds.amount, currency: CAD, above: "50.00"}`."""

    MEASURE = "sum"
    sum: ColumnName


class Min(Amount):
    """The smallest value."""

    MEASURE = "min"
    min: ColumnName


class Max(Amount):
    """The largest value."""

    MEASURE = "max"
    max: ColumnName


class Average(Amount):
    """The mean; compared exactly, without rounding."""

    MEASURE = "average"
    average: ColumnName


class Extreme(Comparing):
    """What first and last share. `older_than: 90d`: at or before then; `within: 90d`: after then."""

    OPERATORS = {
        "older_than": "older_than",
        "within": "within",
        "is_": "is",
        "above": "above",
        "below": "below",
        "at_least": "at_least",
        "at_most": "at_most",
    }
    MEASURE: ClassVar[str] = ""
    where: RowCriteria | None = None
    older_than: Length = Field(default="")
    within: SomeTime = Field(default="")
    is_: Value = Field(default=_UNSET, alias="is")
    above: Value = Field(default=_UNSET)
    below: Value = Field(default=_UNSET)
    at_least: Value = Field(default=_UNSET)
    at_most: Value = Field(default=_UNSET)

    @property
    def target(self) -> str:
        """`table.column`."""
        return str(getattr(self, self.MEASURE))


class First(Extreme):
    """`{first: orders.placed_at, where: valid, older_than: 365d}`."""

    MEASURE = "first"
    first: ColumnName


class Last(Extreme):
    """`{last: orders.placed_at, where: valid, within: 90d}`."""

    MEASURE = "last"
    last: ColumnName


class Holds(Node):
    """`{holds: {category: books}}`: a line of an order has such a product, as known then."""

    holds: Annotated[dict[TableName, Value | Values], Field(min_length=1, max_length=20)]
    where: RowCriteria | None = None
    window: Window | None = None


class InSegment(Node):
    """`{segment: loyal}`: is in that segment; out of it by `none`."""

    segment: Name


class RfmClasses(Node):
    """Classes 1 to 5 of recency (1 = most recent), frequency and money; all that are named must match."""

    r: Classes | None = None
    f: Classes | None = None
    m: Classes | None = None
    currency: Currency | None = None

    @model_validator(mode="after")
    def _some(self) -> RfmClasses:
        if not (self.r or self.f or self.m):
            raise ValueError("no class is named; add one of r, f, m, like r: [1, 2]")
        return self


class InRfm(Node):
    """`{rfm: {r: [1], f: [4, 5]}}`; who never ordered is in no class."""

    rfm: RfmClasses


Criteria: TypeAlias = Annotated[
    Annotated[AllOf, Tag("<all>")]
    | Annotated[AnyOf, Tag("<any>")]
    | Annotated[NoneOf, Tag("<none>")]
    | Annotated[Attribute, Tag("<attribute>")]
    | Annotated[Count, Tag("<count>")]
    | Annotated[Sum, Tag("<sum>")]
    | Annotated[Min, Tag("<min>")]
    | Annotated[Max, Tag("<max>")]
    | Annotated[Average, Tag("<average>")]
    | Annotated[First, Tag("<first>")]
    | Annotated[Last, Tag("<last>")]
    | Annotated[Holds, Tag("<holds>")]
    | Annotated[InSegment, Tag("<segment>")]
    | Annotated[InRfm, Tag("<rfm>")],
    Discriminator(_kind),
]

# The key that tells what a node is; one line per kind of node.
NODES: dict[str, type[Node]] = {
    "all": AllOf,
    "any": AnyOf,
    "none": NoneOf,
    "attribute": Attribute,
    "count": Count,
    "sum": Sum,
    "min": Min,
    "max": Max,
    "average": Average,
    "first": First,
    "last": Last,
    "holds": Holds,
    "segment": InSegment,
    "rfm": InRfm,
}
ROW_NODES: dict[str, type[Node]] = {"column": ColumnTest, "all": AllRows, "any": AnyRow, "none": NoRow}
for _model in (*ROW_NODES.values(), *NODES.values()):
    _model.model_rebuild()
_ADAPTER: TypeAdapter[Any] = TypeAdapter(Criteria)


def parse_criteria(data: object, source: str | None = None) -> Criteria:
    """The typed tree of a document (from YAML or JSON); `source` is named in the error.

    Raises BadDocument in one sentence that names the place, the field and what is allowed. Tables and columns
    are looked at by `probes.check`, which knows the retailer's own.
    """
    check_size(data, source)
    try:
        tree: Criteria = _ADAPTER.validate_python(data)
    except ValidationError as error:
        models = {"": NODES, "where": ROW_NODES}
        raise refusal(error, models, {"window": Window, "rfm": RfmClasses}, source) from None
    return tree


def json_schema() -> dict[str, Any]:
    """The published JSON Schema of a criteria document."""
    schema = _ADAPTER.json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Criteria", **schema}


def children(node: Criteria) -> tuple[str, tuple[Criteria, ...]] | None:
    """(`all`, `any` or `none`, the questions it combines), or None for a leaf."""
    for word, model in (("all", AllOf), ("any", AnyOf), ("none", NoneOf)):
        if isinstance(node, model):
            return word, getattr(node, word)
    return None


def leaves(node: Criteria, path: str = "") -> Iterator[tuple[str, Criteria]]:
    """(path, question) in the order in which they are written; a path reads like `all[1].none[0]`."""
    combined = children(node)
    if combined is None:
        yield path or "the criteria", node
        return
    word, parts = combined
    for number, part in enumerate(parts):
        yield from leaves(part, f"{path}.{word}[{number}]".lstrip("."))


def days_needed(criteria: Criteria) -> set[int]:
    """Numbers of local days that the tree looks back; `load_moments` must have them for every instant."""
    needed: set[int] = set()
    for _, node in leaves(criteria):
        spans = []
        window = getattr(node, "window", None)
        if window is not None and window.last is not None:
            spans.append(window.last)
        if isinstance(node, Extreme):
            spans += [text for text in (node.older_than, node.within) if text]
            needed |= {0} if spans else set()
        needed |= {span.days for span in map(parse_span, spans) if not span.elapsed}
    return needed
