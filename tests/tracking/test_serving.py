"""`relance track` is a server of its own: what it has answered is kept, also when it is killed the next moment."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from relance.base.home import Home
from relance.channels.setup import signing_key
from relance.cli.home import furnish
from relance.engines.sqlite import migrate_ledger, open_ledger
from relance.engines.sqlite_hits import open_hits
from relance.messages.links import CLICK, UNSUBSCRIBE, Claim, sign


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    furnish(made)
    migrate_ledger(made.ledger)
    return made


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def started(home: Home, port: int) -> subprocess.Popen[bytes]:
    program = "from relance.cli.main import main; main()"
    command = [sys.executable, "-c", program, "track", "--port", str(port), "--home", str(home.path)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ)
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return server
    server.kill()
    raise AssertionError("the tracker did not begin to listen")


def ask(port: int, method: str, path: str, body: str | None = None) -> http.client.HTTPResponse:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    line.request(method, path, body, {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"})
    answer = line.getresponse()
    answer.read()
    line.close()
    return answer


def test_what_was_answered_is_kept_though_the_server_is_killed(home: Home) -> None:
    key, port = signing_key(home.secret()), free_port()
    click = sign(key, Claim(CLICK, 7, ("win-back", "send", "o-1", "email", "1", "https://shop.example/a")))
    leave = sign(key, Claim(UNSUBSCRIBE, 7, ("email", "marketing", "shop", "en", "win-back", "send", "o-1")))
    server = started(home, port)
    try:
        answer = ask(port, "GET", f"/t/c/{click}")
        assert (answer.status, answer.headers["location"]) == (302, "https://shop.example/a")
        assert ask(port, "HEAD", f"/t/c/{click}").status == 302
        assert ask(port, "POST", f"/t/u/{leave}", "List-Unsubscribe=One-Click").status == 200
        assert ask(port, "GET", "/t/c/nothing").status == 404
    finally:
        server.send_signal(signal.SIGKILL)
        server.wait()
    kinds = [kept.hit.kind for kept in open_hits(home.hits).of_messages(0, 100)]
    assert kinds[0] == "click" and kinds.count("click") == 1
    assert [act.act for act in open_ledger(home.ledger).consent_acts_since(0)] == ["denied"]
