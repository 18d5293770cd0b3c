"""The plugin beside a retailer's other tests: stories are told, and nothing that others made is touched."""

from __future__ import annotations

import pytest

from tests.stories.test_story_files import MARIE

pytest_plugins = ["pytester"]

OTHERS = """
import pytest

@pytest.fixture(scope="session")
def made(tmp_path_factory):
    return tmp_path_factory.mktemp("made")

def test_before(made):
    (made / "kept").write_text("mine")
"""
AFTER = """
from test_a import made

def test_after(made, tmp_path_factory):
    (one,) = tmp_path_factory.getbasetemp().glob("made*/kept")
    assert one.read_text() == "mine"
"""


@pytest.mark.parametrize("cache", ["no:cacheprovider", "cacheprovider"])
def test_a_story_between_two_tests_leaves_their_files_alone(pytester: pytest.Pytester, cache: str) -> None:
    pytester.makepyfile(test_a=OTHERS, test_z=AFTER)
    pytester.makefile(".yaml", marie=MARIE.replace("CONSENT", "consent: {email: granted}"))
    files = ("test_a.py", "marie.yaml", "test_z.py")
    result = pytester.runpytest_inprocess(
        "-p", "relance.stories.plugin", "-p", cache, f"--basetemp={pytester.path / 'temp'}", *files
    )
    result.assert_outcomes(passed=3)
