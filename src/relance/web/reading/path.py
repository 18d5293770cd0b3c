"""A version and what was decided at each of its steps become the stops of its picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from relance.base.locale import write_time
from relance.base.spans import Span
from relance.customers.installation import Installation
from relance.explaining.triggering import question
from relance.scenarios.program import Node
from relance.scenarios.versions import Version
from relance.web.drawing.ribbon import Stop
from relance.web.reading.kept import decided, kept
from relance.web.voice import Voice

_MOMENT = ("stale_data", "too_late", "waiting_feed")
_WHO = ("anonymous", "not_logged_in", "no_address", "not_targeted", "consent_refused", "no_basis", "suppressed")
_LAST = ("quiet_hours", "same_address", "lost", "cap", "holdout")
_COUNTS = """
    SELECT step, outcome, reason, count(*) AS number, min(first) AS first FROM (
        SELECT d.step, d.outcome, d.reason, min(d."at") OVER () AS first, row_number() OVER (
            PARTITION BY d.step, d.contact, d.visitor, d.occurrence ORDER BY d."at" DESC) AS place
        FROM decisions AS d SEMI JOIN asked USING (scenario))
    WHERE place = 1 GROUP BY ALL
"""

Counts = Sequence[Mapping[str, Any]]


def counts_of(place: Installation, name: str) -> Counts:
    """step, outcome, reason, number and `first`: the last that was decided about each key of a scenario."""
    return kept(place, f"counts {name}", decided(place), lambda: _counted(place, name))


def _counted(place: Installation, name: str) -> Counts:
    place.engine.load("asked", {"scenario": "text"}, [{"scenario": name}])
    return place.engine.rows(_COUNTS)


def stops_of(version: Version, counts: Counts, subjects: Mapping[str, str], voice: Voice) -> list[Stop]:
    """From the trigger to the last step. subjects: the subject line of each message."""
    first = version.nodes[0].name
    seen = sum(row["number"] for row in counts if row["step"] == first)
    stops = [Stop("trigger", trigger_said(version, voice), _rhythm(version, voice), seen, _trigger_icon(version))]
    for node in version.nodes:
        own = [row for row in counts if row["step"] == node.name]
        stops += _send(node, own, subjects, voice) if node.send else [_other(node, own, voice)]
    return stops


def trigger_said(version: Version, voice: Voice) -> str:
    """What sets the scenario going, in a few words."""
    trigger = version.scenario.trigger
    if trigger.quiet:
        return voice.say("trigger.quiet", n=trigger.quiet.days)
    if trigger.row:
        key = "trigger.row.orders" if trigger.row.table == "orders" and trigger.row.days else "trigger.row"
        key = key if trigger.row.days else "trigger.row.now"
        return voice.say(key, table=trigger.row.table, n=trigger.row.days)
    if trigger.date is None:
        return question(version.scenario).in_(voice.language)
    date, days = trigger.date.of, trigger.date.days
    written = voice.say(f"date.{date}") if date in ("first_order", "last_order") else date.replace("_", " ")
    if days == 0:
        return voice.say("trigger.date.on", date=written)
    return voice.say("trigger.date" if days > 0 else "trigger.date.before", n=abs(days), date=written)


def _rhythm(version: Version, voice: Voice) -> str:
    schedule = version.scenario.schedule
    return (
        voice.say("trigger.daily", time=write_time(schedule.daily, voice.locale))
        if schedule
        else voice.say("trigger.each")
    )


def _trigger_icon(version: Version) -> str:
    trigger = version.scenario.trigger
    return "cart" if trigger.quiet else "date" if trigger.date else "data"


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
    yield Stop("send", voice.say(key, subject=subject), voice.say("node.send.about"), left, "mail")


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


def _other(node: Node, own: Counts, voice: Voice) -> Stop:
    number = sum(row["number"] for row in own) if own else None
    if node.kind == "wait" and node.wait is not None:
        wait = node.wait
        if wait.until:
            title = voice.say("node.wait.until", time=write_time(wait.until, voice.locale))
        else:
            title = voice.say("node.wait", span=span_said(wait.span or Span(), voice))
        return Stop("wait", title, voice.say("node.wait.about"), number, "clock")
    if node.kind == "exit":
        reason = voice.reason(node.reason or "")
        return Stop("exit", voice.say("node.exit", reason=reason), voice.say("node.exit.about"), number, "exit")
    return Stop("branch", voice.say("node.branch", n=len(node.arms)), voice.say("node.branch.about"), number, "branch")


def span_said(span: Span, voice: Voice) -> str:
    """A length of time in words."""
    if span.days or not span.elapsed:
        return voice.say("span.days", n=span.days)
    minutes = int(span.elapsed.total_seconds()) // 60
    return voice.say("span.hours", n=minutes // 60) if minutes % 60 == 0 else voice.say("span.minutes", n=minutes)
