"""`contact erase`: a person asks to be forgotten; the warehouse, the ledger and the mailbox forget."""

from __future__ import annotations

from typing import Annotated

import typer

from relance.cli.opened import clock_at, opened
from relance.cli.options import AsOfOption, HomeOption, JsonOption
from relance.cli.output import say, say_json

group = typer.Typer(help="One person.", no_args_is_help=True, rich_markup_mode=None)


@group.command("erase")
def erase(
    contact: Annotated[str, typer.Argument(metavar="CONTACT", help="The retailer's own id of the person.")],
    as_of: AsOfOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Forget a person: personal values go everywhere, facts stay without a name, files cannot bring them back."""
    with opened(home) as place:
        from relance.channels.erasing import erase_everywhere

        erased = erase_everywhere(place, contact, clock_at(as_of, place.zone, place.clock).now())
    if json:
        say_json({"contact": contact, "erased": True, "mails": erased})
    else:
        say(f"{contact} is forgotten, with {erased} mails of the mailbox. A file that names them again is refused.")
