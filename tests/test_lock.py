"""The lock file and pyproject.toml agree, and what is installed is what is locked."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parent.parent
TEXT = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
# One entry: a pin, its marker where it has one, and its hashes on the lines below.
ENTRY = re.compile(r"^(\S.*?) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE)
ENTRIES = ENTRY.findall(TEXT)
PINS = [Requirement(pin) for pin, _ in ENTRIES]
HERE = {canonicalize_name(pin.name): pin for pin in PINS if pin.marker is None or pin.marker.evaluate()}


def declared() -> list[Requirement]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [Requirement(line) for line in project["dependencies"] + project["optional-dependencies"]["dev"]]


def pinned(requirement: Requirement) -> str:
    """The one version the lock gives, empty when it gives none."""
    pin = HERE.get(canonicalize_name(requirement.name))
    return str(pin.specifier).removeprefix("==") if pin else ""


def test_every_line_of_the_lock_is_a_pin_with_its_hashes():
    assert len(ENTRIES) == len(re.findall(r"^\S", TEXT, flags=re.MULTILINE)) > 0
    assert [str(pin) for pin in PINS if not re.fullmatch(r"==[^*,]+", str(pin.specifier))] == []


def test_the_lock_satisfies_what_pyproject_asks_for():
    unsatisfied = [
        str(asked) for asked in declared() if not pinned(asked) or not asked.specifier.contains(pinned(asked))
    ]
    assert unsatisfied == [], "run `make lock`"


def test_what_is_installed_is_what_is_locked():
    installed = {canonicalize_name(found.name): found.version for found in distributions()}
    locked = {name: pinned(pin) for name, pin in HERE.items()}
    assert {name: installed.get(name) for name in locked} == locked, "run `make setup`"
