"""An equation becomes the parts of its bar: what was sent, then every reason, in the order they are drawn in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from relance.base.errors import RelanceError
from relance.policy.equation import Equation
from relance.policy.report import ScenarioReport
from relance.web.voice import Voice

GREYS = ("n1", "n2", "n3", "n4", "n5")


@dataclass(frozen=True)
class Part:
    """So many of the whole. code: what the list of its people is asked by; tone: a class of the style sheet."""

    code: str
    label: str
    number: int
    tone: str


def parts_of(equation: Equation, voice: Voice) -> list[Part]:
    """Sent and what waits to leave, then what was not sent, the largest first. They add up or RelanceError."""
    found = [*_leaving(equation, voice), *_unsent(equation, voice)]
    if sum(part.number for part in found) != equation.candidates:
        raise RelanceError(f"{equation.scenario}: the parts do not make up the whole; try: relance doctor")
    return found


def planned(report: ScenarioReport, voice: Voice) -> list[Part]:
    """The same of a plan: who would be written to, then why not the others."""
    outbox = dict.fromkeys(("queued", "sent", "failed", "unknown", "cancelled"), 0) | {"sent": report.send}
    found = Equation(
        report.id,
        report.candidates,
        report.refused,
        report.held_out,
        report.deferred,
        report.waiting,
        report.ended,
        outbox,
        {},
    )
    first, *others = parts_of(found, voice)
    return [replace(first, label=voice.say("outcome.would")), *others]


def _leaving(equation: Equation, voice: Voice) -> Iterator[Part]:
    yield Part("sent", voice.say("outcome.sent"), equation.outbox["sent"], "sent")
    if equation.outbox["queued"]:
        yield Part("queued", voice.say("outcome.queued"), equation.outbox["queued"], "soft")


def _unsent(equation: Equation, voice: Voice) -> list[Part]:
    """By number, ties by their order in the gate; greys go from dark to pale with them."""
    numbers = [(code, voice.reason(code), number) for code, number in equation.refused.items()]
    numbers += [
        (code, voice.say(f"outcome.{code}"), number)
        for code, number in (
            ("held_out", equation.held_out),
            ("deferred", equation.deferred),
            ("waiting", equation.waiting),
            ("ended", equation.ended),
            *((state, equation.outbox[state]) for state in ("failed", "unknown", "cancelled")),
        )
    ]
    ranked = sorted((one for one in numbers if one[2]), key=lambda one: -one[2])
    greys = iter([*GREYS[:4], *[GREYS[3]] * 3, *[GREYS[4]] * len(ranked)])
    return [Part(code, label, n, "hatch" if code == "held_out" else next(greys)) for code, label, n in ranked]
