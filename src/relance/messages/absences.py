"""A compiled message comes in; the values that it prints although they may be absent come out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from relance.messages.absent import Absent
from relance.messages.fields import BadContext, Field
from relance.messages.rendering import PARTS, CompiledMessage, render
from relance.messages.samples import samples

_BEGIN, _END = "\ue000", "\ue001"  # signs that no text has, so that a trace is a trace wherever it comes out
_TRACE = re.compile(f"{_BEGIN}([^{_END}]*)")

Path = tuple[str, ...]


def printed_though_absent(compiled: CompiledMessage, language: str, locale: str) -> Iterator[tuple[str, str]]:
    """The part and the dotted name of each value: absent alone, or with all others that may be.

    What else may go wrong is for others to say.
    """
    full = list(samples(compiled.fields))[1]
    paths = list(_may_be_absent(compiled.fields))
    for missing in (*([path] for path in paths), paths):
        context = full
        for path in missing:
            context = _without(context, path, path)
        yield from _traces(compiled, language, locale, context, missing)


def _may_be_absent(fields: Sequence[Field], within: Path = ()) -> Iterator[Path]:
    for field in fields:
        if field.optional:
            yield (*within, field.name)
        yield from _may_be_absent(field.of, (*within, field.name))


def _without(values: Mapping[str, Any], path: Path, whole: Path) -> dict[str, Any]:
    """The same values, with a trace in the place of one of them; in every row where it stands in a list."""
    first, *rest = path
    inner = values.get(first)
    if not rest:
        return {**values, first: Absent(f"{_BEGIN}{'.'.join(whole)}{_END}")}
    if isinstance(inner, Mapping):
        return {**values, first: _without(inner, tuple(rest), whole)}
    if isinstance(inner, list):
        return {**values, first: [_without(row, tuple(rest), whole) for row in inner]}
    return dict(values)


def _traces(
    compiled: CompiledMessage, language: str, locale: str, context: Mapping[str, Any], missing: Sequence[Path]
) -> Iterator[tuple[str, str]]:
    try:
        rendered = render(compiled, language, locale, context)
    except BadContext as error:
        yield from _in_trouble(str(error), missing)
        return
    for part in PARTS:
        for name in dict.fromkeys(_TRACE.findall(getattr(rendered, part))):
            yield part, name.lower()  # a filter may have written it large


def _in_trouble(said: str, missing: Sequence[Path]) -> Iterator[tuple[str, str]]:
    """A filter that was given the trace, or a field read of a record that is not there."""
    part = next((part for part in PARTS if f", {part}, line" in said), "text")
    names = [".".join(path) for path in missing]
    names = [name for name in names if f"{_BEGIN}{name}" in said or f"“{name}." in said]
    yield from ((part, name) for name in names)
