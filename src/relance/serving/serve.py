"""A home is served, top to bottom: the one process that owns it, what goes on in it, and how it ends."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Any, cast

import uvicorn
from a2wsgi import WSGIMiddleware

from relance.base.errors import Busy, RelanceError
from relance.base.home import Home
from relance.customers.installation import Installation, open_installation
from relance.serving.answering import Answering, Execute
from relance.serving.children import Child, Children
from relance.serving.door import knock
from relance.serving.findings import Finding
from relance.serving.health import health, unwell
from relance.serving.instead import streams_of_threads
from relance.serving.rounds import Rounds
from relance.serving.site import App, site
from relance.tracking.setup import tracker_of
from relance.web.app import wsgi_application
from relance.web.warm import Warmth

log = logging.getLogger("relance.serving")

PAGE_THREADS = 8
LAST_ANSWERS = 10  # seconds in which requests under way are finished


@dataclass(frozen=True)
class Serving:
    """What is at work while a home is served."""

    place: Installation
    rounds: Rounds
    children: Children

    def findings(self) -> Iterator[Finding]:
        """What only this process knows of itself."""
        yield from self.rounds.findings()
        yield from self.children.findings()


Commands = Callable[[Serving], Execute]


def serve(
    home: Home, host: str, port: int, senders: Sequence[Child], commands: Commands, ready: Callable[[str], None]
) -> None:
    """Serves until SIGTERM or SIGINT, then ends in good order. `ready` is told the address once it answers.

    Busy where another process owns the home or its port is taken.
    """
    logging.basicConfig(format="%(asctime)s %(name)s: %(message)s", level=logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    with ExitStack() as ending:
        place = ending.enter_context(_owned(home))
        listening = ending.enter_context(closing(_bound(host, port)))
        streams = ending.enter_context(streams_of_threads())
        rounds = ending.enter_context(closing(Rounds(place)))
        ending.enter_context(closing(Warmth(place)))
        children = ending.enter_context(closing(Children(senders)))
        serving = Serving(place, rounds, children)
        ending.enter_context(closing(Answering(place, commands(serving), streams)))
        address = f"http://{_shown(host)}:{listening.getsockname()[1]}"
        tracker = ending.enter_context(closing(tracker_of(home, place.clock)))
        _answer(_app(serving, tracker), listening, lambda: ready(address))
        log.info("ending: what is under way is finished first")


@contextmanager
def _owned(home: Home) -> Iterator[Installation]:
    """The home, ours alone."""
    if channel := knock(home.door):
        channel.close()
        raise Busy(f"{home.path} is served already by another process; its commands work, there is nothing to start")
    place = open_installation(Home(home.path.resolve()))  # threads may work in other folders
    try:
        yield place
    finally:
        place.close()


def _app(serving: Serving, tracker: App) -> App:
    def well() -> dict[str, Any]:
        try:
            with serving.place.another() as place:
                return health(place, place.clock.now(), serving.findings())
        except RelanceError as error:
            return unwell(serving.place, error)

    pages: Any = wsgi_application(serving.place, serving.place.clock)
    return site(well, cast(App, WSGIMiddleware(pages, workers=PAGE_THREADS)), tracker)


def _answer(app: App, listening: socket.socket, ready: Callable[[], None]) -> None:
    """One event loop in this thread, pages in threads beside it, until a signal says to end."""
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, access_log=False, server_header=False, log_level="warning",
        timeout_graceful_shutdown=LAST_ANSWERS, timeout_keep_alive=15, h11_max_incomplete_event_size=65_536,
    )  # fmt: skip
    server = _Server(config, ready)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.end())
    server.run(sockets=[listening])


class _Server(uvicorn.Server):
    """Says when it answers, and leaves signals to us: what comes after the pages must be ended in good order too."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    def end(self) -> None:
        """A second signal does not wait for requests under way."""
        self.force_exit, self.should_exit = self.should_exit, True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        await asyncio.to_thread(self._ready)


def _bound(host: str, port: int) -> socket.socket:
    """Listening already: who connects while we start waits. Busy where the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise Busy(f"{host}:{port} cannot be listened at ({error.strerror}); give another --port") from None
    listening.listen(2048)
    return listening


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
