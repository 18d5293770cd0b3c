"""A criteria document comes in, a typed tree goes out: who is meant, said without naming a query."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag, TypeAdapter, ValidationError, model_validator

from relance.audiences.conditions import (
    ROW_NODES,
    UNSET,
    ByValue,
    Classes,
    ColumnName,
    Comparing,
    Currency,
    Length,
    Name,
    Node,
    RowCriteria,
    SomeTime,
    TableName,
    Value,
    Values,
    Whole,
    Window,
    kind_among,
)
from relance.audiences.refusals import check_size, refusal
from relance.base.spans import parse_span


def _kind(data: Any) -> str | None:
    return kind_among(data, NODES)


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

    OPERATORS: ClassVar[Mapping[str, str]] = {
        "is_": "is",
        "at_least": "at_least",
        "above": "above",
        "at_most": "at_most",
        "below": "below",
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
    is_: Value = Field(default=UNSET, alias="is")
    above: Value = Field(default=UNSET)
    below: Value = Field(default=UNSET)
    at_least: Value = Field(default=UNSET)
    at_most: Value = Field(default=UNSET)

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
    """What first and last share. `older_than: 90d`: at or before then; `within: 90d`: after then.

    `after: fact`: after the instant of the fact behind.
    """

    OPERATORS: ClassVar[Mapping[str, str]] = {
        "older_than": "older_than",
        "within": "within",
        "after": "after",
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
    after: Literal["fact"] = Field(default="fact")
    is_: Value = Field(default=UNSET, alias="is")
    above: Value = Field(default=UNSET)
    below: Value = Field(default=UNSET)
    at_least: Value = Field(default=UNSET)
    at_most: Value = Field(default=UNSET)

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


class Behind(Node):
    """`{fact: orders, where: {column: valid, is: false}}`: the row behind the occurrence, as it is known now."""

    fact: TableName
    where: RowCriteria


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
    | Annotated[Behind, Tag("<fact>")]
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
    "fact": Behind,
    "segment": InSegment,
    "rfm": InRfm,
}
for _model in NODES.values():
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


if __name__ == "__main__":  # python -m relance.audiences.criteria > docs/schemas/criteria.json
    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
