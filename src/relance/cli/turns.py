"""`plan` and `run`: scenario names and an instant come in, the report of a turn goes out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relance.base.errors import Refused
from relance.cli.opened import clock_at, date_of, opened
from relance.cli.options import AsOfOption, EnterSinceOption, HomeOption, JsonOption
from relance.cli.output import note, progress, reasons, say, say_json, say_table

if TYPE_CHECKING:
    from relance.customers.installation import Installation
    from relance.policy.report import TurnReport
    from relance.scenarios.versions import Version

Names = Annotated[
    list[str] | None, typer.Argument(metavar="[SCENARIO]...", help="Only these scenarios; all that are on otherwise.")
]


def plan(
    scenarios: Names = None,
    as_of: AsOfOption = None,
    enter_since: EnterSinceOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Say what a turn would decide, and why; write nothing. Also for what is not on, by name, NAME@3 or file."""
    _turn("plan", scenarios, as_of, enter_since, home, json)


def run(
    scenarios: Names = None,
    as_of: AsOfOption = None,
    enter_since: EnterSinceOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Decide a turn, keep every decision, and queue the approved messages."""
    _turn("run", scenarios, as_of, enter_since, home, json)


def _turn(
    kind: str, names: list[str] | None, as_of: str | None, since: str | None, home: Path | None, json: bool
) -> None:
    entering = date_of(since)
    with opened(home) as place, progress("a turn"):
        from relance import flow

        at = clock_at(as_of, place.zone, place.clock).now()
        if kind == "plan":
            on, supposed = _on_and_supposed(place, names or (), at)
            report = flow.plan(place, at, on, entering, supposed)
        else:
            report = flow.run(place, at, tuple(names or ()), entering)
    if json:
        say_json(report.as_dict())
    else:
        show_report(report)


def _on_and_supposed(
    place: Installation, names: Sequence[str], at: datetime
) -> tuple[tuple[str, ...], tuple[Version, ...]]:
    """Names of what was on then, and the versions of what was not, which are planned as if they had been."""
    from relance.backtests.asked import version_named
    from relance.scenarios.running import running_scenarios

    on = {each.version.name for each in running_scenarios(place.ledger, at)}
    there = tuple(name for name in names if name in on)
    supposed = tuple(version_named(place, name) for name in names if name not in on)
    planned = [*there, *(each.name for each in supposed)]
    if twice := {name for name in planned if planned.count(name) > 1}:
        raise Refused(f"“{min(twice)}” is named twice; a turn runs one version of each scenario")
    return there, supposed


def show_report(report: TurnReport) -> None:
    """One row a scenario; nothing decided is said in words."""
    if not report.scenarios:
        say("No scenario is on. See what there is: relance scenario library")
        return
    title = f"{'Plan for' if report.kind == 'plan' else 'Turn of'} {report.at:%Y-%m-%d %H:%M} UTC"
    columns = ("scenario", "version", "candidates", "send", "held out", "deferred", "waiting", "refused")
    rows = [
        (each.id, each.version, each.candidates, each.send, each.held_out, each.deferred, each.waiting,
         reasons(each.refused))
        for each in report.scenarios
    ]  # fmt: skip
    say_table(columns, rows, title)
    for alert in report.alerts:
        note(f"attention: {alert}")
