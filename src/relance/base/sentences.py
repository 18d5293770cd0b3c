"""Errors of pydantic come in; one sentence that a person understands goes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_NAME = "^[a-z][a-z0-9_-]{0,62}$"
_WANTED = {
    "dict": "a list of names with values",
    "model": "a list of names with values",
    "list": "a list",
    "tuple": "a list",
    "string": "a text",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "bool": "true or false",
    "date": "a date like 2026-03-10",
    "time": "a clock time like 09:00",
}


def first_error(errors: Sequence[Any]) -> Any:
    """The first one; where one of several forms was wanted, the one that was meant."""
    first = errors[0]
    meant = (each for each in errors if each["type"] == "value_error" and each["loc"][:1] == first["loc"][:1])
    return next(meant, first) if first["type"] == "literal_error" else first


def sentence(error: Mapping[str, Any], unknown: str = "is not known here") -> str:
    """What is wrong, and where by its place in the document: “steps.0.send.message”: …; unknown: of a word, why."""
    parts = [str(part) for part in error["loc"]]
    place = ".".join(part for part in parts if "[" not in part and not part[:1].isupper()) or "the document"
    if error["type"] == "extra_forbidden":
        return f"“{place}” {unknown}"
    if error["type"] == "missing":
        return f"“{place}” is missing"
    return f"“{place}”: {_said(error)}"


def _said(error: Mapping[str, Any]) -> str:
    kind, given, more = str(error["type"]), error.get("input"), error.get("ctx", {})
    if kind == "string_pattern_mismatch" and more.get("pattern") == _NAME:
        return f"“{given}” is not a name; use small letters, digits, - and _, and begin with a letter"
    if kind == "string_pattern_mismatch":
        return f"“{given}” is not written as it should be"
    if kind == "literal_error":
        return f"“{given}” is none of {str(more['expected']).replace(chr(39), '').replace(' or ', ', ')}"
    if kind == "too_short":
        return f"should have at least {more['min_length']} parts, and has {more['actual_length']}"
    wanted = _WANTED.get(kind.partition("_")[0])
    if wanted and kind.endswith(("_type", "_parsing", "_from_float")):
        return f"“{given}” is not {wanted}"
    return str(error["msg"]).removeprefix("Value error, ").replace("Input should", "should")
