"""A home: the folder in which one Relance keeps everything."""

from __future__ import annotations

import os
import secrets
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from relance.base.clock import Clock, LateClock, SystemClock
from relance.base.errors import NotFound
from relance.base.settings import Settings, load_settings

VARIABLE = "RELANCE_HOME"
DEFAULT = "relance-home"
# What the variable says to whoever asked, where a process answers for others (`relance serve`).
VARIABLE_OF_ASKER: ContextVar[str | None] = ContextVar("VARIABLE_OF_ASKER", default=None)


@dataclass(frozen=True)
class Home:
    """Names the places in a home; nothing is created by asking."""

    path: Path

    @property
    def warehouse(self) -> Path:
        return self.path / "warehouse.duckdb"

    @property
    def ledger(self) -> Path:
        return self.path / "ledger.sqlite"

    @property
    def hits(self) -> Path:
        """What came in by links and pixels, as it was."""
        return self.path / "hits.sqlite"

    @property
    def inbox(self) -> Path:
        return self.path / "inbox"

    @property
    def mail(self) -> Path:
        return self.path / "mail"

    @property
    def definitions(self) -> Path:
        return self.path / "definitions"

    @property
    def texts(self) -> Path:
        """Compiled queries, kept to start quickly; may be deleted."""
        return self.path / "texts.json"

    @property
    def door(self) -> Path:
        """The socket at which the process that serves this home answers commands."""
        return self.path / "serve.sock"

    @property
    def clock_file(self) -> Path:
        """Only in a demo: by how many seconds its clock is behind the machine's."""
        return self.path / "demo-clock"

    @property
    def settings_file(self) -> Path:
        return self.path / "relance.toml"

    @property
    def secret_file(self) -> Path:
        return self.path / "secret"

    def settings(self) -> Settings:
        return load_settings(self.settings_file)

    def clock(self) -> Clock:
        """The machine's clock; that of a demo goes on from where its month ended."""
        if not self.clock_file.exists():
            return SystemClock()
        return LateClock(timedelta(seconds=float(self.clock_file.read_text(encoding="utf-8"))))

    def secret(self) -> bytes:
        """The key of this home's hashes and links, made once, readable by its owner only."""
        if not self.secret_file.exists():
            handle = os.open(self.secret_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(32))
        return bytes.fromhex(self.secret_file.read_text().strip())


def find_home(given: Path | None) -> Home:
    """The home named on the command line, else by RELANCE_HOME, else ./relance-home."""
    return Home(given or Path(VARIABLE_OF_ASKER.get() or os.environ.get(VARIABLE) or DEFAULT))


def existing_home(given: Path | None) -> Home:
    """As `find_home`, and NotFound where `relance init` has not been run."""
    home = find_home(given)
    if not home.settings_file.exists():
        raise NotFound(f"{home.path} is not a Relance home; run: relance init --home {home.path}")
    return home
