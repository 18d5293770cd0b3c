"""`test`: files of stories come in; how each went comes out, and a code that a machine understands."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relance.cli.options import JsonOption
from relance.cli.output import note, say, say_json

if TYPE_CHECKING:
    from relance.stories.living import Lived

FAILED = 1


def test(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH]...", help="Files of stories, or folders; ./stories otherwise."),
    ] = None,
    only: Annotated[str | None, typer.Option("--only", metavar="TEXT", help="Stories whose name holds this.")] = None,
    json: JsonOption = False,
) -> None:
    """Live stories, each in a home of its own, and say where they went otherwise."""
    from tempfile import TemporaryDirectory

    from relance.base.errors import NotFound
    from relance.stories.documents import read_stories
    from relance.stories.finding import story_files
    from relance.stories.living import live
    from relance.stories.world import Workshop

    tales = [tale for path in story_files(paths or [Path("stories")]) for tale in read_stories(path)]
    tales = [tale for tale in tales if only is None or only.lower() in tale.story.story.lower()]
    if not tales:
        raise NotFound("no story was found; a story is a YAML file that begins with: story")
    with TemporaryDirectory(prefix="relance-stories-") as folder:
        workshop = Workshop(Path(folder), _cache() / "texts.json")
        lived = []
        for tale in tales:
            lived.append(live(tale, workshop))
            if not json:
                _tell(lived[-1])
        workshop.close()
    _end(lived, json)


def _cache() -> Path:
    """Where this user's programs keep what may be deleted at any time."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "relance"


def _tell(one: Lived) -> None:
    say(f"{'ok  ' if one.passed else 'FAIL'} {one.tale.story.story}")
    if not one.passed:
        say(one.text(), "")


def _end(lived: list[Lived], json: bool) -> None:
    failed = sum(not one.passed for one in lived)
    if json:
        say_json({"stories": [one.as_dict() for one in lived], "passed": len(lived) - failed, "failed": failed})
    else:
        note(f"{len(lived) - failed} of {len(lived)} stories went as they say ({sum(o.seconds for o in lived):.1f} s)")
    if failed:
        raise typer.Exit(FAILED)
