"""A story is lived, moment by moment, in a home of its own; what differed from what it says comes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any

from relance.base.clock import FixedClock
from relance.base.errors import BadDocument, RelanceError
from relance.base.zones import local_day
from relance.channels.sender import send_due
from relance.channels.setup import mail_settings
from relance.engines.ledger import OutboxRow
from relance.explaining.explain import explain
from relance.explaining.explanation import Explanation
from relance.flow import run
from relance.ingest.feeds import feed_complete
from relance.messages.publishing import publish_scenario
from relance.policy.report import TurnReport
from relance.scenarios.calls import call_scenario
from relance.scenarios.editing import edit, undo
from relance.scenarios.running import running_scenarios, stored_version
from relance.scenarios.switching import switch_off, switch_on
from relance.scenarios.under_way import choices
from relance.stories import comparing
from relance.stories.documents import Asked, Moment, Tale
from relance.stories.mailbox import PickyMailbox
from relance.stories.seen import Decided, addresses, decided_at, letters, states
from relance.stories.world import Workshop, World


@dataclass(frozen=True)
class Difference:
    """At a moment, something that a story says was not so; `because` is what the house says about it."""

    line: int
    moment: str
    what: str
    lines: tuple[str, ...]
    because: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lived:
    """How a story went."""

    tale: Tale
    differences: tuple[Difference, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        return not self.differences

    def as_dict(self) -> dict[str, Any]:
        """The published shape of `relance test --json`."""
        told = [
            {"line": each.line, "moment": each.moment, "what": each.what, "lines": list(each.lines)}
            | {"because": list(each.because)}
            for each in self.differences
        ]
        named = {"story": self.tale.story.story, "file": str(self.tale.path), "line": self.tale.line}
        return {**named, "passed": self.passed, "seconds": round(self.seconds, 3), "differences": told}

    def text(self) -> str:
        """What differed, for a person."""
        return "\n".join(line for each in self.differences for line in _paragraph(self.tale, each))


def live(tale: Tale, workshop: Workshop) -> Lived:
    """Lives a story in a home of its own. Raises BadDocument for what its files say wrongly."""
    started = perf_counter()
    with workshop.world(tale) as world:
        world.begin()
        found = [each for number, moment in enumerate(tale.story.then) for each in _moment(world, number, moment)]
    return Lived(tale, tuple(found), perf_counter() - started)


def _paragraph(tale: Tale, each: Difference) -> Iterator[str]:
    yield f"{tale.path}:{each.line}: {each.moment}: {each.what}"
    yield from (f"    {line}" for line in each.lines)
    yield from (f"    {line}" for line in each.because)


def _moment(world: World, number: int, moment: Moment) -> Iterator[Difference]:
    at = world.instant(moment.time, "then", number, moment.kind)
    scene = Scene(world, number, moment, at)
    before = states(world.place) if moment.cancels is not None else {}
    try:
        yield from scene.done()
    except RelanceError as error:
        if moment.error is None:
            if isinstance(error, BadDocument):
                raise
            yield scene.difference(moment.kind, [f"  {error}"])
        else:
            yield from scene.refused(moment.error, str(error))
    else:
        yield from scene.refused(moment.error or (), "")
    if moment.cancels is not None:
        yield from scene.cancelled(before, moment.cancels)
    if moment.codes is not None:
        yield from scene.held(moment.codes)
    for asked in moment.explain:
        yield from scene.explained(asked)


@dataclass(frozen=True)
class Scene:
    """One moment of a story, at its instant."""

    world: World
    number: int
    moment: Moment
    at: datetime

    def difference(self, what: str, lines: list[str], because: tuple[str, ...] = ()) -> Difference:
        document = self.world.tale.document
        line = document.line(("then", self.number, what)) or 1
        return Difference(line, f"{self.moment.kind} {self.moment.time}", what, tuple(lines), because)

    def done(self) -> Iterator[Difference]:
        """What becomes known, what is switched or edited, then the turn or the sending."""
        if self.moment.add:
            self.world.add(self.number, self.at)
        self.declare()
        yield from self.change()
        if self.moment.kind == "turn":
            yield from self.turn()
        elif self.moment.kind == "send":
            yield from self.send()

    def refused(self, said: Sequence[str], sentence: str) -> Iterator[Difference]:
        """The house refuses what the moment asks, with a sentence that holds these texts."""
        missing = [text for text in said if text not in sentence]
        if missing:
            lines = [*(f"- {text}" for text in missing), f"+ {sentence or '(it was done)'}"]
            yield self.difference("error", lines)

    def declare(self) -> None:
        """Feeds that are complete: those of which the story says so; all of them where it says nothing."""
        story, engine = self.world.tale.story, self.world.place.engine
        said = {**(story.complete or {} if self.number == 0 else {}), **(self.moment.complete or {})}
        for feed, until in said.items():
            feed_complete(engine, feed, self.world.instant(until, "then", self.number, "complete"), self.at)
        if not story.says_what_is_complete and self.moment.kind == "turn":
            for feed in self.world.feeds:
                feed_complete(engine, feed, self.at, self.at)

    def change(self) -> Iterator[Difference]:
        """Scenarios that are switched, edited, or brought back."""
        place, moment = self.world.place, self.moment
        for name in moment.off or ():
            running = running_scenarios(place.ledger, self.at, [name])
            switch_off(place, name, running[0].version.number, self.at)
        for name in moment.on or ():
            switch_on(place, stored_version(place.ledger, name), self.at)
        if moment.apply is not None:
            said = self.world.bench.scenario(moment.apply.scenario, ("then", self.number, "apply", "scenario"))
            version = publish_scenario(place, said, self.at, feeds_later=True)
            before = choices(place, version, self.at)
            done = edit(place, version, moment.apply.live, self.at)
            wanted = moment.apply.model_dump(exclude={"scenario", "live"}, exclude_none=True)
            yield from self._told("apply", comparing.numbers(wanted, vars(before) | vars(done)))
        if moment.undo is not None:
            undo(place, moment.undo, self.at)
        for number, call in enumerate(moment.call):
            name = call.scenario or self.world.names[0]
            key = call.key or f"{self.number}.{number}"
            call_scenario(place, stored_version(place.ledger, name).scenario, call.contact, key, call.fields, self.at)

    def turn(self) -> Iterator[Difference]:
        """A turn, and what it should have decided."""
        place, moment = self.world.place, self.moment
        before = set(states(place))
        since = self.world.day(moment.enter_since, "then", self.number, "enter_since")
        report = run(place, self.at, enter_since=since)
        made = decided_at(place, self.at)
        if moment.queues is not None:
            new = [row for number, row in states(place).items() if number not in before]
            lines, missing = comparing.messages(moment.queues, letters(place, new, made), self._instant)
            if lines:
                yield self.difference("queues", lines, tuple(self._why(missing, made)))
        for what, outcome in (("refuses", "refused"), ("defers", "deferred"), ("ends", "ended")):
            said = getattr(moment, what)
            if said is not None:
                yield from self._told(
                    what, comparing.reasons(said, {each.who: each.reason for each in _of(made, outcome)})
                )
        if moment.holds_out is not None:
            yield from self._told(
                "holds_out", comparing.names(moment.holds_out, [each.who for each in _of(made, "held_out")])
            )
        if moment.counts is not None:
            yield from self._told("counts", comparing.numbers(moment.counts, _counted(report)))

    def send(self) -> Iterator[Difference]:
        """The mail that is due leaves into the home's mailbox."""
        place = self.world.place
        before = states(place)
        settings = mail_settings(place.settings, place.secret)
        refused = addresses(place, self.moment.server_refuses or ())
        send_due(place.ledger, PickyMailbox(place.home.mail, refused), settings, FixedClock(self.at))
        changed = [row for number, row in states(place).items() if row.state != before[number].state]
        if self.moment.delivers is not None:
            gone = letters(place, [row for row in changed if row.state == "accepted"])
            lines, _ = comparing.messages(self.moment.delivers, gone, self._instant)
            stayed = letters(place, [row for row in changed if row.state != "accepted"])
            why = tuple(f"  {each.to}: {each.row.state}, {each.row.reason}" for each in stayed)
            if lines:
                yield self.difference("delivers", lines, why)

    def cancelled(self, before: Mapping[int, OutboxRow], said: Mapping[str, str]) -> Iterator[Difference]:
        """Messages that waited before this moment and will not leave, with the reason."""
        place = self.world.place
        rows = [row for number, row in states(place).items() if number in before and row.state == "cancelled"]
        stopped = letters(place, [row for row in rows if before[row.id].state != "cancelled"])
        yield from self._told("cancels", comparing.reasons(said, {each.to: each.row.reason or "" for each in stopped}))

    def held(self, said: Mapping[str, Mapping[str, int]]) -> Iterator[Difference]:
        """How many codes of a pool are free, issued…"""
        found: dict[str, dict[str, int]] = {}
        for pool, state, number in self.world.place.ledger.code_counts(local_day(self.at, self.world.zone)):
            found.setdefault(pool, {})[state] = number
        for pool, counts in said.items():
            yield from self._told("codes", comparing.numbers(counts, found.get(pool, {})))

    def explained(self, asked: Asked) -> Iterator[Difference]:
        """What the house says about a contact at this moment."""
        found = self._explain(asked.contact, asked.scenario)
        outcome, reason = _standing(found)
        lines = []
        for name, said, there in (
            ("outcome", asked.outcome, outcome), ("reason", asked.reason, reason), ("step", asked.step, found.step)
        ):  # fmt: skip
            accepted = {there, found.outcome} if name == "outcome" else {there, *(found.reasons if said else ())}
            if said is not None and said not in accepted:
                lines += [f"- {name}: {said}", f"+ {name}: {there}"]
        page = " ".join((found.text("fr") + found.text("en")).split())
        lines += [f"- says: {text}" for text in asked.says or () if " ".join(text.split()) not in page]
        if lines:
            page_lines = tuple(f"  {line}" for line in found.text("en").splitlines())
            yield self.difference("explain", [f"  contact: {asked.contact}", *lines], page_lines)

    def _explain(self, who: str, scenario: str | None) -> Explanation:
        return explain(self.world.place, who, scenario or self.world.names[0], self.at)

    def _told(self, what: str, lines: list[str]) -> Iterator[Difference]:
        if lines:
            yield self.difference(what, lines)

    def _instant(self, text: str) -> datetime:
        return self.world.instant(text, "then", self.number)

    def _why(self, missing: list[str], made: list[Decided]) -> Iterator[str]:
        """For whoever misses a message: what the turn decided, or why it had nothing to decide."""
        for who in dict.fromkeys(missing):
            own = [each for each in made if each.who == who]
            for each in own:
                reason = f", {each.reason}" if each.reason else ""
                yield f"  {who}: {each.scenario}, {each.outcome}{reason}"
            if not own:
                found = self._explain(who, None)
                yield f"  {who}: {found.outcome}: {found.headline.in_('en')}"


def _of(made: list[Decided], outcome: str) -> list[Decided]:
    return [each for each in made if each.outcome == outcome]


def _standing(found: Explanation) -> tuple[str, str | None]:
    """A message that is cancelled, refused or delivered is where the outbox has it."""
    if found.outcome == "send" and found.sending and found.sending.state != "queued":
        return found.sending.state, found.sending.reason
    return found.outcome, found.reason


def _counted(report: TurnReport) -> dict[str, int]:
    """All scenarios together: the parts of the equation, and each reason of refusal."""
    total: dict[str, int] = {}
    for each in report.scenarios:
        parts = {
            "candidates": each.candidates, "send": each.send, "held_out": each.held_out, "deferred": each.deferred,
            "waiting": each.waiting, "ended": each.ended, "messages": each.messages,
            "refused": sum(each.refused.values()), "too_old_to_see": each.too_old_to_see,
        }  # fmt: skip
        for name, number in (*parts.items(), *each.refused.items()):
            total[name] = total.get(name, 0) + number
    return total
