"""Who wants no more is heard at once and for good; who merely looks, person or robot, changes nothing."""

from __future__ import annotations

import pytest

from relance.engines.ledger import Outgoing
from relance.messages.links import PREFERENCES, VIEW
from tests.channels.conftest import outgoing
from tests.tracking.office import TEN, Desk, unsubscribe_token

ONE_CLICK = b"List-Unsubscribe=One-Click"
MULTIPART = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'


def waiting(desk: Desk, *rows: Outgoing) -> list[tuple[str, str | None]]:
    desk.ledger.enqueue(rows)
    return states(desk)


def states(desk: Desk) -> list[tuple[str, str | None]]:
    return [(row.state, row.reason) for row in desk.ledger.outbox(contact=7)]


@pytest.mark.parametrize("body", [ONE_CLICK, MULTIPART, b""])
def test_one_click_of_a_mail_program_is_enough(desk: Desk, body: bytes) -> None:
    waiting(desk, outgoing(7), outgoing(7, occurrence="two", kind="transactional"))
    reply = desk.ask(f"/t/u/{unsubscribe_token()}", method="POST", body=body)
    assert reply.status == 200
    assert "set-cookie" not in reply.headers
    (act,) = desk.ledger.consent_acts_since(0)
    assert (act.contact, act.channel, act.purpose, act.sender, act.act) == (7, "email", "marketing", "shop", "denied")
    assert (act.at, act.source, act.language) == (TEN, "one-click", "fr")
    (denial,) = desk.ledger.denials()
    assert (denial.contact, denial.purpose, denial.sender) == (7, "marketing", "shop")
    assert states(desk) == [("cancelled", "consent_refused"), ("queued", None)]
    assert desk.kept() == ["unsubscribe"]


def test_twice_is_once(desk: Desk) -> None:
    for _ in range(3):
        assert desk.ask(f"/t/u/{unsubscribe_token()}", method="POST", body=ONE_CLICK).status == 200
    assert len(desk.ledger.consent_acts_since(0)) == len(desk.ledger.denials()) == 1
    assert desk.kept() == ["unsubscribe"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("page", ["u", "p"])
def test_to_look_is_not_to_leave(desk: Desk, method: str, page: str) -> None:
    before = desk.ledger.contents_hash()
    purpose = PREFERENCES if page == "p" else "unsubscribe"
    reply = desk.ask(f"/t/{page}/{unsubscribe_token(purpose=purpose)}", method=method)
    assert reply.status == 200
    assert desk.ledger.contents_hash() == before
    assert desk.kept() == []


def test_the_page_speaks_the_language_of_the_mail_and_has_one_button(desk: Desk) -> None:
    french = desk.ask(f"/t/u/{unsubscribe_token('fr')}").body
    english = desk.ask(f"/t/u/{unsubscribe_token('en')}").body
    assert '<html lang="fr">' in french and "Ne plus recevoir nos messages" in french
    assert '<html lang="en">' in english and "Stop receiving our messages" in english
    for page in (french, english):
        assert page.count("<button") == 1
        assert '<form method="post">' in page
        assert "<script" not in page
        assert page.count('type="radio"') == 3


def test_everything_of_a_sender_is_a_global_opt_out_with_it(desk: Desk) -> None:
    waiting(desk, outgoing(7, channel="sms"), outgoing(7, occurrence="two", sender="other"))
    desk.ask(f"/t/p/{unsubscribe_token(purpose=PREFERENCES)}", method="POST", body=b"choice=all")
    (act,) = desk.ledger.consent_acts_since(0)
    assert (act.act, act.channel, act.purpose, act.sender, act.source) == (
        "opt_out",
        "*",
        "*",
        "shop",
        "unsubscribe-page",
    )
    assert states(desk) == [("cancelled", "consent_refused"), ("queued", None)]


def test_who_does_not_want_to_be_noticed_is_not_on_mail_already_sent_either(desk: Desk) -> None:
    from relance.messages.links import CLICK, Claim, sign
    from tests.tracking.office import KEY

    link = sign(KEY, Claim(CLICK, 7, ("win-back", "send", "order-1", "email", "1", "https://lireici.example")))
    waiting(desk, outgoing(7))
    desk.ask(f"/t/c/{link}")
    desk.ask(f"/t/u/{unsubscribe_token()}", method="POST", body=b"choice=following")
    assert desk.ask(f"/t/c/{link}").status == 302
    assert desk.kept() == ["click 1"]
    assert states(desk) == [("queued", None)]


def test_with_one_sender_a_refusal_means_it_under_every_name(tmp_path) -> None:
    (tmp_path / "one").mkdir()
    desk = Desk(tmp_path / "one", senders={"main": "Lire ici"})
    waiting(desk, outgoing(7), outgoing(7, occurrence="two", sender="another name"))
    desk.ask(f"/t/u/{unsubscribe_token()}", method="POST", body=ONE_CLICK)
    assert states(desk) == [("cancelled", "consent_refused")] * 2
    assert [(denial.sender, denial.purpose) for denial in desk.ledger.denials()] == [(None, "marketing")]
    desk.close()


def test_with_several_senders_the_page_names_the_one_that_wrote(tmp_path) -> None:
    (tmp_path / "two").mkdir()
    desk = Desk(tmp_path / "two", senders={"shop": "Librairie des Deux Rives", "other": "Lire ici"})
    assert "suggestions de Librairie des Deux Rives" in desk.ask(f"/t/u/{unsubscribe_token()}").body
    desk.close()


def test_a_link_for_one_thing_opens_nothing_else(desk: Desk) -> None:
    assert desk.ask(f"/t/p/{unsubscribe_token()}", method="POST", body=ONE_CLICK).status == 404
    assert desk.ask(f"/t/u/{unsubscribe_token(purpose=VIEW)}", method="POST", body=ONE_CLICK).status == 404
    assert desk.ledger.denials() == []


def test_nobody_is_told_it_is_done_before_it_is(desk: Desk) -> None:
    desk.ledger.close()
    (desk.folder / "ledger.sqlite").rename(desk.folder / "elsewhere.sqlite")
    reply = desk.ask(f"/t/u/{unsubscribe_token()}", method="POST", body=ONE_CLICK)
    assert reply.status == 503
    assert "n’a pas pu être enregistrée" in reply.body


def test_hostile_words_stay_words(tmp_path, desk: Desk) -> None:
    desk.ask(
        f"/t/u/{unsubscribe_token('<b>')}",
        method="POST",
        body=b"choice=<script>alert(1)</script>",
        agent="<script>alert(1)</script>\x00é",
    )
    desk.tracker.writer.close()
    (kept,) = desk.hits.of_messages(0, 10)
    assert "<" not in kept.hit.agent
    (tmp_path / "two").mkdir()
    other = Desk(tmp_path / "two", brand="<img src=x onerror=alert(1)>")
    for path in (f"/t/u/{unsubscribe_token()}", "/t/c/x"):
        page = other.ask(path)
        assert "<img" not in page.body
        assert "default-src 'none'" in page.headers["content-security-policy"]
    other.close()
