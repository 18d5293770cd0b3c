"""An empty folder becomes the home of the cooperative: settings, mappings, own tables, segments."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from relance.base.errors import Refused
from relance.base.home import Home


def furnish_home(home: Home) -> None:
    """Writes relance.toml and definitions/; Refused where the home has settings already."""
    if home.settings_file.exists():
        raise Refused(f"{home.path} is a home already; give the demo an empty folder with --home")
    for place in (home.path, home.inbox, home.mail, home.definitions):
        place.mkdir(parents=True, exist_ok=True)
    source = files(__package__).joinpath("definitions")
    home.settings_file.write_bytes(source.joinpath("relance.toml").read_bytes())
    for part in source.iterdir():
        if part.is_dir():
            _copy(part, home.definitions / part.name)


def _copy(source: Traversable, target: Path) -> None:
    """Documents of one folder; further folders inside it too."""
    target.mkdir(parents=True, exist_ok=True)
    for part in source.iterdir():
        if part.is_dir():
            _copy(part, target / part.name)
        else:
            (target / part.name).write_bytes(part.read_bytes())
