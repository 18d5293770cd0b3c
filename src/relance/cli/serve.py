"""`serve`: a home comes in; pages, turns, imports and senders run until somebody ends it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from relance.cli.opened import LENT, Lent
from relance.cli.options import HomeOption, JsonOption, PortOption
from relance.cli.output import say, say_json

if TYPE_CHECKING:
    from relance.base.home import Home
    from relance.customers.installation import Installation
    from relance.serving.children import Child
    from relance.serving.serve import Serving

HostOption = Annotated[
    str | None, typer.Option("--host", metavar="ADDRESS", help="Listen here instead of the settings' address.")
]


def serve(host: HostOption = None, port: PortOption = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """Serve a home: its pages, its turns and imports at their times, its senders. Commands work beside it."""
    from relance.base.home import existing_home

    found = existing_home(home)
    serve_home(found, host, port, lambda address: _ready(found, address, json))


def link(
    url: Annotated[
        str | None,
        typer.Option("--url", metavar="URL", help="Where the pages are reached, if not as the settings say."),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Print a link that lets the administrator into the pages, once and within a quarter of an hour."""
    from relance.base.home import existing_home
    from relance.web.accounts import one_time_link

    found = existing_home(home)
    settings = found.settings()
    address = url or settings.public_url or f"http://{settings.serve.host}:{settings.serve.port}"
    made = one_time_link(found, address)
    say_json({"link": made}) if json else say(made)


def serve_home(home: Home, host: str | None, port: int | None, ready: Callable[[str], None]) -> None:
    """Serves until a signal ends it; what is not said is taken from the settings."""
    from relance.serving.serve import serve as serve_

    said = home.settings().serve
    at_port = said.port if port is None else port
    serve_(home, host or said.host, at_port, _senders(home, said.senders), _commands, ready)


def _ready(home: Home, address: str, json: bool) -> None:
    if json:
        say_json({"home": str(home.path), "address": address})
    else:
        say(f"{home.path} is served at {address}; Ctrl-C ends it. To come in the first time: relance link")
    sys.stdout.flush()


def _senders(home: Home, number: int) -> list[Child]:
    from relance.serving.children import Child

    command = [
        sys.executable,
        "-m",
        "relance.cli.leashed",
        "send",
        "--until-stopped",
        "--home",
        str(home.path.resolve()),
    ]
    return [Child(f"sender {each + 1}", command) for each in range(number)]


def _commands(serving: Serving) -> Callable[[Installation, Sequence[str]], int]:
    """How a command of somebody else is executed in this process."""
    from relance.cli.main import main

    def execute(place: Installation, arguments: Sequence[str]) -> int:
        LENT.set(Lent(place, serving.findings))
        try:
            main(arguments)
        except SystemExit as left:
            return left.code if isinstance(left.code, int) else int(left.code is not None)
        return 0

    return execute
