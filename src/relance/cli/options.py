"""What commands share: the options that say which home, in which shape, and as of when."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", metavar="DIR", help="The home to work in; else RELANCE_HOME, else ./relance-home."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer in JSON, in the shape that the reference describes.")]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="INSTANT",
        help="Act as if it were this instant (2026-03-10T09:00Z); without an offset, the brand's local time.",
    ),
]
EnterSinceOption = Annotated[
    str | None,
    typer.Option(
        "--enter-since",
        metavar="DATE",
        help="Let in everyone due since this local date, however late: a scenario's first, one-off phase.",
    ),
]
CsvOption = Annotated[bool, typer.Option("--csv", help="Answer in CSV.")]
OutOption = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write to this file instead.")]
PortOption = Annotated[
    int | None,
    typer.Option("--port", metavar="N", min=0, max=65535, help="Listen at this port instead; 0 takes any free one."),
]
