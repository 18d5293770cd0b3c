"""The marketer looks at a message, has it checked, and tries it in a mailbox of their own."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from relance.engines.sqlite import open_ledger
from tests.cli.conftest import SETTINGS, Shell

NOW = ("--as-of", "2026-03-10T09:00")
TESTER = 'test_addresses = ["essai@theiere.example"]\n'
LIVE = '\n[smtp]\nhost = "127.0.0.1"\nport = 9\ntls = "none"\n'
SENDER = '\n[senders.default]\nfrom_name = "The teapot"\nfrom_address = "bonjour@theiere.example"\n'


def set_up(home: Path, more: str = "") -> None:
    (home / "relance.toml").write_text(TESTER + SETTINGS + more, encoding="utf-8")


def kept(home: Path) -> Iterator[EmailMessage]:
    for file in sorted((home / "mail" / "new").glob("*")):
        yield email.message_from_bytes(file.read_bytes(), policy=email.policy.default)


def test_a_test_reaches_the_tester_marked_and_counts_nowhere(shop: Path, relance: Shell) -> None:
    set_up(shop)
    done = relance("message", "test", "win-back", "--to", "essai@theiere.example", "--contact", "A1", *NOW)
    assert done.code == 0, done.err
    assert "win-back, fr, was sent to essai@theiere.example" in done.out
    (mail,) = kept(shop)
    assert str(mail["Subject"]).startswith("[Essai] ")
    assert mail["Feedback-ID"].startswith("test:")
    ledger = open_ledger(shop / "ledger.sqlite")
    try:
        assert ledger.due("email", mail["Date"].datetime, 10) == []
    finally:
        ledger.close()


def test_an_english_test_of_a_sample_says_test(shop: Path, relance: Shell) -> None:
    set_up(shop)
    arguments = ("message", "test", "forgotten-cart", "--to", "essai@theiere.example", "--language", "en", "--json")
    done = relance(*arguments, *NOW)
    assert (done.data["of"], done.data["language"], done.data["state"]) == ("sample", "en", "accepted")
    (mail,) = kept(shop)
    assert str(mail["Subject"]).startswith("[Test] ")


def test_a_test_goes_to_nobody_else(shop: Path, relance: Shell) -> None:
    set_up(shop)
    done = relance("message", "test", "win-back", "--to", "a1@example.test", *NOW)
    assert done.code == 4
    assert "not one of the test addresses" in done.err
    assert list(kept(shop)) == []


@pytest.mark.parametrize("more", [LIVE, LIVE + SENDER])
def test_a_live_test_is_refused_until_the_reader_could_answer_and_leave(shop: Path, relance: Shell, more: str) -> None:
    set_up(shop, more)
    done = relance("message", "test", "win-back", "--to", "essai@theiere.example", *NOW)
    assert done.code == 4
    assert "public_url" in done.err
    assert ("a sender" in done.err) == (more == LIVE)


def test_a_preview_speaks_to_the_contact_and_writes_nothing(shop: Path, relance: Shell) -> None:
    done = relance("message", "preview", "win-back", "--contact", "A1", "--language", "fr", "--json", *NOW)
    assert (done.code, done.data["of"]) == (0, "contact"), done.err
    assert "Votre dernière commande" in done.data["text"]
    assert "Votre derni&#232;re commande" in done.data["html"]
    assert {"subject", "preheader"} < set(done.data)
    out = relance("message", "preview", "forgotten-cart", "--out", "mail.html", *NOW)
    assert out.out.startswith("Subject: ")
    assert "<!doctype html>" in Path("mail.html").read_text(encoding="utf-8").lower()


def test_a_draft_is_checked_before_it_is_applied(home: Path, relance: Shell) -> None:
    text = relance("message", "show", "win-back").out
    folder = home / "definitions" / "messages"
    folder.mkdir(exist_ok=True)
    (folder / "win-back.yaml").write_text(text.replace("Voir les nouveautés", "Cliquez ici"), encoding="utf-8")
    done = relance("message", "lint", "win-back")
    assert done.code == 4
    assert "must change (fr): “cliquez ici” says nothing of where the link leads" in done.out
    listed = {one["id"]: one["refused"] for one in relance("message", "list", "--json").data["messages"]}
    assert listed["win-back"] > 0
    assert listed["forgotten-cart"] == 0
    assert relance("message", "lint", "forgotten-cart").code == 0
    assert "there is no message “nobody”" in relance("message", "show", "nobody").err


NIVEAU = """message: merci
fields: {first_name?: text, niveau: text}
fr: {subject: "Merci{% if first_name %} {{ first_name }}{% endif %}", mjml: "<mj-section/>", text: "{{ niveau }}"}
en: {subject: "Thank you{% if first_name %} {{ first_name }}{% endif %}", mjml: "<mj-section/>", text: "{{ niveau }}"}
"""


def test_a_preview_for_somebody_makes_up_what_must_be_there_and_says_so(shop: Path, relance: Shell) -> None:
    (shop / "definitions" / "messages").mkdir(exist_ok=True)
    (shop / "definitions" / "messages" / "merci.yaml").write_text(NIVEAU, encoding="utf-8")
    arguments = ("message", "preview", "merci", "--language", "fr")
    theirs = relance(*arguments, "--contact", "A1", *NOW).out
    assert "Subject: Merci\n" in theirs
    assert theirs.endswith("Made up, for want of a decision about this message: niveau\n")
    anybodys = relance(*arguments, *NOW).out
    assert "Subject: Merci Marie\n" in anybodys
    assert "Made up" not in anybodys
