"""`webhook`: the key that signs calls to a shop's own systems, and how those calls stand."""

from __future__ import annotations

import typer

from relance.cli.options import HomeOption, JsonOption
from relance.cli.output import say, say_json, say_table

group = typer.Typer(help="Calls to your own systems.", no_args_is_help=True)


@group.command("secret")
def secret(home: HomeOption = None, json: JsonOption = False) -> None:
    """Print the key with which calls are signed; give it to the systems that are called, and to nobody else."""
    from relance.base.home import existing_home
    from relance.channels.setup import webhook_settings

    found = existing_home(home)
    key = webhook_settings(found.settings(), found.secret()).secret.hex()
    if json:
        say_json({"secret": key})
    else:
        say(key)


@group.command("list")
def list_(home: HomeOption = None, json: JsonOption = False) -> None:
    """Say how many calls of each step are queued, done, failed or cancelled."""
    from relance.cli.opened import opened_ledger

    with opened_ledger(home) as ledger:
        counts = ledger.webhook_counts()
    rows = [{"scenario": one, "step": two, "state": state, "calls": number} for one, two, state, number in counts]
    if json:
        say_json({"calls": rows})
    elif rows:
        say_table(("scenario", "step", "state", "calls"), counts)
    else:
        say("No call has been asked for yet; a scenario asks for one by a webhook step.")
