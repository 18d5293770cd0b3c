"""A version and what was decided at each of its steps become the stops of its picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from relance.base.locale import write_time
from relance.customers.installation import Installation
from relance.explaining.triggering import question
from relance.scenarios.program import Node
from relance.scenarios.versions import Version
from relance.web.drawing.ribbon import Stop
from relance.web.reading.kept import decided, kept
from relance.web.reading.steps import ALONE, Taken, lay_steps, step_said, taken_in, ways_before, ways_onward
from relance.web.voice import Voice

_MOMENT = ("stale_data", "too_late", "waiting_feed")
_WHO = ("anonymous", "not_logged_in", "no_address", "not_targeted", "consent_refused", "no_basis", "suppressed")
_LAST = ("quiet_hours", "next_wave", "same_address", "lost", "cap", "holdout")
_COUNTS = f"""
    WITH {ALONE}
    SELECT step, outcome, reason, count(*) AS number, min(first) AS first FROM (
        SELECT d.step, d.outcome, d.reason, min(d."at") OVER () AS first, row_number() OVER (
            PARTITION BY d.step, d.contact, d.visitor, d.occurrence ORDER BY d."at" DESC) AS place
        FROM decisions AS d SEMI JOIN asked USING (scenario)
        ANTI JOIN alone AS a ON d.contact = a.contact AND d.occurrence = a.occurrence AND d.step = a.later)
    WHERE place = 1 GROUP BY ALL
"""

Counts = Sequence[Mapping[str, Any]]


def counts_of(place: Installation, version: Version) -> Counts:
    """step, outcome, reason, number and `first`: the last that was decided about each key of a scenario.

    What was decided about the control group after the step where it was drawn is left out.
    """
    mark = decided(place), version.number
    return kept(place, f"counts {version.name}", mark, lambda: _counted(place, version))


def ways_of(place: Installation, version: Version) -> Taken:
    """The ways that journeys took, and who waits where, as of the last turn."""
    mark = decided(place), version.number, len(place.ledger.history("scenario", version.name))
    return kept(place, f"ways {version.name}", mark, lambda: taken_in(place, version))


def _counted(place: Installation, version: Version) -> Counts:
    lay_steps(place, version)
    return place.engine.rows(_COUNTS)


def stops_of(version: Version, counts: Counts, taken: Taken, subjects: Mapping[str, str], voice: Voice) -> list[Stop]:
    """From the trigger to the last step. subjects: the subject line of each message."""
    seen = _came(version.nodes[0], counts, taken)
    title = voice.of_both(question(version.scenario))
    stops = [Stop("trigger", title, _rhythm(version, voice), seen, _trigger_icon(version))]
    for node in version.nodes:
        own = [row for row in counts if row["step"] == node.name]
        stops += ways_before(version, node, taken, voice)
        if node.send:
            stops += _send(node, own, subjects, voice)
            continue
        stops.append(step_said(version, node, _came(node, counts, taken), voice))
        gone = sorted({row["reason"] for row in own if row["outcome"] == "refused" and row["reason"]})
        stops += (drop for code in gone for drop in _drops(own, code, voice))
        stops += ways_onward(version, node, taken, voice)
    return stops


def _came(node: Node, counts: Counts, taken: Taken) -> int:
    """Who came to a step: decided there; where it is no message, refused there, passed on, or still waiting."""
    own = [row for row in counts if row["step"] == node.name]
    if node.send:
        return sum(row["number"] for row in own)
    return taken.at(node) + sum(row["number"] for row in own if row["outcome"] in ("refused", "ended"))


def _rhythm(version: Version, voice: Voice) -> str:
    schedule = version.scenario.schedule
    return (
        voice.say("trigger.daily", time=write_time(schedule.daily, voice.locale))
        if schedule
        else voice.say("trigger.each")
    )


def _trigger_icon(version: Version) -> str:
    trigger = version.scenario.trigger
    drawn = {"quiet": "cart", "date": "date", "expiry": "date", "calendar": "date", "segment": "contacts"}
    return drawn.get(trigger.kind, "data")


def _send(node: Node, own: Counts, subjects: Mapping[str, str], voice: Voice) -> Iterator[Stop]:
    """The gate's exits in the order in which they are asked, then the message."""
    assert node.send is not None
    left = sum(row["number"] for row in own)
    for title, about, drawn, codes in _gates(own):
        drops = [drop for code in codes for drop in _drops(own, code, voice)]
        yield from drops
        left -= sum(drop.number or 0 for drop in drops)
        if title:
            yield Stop("gate", voice.say(title), voice.say(about), left, drawn)
    key = "node.send.email" if node.send.channel == "email" else "node.send.other"
    subject = subjects.get(node.send.message, node.send.message)
    about = voice.say("node.send.about")
    if node.send.coupon:
        about = f"{voice.say('node.send.coupon', pool=node.send.coupon)} {about}"
    yield Stop("send", voice.say(key, subject=subject), about, left, "mail")


def _gates(own: Counts) -> Iterator[tuple[str, str, str, list[str]]]:
    """(title, about, icon, reasons) of each gate somebody could fail; the last one is the message itself."""
    codes = {row["reason"] or row["outcome"] for row in own if row["outcome"] != "send"}
    stops = sorted(codes - {*_MOMENT, *_WHO, *_LAST})
    if codes & set(_MOMENT):
        yield "node.moment", "node.moment.about", "clock", [code for code in _MOMENT if code in codes]
    yield "node.who", "node.who.about", "filter", [code for code in _WHO if code in codes]
    yield "node.still", "node.still.about", "bag", stops
    yield "", "", "", [code for code in _LAST if code in codes]


def _drops(own: Counts, code: str, voice: Voice) -> Iterator[Stop]:
    found = [row for row in own if (row["reason"] or row["outcome"]) == code and row["outcome"] != "send"]
    number = sum(row["number"] for row in found)
    if not number:
        return
    outcome = found[0]["outcome"]
    held = outcome == "held_out"
    asked = code if outcome == "refused" else outcome
    yield Stop("drop", voice.say("outcome.held_out") if held else voice.reason(code), "", number, "", asked)
