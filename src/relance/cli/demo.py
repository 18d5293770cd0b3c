"""`demo`: a made-up cooperative of bookshops lives through a month, and tells how it went."""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relance.base.zones import local_day
from relance.cli.options import JsonOption, PortOption
from relance.cli.output import progress, say, say_json, say_table
from relance.cli.serve import serve_home

if TYPE_CHECKING:
    from relance.base.home import Home
    from relance.customers.installation import Installation
    from relance.demo.month import Month
    from relance.policy.equation import Equation

DEFAULT = Path("relance-demo")
_ABREAST = 4  # scenarios in one table
FIRST = "forgotten-cart"  # the scenario of which the first members worth showing tell


def demo(
    home: Annotated[Path, typer.Option("--home", metavar="DIR", help="Where to make the demo's home.")] = DEFAULT,
    contacts: Annotated[int, typer.Option("--contacts", metavar="N", help="How many members to make up.")] = 20_000,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="Another seed makes other people up.")] = 1,
    again: Annotated[bool, typer.Option("--again", help="Replace a demo that is there already.")] = False,
    serve: Annotated[
        bool | None,
        typer.Option(
            "--serve/--no-serve", help="Open the pages on it; otherwise in a terminal only.", show_default=False
        ),
    ] = None,
    port: PortOption = None,
    json: JsonOption = False,
) -> None:
    """Make up a cooperative of bookshops, live thirty days with it, and open the pages. Mail reaches nobody."""
    from relance.base.home import Home
    from relance.demo.rehearsal import rehearsed

    found = Home(home)
    pages = sys.stdin.isatty() if serve is None else serve
    _refuse_served(found)
    if again or not (pages and found.clock_file.exists()):
        with rehearsed():
            _live(found, contacts, seed, again, json)
    if pages:
        serve_home(found, None, port, lambda address: _let_in(found, address))
    elif not json:
        say("", f"To open the pages on it: relance demo --serve --home {home}")


def _let_in(home: Home, address: str) -> None:
    from relance.web.accounts import one_time_link

    say(
        "",
        f"The pages are open at {address}; the demo's clock goes on from the end of its month. Ctrl-C ends it.",
        "This link lets you in, once and within a quarter of an hour:",
        f"  {one_time_link(home, address)}",
    )
    sys.stdout.flush()


def _live(found: Home, contacts: int, seed: int, again: bool, json: bool) -> None:
    from relance.customers.installation import open_installation
    from relance.demo.month import close_for_holidays, go_on, live, make_files, make_home

    since = perf_counter()
    with progress("demo") as told:
        told("making up the cooperative", 0, 0)
        make_home(found, again)
        plan = make_files(found, contacts, seed)
        made = perf_counter() - since
        place = open_installation(found)
        try:
            month = live(place, plan, told)
            month.seconds = {"making up files": made, **month.seconds}
            _tell(place, month, perf_counter() - since, json)
            close_for_holidays(place, month.turns[-1].at)
            go_on(found, month.turns[-1].at)
        finally:
            place.close()


def _refuse_served(home: Home) -> None:
    from relance.base.errors import Busy
    from relance.serving.door import knock

    if channel := knock(home.door):
        channel.close()
        raise Busy(f"{home.path} is being served; end that first, nothing was touched")


def _tell(place: Installation, month: Month, seconds: float, json: bool) -> None:
    from relance.policy.equation import equations

    balanced = equations(place)
    if json:
        say_json(_shape(place.home, month, balanced, seconds))
        return
    _tell_files(month)
    for first in range(0, len(balanced), _ABREAST):
        _tell_equations(balanced[first : first + _ABREAST], month)
    _tell_one(place, month)
    _tell_where(place.home, month, seconds)


def _shape(home: Home, month: Month, balanced: list[Equation], seconds: float) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "home": str(home.path),
        "seconds": {name: round(each, 2) for name, each in month.seconds.items()} | {"all": round(seconds, 2)},
        "files": len(month.imports),
        "made_up": month.plan.counts,
        "turns": len(month.turns),
        "already_past": month.already_past,
        "equations": [asdict(each) for each in balanced],
        "accepted": sum(each.accepted for each in month.sends),
    }


def _tell_files(month: Month) -> None:
    feeds: dict[str, list[int]] = {}
    for one in month.imports:
        counted = feeds.setdefault(one.feed, [0] * 6)
        numbers = (1, one.read, one.inserted, one.updated, one.unchanged, one.rejected)
        feeds[one.feed] = [a + b for a, b in zip(counted, numbers, strict=True)]
    columns = ("feed", "files", "read", "inserted", "updated", "unchanged", "rejected")
    say_table(columns, [(name, *numbers) for name, numbers in sorted(feeds.items())], "What came in")


def _tell_equations(balanced: list[Equation], month: Month) -> None:
    """One column a scenario; every line is a part of the whole."""
    names = [each.scenario for each in balanced]
    rows: list[tuple[Any, ...]] = [("already past at the start (not counted)", *(month.already_past[n] for n in names))]
    rows.append(("candidates", *(each.candidates for each in balanced)))
    reasons = list(dict.fromkeys(reason for each in balanced for reason in each.refused))
    rows += [(f"= refused: {reason}", *(each.refused.get(reason, 0) for each in balanced)) for reason in reasons]
    rows.append(("+ held out", *(each.held_out for each in balanced)))
    for part in ("deferred", "waiting", "ended"):
        rows.append((f"+ {part}", *(getattr(each, part) for each in balanced)))
    for state in ("queued", "sent", "failed", "unknown", "cancelled"):
        rows.append((f"+ {state}", *(each.outbox[state] for each in balanced)))
    days = len(month.turns)
    say_table(("", *names), rows, f"What was decided in {days} turns (for each scenario the parts make the candidates)")


def _tell_one(place: Installation, month: Month) -> None:
    """One decision explained, of somebody whose story shows a rule."""
    from relance.explaining.explain import explain

    if month.plan.showcase:
        shown = month.plan.showcase[0]
        turn = next(at for at in month.plan.turns if local_day(at, place.zone) == shown.day)
        say(f"One of them explained ({shown.english}):", "", explain(place, shown.own_id, FIRST, turn).text("en"))


def _tell_where(home: Home, month: Month, seconds: float) -> None:
    last = month.turns[-1].at
    spent = ", ".join(f"{name} {each:.1f} s" for name, each in month.seconds.items())
    mails = sum(each.accepted for each in month.sends)
    say(
        f"{mails:,} mails lie in {home.mail}/new; open any of them with a mail program or an editor.",
        f"It took {seconds:.0f} s: {spent}.",
        "",
        "Look around:",
        f"  relance scenario list --home {home.path}",
        f"  relance report --home {home.path}",
        f"  relance decisions export --home {home.path} --csv | head",
        f"  relance audience count --segment fideles --home {home.path} --as-of {last:%Y-%m-%dT%H:%MZ}",
        f"  relance plan --home {home.path} --as-of {last:%Y-%m-%dT%H:%MZ}",
    )
    for shown in month.plan.showcase[1:3]:
        say(
            f"  relance explain {shown.own_id} {FIRST} --home {home.path} --as-of {shown.day}T09:00   # {shown.english}"
        )
