"""A request goes in; every turn of its span is walked as it would have been, and what was decided is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

from relance.backtests.asked import Asked, turns_of
from relance.backtests.beginning import begin
from relance.backtests.lived import differences, keep_lived, lived_turns
from relance.backtests.reach import check_reach, reads_segments
from relance.backtests.stored import Shelf, peak_megabytes, shelf_of
from relance.backtests.summary import Walked, summary_of
from relance.customers.installation import Installation
from relance.customers.relations import View
from relance.flow import turn_of
from relance.policy.record import record
from relance.policy.report import TurnReport
from relance.scenarios.moment import Moment, Running
from relance.scenarios.running import last_turns, running_scenarios
from relance.scenarios.switching import already_past

Told = Callable[[str, int, int], None]
_Instants = Mapping[str, datetime]


def _silent(what: str, done: int, total: int) -> None:
    return


def backtest(place: Installation, asked: Asked, told: Told = _silent) -> dict[str, Any]:
    """Walks, stores under `backtests/<id>/` and answers the summary, with `measured` beside it.

    Nothing is written in warehouse, ledger or outbox. Raises Refused where knowledge does not reach.
    """
    began = perf_counter()
    with place.aside() as world:
        turns, lived = _turns(world, asked)
        if not lived:  # a turn that was run knew what it knew
            check_reach(world, (*asked.every, *asked.in_force), turns[0])
        shelf = shelf_of(place, asked, lived)
        with shelf.writing():
            summary = {"id": shelf.id, "kind": "replay" if lived else "forecast"}
            summary |= _walk(world, asked, turns, lived, shelf, told)
            shelf.keep_summary(summary)
            if asked.in_force:
                in_force = _compared(place, asked, turns, lived, told)
                shelf.keep_comparison(in_force)
            measured = {"seconds": round(perf_counter() - began, 1), "peak_mb": peak_megabytes()}
            shelf.keep_measured(measured)
    return shelf.read()


def _turns(world: Installation, asked: Asked) -> tuple[list[datetime], bool]:
    lived = lived_turns(world.engine, asked, world.zone)
    return (lived, True) if lived else (turns_of(asked.every, asked.first, asked.last, world.zone), False)


def _compared(place: Installation, asked: Asked, turns: Sequence[datetime], lived: bool, told: Told) -> dict[str, Any]:
    """The same span with the versions in force in the place of those that were named."""
    names = {each.name for each in asked.in_force}
    versions = (*asked.in_force, *(each for each in asked.versions if each.name not in names))
    same = Asked(versions, asked.others, asked.first, asked.last, asked.beside, asked.continued)
    with place.aside() as world:
        return _walk(world, same, turns, lived, None, told)


def _walk(
    world: Installation, asked: Asked, turns: Sequence[datetime], lived: bool, shelf: Shelf | None, told: Told
) -> dict[str, Any]:
    if lived:
        keep_lived(world.engine, turns[0], turns[-1])
    begin(world, turns[0], asked.continued, lived)
    running = _running(world, asked, turns[0], asked.continued or lived)
    past = {each.version.name: _past(world, each, turns[0]) for each in running}
    walked = Walked(asked, turns, past, zone=world.zone)
    look = reads_segments(asked.every, View(world.tables, history=True), world.zone)
    before = dict(last_turns(world.engine, running, turns[0]))
    for done, turn in enumerate(turns):
        told(f"{turn:%Y-%m-%d}", done, len(turns))
        walked.add(_live(world, running, turn, before, look))
        if shelf is not None:
            shelf.keep_decisions(world.engine, turn)
        before |= {each.version.name: turn for each in running}
    told("counting", len(turns), len(turns))
    apart = differences(world.engine, turns[0]) if lived else None
    return summary_of(world, walked) | {"differences": apart}


def _running(world: Installation, asked: Asked, first: datetime, recorded: bool) -> list[Running]:
    """All begin at the first turn; where `recorded`, at the instant at which they were switched on."""
    since: _Instants = {}
    if recorded:
        since = {each.version.name: each.since for each in running_scenarios(world.ledger, first)}
    return [Running(each, since.get(each.name, first)) for each in asked.every]


def _past(world: Installation, running: Running, first: datetime) -> int:
    return already_past(world, running.version, first) if running.since == first else 0


def _live(world: Installation, running: Sequence[Running], turn: datetime, before: _Instants, look: bool) -> TurnReport:
    """One turn by the turn's own code, recorded in the tables set aside."""
    previous = max(before.values(), default=None)
    moment = Moment(turn, turn + timedelta(microseconds=1), previous, world.zone, last_turns=dict(before))
    report = turn_of(world, moment, running, "run", look)
    record(world.engine, moment, report)
    return report
