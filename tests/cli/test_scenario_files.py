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
    found = relance("scenario", "diff", file, "--json", "--language", "en").data
    assert found["changes"] == [
        "Step 2: Wait 7 days → Wait 10 days",
        "Control group, added: 10%",
        "Message “tea”, layout in English: rewritten",
        "Message “tea”, subject in English: Tea → A cup of tea",
    ]
    french = relance("scenario", "diff", file).out  # the brand's first language
    assert french.startswith("tea, de la version 1 à tea.yaml :\n")
    assert "Étape 2 : Attendre 7 jours → Attendre 10 jours" in french
    assert "-- wait: 7d" in found["text"].splitlines()
    assert "+- wait: 10d" in found["text"].splitlines()
    relance("scenario", "apply", file)
    both = relance("scenario", "diff", "tea", "--from", "1", "--to", "2", "--json", "--language", "en").data
    assert (both["from"], both["to"], both["changes"]) == ("version 1", "version 2", found["changes"])


def test_a_live_scenario_is_edited_and_the_edit_undone(shop: Path, relance: Shell, definitions: Path) -> None:
    file = definitions / "scenarios" / "tea.yaml"
    relance("scenario", "apply", file)
    relance("scenario", "on", "tea", *EIGHT)
    relance("run", "--enter-since", "2026-01-01", *NINE)
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


# What is written instead of `fresh_for: 3d`, `wait: 7d` or everything, and the sentence: the line is where it is said.
NAMED = [
    ("fresh_for: 3d", "fresh_for: 36500d", "tea.yaml:4: “fresh_for”: is longer than 400 days"),
    ("fresh_for: 3d", "lookback: 36500d\nfresh_for: 3d", "tea.yaml:4: “lookback”: is longer than 400 days"),
    (
        "fresh_for: 3d",
        "fresh_for: 3d\nreentry: {after: 36500d}",
        "tea.yaml:5: “reentry.after”: is longer than 4000 days",
    ),
    ("fresh_for: 3d", "fresh_for: 3d\ngoal: {row: parrots, within: 7d}", "tea.yaml:5: there is no table “parrots”"),
    ("fresh_for: 3d", "fresh_for: 3d\ntarget: {segment: vip}", "tea.yaml:5: there is no segment “vip”"),
    (
        "fresh_for: 3d",
        "fresh_for: 3d\nneeds:\n  - {feed: orders, deadline: '12:00'}\n  - {feed: ordres, deadline: '12:00'}",
        "tea.yaml:7: there is no feed “ordres” among definitions/feeds; there are consents, customers, orders\n",
    ),
    ("fresh_for: 3d", "fresh_for: 3d\nmay_lack: [parrots]", "tea.yaml:5: there is no “parrots” that a shop may lack"),
    (
        "fresh_for: 3d",
        "fresh_for: 3d\nholdout: 120%",
        "tea.yaml:5: “holdout”: “120%” is not a share; write it like 10%",
    ),
    (
        "fresh_for: 3d",
        "fresh_for: 3d\non_stop: {returned: {hand_over: tea}}",
        "tea.yaml:5: there is no stop condition “returned”; there are none",
    ),
    ("wait: 7d", "branch: [{if: {count: orders, at_least: 1}, then: []}]", "tea.yaml:8: branch “branch”: the last arm"),
    (
        "wait: 7d",
        "name: till\n    webhook: {url: 'https://till.example/x', fields: [shoe]}",
        "tea.yaml:9: step “till”: contacts have no “shoe”",
    ),
    ("wait: 7d", "hand_over: The Next", "tea.yaml:8: “steps.1.hand_over”: “The Next” is not a name; use small letters"),
    ("wait: 7d", "wait: {event: {row: parrots}, at_most: 3d}", "tea.yaml:8: there is no table “parrots”"),
    ("steps:", "steps: !!python/object:os.system", "tea.yaml:5: the mark “tag:yaml.org,2002:python/object:os.system”"),
    (SCENARIO, "", "tea.yaml: a scenario is a document with scenario, trigger and steps"),
    (SCENARIO, "[tea]", "tea.yaml:1: a scenario is a document with scenario, trigger and steps"),
]


def test_what_a_document_names_exists_and_what_it_says_ends(home: Path, relance: Shell, definitions: Path) -> None:
    file, other = definitions / "scenarios" / "tea.yaml", definitions / "scenarios" / "other.yaml"
    other.write_text(SCENARIO.replace("scenario: tea", "scenario: other"))
    for said, instead, sentence in NAMED:
        file.write_text(SCENARIO.replace(said, instead))
        refused = relance("scenario", "apply", file)
        assert refused.code == 2
        assert refused.err.startswith(f"relance: {sentence}")
        assert len(refused.err.strip().splitlines()) == 1
    assert relance("scenario", "apply", other, file).code == 2
    assert published(relance) == [], "of two documents of which one is wrong, neither is published"


def test_a_hand_over_to_nobody_is_refused_when_it_is_switched_on(home: Path, relance: Shell, definitions: Path) -> None:
    file = definitions / "scenarios" / "tea.yaml"
    file.write_text(SCENARIO.replace("wait: 7d", "hand_over: nobody").split("  - name: second")[0])
    assert relance("scenario", "apply", file).code == 0
    refused = relance("scenario", "on", "tea", *EIGHT)
    assert (refused.code, len(refused.err.splitlines())) == (4, 1)
    assert "“tea” hands over to “nobody” (line 8), which is not published" in refused.err
    assert published(relance)[0]["on"] is False
