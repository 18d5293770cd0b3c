"""For pytest: every file that tells a story is a test file, and each of its stories a test.

Nothing need be set: a YAML file with `story` or `stories` among its outermost words is collected where pytest looks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest

from relance.base.errors import RelanceError
from relance.stories.finding import tells_a_story

if TYPE_CHECKING:  # the house is only entered where a story is found
    from relance.stories.documents import Tale
    from relance.stories.world import Workshop

_WORKSHOP: pytest.StashKey[Workshop] = pytest.StashKey()
_FOLDER: pytest.StashKey[TemporaryDirectory[str]] = pytest.StashKey()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The house's own hook of pytest: a collector for a file that tells a story."""
    return StoryFile.from_parent(parent, path=file_path) if tells_a_story(file_path) else None


def pytest_unconfigure(config: pytest.Config) -> None:
    """The same, at the end: what makes the next session quicker is kept in pytest's own cache."""
    if _WORKSHOP in config.stash:
        config.stash[_WORKSHOP].close()
        config.stash[_FOLDER].cleanup()


class StoryFile(pytest.File):
    """A file of stories."""

    def collect(self) -> Iterator[pytest.Item]:
        from relance.stories.documents import read_stories

        for tale in read_stories(_near(self.path)):
            item: StoryItem = StoryItem.from_parent(self, name=tale.story.story)
            item.tale = tale
            yield item


class StoryItem(pytest.Item):
    """One story."""

    tale: Tale

    def runtest(self) -> None:
        from relance.stories.living import live

        lived = live(self.tale, _workshop(self.config))
        if not lived.passed:
            raise StoryDiffers(lived.text())

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, StoryDiffers | RelanceError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.tale.line - 1, self.name


class StoryDiffers(AssertionError):
    """What happened is not what the story says."""


def _workshop(config: pytest.Config) -> Workshop:
    """One for all stories of the session. Its folder is its own: a second factory of pytest's would begin by emptying
    the folder that `--basetemp` names, and with it what other tests of the session have made."""
    from relance.stories.world import Workshop

    if _WORKSHOP not in config.stash:
        cache = getattr(config, "cache", None)  # None with `-p no:cacheprovider`
        alone = not hasattr(config, "workerinput")  # two processes would write to one file
        kept = cache.mkdir("relance") / "texts.json" if cache and alone else None
        config.stash[_FOLDER] = TemporaryDirectory(prefix="relance-stories-")
        config.stash[_WORKSHOP] = Workshop(Path(config.stash[_FOLDER].name), kept)
    return config.stash[_WORKSHOP]


def _near(path: Path) -> Path:
    """The path as a person types it, from where they stand."""
    return Path(os.path.relpath(path))
