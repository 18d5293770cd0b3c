"""Names of files and folders come in; the story files below them go out, each with the definitions it is told with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from relance.base.errors import NotFound

_STORY = re.compile(r"^(?:story|stories)\s*:", re.MULTILINE)
_ENDS = (".yaml", ".yml")
DEFINITIONS = "definitions"


def story_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files named, and below each folder those that tell a story, in the order of their names."""
    for path in paths:
        if path.is_dir():
            yield from (each for each in sorted(path.rglob("*")) if tells_a_story(each))
        elif path.exists():
            yield path
        else:
            raise NotFound(f"there is no file or folder {path}")


def tells_a_story(path: Path) -> bool:
    """Whether a file is YAML with `story` or `stories` among its outermost words."""
    if path.suffix not in _ENDS or not path.is_file():
        return False
    return bool(_STORY.search(path.read_text(encoding="utf-8", errors="replace")))


def definitions_of(path: Path) -> Path | None:
    """The nearest folder `definitions` beside a story or above it, up to where the project begins."""
    for folder in path.resolve().parents:
        if (folder / DEFINITIONS).is_dir():
            return folder / DEFINITIONS
        if (folder / ".git").exists():
            return None
    return None
