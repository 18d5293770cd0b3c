"""Declared fields and the values that came become plain values, or a sentence naming the field."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from relance.base.errors import BadDocument, RelanceError
from relance.messages.absent import ABSENT, Absent

LONGEST_TEXT = 4_000
LONGEST_LIST = 100


# A demo's own links lead to this machine, where nobody listens in; live mail is refused without an https address.
_HTTPS = re.compile(r"(?:https://|http://127\.0\.0\.1:\d+/t/)[^\s\"<>]+")


class BadContext(RelanceError):
    """A value is missing or of another kind; this contact's message cannot be written."""


class _Wrong(Exception):
    """A value that does not fit: where it stands, from within outwards, and what is wrong."""

    def __init__(self, path: str, said: str) -> None:
        super().__init__(said)
        self.path, self.said = path, said

    def within(self, outer: str) -> _Wrong:
        return _Wrong(f"{outer}.{self.path}", self.said)


@dataclass(frozen=True, slots=True)
class Field:
    """One declared field. `of` holds the inner fields of a list or a record.

    A list with `at_most` is cut there, and the number field named by `rest` says how many were left out.
    """

    name: str
    kind: str
    optional: bool = False
    of: tuple[Field, ...] = ()
    at_most: int | None = None
    rest: str | None = None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text")
    if len(value) > LONGEST_TEXT:
        raise ValueError(f"text of at most {LONGEST_TEXT} characters")
    return value


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool | float) or not isinstance(value, int | str | Decimal):
        raise TypeError("a number written exactly (not a float)")
    exact = Decimal(value)
    if not exact.is_finite():
        raise ValueError("a finite number")
    return exact


def _number(value: Any) -> int | float:
    exact = Decimal(str(value)) if isinstance(value, float) else _decimal(value)
    if not exact.is_finite():
        raise ValueError("a finite number")
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def _money(value: Any) -> str | dict[str, str]:
    if not isinstance(value, Mapping):
        return f"{_decimal(value):f}"
    if not {"amount", "currency"} <= value.keys():
        raise ValueError("an amount with its currency")
    return {"amount": f"{_decimal(value['amount']):f}", "currency": _text(value["currency"])}


def _date(value: Any) -> str:
    if isinstance(value, datetime):
        raise TypeError("a date, not an instant")
    return value.isoformat() if isinstance(value, date) else date.fromisoformat(_text(value)).isoformat()


@lru_cache(maxsize=4_096)  # the pages and pictures of products are those of many messages
def _is_url(text: str) -> bool:
    return len(text) <= LONGEST_TEXT and _HTTPS.fullmatch(text) is not None


def _url(value: Any) -> str:
    if not _is_url(_text(value)):
        raise ValueError("an address that begins with https://")
    return str(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("true or false")
    return value


KINDS: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "number": _number,
    "money": _money,
    "date": _date,
    "url": _url,
    "flag": _flag,
}
"""Simple kinds, and what makes a plain value of each."""

EXPECTED = {"text": "text", "number": "a number", "money": "an amount", "date": "a date like 2026-03-10",
            "url": "an https address", "flag": "true or false"}  # fmt: skip


def _named(name: str) -> tuple[str, bool]:
    bare = name.removesuffix("?")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", bare):
        raise BadDocument(f"“{name}” is not a field name; use small letters, digits and _")
    return bare, bare != name


def _inner(declared: Any) -> tuple[Field, ...]:
    if isinstance(declared, Sequence) and not isinstance(declared, str):
        declared = dict.fromkeys(declared, "text")
    if not isinstance(declared, Mapping) or not declared:
        raise BadDocument("a list or record needs its fields, like {title: text, price?: money}")
    return tuple(declare(name, kind) for name, kind in declared.items())


def _compound(name: str, declared: Mapping[str, Any]) -> Field:
    bare, optional = _named(name)
    kind = "list" if "list" in declared else "record"
    unknown = declared.keys() - ({"list", "at_most", "rest"} if kind == "list" else {"record"})
    if unknown or kind not in declared:
        raise BadDocument(f"field “{bare}” is not understood; write {{list: …}} or {{record: …}}")
    at_most, rest = declared.get("at_most"), declared.get("rest")
    if at_most is not None and (not isinstance(at_most, int) or at_most < 1):
        raise BadDocument(f"field “{bare}”: at_most is a number from 1 up")
    return Field(bare, kind, optional, _inner(declared[kind]), at_most, rest)


