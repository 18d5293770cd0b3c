"""`plan` and `run`: scenario names and an instant come in, the report of a turn goes out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relance.cli.opened import clock_at, date_of, opened
from relance.cli.options import AsOfOption, EnterSinceOption, HomeOption, JsonOption
from relance.cli.output import note, progress, reasons, say, say_json, say_table

if TYPE_CHECKING:
    from relance.policy.report import TurnReport

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
    """Say what a turn would decide, and why; write nothing."""
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

        verb = flow.plan if kind == "plan" else flow.run
        report = verb(place, clock_at(as_of, place.zone, place.clock).now(), tuple(names or ()), entering)
    if json:
        say_json(report.as_dict())
    else:
        show_report(report)


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
