"""A stored backtest becomes what its page says: the finding, the bars, the reasons, who, samples, what it supposes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.safestring import SafeString

from relance.base.errors import RelanceError
from relance.base.spans import parse_span
from relance.customers.installation import Installation
from relance.messages.preview import preview
from relance.scenarios.running import stored_version
from relance.web.drawing.days import Bars, bars_of, chart
from relance.web.reading.people import name_of
from relance.web.reading.steps import span_said
from relance.web.voice import Voice

_FEW = 3
_OUTCOMES = ("held_out", "deferred", "waiting", "ended")
_NAMED = """
    SELECT c.contact, v.own_id, v.first_name, v.last_name, s.name AS store_name, s.city AS store_city
    FROM asked AS a JOIN contacts AS c USING (contact) LEFT JOIN contacts_vault AS v ON v.contact = c.contact
    LEFT JOIN stores AS s ON s.store = c.store
"""


@dataclass(frozen=True)
class Row:
    """A number in a list of numbers: how wide its bar is (percent of the widest), and its share of the whole."""

    label: str
    number: int
    share: str
    width: str
    tone: str = ""


@dataclass(frozen=True)
class Sample:
    """One message of the backtest: whom it would have gone to, when, its subject, and where it is explained."""

    contact: int
    name: str
    store: str
    at: datetime
    subject: str
    language: str
    link: str


def own(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The part of one scenario."""
    part: Mapping[str, Any] = next(each for each in found["scenarios"] if each["id"] == name)
    return part


def days_of(found: Mapping[str, Any], name: str) -> list[tuple[date, int, int]]:
    """day, occasions seen, messages: of one scenario."""
    return [
        (
            date.fromisoformat(day["date"]),
            sum(one["candidates"] for one in day["scenarios"] if one["id"] == name),
            sum(one["messages"] for one in day["scenarios"] if one["id"] == name),
        )
        for day in found["days"]
    ]


def drawn(days: Sequence[tuple[date, int, int]], voice: Voice) -> tuple[Bars, tuple[SafeString, SafeString]]:
    """The bars of the messages, wide and narrow."""
    bars = bars_of([(day, messages) for day, _, messages in days])
    most, top = bars.numbers[bars.top], bars.day(bars.top)
    said = voice.say(
        "past.days.said", n=sum(bars.numbers), first=days[0][0], last=days[-1][0], most=most, top=voice.day(top, "day")
    )
    label = voice.say("past.days.most", most=most, top=voice.day(top, "day")) if most else ""
    return bars, chart(bars, said, label, lambda day: voice.day(day, "day"), voice.number)


def reasons_of(part: Mapping[str, Any], voice: Voice) -> list[Row]:
    """Why not the others, the most frequent first; the control group has its own pattern."""
    numbers = [(voice.reason(code), number, "") for code, number in part["refused"].items()]
    numbers += [(voice.say(f"outcome.{code}"), part[code], "hatch" if code == "held_out" else "") for code in _OUTCOMES]
    ranked = sorted((one for one in numbers if one[1]), key=lambda one: -one[1])
    widest, whole = max((one[1] for one in ranked), default=1), part["candidates"] or 1
    return [Row(label, n, voice.share(n / whole), _width(n, widest), tone) for label, n, tone in ranked]


def people_of(part: Mapping[str, Any], voice: Voice) -> list[Row]:
    """How many contacts would have had none, one, two, three messages or more."""
    counts = part["per_contact"]
    named = (("0", "past.people.0"), ("1", "past.people.1"), ("2", "past.people.2"), ("3+", "past.people.3"))
    whole, widest = sum(counts[code] for code, _ in named) or 1, max(counts[code] for code, _ in named) or 1
    return [
        Row(voice.say(key), counts[code], voice.share(counts[code] / whole), _width(counts[code], widest), "sent")
        for code, key in named
    ]


def anyway(part: Mapping[str, Any], voice: Voice) -> str:
    """What those people ordered by themselves."""
    placed = part["placed_anyway"]
    within = span_said(parse_span(placed["within"]), voice)
    if not placed["orders"]:
        return voice.say("past.anyway.none", within=within)
    amount = ", ".join(voice.money(float(sum_), currency, 0) for currency, sum_ in placed["amounts"].items())
    return voice.say("past.anyway.about", orders=placed["orders"], amount=amount, n=placed["contacts"], within=within)


def beside(found: Mapping[str, Any], name: str, voice: Voice) -> list[tuple[str, str]]:
    """What differs from the version in force over the same days: a figure and what it counts. Empty where none is."""
    if "in_force" not in found:
        return []
    new, old = own(found, name), own(found["in_force"], name)
    messages, before = new["messages"], old["messages"]
    if messages == before:
        figure = voice.say("past.in_force.same")
    else:
        figure = _change((messages - before) / before, voice) if before else f"+{voice.number(messages)}"
    people = new["contacts"] - old["contacts"]
    return [
        (figure, voice.say("past.in_force.messages", n=before, number=old["version"])),
        (
            f"{'+' if people > 0 else '−' if people < 0 else ''}{voice.number(abs(people))}",
            voice.say("past.in_force.people"),
        ),
    ]


def samples_of(place: Installation, part: Mapping[str, Any], voice: Voice) -> list[Sample]:
    """Some of those who would have been written to; a message that cannot be rendered any more has no subject."""
    drawn_ = [row for row in part["samples"] if row["contact"] is not None][:_FEW]
    place.engine.load("asked", {"contact": "integer"}, [{"contact": row["contact"]} for row in drawn_])
    known = {row["contact"]: row for row in place.engine.rows(_NAMED)}
    return [_sample(place, part, row, known[row["contact"]]) for row in drawn_ if row["contact"] in known]


def _sample(place: Installation, part: Mapping[str, Any], row: Mapping[str, Any], who: Mapping[str, Any]) -> Sample:
    at = datetime.fromisoformat(row["at"])
    subject, language = "", ""
    try:
        version = stored_version(place.ledger, part["id"], part["version"] or None)
        node = next(node for node in version.nodes if node.name == row["step"] and node.send)
        assert node.send is not None
        shown = preview(place, node.send.message, at, row["contact"])
        subject, language = shown.rendered.subject, shown.language
        link = f"/contacts/{row['contact']}?scenario={part['id']}&at={at:%Y-%m-%dT%H:%M:%S}Z"
    except (RelanceError, StopIteration):
        link = f"/contacts/{row['contact']}"
    store = ", ".join(text for text in (who["store_name"], who["store_city"]) if text)
    return Sample(row["contact"], name_of(who), store, at, subject, language, link)


def _width(number: int, widest: int) -> str:
    return f"{100 * number / widest:.1f}"


def _change(share: float, voice: Voice) -> str:
    return f"{'+' if share > 0 else '−'}{voice.share(abs(share))}"
