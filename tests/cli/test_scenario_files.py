"""Scenarios as files: exported, compared, tried, applied; what is wrong has its line, and nothing is published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Shell
from tests.cli.test_stories import EIGHT, LATER, NINE, contents

SCENARIO = """\
scenario: tea
title: {fr: Le thé, en: Tea}
trigger: {row: {table: orders, where: valid}}
fresh_for: 3d
steps:
  - name: first
    send: {message: tea}
  - wait: 7d
  - name: second
    send: {message: tea}
"""
MESSAGE = """\
message: tea
fr: {subject: Du thé, mjml: "<mj-section><mj-column><mj-text>Du thé</mj-text></mj-column></mj-section>", text: Du thé}
en: {subject: Tea, mjml: "<mj-section><mj-column><mj-text>Tea</mj-text></mj-column></mj-section>", text: Tea}
"""


@pytest.fixture
def definitions(tmp_path: Path) -> Path:
    """A folder of documents outside the home, as a shop keeps it under version control."""
    (tmp_path / "repository" / "scenarios").mkdir(parents=True)
    (tmp_path / "repository" / "messages").mkdir()
    (tmp_path / "repository" / "scenarios" / "tea.yaml").write_text(SCENARIO)
    (tmp_path / "repository" / "messages" / "tea.yaml").write_text(MESSAGE)
    return tmp_path / "repository"


def published(relance: Shell) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = relance("scenario", "list", "--json").data["scenarios"]
    return found


def test_what_is_exported_and_applied_again_changes_nothing(home: Path, relance: Shell, tmp_path: Path) -> None:
    relance("scenario", "apply", "win-back", "--json")
    files = relance("scenario", "export", "win-back", "--out", tmp_path / "out", "--json").data["files"]
    assert (
        sorted(Path(each).relative_to(tmp_path / "out").as_posix() for each in files)
        == [
            "messages/win-back.yaml",
            "scenarios/win-back.yaml",
        ]
        or len(files) > 2
    )
    (again,) = relance("scenario", "apply", tmp_path / "out" / "scenarios" / "win-back.yaml", "--json").data[
        "scenarios"
    ]
    assert (again["version"], again["new"]) == (1, False)
    assert relance("scenario", "diff", tmp_path / "out" / "scenarios" / "win-back.yaml", "--json").data["changes"] == []


def test_a_dry_run_says_what_would_change_and_writes_nothing(home: Path, relance: Shell, definitions: Path) -> None:
    file = definitions / "scenarios" / "tea.yaml"
    before = contents(home)
    (first,) = relance("scenario", "apply", file, "--dry-run", "--json").data["scenarios"]
    assert (first["version"], first["new"], first["running"], first["live"]) == (1, True, None, None)
    assert contents(home) == before
    assert published(relance) == []


def test_a_diff_is_in_words_and_line_by_line(home: Path, relance: Shell, definitions: Path) -> None:
    file = definitions / "scenarios" / "tea.yaml"
    relance("scenario", "apply", file)
    file.write_text(SCENARIO.replace("wait: 7d", "wait: 10d") + "holdout: 10%\n")
    (definitions / "messages" / "tea.yaml").write_text(MESSAGE.replace("subject: Tea", "subject: A cup of tea"))
    found = relance("scenario", "diff", file, "--json").data
    assert found["changes"] == [
        "steps, step 2: {wait: 7d} becomes {wait: 10d}",
        "holdout is new: 10%",
        "message tea: en.mjml differs, line by line",
        "message tea: en.subject: Tea becomes A cup of tea",
    ]
    assert "-- wait: 7d" in found["text"].splitlines()
    assert "+- wait: 10d" in found["text"].splitlines()
    relance("scenario", "apply", file)
    both = relance("scenario", "diff", "tea", "--from", "1", "--to", "2", "--json").data
    assert (both["from"], both["to"], both["changes"]) == ("version 1", "version 2", found["changes"])


def test_a_live_scenario_is_edited_and_the_edit_undone(shop: Path, relance: Shell, definitions: Path) -> None:
    file = definitions / "scenarios" / "tea.yaml"
    relance("scenario", "apply", file)
    relance("scenario", "on", "tea", "--as-of", "2026-01-01T00:00")
    relance("run", *NINE)
    file.write_text(SCENARIO.replace("title: {fr: Le thé, en: Tea}", "title: {fr: Du thé, en: Some tea}"))
    (tried,) = relance("scenario", "apply", file, "--dry-run", "--json", *LATER).data["scenarios"]
    (told,) = relance("scenario", "apply", file, "--json", *LATER).data["scenarios"]
    assert (told["version"], told["running"], told["edited"]) == (2, 1, None)
    assert tried["live"] == told["live"]
    ways = [each["live"] for each in told["live"]["choices"]]
    assert ways[0] == "finish" and ways[-1] == "stop"
    assert relance("scenario", "apply", file, "--live", "move:nowhere", *LATER).code == 4
    assert published(relance)[0]["running"] == 1
    (done,) = relance("scenario", "apply", file, "--live", "finish", "--json", *LATER).data["scenarios"]
    assert (done["edited"]["live"], done["running"]) == ("finish", 2)
    undone = relance("scenario", "undo", "tea", "--json", *LATER).data
    assert (undone["version"], undone["undone"]) == (1, 2)
    assert published(relance)[0]["running"] == 1
    assert relance("scenario", "undo", "tea", *LATER).code == 4


@pytest.mark.parametrize(
    ("said", "instead", "sentence"),
    [
        ("  - wait: 7d\n", "  - {name: again, wait: 7d}\n  - {go_to: again}\n", "tea.yaml:9: the steps go round in a"),
        ("table: orders", "table: ordres", "tea.yaml:3: there is no table “ordres”"),
        ("wait: 7d", "wait: 36500d", "tea.yaml:8: “steps.1.wait”: a wait is at least 5 minutes and at most 400 days"),
        ("name: second", "name: first", "tea.yaml:9: two steps are called “first”"),
        ("{fr: Le thé, en: Tea}", "{fr: Le thé}", "tea.yaml:2: “title”: is not written in “en” yet"),
        ("send: {message: tea}\n  - wait", "send: {message: te}\n  - wait", "tea.yaml:7: there is no message “te”"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_scenario_is_one_sentence_with_its_line(
    home: Path, relance: Shell, definitions: Path, said: str, instead: str, sentence: str
) -> None:
    file = definitions / "scenarios" / "tea.yaml"
    file.write_text(SCENARIO.replace(said, instead))
    for command in (["apply"], ["apply", "--dry-run"]):
        refused = relance("scenario", *command, file)
        assert refused.code == 2
        assert sentence in refused.err
        assert len(refused.err.strip().splitlines()) == 1
    assert published(relance) == []
    assert relance("scenario", "on", "tea", *EIGHT).code == 4


def test_a_message_that_lacks_a_language_is_one_sentence_with_its_line(
    home: Path, relance: Shell, definitions: Path
) -> None:
    (definitions / "messages" / "tea.yaml").write_text(MESSAGE.split("en:")[0])
    refused = relance("scenario", "apply", definitions / "scenarios" / "tea.yaml")
    assert refused.code == 2
    assert "tea.yaml:1: the message is not written in “en” yet" in refused.err
    assert published(relance) == []
