"""A process beside rehearses: what it compiled need not be compiled again, and it leaves when it is let go."""

from __future__ import annotations

from pathlib import Path

import ibis
import pytest

from relance.base.home import Home
from relance.demo import rehearsal
from relance.demo.rehearsal import start
from relance.engines import texts
from relance.engines.duckdb import open_warehouse

MARKS = ("a", "query")


def test_a_text_that_another_process_has_kept_meanwhile_is_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, file = open_warehouse(None), tmp_path / "texts.json"
    monkeypatch.setattr(texts, "_TEXTS", {})
    with texts.heard(file):
        made = texts.compiled(engine, MARKS, lambda: ibis.table({"x": "int64"}, name="t"))
        texts.keep_texts(file)
        texts._TEXTS.clear()
        assert texts.compiled(engine, MARKS, _nobody) == made
    texts._TEXTS.clear()
    with pytest.raises(AssertionError):
        texts.compiled(engine, MARKS, _nobody)


def test_where_texts_were_made_ahead_nobody_rehearses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, file = open_warehouse(None), tmp_path / "texts.json"
    monkeypatch.setattr(texts, "_TEXTS", {})
    monkeypatch.setattr(texts, "COMPILED_AHEAD", file)
    monkeypatch.setattr(rehearsal, "start", lambda home: pytest.fail("somebody rehearses"))
    made = texts.compiled(engine, MARKS, lambda: ibis.table({"x": "int64"}, name="t"))
    texts.keep_texts(file)
    texts._TEXTS.clear()
    texts.compiled_ahead.cache_clear()
    try:
        with rehearsal.rehearsed():
            assert texts.compiled(engine, MARKS, _nobody) == made
    finally:
        texts.compiled_ahead.cache_clear()


def test_texts_of_other_code_give_way_though_they_are_as_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "texts.json"
    monkeypatch.setattr(texts, "_TEXTS", {"a key": "SELECT 1"})
    texts.keep_texts(file)
    file.write_text(file.read_text().replace(texts._code(), "0" * len(texts._code())))
    assert texts.remember_texts(file) == frozenset()
    texts.keep_texts(file)
    assert texts.remember_texts(file) == {"a key"}


def test_who_rehearses_leaves_when_let_go_and_takes_its_folder_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "rehearsal"
    folder.mkdir()
    beside = start(Home(folder / "home"))
    beside.communicate(timeout=60)
    assert (beside.returncode, folder.exists()) == (0, False)


def _nobody() -> ibis.Table:
    raise AssertionError("made again")
