"""What goes wrong at the command line: one clear sentence, the exit code of the error, and nothing lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import EXAMPLE, Said, Shell

EIGHT, NINE, LATER = ("--as-of", "2026-03-10T08:30"), ("--as-of", "2026-03-10T09:00"), ("--as-of", "2026-03-10T09:05")
SCENARIO = """scenario: tea
trigger: {trigger}
fresh_for: 3d
steps: {steps}
"""
PLACED, SEND = "{row: {table: orders}}", "[{send: {message: second-purchase}}]"


def refused(said: Said, code: int, *words: str) -> None:
    """One sentence on standard error, with these words in it, and nothing else anywhere."""
    assert said.code == code
    assert "Traceback" not in said.err
    assert len(said.err.strip().splitlines()) == 1, said.err
    assert [word for word in words if word not in said.err] == []


def test_a_file_that_cannot_be_read_is_refused_whole(shop: Path, relance: Shell, tmp_path: Path) -> None:
    broken = tmp_path / "orders-2026-03-10.csv"
    broken.write_bytes(b"\xff\xfe\x00\x01 not a table \x00")
    refused(relance("import", broken, "--json", *EIGHT), 3, "orders-2026-03-10.csv")
    assert relance("audience", "count", EXAMPLE / "loyal.yaml", "--json", *EIGHT).data["contacts"] == 1


def test_wrong_columns_are_named(shop: Path, relance: Shell, tmp_path: Path) -> None:
    wrong = tmp_path / "orders-2026-03-10.csv"
    wrong.write_text("number,who\n1,A1\n")
    refused(relance("import", wrong, "--json", *EIGHT), 3, "orders-2026-03-10.csv", "order")


def test_a_file_that_no_feed_takes(shop: Path, relance: Shell, tmp_path: Path) -> None:
    (tmp_path / "holiday.csv").write_text("a,b\n")
    refused(relance("import", tmp_path / "holiday.csv", *EIGHT), 4, "holiday.csv", "orders-*.csv")
    refused(relance("import", tmp_path / "absent.csv", *EIGHT), 4, "absent.csv")


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ("{count: orders, wher: valid, at_least: 2}", ("tree.yaml", "wher")),
        ("{attribute: contacts.shoe_size, is: 42}", ("tree.yaml", "shoe_size")),
        ("{count: parrots, at_least: 1}", ("tree.yaml", "parrots")),
        ("{count: orders", ("tree.yaml",)),
    ],
)
def test_criteria_that_ask_for_what_does_not_exist(
    home: Path, relance: Shell, tmp_path: Path, tree: str, words: tuple[str, ...]
) -> None:
    document = tmp_path / "tree.yaml"
    document.write_text(tree)
    refused(relance("audience", "count", document, *EIGHT), 2, *words)


@pytest.mark.parametrize(
    ("trigger", "steps", "words"),
    [
        (PLACED, "[{name: a, wait: 1d}, {go_to: a}]", ("circle", "a → a")),
        ("{row: {table: parrots}}", SEND, ("tea.yaml:2", "parrots")),
        (PLACED, "[{send: {message: no-such-message}}]", ("no-such-message",)),
        (PLACED, "[{name: a, go_to: a}]", ("tea.yaml:4", "in a circle: a → a")),
        (PLACED, "[{name: a, go_to: b}, {name: b, go_to: a}]", ("tea.yaml:4", "in a circle")),
        (PLACED, f"[{', '.join(['{wait: 1d}'] * 5_000)}]", ("tea.yaml:4", "at most 200 steps", "5,000")),
        ("{row: {tabel: orders}}", SEND, ("tea.yaml:2", "trigger.row.table")),
    ],
)
def test_a_scenario_that_makes_no_sense_is_not_published(
    home: Path, relance: Shell, tmp_path: Path, trigger: str, steps: str, words: tuple[str, ...]
) -> None:
    document = tmp_path / "tea.yaml"
    document.write_text(SCENARIO.replace("{trigger}", trigger).replace("{steps}", steps))
    refused(relance("scenario", "apply", document), 2, *words)
    assert relance("scenario", "list", "--json").data["scenarios"] == []


def test_nothing_is_switched_before_what_has_been_decided(shop: Path, relance: Shell) -> None:
    relance("scenario", "on", "second-purchase", *EIGHT)
    relance("run", *NINE)
    refused(relance("scenario", "off", "second-purchase", *EIGHT), 4, "before the last turn")
    refused(relance("scenario", "on", "win-back", "--as-of", "2020-01-01T00:00"), 4, "before the last import")


def test_a_dead_mail_server_loses_nothing(shop: Path, relance: Shell) -> None:
    relance("scenario", "on", "second-purchase", *EIGHT)
    relance("run", *NINE)
    settings = shop / "relance.toml"
    kept = settings.read_text()
    settings.write_text(
        'public_url = "https://relance.example.test"\n' + kept + 'address = "1 Tea Street"\n'
        '[senders.default]\nfrom_name = "The teapot"\nfrom_address = "tea@example.test"\n'
        '[smtp]\nhost = "127.0.0.1"\nport = 1\ntls = "none"\n'
    )
    refused(relance("send", *LATER), 6, "127.0.0.1:1")
    settings.write_text(kept)
    assert relance("send", "--json", *LATER).data["accepted"] == 2


def test_live_mail_is_refused_without_who_writes(shop: Path, relance: Shell) -> None:
    with (shop / "relance.toml").open("a") as settings:
        settings.write('[smtp]\nhost = "127.0.0.1"\n')
    refused(relance("send", *LATER), 4, "public_url")


def test_instants_that_are_none(home: Path, relance: Shell) -> None:
    refused(relance("plan", "--as-of", "2026-03-10"), 2, "2026-03-10", "not an instant")
    refused(relance("plan", "--as-of", "tomorrow"), 2, "tomorrow")
    refused(relance("plan", "--enter-since", "10/03/2026"), 2, "10/03/2026")


def test_time_does_not_go_back(shop: Path, relance: Shell, tmp_path: Path) -> None:
    assert relance("run", *NINE).code == 0
    refused(relance("run", *EIGHT), 4, "2026-03-10")
    refused(relance("import", EXAMPLE / "exports", *EIGHT), 4, "before the last turn")


def test_names_that_do_not_exist(home: Path, relance: Shell) -> None:
    refused(relance("scenario", "on", "no-such"), 4, "no-such")
    refused(relance("scenario", "off", "no-such"), 4, "no-such")
    refused(relance("scenario", "library", "no-such"), 4, "no-such", "win-back")
    refused(relance("run", "no-such", *NINE), 4, "no-such")
    refused(relance("feed", "complete", "no-such", "--until", "2026-03-10T00:00Z"), 4, "no-such", "orders")
    refused(relance("audience", "history", "no-such"), 4, "no-such")
    refused(relance("contact", "erase", "nobody"), 4, "nobody")


def test_a_folder_that_is_no_home(relance: Shell, tmp_path: Path) -> None:
    refused(relance("plan", "--home", tmp_path / "elsewhere"), 4, "relance init")
    assert not (tmp_path / "elsewhere").exists()


def test_a_second_process_is_told_to_wait(home: Path, relance: Shell) -> None:
    holder = (
        "import sys, pathlib\n"
        "from relance.base.home import Home\n"
        "from relance.customers.installation import open_installation\n"
        "place = open_installation(Home(pathlib.Path(sys.argv[1])))\n"
        "print('open', flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", holder, str(home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "open\n"
        refused(relance("plan"), 5, "another Relance process")
        owner.communicate("")
    assert relance("plan").code == 0


def test_a_demo_touches_no_folder_but_its_own(relance: Shell, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "thesis.txt").write_text("years of work")
    refused(relance("demo", "--home", taken, "--again"), 4, "not a demo")
    (taken / "this-is-a-demo.txt").write_text("")
    refused(relance("demo", "--home", taken), 4, "--again")
    assert (taken / "thesis.txt").read_text() == "years of work"
    refused(relance("demo", "--home", tmp_path / "small", "--contacts", "3"), 2, "200")
