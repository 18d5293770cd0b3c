"""What every test may ask for: a clock that stands still, the shared data, and in CI no silent skip."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from relance.base.clock import FixedClock, parse_instant

PROJECT = Path(__file__).resolve().parent.parent
NO_SHARED_DATA = "shared data absent"
# Rooms whose tests live through homes, servers and browsers of their own: many minutes in all.
SLOW_ROOMS = frozenset({"backtests", "cli", "demo", "explaining", "reference", "reports", "serving", "stories", "web"})

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", settings.get_profile("ci"), max_examples=100, deadline=None)
settings.register_profile("deep", max_examples=5000, deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture
def clock() -> FixedClock:
    """Tuesday 10 March 2026, 09:00 in Toronto, two days after its clocks changed."""
    return FixedClock(parse_instant("2026-03-10T09:00:00-04:00"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the project, or RELANCE_SHARED_DATA; skips where it is absent."""
    named = os.environ.get("RELANCE_SHARED_DATA")
    folder = Path(named) if named else PROJECT.parent / "shared" / "data"
    if folder.is_dir():
        return folder
    if named:
        pytest.fail(f"RELANCE_SHARED_DATA names {folder}, which is not a folder; correct it or unset it")
    pytest.skip(f"{NO_SHARED_DATA}: no folder ../shared/data beside the project; set RELANCE_SHARED_DATA")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests begin first: begun last, the longest would leave one process with nothing to do.

    Then whole rooms are marked as slow, so that what is run while working stays quick.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
    for item in items:
        if SLOW_ROOMS.intersection(item.path.relative_to(PROJECT).parts):
            item.add_marker("slow")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """In CI a skipped test is a failed one, except where the shared data is not there to be had."""
    report = yield
    excused = hasattr(report, "wasxfail") or NO_SHARED_DATA in str(report.longrepr)
    if report.skipped and os.environ.get("CI") and not excused:
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report
