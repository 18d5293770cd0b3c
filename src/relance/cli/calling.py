"""`scenario call` and `token …`: another system starts a scenario for a contact, and who may do so over the network."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from relance.base.errors import BadDocument, NotFound, Refused
from relance.cli.opened import clock_at, opened, opened_ledger
from relance.cli.options import AsOfOption, HomeOption, JsonOption
from relance.cli.output import say, say_json, say_table

tokens = typer.Typer(help="Who may call scenarios over the network.", no_args_is_help=True, rich_markup_mode=None)

TokenName = Annotated[str, typer.Argument(metavar="NAME", help="What the token is for, like shop-server.")]


def call(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A scenario that is on and started by calls.")],
    contact: Annotated[str, typer.Argument(metavar="CONTACT", help="The retailer's own id of the contact.")],
    key: Annotated[str | None, typer.Option("--key", metavar="KEY", help="Names the call: once is enough.")] = None,
    field: Annotated[
        list[str] | None,
        typer.Option("--field", metavar="NAME=VALUE", help="A value for the message; repeatable."),
    ] = None,
    as_of: AsOfOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Start a scenario for one contact; the next turn decides."""
    fields = dict(_field(one) for one in field or ())
    with opened(home) as place:
        from relance.scenarios.calls import call_scenario
        from relance.scenarios.running import running_scenarios

        at = clock_at(as_of, place.zone, place.clock).now()
        (running,) = running_scenarios(place.ledger, at, [name])
        kept, new = call_scenario(place, running.version.scenario, contact, key, fields, at)
    if json:
        say_json({"scenario": name, "key": kept.key, "at": kept.at.isoformat(), "new": new})
    elif new:
        say(f"{name} is called for {contact} (key {kept.key}); the next turn decides.")
    else:
        say(f"{name} had been called with the key {kept.key}; nothing has changed.")


def _field(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark:
        raise BadDocument(f"“{text}” is not a field; write it like --field {text}=…")
    return name.strip(), value


@tokens.command("create")
def create(name: TokenName, as_of: AsOfOption = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """Make a token and show it, this once."""
    from relance.scenarios.tokens import make_token

    with opened_ledger(home) as ledger:
        token = make_token(ledger, name, clock_at(as_of, "UTC").now())
    if json:
        say_json({"name": name, "token": token})
    else:
        say(token, "It is shown this once. Whoever calls says: Authorization: Bearer TOKEN")


@tokens.command("list")
def list_(home: HomeOption = None, json: JsonOption = False) -> None:
    """Every token by name, without the token itself."""
    with opened_ledger(home) as ledger:
        found: list[dict[str, Any]] = [
            {
                "name": each.name,
                "created_at": each.created_at.isoformat(),
                "revoked_at": each.revoked_at.isoformat() if each.revoked_at else None,
            }
            for each in ledger.tokens()
        ]
    if json:
        say_json({"tokens": found})
    elif found:
        say_table(("token", "created (UTC)", "revoked (UTC)"), [list(each.values()) for each in found])
    else:
        say("There is no token; make one with: relance token create NAME")


@tokens.command("revoke")
def revoke(name: TokenName, as_of: AsOfOption = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """Let a token open nothing any more."""
    with opened_ledger(home) as ledger:
        there = {each.name for each in ledger.tokens()}
        if name not in there:
            raise NotFound(f"there is no token “{name}”; there are {', '.join(sorted(there)) or 'none'}")
        if not ledger.revoke_token(name, clock_at(as_of, "UTC").now()):
            raise Refused(f"the token “{name}” was revoked before")
    say_json({"name": name, "revoked": True}) if json else say(f"The token “{name}” opens nothing any more.")
