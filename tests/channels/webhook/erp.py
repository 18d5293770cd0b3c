"""A shop's own system on this machine: answers as it is told, and remembers what it heard."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Erp:
    """A real server on this machine that answers as it is told, and remembers what it heard."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.heard: list[tuple[dict[str, str], bytes]] = []
        erp = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                erp.heard.append((dict(self.headers), body))
                status, headers, said = erp.answers.pop(0) if erp.answers else (204, {}, b"")
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(said))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.place = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@contextmanager
def serving() -> Iterator[Erp]:
    """The system, answering until the end of the block."""
    erp = Erp()
    try:
        yield erp
    finally:
        erp.server.shutdown()
        erp.server.server_close()