def declare(name: str, declared: Any) -> Field:
    """A field from its declaration: `price?: money`, `pets: list {name, species}`, `x: {list: {a: text}}`.

    Raises BadDocument naming the field.
    """
    if isinstance(declared, Mapping):
        return _compound(name, declared)
    short = re.fullmatch(r"(list|record)\s*\{([^{}]*)\}", str(declared).strip())
    if short:
        return _compound(name, {short[1]: [part.strip() for part in short[2].split(",")]})
    bare, optional = _named(name)
    if declared not in KINDS:
        raise BadDocument(f"field “{bare}”: “{declared}” is not a kind; use {', '.join(KINDS)}, list or record")
    return Field(bare, str(declared), optional)


def _simple(field: Field, value: Any) -> Any:
    try:
        return KINDS[field.kind](value)
    except (TypeError, ValueError, InvalidOperation):
        if field.kind == "url" and field.optional:
            return None  # a picture that is not https is left out; the text reads well without
        raise _Wrong(field.name, f"should be {EXPECTED[field.kind]}; it is {value!r:.60}") from None


def _is_record(value: Any) -> bool:
    return type(value) is dict or isinstance(value, Mapping)  # the second takes ten times as long


def _record(field: Field, value: Any) -> dict[str, Any]:
    if not _is_record(value):
        raise _Wrong(field.name, f"should be a record of {', '.join(one.name for one in field.of)}")
    try:
        return _plain(field.of, value)
    except _Wrong as wrong:
        raise wrong.within(field.name) from None


def _list(field: Field, value: Any) -> list[Any]:
    listed = type(value) is list or (isinstance(value, Sequence) and not isinstance(value, str | Mapping))
    if not listed or len(value) > LONGEST_LIST:
        raise _Wrong(field.name, f"should be a list of at most {LONGEST_LIST}")
    rows = []
    for place, one in enumerate(value[: field.at_most]):
        if not _is_record(one):
            raise _Wrong(
                f"{field.name}[{place}]", f"should be a record of {', '.join(inner.name for inner in field.of)}"
            )
        try:
            rows.append(_plain(field.of, one))
        except _Wrong as wrong:
            raise wrong.within(f"{field.name}[{place}]") from None
    return rows


_MAKERS: dict[str, Callable[[Field, Any], Any]] = {"list": _list, "record": _record}


def _plain(fields: Sequence[Field], values: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for field in fields:
        name, kind = field.name, field.kind
        value = values.get(name)
        if type(value) is str and (len(value) <= LONGEST_TEXT if kind == "text" else kind == "url" and _is_url(value)):
            result[name] = value  # nearly every value there is
        elif value is not None and type(value) is not Absent:
            result[name] = _MAKERS.get(kind, _simple)(field, value)
            if field.rest and field.at_most:
                result[field.rest] = max(0, len(value) - field.at_most) + int(values.get(field.rest) or 0)
        elif field.optional or name in result:
            result.setdefault(name, ABSENT if value is None else value)
        else:
            raise _Wrong(name, "is missing")
    return result


def plain(fields: Sequence[Field], values: Mapping[str, Any]) -> dict[str, Any]:
    """The declared fields of `values` as plain values; absent optional ones are Absent, others left out.

    Raises BadContext naming the field that is missing or wrong.
    """
    try:
        return _plain(fields, values)
    except _Wrong as wrong:
        raise BadContext(f"field “{wrong.path}” {wrong.said}") from None


COMMON = tuple(
    declare(name, kind)
    for name, kind in {
        "contact": {"record": {"first_name?": "text", "language": "text"}},
        "greeting": "text",
        "brand": {"record": {"name": "text", "address": "text", "url?": "url"}},
        "shop": {"record": {"name": "text", "address": "text", "phone?": "text", "hours?": "text"}},
        "voice": {"record": {"shop": "text", "people": "text", "item": "text", "items": "text"}},
        "consented_on?": "date",
        "unsubscribe_url": "url",
        "preferences_url?": "url",
    }.items()
)
"""What every message may read without declaring it."""


VOICES: Mapping[str, Mapping[str, str]] = {
    "fr": {"shop": "boutique", "people": "conseillers", "item": "article", "items": "articles"},
    "en": {"shop": "shop", "people": "advisers", "item": "item", "items": "items"},
}
"""How a retailer speaks of itself and of what it sells, where the settings do not say."""


def _greeting(language: str, first_name: str | None) -> str:
    hello = {"fr": "Bonjour"}.get(language, "Hello")
    return f"{hello} {first_name}," if first_name else f"{hello},"


def with_common(values: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The values with what follows from the others: the greeting, the voice, the brand where there is no shop."""
    full = dict(values)
    full["contact"] = {**(full.get("contact") or {}), "language": language}
    full.setdefault("greeting", _greeting(language, full["contact"].get("first_name")))
    full["voice"] = {**VOICES[language], **(full.get("voice") or {})}
    if not full.get("shop"):
        full["shop"] = full.get("brand")
    return full
