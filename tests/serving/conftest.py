"""The shop of the first five minutes, alone and served: real processes on this machine's loopback."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from relance.base.clock import SystemClock, parse_instant
from relance.cli.main import main
from tests.conftest import PROJECT

EXAMPLE = PROJECT / "examples" / "first-five-minutes"
NINE = parse_instant("2026-03-10T09:00:00-04:00")
PATIENCE = 60.0
QUIET = "turn_minutes = 0\ninbox_seconds = 0\nsenders = 0"
SETTINGS = 'seed = "kettle"\nthreads = 1\n\n[brand]\nname = "The teapot"\n\n[serve]\nport = 0\n{serve}\n'
COMMAND = [sys.executable, "-c", "from relance.cli.main import main; main()"]


@dataclass(frozen=True)
class Said:
    """What a command answered: its exit code and both streams."""

    code: int
    out: str
    err: str


@dataclass
class Shop:
    """A folder with the shop's home in it, in which commands are given and which may be served."""

    folder: Path
    process: subprocess.Popen[str] | None = None
    address: str = ""

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def relance(self, *words: object, folder: str = ".") -> Said:
        """A command given here: in a process of its own beside one that serves, else in this one."""
        given = [str(each) for each in words]
        if self.process is None:
            return self._here(given)
        where = self.folder / folder
        done = subprocess.run(
            [*COMMAND, *given],
            cwd=where,
            env=self._env(),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def _here(self, words: list[str]) -> Said:
        out, err = TextIOWrapper(BytesIO()), TextIOWrapper(BytesIO())
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setenv("RELANCE_HOME", "home")
            patch.chdir(self.folder)
            with pytest.raises(SystemExit) as left:
                main(words)
        for stream in (out, err):
            stream.seek(0)
        return Said(int(left.value.code or 0), out.read(), err.read())

    def serve(self) -> None:
        """Returns when it answers; what it logs is in `log` of the folder."""
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "serve", "--json"], cwd=self.folder, env=self._env(), stdout=subprocess.PIPE, stderr=log,
                text=True,
            )  # fmt: skip
        assert self.process.stdout
        said = "".join(iter(self.process.stdout.readline, "}\n")) + "}"
        self.address = json.loads(said)["address"].removeprefix("http://")

    def get(self, path: str) -> tuple[int, str]:
        channel = http.client.HTTPConnection(self.address, timeout=PATIENCE)
        channel.request("GET", path)
        answer = channel.getresponse()
        return answer.status, answer.read().decode()

    def health(self) -> dict[str, Any]:
        """By name of what was looked at."""
        return {one["what"]: one for one in json.loads(self.get("/health")[1])["findings"]}

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ends what serves, by this signal; its exit code."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        if self.process.stdout:
            self.process.stdout.close()
        self.process = None
        return code

    def _env(self) -> dict[str, str]:
        return {**os.environ, "RELANCE_HOME": "home"}


def wait_until(holds: Callable[[], object]) -> None:
    """Fails where it does not come to hold within a minute."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it did not come to hold in time"
        time.sleep(0.1)


def stand_at(home: Path, instant: datetime) -> None:
    """Sets the clock of a home back, as that of a demo is."""
    behind = SystemClock().now() - instant
    (home / "demo-clock").write_text(str(behind.total_seconds()), encoding="utf-8")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop on the morning of 10 March 2026: its past imported, one scenario on, its clock at nine."""
    shop = Shop(tmp_path_factory.mktemp("made"))
    shop.home.mkdir()
    (shop.home / "relance.toml").write_text(SETTINGS.format(serve=QUIET), encoding="utf-8")
    assert shop.relance("init").code == 0
    shutil.copytree(EXAMPLE / "feeds", shop.home / "definitions" / "feeds", dirs_exist_ok=True)
    shutil.copy(EXAMPLE / "loyal.yaml", shop.folder)
    taken = shop.relance("import", "--history", "--as-of", "2026-03-10T08:00", EXAMPLE / "exports")
    assert taken.code == 0, taken.err
    assert shop.relance("scenario", "on", "second-purchase", "--as-of", "2026-03-10T08:30").code == 0
    return shop.folder


@pytest.fixture(scope="module")
def another_shop(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Shop]]:
    """Copies of that shop; whatever serves them is ended."""
    shops: list[Shop] = []

    def copy(serve: str = QUIET) -> Shop:
        shop = Shop(tmp_path_factory.mktemp("shop"))
        shutil.copytree(made, shop.folder, dirs_exist_ok=True)
        (shop.home / "relance.toml").write_text(SETTINGS.format(serve=serve), encoding="utf-8")
        stand_at(shop.home, NINE)
        shops.append(shop)
        return shop

    yield copy
    for shop in shops:
        shop.end(signal.SIGKILL)
