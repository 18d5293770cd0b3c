"""The pages of a shop on a port of this machine, and a browser that looks at them."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from playwright.sync_api import Browser, sync_playwright

from relance.base.clock import FixedClock
from relance.base.home import Home
from relance.customers.installation import Installation
from relance.web.accounts import one_time_link
from relance.web.app import wsgi_application

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class _Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = False  # closing waits for the last answer


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        return


@contextmanager
def served(place: Installation, clock: FixedClock) -> Iterator[str]:
    """The address at which the pages answer."""
    server = make_server("127.0.0.1", 0, wsgi_application(place, clock), _Threads, _Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's own; it is among the system packages that `make setup` asks for."""
    found = shutil.which("chromium")
    assert found, "Chromium is not here; install it with the system's packages (scripts/system-packages.txt)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def entered(browser: Browser, home: Home, address: str, **how: Any) -> Any:
    """A page of somebody who came in by a one-time link."""
    page = browser.new_context(**how).new_page()
    with ThreadPoolExecutor(1) as elsewhere:  # the browser keeps a loop in this thread, in which Django asks nothing
        link = elsewhere.submit(one_time_link, home, address).result()
    page.goto(link)
    page.click("main button")
    return page
