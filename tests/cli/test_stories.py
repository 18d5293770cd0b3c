"""A shop's morning at the command line, from its files to the mail."""

from __future__ import annotations

import shutil
from email import policy
from email.parser import BytesParser
from pathlib import Path

from relance.base.home import Home
from relance.customers.installation import open_installation
from tests.cli.conftest import EXAMPLE, Shell

EIGHT, NINE, LATER = ("--as-of", "2026-03-10T08:30"), ("--as-of", "2026-03-10T09:00"), ("--as-of", "2026-03-10T09:05")
REFUSED = {"no_address": 1, "no_basis": 1, "more_than_one_order": 1}


def contents(home: Path) -> tuple[dict[str, str], str]:
    """Ordered hashes of every table of the warehouse, and of the ledger."""
    place = open_installation(Home(home))
    try:
        return place.engine.contents_hash(), place.ledger.contents_hash()
    finally:
        place.close()


def test_from_files_to_mail_in_a_folder(shop: Path, relance: Shell) -> None:
    """Two of five who bought once thirty days ago get a word; the three others are refused, each for a reason."""
    on = relance("scenario", "on", "second-purchase", "--json", *EIGHT).data
    assert (on["version"], on["already_past"]) == (1, 0)

    planned = relance("plan", "--json", *NINE).data
    (found,) = planned["scenarios"]
    assert (found["id"], found["version"], found["candidates"]) == ("second-purchase", 1, 5)
    assert (found["send"], found["held_out"], found["deferred"], found["refused"]) == (2, 0, 0, REFUSED)
    assert relance("run", "--json", *NINE).data == planned

    sent = relance("send", "--json", *LATER).data
    assert (sent["accepted"], sent["unknown"], sent["live"]) == (2, 0, False)
    mails = [BytesParser(policy=policy.default).parsebytes(each.read_bytes()) for each in mailbox(shop)]
    assert {mail["To"]: mail["Content-Language"] for mail in mails} == {
        "aline@example.test": "fr",
        "chloe@example.test": "en",
    }
    assert all(mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click" for mail in mails)
    assert relance("send", "--json", *LATER).data["accepted"] == 0


def mailbox(home: Path) -> list[Path]:
    return sorted((home / "mail" / "new").iterdir())


def test_decisions_are_exported_for_a_machine(shop: Path, relance: Shell) -> None:
    relance("scenario", "on", "second-purchase", *EIGHT)
    relance("run", *NINE)
    exported = relance("decisions", "export", "--csv").out.splitlines()
    start = "2026-03-10,2026-03-10T13:00:00Z,second-purchase,second-purchase"
    assert exported == [
        "due_date,decided_at,scenario,step,contact,occurrence,outcome,reason",
        f"{start},A1,once,send,",
        f"{start},A2,once,refused,more_than_one_order",
        f"{start},A3,once,send,",
        f"{start},A4,once,refused,no_basis",
        f"{start},A5,once,refused,no_address",
    ]
    rows = relance("decisions", "export", "--json", "--until", "2026-03-09").data["decisions"]
    assert rows == []


def test_a_plan_writes_nothing(shop: Path, relance: Shell) -> None:
    relance("scenario", "on", "second-purchase", *EIGHT)
    before = contents(shop)
    assert relance("plan", *NINE).code == 0
    assert contents(shop) == before


def test_importing_again_changes_nothing(shop: Path, relance: Shell) -> None:
    again = relance("import", "--json", "--as-of", "2026-03-10T08:10", EXAMPLE / "exports").data
    assert [(one["read"], one["unchanged"], one["repeated"]) for one in again["files"]] == [
        (5, 5, True),
        (7, 7, True),
        (4, 4, True),
    ]


def test_the_inbox_is_imported_and_cleared(home: Path, relance: Shell) -> None:
    for file in (EXAMPLE / "exports").iterdir():
        shutil.copy(file, home / "inbox")
    taken = relance("import", "--inbox", "--json", "--as-of", "2026-03-10T08:00").data
    assert sorted(one["feed"] for one in taken["files"]) == ["consents", "customers", "orders"]
    assert [path.name for path in (home / "inbox").iterdir()] == ["done"]


def test_an_order_after_the_decision_stops_what_is_queued(shop: Path, relance: Shell, tmp_path: Path) -> None:
    relance("scenario", "on", "second-purchase", *EIGHT)
    relance("run", *NINE)
    late = tmp_path / "orders-2026-03-10.csv"
    late.write_text("order,customer,date,sku,quantity,price\n1007,A1,2026-03-10 08:55,TEA-MINT,1,8.00\n")
    assert relance("import", late, "--as-of", "2026-03-10T09:02").code == 0
    sent = relance("send", "--json", *LATER).data
    assert sent["accepted"] == 1
    assert [b"chloe@example.test" in each.read_bytes() for each in mailbox(shop)] == [True]


def test_audiences_are_counted_exported_and_followed(shop: Path, relance: Shell) -> None:
    (shop / "definitions" / "segments" / "loyal.yaml").write_text(
        "segment: loyal\ncriteria: {count: orders, where: valid, at_least: 2}\n"
    )
    assert relance("audience", "count", EXAMPLE / "loyal.yaml", "--json", *EIGHT).data["contacts"] == 1
    assert relance("audience", "export", "--segment", "loyal", *EIGHT).out == "contact\nA2\n"
    relance("scenario", "on", "second-purchase", *EIGHT)
    relance("run", *NINE)
    history = relance("audience", "history", "loyal", "--since", "2026-02-20T00:00", "--json", *LATER).data
    assert [(look["members"], look["entered"], look["left"]) for look in history["members"]] == [(1, 1, 0)]
    assert history["moves"] == [{"from": None, "to": "loyal", "contacts": 1}]


def test_a_spreadsheet_runs_nothing_of_an_export(home: Path, relance: Shell, tmp_path: Path) -> None:
    people = tmp_path / "customers-2026-03-09.csv"
    people.write_text("customer,first_name,email,language\n=1+1,Eve,eve@example.test,en\n@x,Ann,ann@example.test,en\n")
    assert relance("import", people, *EIGHT).code == 0
    everyone = tmp_path / "everyone.yaml"
    everyone.write_text("{attribute: contacts.kind, is: individual}")
    assert relance("audience", "export", everyone, *EIGHT).out == "contact\n'=1+1\n'@x\n"


def test_a_decision_is_explained_in_both_languages(shop: Path, relance: Shell) -> None:
    relance("scenario", "on", "second-purchase", *EIGHT)
    relance("run", *NINE)
    told = relance("explain", "A2", "second-purchase", "--json", *LATER).data
    assert (told["outcome"], told["reason"]) == ("refused", "more_than_one_order")
    assert "déjà plus d’une commande" in relance("explain", "A2", "second-purchase", "--language", "fr", *LATER).out


def test_a_person_is_forgotten(shop: Path, relance: Shell) -> None:
    relance("scenario", "on", "second-purchase", *EIGHT)
    relance("run", *NINE)
    relance("send", *LATER)
    gone = relance("contact", "erase", "A1", "--json", *LATER).data
    assert gone == {"contact": "A1", "erased": True, "mails": 1}
    assert [b"aline" in each.read_bytes() for each in mailbox(shop)] == [False]
    assert ",A1," not in relance("decisions", "export").out
    assert b"aline@example.test" not in (shop / "ledger.sqlite").read_bytes()


def test_scenarios_are_listed_shown_and_switched(home: Path, relance: Shell) -> None:
    assert {one["id"] for one in relance("scenario", "library", "--json").data["scenarios"]} >= {"win-back"}
    own = home / "definitions" / "scenarios" / "win-back.yaml"
    own.write_text(relance("scenario", "library", "win-back").out.replace("days: 90", "days: 60"))
    assert relance("scenario", "apply", own, "--json").data["scenarios"] == [
        {"id": "win-back", "version": 1, "new": True, "running": None, "live": None, "edited": None}
    ]
    assert relance("scenario", "apply", own, "--json").data["scenarios"][0]["new"] is False
    relance("scenario", "on", "win-back", *EIGHT)
    (listed,) = relance("scenario", "list", "--json").data["scenarios"]
    assert (listed["id"], listed["on"], listed["running"]) == ("win-back", True, 1)
    assert relance("scenario", "show", "win-back", "--json").data["scenario"]["trigger"]["date"]["days"] == 60
    assert relance("scenario", "off", "win-back", "--as-of", "2026-03-10T08:45").code == 0
    assert relance("scenario", "list", "--json").data["scenarios"][0]["on"] is False


def test_a_feed_is_said_to_be_complete(home: Path, relance: Shell) -> None:
    said = relance("feed", "complete", "orders", "--until", "2026-03-10T00:00", "--json", *EIGHT).data
    assert said == {"feed": "orders", "complete_until": "2026-03-10T04:00:00+00:00", "news": True}
    assert relance("feed", "complete", "orders", "--until", "2026-03-09T00:00", "--json", *EIGHT).data["news"] is False


def test_rejects_are_written_to_a_file(home: Path, relance: Shell, tmp_path: Path) -> None:
    orders = tmp_path / "orders-2026-03-09.csv"
    orders.write_text(
        "order,customer,date,sku,quantity,price\n1,A1,not a date,X,1,2.00\n2,A2,2026-03-01 10:00,X,1,2.00\n"
    )
    assert relance("import", orders, "--json", *EIGHT).data["files"][0]["rejected"] == 1
    written = tmp_path / "rejects.csv"
    assert relance("rejects", "--out", written, "--json").data["rejects"] == 1
    assert "not a date" in written.read_text(encoding="utf-8-sig")


def test_init_never_overwrites(home: Path, relance: Shell) -> None:
    settings = (home / "relance.toml").read_text()
    secret = (home / "secret").read_text()
    assert relance("init", "--json").data["made"] == []
    assert ((home / "relance.toml").read_text(), (home / "secret").read_text()) == (settings, secret)


def test_the_doctor_counts_cancelled_orders_that_still_count(home: Path, relance: Shell) -> None:
    mapping = home / "definitions" / "feeds" / "orders.yaml"
    void = "valid: {any: sold}\n      status: {choose: [{when: {column: order, is: 1006}, then: cancelled}]}"
    mapping.write_text(mapping.read_text(encoding="utf-8").replace("valid: {any: sold}", void), encoding="utf-8")
    assert relance("import", "--as-of", "2026-03-10T08:00", *sorted((EXAMPLE / "exports").iterdir())).code == 0
    said = relance("doctor", *LATER).out
    assert "look  orders: cancelled and still valid: 1; the mapping's `valid` must be false" in said


def test_the_doctor_names_what_is_broken(shop: Path, relance: Shell) -> None:
    relance("scenario", "on", "second-purchase", *EIGHT)
    relance("run", *NINE)
    assert relance("doctor", *LATER).code == 0
    (shop / "secret").chmod(0o644)
    (shop / "definitions" / "segments" / "bad.yaml").write_text("segment: bad\n")
    found = relance("doctor", "--json", "--as-of", "2026-03-12T09:00")
    red = {one["what"] for one in found.data["findings"] if one["colour"] == "red"}
    assert (found.code, found.data["healthy"], red) == (1, False, {"secret", "definitions", "turns"})
