"""`backtest`: scenarios and a span of past dates come in; whom they would have written to, and why, goes out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from relance.base.errors import BadDocument
from relance.cli.opened import date_of, opened
from relance.cli.options import HomeOption, JsonOption
from relance.cli.output import note, progress, reasons, say, say_json, say_table

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[SCENARIO]...", help="A name, a version as NAME@3, or a file; all that are on otherwise."),
]
FromOption = Annotated[str | None, typer.Option("--from", metavar="DATE", help="The first local date.")]
ToOption = Annotated[str | None, typer.Option("--to", metavar="DATE", help="The last local date; its turn included.")]
WithOption = Annotated[
    Literal["all-on", "none"],
    typer.Option("--with", help="Which other scenarios run beside: all that are on, or none."),
]
ContinueOption = Annotated[
    bool, typer.Option("--continue", help="Go on from the journeys and decisions recorded before the first date.")
]
CompareOption = Annotated[
    bool, typer.Option("--compare", help="Walk the version in force too, where another is named.")
]
ListOption = Annotated[bool, typer.Option("--list", help="Only list the backtests that are kept.")]

_SAID = {
    "orders_as_they_came": "orders are those that were really placed",
    "no_reaction": "nobody reacts to what would have been sent",
    "no_bounces": "every message arrives",
    "consent_as_known": "consent is what was known on each day",
    "webhooks_done_clicks_none": "webhooks succeed, nobody clicks",
    "coupons_enough": "there are enough coupons",
}


def backtest(
    scenarios: Names = None,
    first: FromOption = None,
    last: ToOption = None,
    beside: WithOption = "all-on",
    continued: ContinueOption = False,
    compare: CompareOption = False,
    listed: ListOption = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Say whom scenarios would have written to over past dates, and why; keep it, and write nothing else."""
    if listed:
        _list(home, json)
        return
    begins, ends = date_of(first), date_of(last)
    if begins is None or ends is None:
        raise BadDocument("say which dates: relance backtest --from 2026-01-01 --to 2026-03-31")
    with opened(home) as place, progress("a backtest") as told:
        from relance.backtests.asked import asked_of
        from relance.backtests.walk import backtest as walk

        asked = asked_of(place, scenarios or (), begins, ends, beside, continued, compare)
        found = walk(place, asked, told)
        folder = place.home.path / "backtests" / found["id"]
    if json:
        say_json(found)
    else:
        show_backtest(found)
        say(f"Kept in {folder}")


def show_backtest(found: dict[str, Any]) -> None:
    """The equation of each scenario, its messages, and what was assumed."""
    columns = ("scenario", "version", "candidates", "messages", "send", "held out", "deferred", "waiting", "refused")
    rows = [
        (each["id"], each["version"] or "not published", each["candidates"], each["messages"], each["send"],
         each["held_out"], each["deferred"], each["waiting"] + each["ended"], reasons(each["refused"]))
        for each in found["scenarios"]
    ]  # fmt: skip
    say_table(columns, rows, f"{found['kind'].capitalize()}, {found['from']} to {found['to']}, {found['turns']} turns")
    _show_people(found)
    if in_force := found.get("in_force"):
        show_in_force(in_force)
    if found["kind"] == "forecast":
        say("Assumed: " + "; ".join(_SAID[code] for code in found["assumptions"]) + ".")
    else:
        apart = found["differences"]
        say(f"Against what was lived: {apart['missing']} decisions are missing here, {apart['added']} are new.")
    for alert in found["alerts"][:5]:
        note(f"attention: {alert}")
    measured = found["measured"]
    say(f"{measured['seconds']} s, at most {measured['peak_mb']} MB; {found['id']}")


def _show_people(found: dict[str, Any]) -> None:
    told = ("lost to", "already past", "too old to see", "placed anyway")
    columns = ("scenario", "0", "1", "2", "3+", "most", *told)
    rows = [
        (each["id"], *each["per_contact"].values(), reasons(each["lost_to"]), each["already_past"],
         each["too_old_to_see"], _anyway(each["placed_anyway"]))
        for each in found["scenarios"]
    ]  # fmt: skip
    rows.append(("all of them", *found["contacts"].values(), "", None, None, ""))
    say_table(columns, rows, "Contacts by number of messages")
    samples = [
        (each["scenario"], each["step"], each["contact"], each["occurrence"], each["at"])
        for one in found["scenarios"]
        for each in one["samples"]
    ]
    say_table(("scenario", "step", "contact", "occurrence", "decided (UTC)"), samples, "Examples")
    busiest = max(found["days"], key=lambda day: day["messages"], default=None)
    if busiest:
        total = sum(day["messages"] for day in found["days"])
        most = f"most on {busiest['date']}: {busiest['messages']:,}"
        say(f"{total:,} messages, {total / len(found['days']):,.1f} a day; {most}")


def _anyway(placed: dict[str, Any]) -> str:
    return f"{placed['orders']:,} orders of {placed['contacts']:,} people within {placed['within']}"


def show_in_force(in_force: dict[str, Any]) -> None:
    """What the version in force would have done over the same dates."""
    columns = ("scenario", "version", "candidates", "messages", "refused")
    rows = [
        (one["id"], one["version"], one["candidates"], one["messages"], reasons(one["refused"]))
        for one in in_force["scenarios"]
        if one["chosen"]
    ]
    say_table(columns, rows, "In force, over the same dates")


def _list(home: Any, json: bool) -> None:
    from relance.backtests.stored import stored_backtests
    from relance.base.home import existing_home

    kept = stored_backtests(existing_home(home))
    if json:
        say_json({"backtests": kept})
        return
    rows = [
        (one["id"], one["kind"], one["from"], one["to"], ", ".join(each["id"] for each in one["request"]["scenarios"]),
         sum(each["messages"] for each in one["scenarios"]))
        for one in kept
    ]  # fmt: skip
    say_table(("id", "kind", "from", "to", "scenarios", "messages"), rows, "Backtests")
