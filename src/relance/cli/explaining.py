"""`explain`: a contact, a scenario and an instant come in; why the message went, or did not, goes out."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from relance.cli.opened import clock_at, opened
from relance.cli.options import AsOfOption, HomeOption, JsonOption
from relance.cli.output import progress, say, say_json


def explain(
    contact: Annotated[str, typer.Argument(metavar="CONTACT", help="The retailer's own id of the person.")],
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="The name of a scenario.")],
    language: Annotated[Literal["fr", "en"], typer.Option("--language", help="French or English.")] = "en",
    as_of: AsOfOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Say why a contact got a scenario's message or did not: each condition, what it saw, and since when."""
    with opened(home) as place, progress("asking again what the turn asked"):
        from relance.explaining.explain import explain as explained

        found = explained(place, contact, scenario, clock_at(as_of, place.zone, place.clock).now())
    say_json(found.as_dict()) if json else say(found.text(language).rstrip())
