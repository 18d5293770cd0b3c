"""The promises of conftest.py: real data where it is, a reason where it is not, and nothing skipped in CI."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet
import pytest

pytest_plugins = ["pytester"]

CONFTEST = Path(__file__).with_name("conftest.py").read_text(encoding="utf-8")


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project of its own with our conftest and no shared data beside it."""
    pytester.makeconftest(CONFTEST)
    return pytester


def test_the_shared_year_has_every_line_the_checks_count(shared_data: Path):
    year = shared_data / "online-retail" / "online_retail.parquet"
    assert pyarrow.parquet.read_metadata(year).num_rows == 541_909


@pytest.mark.parametrize("ci", ["", "true"])
def test_a_stranger_without_the_shared_data_is_told_and_not_failed(project, monkeypatch, ci):
    monkeypatch.setenv("CI", ci)
    monkeypatch.delenv("RELANCE_SHARED_DATA", raising=False)
    project.makepyfile("def test_needs_it(shared_data): assert shared_data")
    result = project.runpytest_inprocess("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*shared data absent*RELANCE_SHARED_DATA*"])


def test_a_wrong_folder_named_on_purpose_is_an_error(project, monkeypatch):
    monkeypatch.setenv("RELANCE_SHARED_DATA", "no/such/folder")
    project.makepyfile("def test_needs_it(shared_data): assert shared_data")
    result = project.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*no/such/folder*correct it or unset it*"])


@pytest.mark.parametrize(("ci", "outcome"), [("", {"skipped": 1}), ("true", {"failed": 1})])
def test_a_program_that_is_missing_skips_at_home_and_fails_in_ci(project, monkeypatch, ci, outcome):
    monkeypatch.setenv("CI", ci)
    project.makepyfile("import pytest\ndef test_prints(): pytest.skip('no printer')")
    project.runpytest_inprocess().assert_outcomes(**outcome)
