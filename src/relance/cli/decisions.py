"""`decisions export`: what turns decided, row by row, for a machine."""

from __future__ import annotations

from typing import Annotated

import typer

from relance.cli.opened import date_of, opened
from relance.cli.options import CsvOption, HomeOption, JsonOption, OutOption
from relance.cli.output import say_json

group = typer.Typer(help="What turns decided.", no_args_is_help=True, rich_markup_mode=None)


@group.command("export")
def export(
    scenario: Annotated[list[str] | None, typer.Option("--scenario", metavar="NAME", help="Only this one.")] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="DATE", help="Due on or after this date.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="DATE", help="Due on or before this date.")] = None,
    out: OutOption = None,
    csv: CsvOption = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Every decision, ordered; CSV unless JSON is asked for. The contact is the retailer's own id."""
    with opened(home) as place:
        from relance.cli.tables import write_csv
        from relance.policy.export import COLUMNS, exported

        decided = exported(place, tuple(scenario or ()), date_of(since), date_of(until))
        if json and not csv:
            say_json({"decisions": decided.to_pylist()})
        else:
            write_csv(decided.select(COLUMNS), out)
