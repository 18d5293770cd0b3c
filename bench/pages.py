"""A served base of a million contacts goes in; what its pages take, alone and while a turn is planned, comes out."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from time import perf_counter, sleep

from bench.base import CONTACTS, TURN, make_base
from relance.demo.month import go_on
from relance.flow import run

PAGES = ("/", "/scenarios", "/scenarios/forgotten-cart", "/contacts/42", "/data")
QUIET = 25  # times that each page is asked for while nothing else goes on
TURNS = 3
WARMING = 30  # seconds in which the served home reads beforehand what pages would wait for
_COMMAND = [sys.executable, "-c", "from relance.cli.main import main; main()"]
_SERVE = "\n[serve]\nport = 0\nturn_minutes = 0\ninbox_seconds = 0\nsenders = 0\n"


def measure(contacts: int = CONTACTS) -> dict[str, str]:
    """Milliseconds as a browser sees them, one request after the other; p95 over all pages and over each."""
    with tempfile.TemporaryDirectory() as folder:
        place = make_base(Path(folder), contacts)
        run(place, TURN)
        go_on(place.home, TURN)
        place.close()
        with (Path(folder) / "relance.toml").open("a", encoding="utf-8") as settings:
            settings.write(_SERVE)
        with served(folder) as reader:
            figures = {"base": f"{contacts:,} contacts"}
            first = reader.times(lambda: False)["/"]
            figures["first overview after the start"] = f"{first:.0f} ms"
            for _ in range(WARMING):
                sleep(1)
                reader.ask("GET", "/data")
            figures |= _said("alone", [reader.times(lambda: False) for _ in range(QUIET)])
            began = perf_counter()
            busy = [each for _ in range(TURNS) for each in during_a_turn(folder, reader)]
            figures["turn"] = f"{(perf_counter() - began) / TURNS:.1f} s each, {TURNS} turns planned"
            return figures | _said("while a turn is planned", busy)


class Reader:
    """Somebody who has come in, and opens one page after the other."""

    def __init__(self, address: str, key: str) -> None:
        self.channel, self.cookie = http.client.HTTPConnection(address, timeout=300), ""
        form = self.ask("GET", key)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        assert token
        self.ask("POST", key, f"csrfmiddlewaretoken={token[1]}")

    def ask(self, method: str, path: str, body: str | None = None) -> str:
        """The page; keeps the cookies that come with it."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        self.channel.request(method, path, body, {"Cookie": self.cookie, **kind})
        answer = self.channel.getresponse()
        given = dict(each.split(";")[0].split("=", 1) for each in answer.headers.get_all("Set-Cookie") or [])
        kept = dict(each.split("=", 1) for each in self.cookie.split("; ") if each) | given
        self.cookie = "; ".join(f"{name}={value}" for name, value in kept.items())
        text = answer.read().decode()
        said = re.sub(r"<[^>]*>|\s+", " ", text.partition("<main")[2])
        assert answer.status in ((200, 302) if method == "POST" else (200,)), (path, answer.status, said)
        return text

    def times(self, over: Callable[[], bool]) -> dict[str, float]:
        """Milliseconds of each page, as long as it is not over."""
        found = {}
        for page in PAGES:
            began = perf_counter()
            self.ask("GET", page)
            if over():
                break
            found[page] = (perf_counter() - began) * 1000
        return found


@contextmanager
def served(home: str) -> Iterator[Reader]:
    """The home, served by a process of its own."""
    words = ["serve", "--json", "--home", home]
    process = subprocess.Popen([*_COMMAND, *words], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        address = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")["address"]
        link = subprocess.run(
            [*_COMMAND, "link", "--home", home, "--url", address], check=True, capture_output=True, text=True
        )
        yield Reader(address.removeprefix("http://"), link.stdout.strip().removeprefix(address))
    finally:
        process.terminate()
        process.wait()


def during_a_turn(home: str, reader: Reader) -> list[dict[str, float]]:
    """Milliseconds of the pages that were answered before the turn had ended."""
    words = ["plan", "--home", home, "--as-of", TURN.isoformat()]
    turn = subprocess.Popen([*_COMMAND, *words], stdout=subprocess.DEVNULL)
    found = []
    while turn.poll() is None:
        found.append(reader.times(lambda: turn.poll() is not None))
    assert turn.returncode == 0
    return found


def _said(when: str, rounds: list[dict[str, float]]) -> dict[str, str]:
    every = [each for one in rounds for each in one.values()]
    figures = {f"{when}, all": f"p95 {_p95(every):.0f} ms of {len(every)} pages (goal 200)"}
    for page in PAGES:
        times = [one[page] for one in rounds if page in one]
        figures[f"{when}, {page}"] = f"p95 {_p95(times):.0f} ms, longest {max(times, default=0):.0f} ms"
    return figures


def _p95(times: list[float]) -> float:
    return quantiles(times, n=20)[18] if len(times) > 1 else max(times, default=0.0)
