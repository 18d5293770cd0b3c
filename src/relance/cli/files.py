"""`import`, `rejects` and `feed complete`: the retailer's files come in, what became of every row goes out."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relance.base.errors import BadFile, NotFound, RelanceError
from relance.cli.opened import clock_at, instant_of, opened
from relance.cli.options import AsOfOption, HomeOption, JsonOption, OutOption
from relance.cli.output import note, progress, say, say_json, say_table

if TYPE_CHECKING:
    from relance.customers.installation import Installation
    from relance.ingest.delivery import Refusal
    from relance.ingest.reports import ImportReport

feed = typer.Typer(help="Feeds: what has come, and until when.", no_args_is_help=True, rich_markup_mode=None)


def import_(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="Files of one delivery; a folder is all its files.")
    ] = None,
    inbox: Annotated[bool, typer.Option("--inbox", help="Import what lies in the home's inbox, and clear it.")] = False,
    history: Annotated[
        bool, typer.Option("--history", help="A feed's first import: facts were known when the mapping says so.")
    ] = False,
    as_of: AsOfOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Import files as one delivery. Importing the same file again changes nothing."""
    if bool(paths) == inbox:
        raise typer.BadParameter("name the files to import, or say --inbox")
    with opened(home) as place:
        at = clock_at(as_of, place.zone, place.clock).now()
        reports, refusals = _inbox(place, at) if inbox else _delivered(place, _files(paths or []), at, history)
    if json:
        say_json({"files": [_shape(one) for one in reports], "refused": [_refused(one) for one in refusals]})
    else:
        _show(reports, refusals)
    if refusals:
        raise _error(refusals)


def _delivered(
    place: Installation, files: list[Path], at: datetime, history: bool
) -> tuple[list[ImportReport], list[Refusal]]:
    from relance.ingest.delivery import deliver
    from relance.messages.stopping import LedgerStops

    stops = LedgerStops(place.ledger)
    with place.turn_lock(), progress("import") as told:
        return deliver(place.engine, stops, place.home.definitions, files, at, history, told, place.secret)


def _inbox(place: Installation, at: datetime) -> tuple[list[ImportReport], list[Refusal]]:
    from relance.ingest.inbox import import_inbox
    from relance.messages.stopping import LedgerStops

    stops, home = LedgerStops(place.ledger), place.home
    with place.turn_lock(), progress("import") as told:
        return import_inbox(place.engine, stops, home.inbox, home.definitions, at, told, place.secret)


def _files(paths: list[Path]) -> list[Path]:
    """The files named, and those of the folders named; NotFound for what is not there."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(one for one in path.iterdir() if one.is_file() and not one.name.startswith("."))
        elif path.exists():
            found.append(path)
        else:
            raise NotFound(f"there is no file {path}; nothing was imported")
    return found


def _shape(report: ImportReport) -> dict[str, Any]:
    """The published shape: instants with their Z."""
    told = asdict(report)
    return {name: f"{value.isoformat()}Z" if isinstance(value, datetime) else value for name, value in told.items()}


def _refused(refusal: Refusal) -> dict[str, Any]:
    return {"file": refusal.path.name, "feed": refusal.feed, "error": str(refusal.error)}


def _show(reports: list[ImportReport], refusals: list[Refusal]) -> None:
    columns = ("feed", "file", "read", "inserted", "updated", "unchanged", "rejected", "seconds")
    rows = [[getattr(one, name) for name in columns[:-1]] + [f"{one.seconds:.2f}"] for one in reports]
    if rows:
        say_table(columns, rows)
    elif not refusals:
        say("There was nothing to import.")
    rejected = {one.delivery for one in reports if one.rejected and not one.repeated}
    for delivery in sorted(rejected):
        note(f"some rows were rejected; to have them as a file: relance rejects --delivery {delivery} --out FILE")


def _error(refusals: list[Refusal]) -> RelanceError:
    return refusals[0].error if len(refusals) == 1 else BadFile("; ".join(str(one.error) for one in refusals))


def rejects(
    out: OutOption = None,
    delivery: Annotated[
        int | None, typer.Option("--delivery", metavar="N", help="Of this delivery; the last one otherwise.")
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """The rows that a delivery could not take: file, line, column, value and reason, as a CSV for a spreadsheet."""
    from relance.ingest.journal import write_rejects

    with opened(home) as place:
        number = delivery or place.engine.value("SELECT max(delivery) FROM imports")
        if number is None:
            raise NotFound("nothing has been imported yet, so nothing was rejected")
        target = out or Path(f"rejects-{number}.csv")
        count = write_rejects(place.engine, number, target)
    if json:
        say_json({"delivery": number, "rejects": count, "file": str(target)})
    else:
        say(f"{count:,} rejected rows of delivery {number} are in {target}")


@feed.command("complete")
def complete(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of a feed.")],
    until: Annotated[str, typer.Option("--until", metavar="INSTANT", help="Everything until then has come.")],
    as_of: AsOfOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Say that a feed is complete up to an instant, so that scenarios that need it may go."""
    from relance.ingest.feeds import feed_complete
    from relance.ingest.mapping import load_feeds

    with opened(home) as place:
        feeds = load_feeds(place.home.definitions, dict(place.tables))
        if name not in feeds:
            raise NotFound(f"there is no feed “{name}”; there are {', '.join(sorted(feeds)) or 'none'}")
        instant, at = instant_of(until, place.zone), clock_at(as_of, place.zone, place.clock).now()
        with place.turn_lock(), place.engine.transaction():
            news = feed_complete(place.engine, name, instant, at)
    if json:
        say_json({"feed": name, "complete_until": instant.isoformat(), "news": news})
    else:
        say(f"{name} is complete until {instant:%Y-%m-%d %H:%M} UTC" + ("." if news else "; that was known already."))
