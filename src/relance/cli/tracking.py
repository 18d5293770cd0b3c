"""`track`: redirects, pixels and the unsubscribe page, served alone; the warehouse may be closed or elsewhere."""

from __future__ import annotations

from typing import Annotated

import typer

from relance.cli.options import HomeOption, JsonOption
from relance.cli.output import say, say_json


def track(
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Where to listen.")] = 8081,
    host: Annotated[str, typer.Option("--host", help="On which address; a proxy with TLS stands before it.")] = (
        "127.0.0.1"
    ),
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Serve the links of messages until stopped: clicks, opens, unsubscribing."""
    import uvicorn

    from relance.base.home import existing_home
    from relance.tracking.setup import tracker_of

    tracker = tracker_of(existing_home(home))
    address = f"http://{host}:{port}/t/"
    if json:
        say_json({"address": address})
    else:
        say(f"The links of messages are answered at {address} (stop with Ctrl-C).")
    uvicorn.run(
        tracker,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=2_000,
        timeout_keep_alive=5,
    )
