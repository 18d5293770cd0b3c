"""A home: the folder in which one Relance keeps everything."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from relance.base.errors import NotFound
from relance.base.settings import Settings, load_settings

VARIABLE = "RELANCE_HOME"
DEFAULT = "relance-home"


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
    def settings_file(self) -> Path:
        return self.path / "relance.toml"

    @property
    def secret_file(self) -> Path:
        return self.path / "secret"

    def settings(self) -> Settings:
        return load_settings(self.settings_file)

    def secret(self) -> bytes:
        """The key of this home's hashes and links, made once, readable by its owner only."""
        if not self.secret_file.exists():
            handle = os.open(self.secret_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(32))
        return bytes.fromhex(self.secret_file.read_text().strip())


def find_home(given: Path | None) -> Home:
    """The home named on the command line, else by RELANCE_HOME, else ./relance-home."""
    return Home(given or Path(os.environ.get(VARIABLE) or DEFAULT))


def existing_home(given: Path | None) -> Home:
    """As `find_home`, and NotFound where `relance init` has not been run."""
    home = find_home(given)
    if not home.settings_file.exists():
        raise NotFound(f"{home.path} is not a Relance home; run: relance init --home {home.path}")
    return home
