"""Homes for the stories of the command line, made from the example of the first five minutes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from relance.cli.main import main
from tests.conftest import PROJECT

EXAMPLE = PROJECT / "examples" / "first-five-minutes"
SETTINGS = 'seed = "kettle"\n\n[brand]\nname = "The teapot"\n'


@dataclass(frozen=True)
class Said:
    """What a command answered: its exit code and both streams."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


Shell = Callable[..., Said]


@pytest.fixture
def relance(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shell:
    """Runs a command line in a folder of its own, as the entry point would."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RELANCE_HOME", str(tmp_path / "home"))

    def run(*arguments: object) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(each) for each in arguments])
        heard = capsys.readouterr()
        return Said(int(left.value.code or 0), heard.out, heard.err)

    return run


@pytest.fixture
def home(relance: Shell, tmp_path: Path) -> Path:
    """A home with the mappings of the example and nothing imported; the seed holds nobody of them out."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "relance.toml").write_text(SETTINGS, encoding="utf-8")
    assert relance("init").code == 0
    for document in (EXAMPLE / "feeds").iterdir():
        shutil.copy(document, folder / "definitions" / "feeds")
    return folder


@pytest.fixture
def shop(home: Path, relance: Shell) -> Path:
    """The same home with the past of the shop imported, on the morning of 10 March 2026."""
    files = sorted((EXAMPLE / "exports").iterdir())
    done = relance("import", "--history", "--as-of", "2026-03-10T08:00", *files)
    assert done.code == 0, done.err
    return home
