"""What a story says should be and what is come in; the differences go out, each as lines that read like the story."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from relance.stories.documents import Told
from relance.stories.seen import Letter, plain

Instant = Callable[[str], datetime]
Lines = list[str]  # “- ” said and not so, “+ ” so and not said, “  ” words
_SAID = ("message", "scenario", "step", "occurrence", "keys", "due", "language", "version", "holds", "subject", "says")


def messages(expected: Sequence[Told], found: Sequence[Letter], instant: Instant) -> tuple[Lines, list[str]]:
    """Lines of what differs, none where nothing does; and the people who miss a message."""
    left = list(found)
    missing: list[Told] = []
    lines: Lines = []
    for told in expected:
        same = [each for each in left if each.to == told.to and told.message in (None, each.row.outgoing.message)]
        if not same:
            missing.append(told)
            continue
        best = min(same, key=lambda each: len(_differing(told, each, instant)))
        left.remove(best)
        for name in _differing(told, best, instant):
            lines += [
                f"- {told.to}: {name}: {plain(getattr(told, name))}",
                f"+ {told.to}: {name}: {plain(_value(best, name, told))}",
            ]
    lines += [f"- {_entry(told)}" for told in missing]
    lines += [f"+ {_found(letter)}" for letter in left]
    return lines, [told.to for told in missing]


def _found(letter: Letter) -> str:
    return f"to: {letter.to}, message: {letter.row.outgoing.message}, holds: {plain(letter.holds)}"


def _entry(told: Told) -> str:
    said = ((name, getattr(told, name)) for name in ("to", *_SAID))
    return ", ".join(f"{name}: {plain(value)}" for name, value in said if value is not None)


def _differing(told: Told, letter: Letter, instant: Instant) -> list[str]:
    return [name for name in _SAID if getattr(told, name) is not None and not _agrees(told, letter, name, instant)]


def _agrees(told: Told, letter: Letter, name: str, instant: Instant) -> bool:
    value = getattr(told, name)
    if name == "says":
        return all(_spaced(text) in _spaced(letter.text) for text in value)
    if name == "due":
        return letter.due_at == instant(value)
    if name == "keys":
        return sorted(value) == sorted(letter.row.outgoing.keys)
    return bool(value == _value(letter, name, told))


def _value(letter: Letter, name: str, told: Told) -> Any:
    outgoing = letter.row.outgoing
    if name == "says":
        return letter.text or "(nothing was delivered)"
    if name == "subject":
        return str(letter.mail["Subject"]) if letter.mail else None
    if name == "language":
        return outgoing.language[:2] if len(told.language or "") == 2 else outgoing.locale
    simple: dict[str, Any] = {
        "message": outgoing.message,
        "due": letter.due_at,
        "holds": letter.holds,
        "keys": list(outgoing.keys),
    }
    simple["version"] = outgoing.version
    return simple[name] if name in simple else getattr(outgoing.key, name)


def _spaced(text: str) -> str:
    """Spaces of every kind are one space, for nobody types a narrow one that does not break."""
    return " ".join(text.split())


def reasons(expected: Mapping[str, str], there: Mapping[str, str]) -> Lines:
    """Contacts with reasons: all of them, no others."""
    lines = []
    for who in sorted({*expected, *there}):
        if expected.get(who) != there.get(who):
            lines += [f"- {who}: {expected[who]}"] if who in expected else []
            lines += [f"+ {who}: {there[who]}"] if who in there else []
    return lines


def names(expected: Iterable[str], found: Iterable[str]) -> Lines:
    """People: all of them, no others."""
    wanted, there = set(expected), set(found)
    return [f"- {who}" for who in sorted(wanted - there)] + [f"+ {who}" for who in sorted(there - wanted)]


def numbers(expected: Mapping[str, int], found: Mapping[str, int]) -> Lines:
    """The counts that are said."""
    lines = []
    for name, number in expected.items():
        if number != found.get(name, 0):
            lines += [f"- {name}: {number}", f"+ {name}: {found.get(name, 0)}"]
    return lines
