"""What a mapping document may say of one column or one condition, as checked data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Scalar = str | bool | int | float | None
Aggregate = Literal["min", "max", "first", "last", "sum", "any", "every"]
AGGREGATES: tuple[Aggregate, ...] = ("min", "max", "first", "last", "sum", "any", "every")
OPERATORS = ("is_", "is_not", "in_", "above", "below", "at_least", "at_most", "starts_with", "known")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Condition(_Strict):
    """A condition on source columns, or a combination of such, or a flag by its name."""

    column: str | None = None
    is_: Scalar = Field(default=None, alias="is")
    is_not: Scalar = None
    in_: tuple[Scalar, ...] | None = Field(default=None, alias="in")
    above: Decimal | None = None
    below: Decimal | None = None
    at_least: Decimal | None = None
    at_most: Decimal | None = None
    starts_with: str | None = None
    known: bool | None = None
    all: tuple[Condition, ...] | None = None
    any: tuple[Condition, ...] | None = None
    none: tuple[Condition, ...] | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Condition:
        said = self.model_fields_set - {"column"}
        allowed = set(OPERATORS) if self.column is not None else {"all", "any", "none"}
        if len(said) != 1 or not said <= allowed:
            wanted = "one of is, is_not, in, above, below, at_least, at_most, starts_with, known"
            raise ValueError(f"a condition is a column with {wanted}; or one of all, any, none")
        return self

    @property
    def operator(self) -> str:
        return next(iter(self.model_fields_set - {"column"}))

    def sources(self) -> Iterator[str]:
        if self.column is not None:
            yield self.column
        for part in (*(self.all or ()), *(self.any or ()), *(self.none or ())):
            yield from part.sources()


class Choice(_Strict):
    when: Condition
    then: Scalar


class ColumnRule(_Strict):
    """Where the value of a column comes from. Exactly one of the first group; `kind` says which."""

    column: str | None = None
    value: Scalar = None
    template: str | None = None
    times: tuple[str, ...] | None = None
    choose: tuple[Choice, ...] | None = None
    aggregate: Aggregate | None = None
    of: ColumnRule | None = None

    format: str | None = None
    map: dict[str, Scalar] | None = None
    default: Scalar = None
    required: bool = False
    where: str | None = None
    otherwise: ColumnRule | Scalar = None

    @property
    def kind(self) -> str:
        for name in ("aggregate", "column", "template", "times", "choose"):
            if getattr(self, name) is not None:
                return name
        return "value"

    def grouped(self) -> bool:
        """Whether it only has a meaning for several records together."""
        return self.aggregate is not None

    def parts(self) -> Iterator[ColumnRule]:
        """The rules inside this one."""
        for part in (self.of, self.otherwise):
            if isinstance(part, ColumnRule):
                yield part

    def sources(self) -> Iterator[str]:
        """Source columns that it reads (a plain name may turn out to be a flag)."""
        if self.column is not None:
            yield self.column
        yield from self.times or ()
        if self.template is not None:
            yield from template_columns(self.template)
        for choice in self.choose or ():
            yield from choice.when.sources()
        for part in self.parts():
            yield from part.sources()

    def flags(self) -> Iterator[str]:
        """Flags that it certainly names."""
        if self.where is not None:
            yield self.where
        for part in self.parts():
            yield from part.flags()


def column_rule(said: Any) -> ColumnRule:
    """A column rule as written in a document; ValueError in one sentence for anything unknown."""
    if isinstance(said, ColumnRule):
        return said
    if isinstance(said, str):
        return ColumnRule(column=said)
    if not isinstance(said, dict):
        raise ValueError("a column is a source column's name, or one of column, value, template, times, choose")
    given = dict(said)
    for aggregate in AGGREGATES:
        if aggregate in given:
            return _aggregate(aggregate, given)
    kinds = [kind for kind in ("column", "value", "template", "times", "choose") if kind in given]
    if len(kinds) != 1:
        raise ValueError("a column says exactly one of column, value, template, times, choose, min, max, first…")
    allowed = {kinds[0], *_OPTIONS[kinds[0]]}
    _refuse_others(given, allowed)
    if "times" in given:
        _refuse_unnamed(given["times"])
    if "else" in given:
        given["otherwise"] = _otherwise(given.pop("else"))
    return ColumnRule(**given)


_OPTIONS: dict[str, set[str]] = {
    "column": {"format", "map", "default", "required"},
    "value": set(),
    "template": {"required"},
    "times": set(),
    "choose": {"else"},
}


def _aggregate(aggregate: Aggregate, given: dict[str, Any]) -> ColumnRule:
    _refuse_others(given, {aggregate, "where", "else"})
    of = given[aggregate]
    rule: dict[str, Any] = {"aggregate": aggregate, "of": column_rule(of), "where": given.get("where")}
    if rule["of"].grouped():
        raise ValueError(f"{aggregate} cannot hold another of its kind")
    if "else" in given:
        rule["otherwise"] = _otherwise(given["else"])
    return ColumnRule(**rule)


def _otherwise(said: Any) -> ColumnRule | Scalar:
    if not isinstance(said, dict):
        return said if said is None or isinstance(said, bool | int | float | str) else str(said)
    return column_rule(said)


def _refuse_unnamed(times: Any) -> None:
    if not isinstance(times, list) or not times or not all(isinstance(name, str) for name in times):
        raise ValueError(
            "times is a list of source columns, [quantity, price]; how numbers are written is said once for the file: "
            'format: {decimal: ","}'
        )


def _refuse_others(given: dict[str, Any], allowed: set[str]) -> None:
    unknown = sorted(set(given) - allowed)
    if unknown:
        raise ValueError(f"“{unknown[0]}” is not known here")


_HOLE = re.compile(r"\{([^{}]+)\}")


def template_columns(template: str) -> list[str]:
    """The source columns named in a template."""
    return _HOLE.findall(template)


def template_parts(template: str) -> list[tuple[bool, str]]:
    """The template in order: (True, column) or (False, text)."""
    parts = []
    at = 0
    for hole in _HOLE.finditer(template):
        parts.append((False, template[at : hole.start()]))
        parts.append((True, hole.group(1)))
        at = hole.end()
    parts.append((False, template[at:]))
    return [part for part in parts if part[1]]
