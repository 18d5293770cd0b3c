"""What the home knows becomes at most five things that need somebody, the most costly first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from relance.base.clock import aware_utc
from relance.web.here import Here
from relance.web.reading.now import Turn
from relance.web.reading.standing import Standing

_LATE = timedelta(hours=36)
_MOST = 5


@dataclass(frozen=True)
class ToDo:
    """A fact, its measure with what Relance already did, and one link that is a verb."""

    icon: str
    fact: str
    about: str
    verb: str
    link: str
    urgent: bool = False


def things_to_do(here: Here, found: Sequence[Standing], turn: Turn | None) -> list[ToDo]:
    """In the order of what they cost."""
    kinds = (_unknown(here, found), _late_turn(here, found, turn), _late_feeds(here, found, turn))
    every = [one for kind in (*kinds, _rejects(here), _ready(here, found)) for one in kind]
    return every[:_MOST]


def _unknown(here: Here, found: Sequence[Standing]) -> Iterator[ToDo]:
    for one in found:
        number = one.equation.messages["unknown"] if one.equation else 0
        if number:
            say = here.voice.say
            link = f"/scenarios/{one.name}/people/unknown"
            yield ToDo(
                "warning",
                say("todo.unknown", n=number),
                say("todo.unknown.about"),
                say("todo.unknown.go"),
                link,
                urgent=True,
            )


def _late_turn(here: Here, found: Sequence[Standing], turn: Turn | None) -> Iterator[ToDo]:
    if turn and any(one.on for one in found) and here.now - aware_utc(turn.at) > _LATE:
        say = here.voice.say
        fact = say("todo.beat", at=turn.at)
        yield ToDo("warning", fact, say("todo.beat.about"), say("todo.beat.go"), "/scenarios", urgent=True)


def _late_feeds(here: Here, found: Sequence[Standing], turn: Turn | None) -> Iterator[ToDo]:
    """Feeds that running scenarios need, measured at the last turn."""
    needed = sorted({need.feed for one in found if one.on for need in one.scenario.needs})
    if not needed or turn is None:
        return
    rows = here.place.engine.rows("SELECT feed, max(until) AS until FROM feed_completeness GROUP BY feed")
    until = {row["feed"]: row["until"] for row in rows}
    say = here.voice.say
    for feed in needed:
        complete = until.get(feed)
        if complete is None or turn.at - complete >= _LATE:
            about = say("todo.feed.about", until=complete) if complete else say("todo.feed.never")
            yield ToDo("warning", say("todo.feed", feed=feed), about, say("todo.feed.go"), "/data", urgent=True)


def _rejects(here: Here) -> Iterator[ToDo]:
    rows = here.place.engine.rows(
        "SELECT delivery, max(known_at) AS known_at, sum(rejected)::BIGINT AS rejected, sum(read)::BIGINT AS read "
        "FROM imports WHERE delivery = (SELECT max(delivery) FROM imports WHERE rejected > 0) GROUP BY delivery"
    )
    for row in rows:
        say, kept = here.voice.say, row["read"] - row["rejected"]
        fact = say("todo.rejects", n=row["rejected"])
        about = say("todo.rejects.about", at=row["known_at"], kept=kept)
        yield ToDo("file", fact, about, say("todo.rejects.go"), f"/data/deliveries/{row['delivery']}")


def _ready(here: Here, found: Sequence[Standing]) -> Iterator[ToDo]:
    for one in found:
        if not one.on:
            say = here.voice.say
            about = one.about.in_(here.language)
            link = f"/scenarios/{one.name}"
            yield ToDo("switch", say("todo.ready", title=one.title), about, say("todo.ready.go"), link)
