"""Mails are seen as their readers would see them, and can do nothing while they are looked at."""

from __future__ import annotations

import re
from typing import Any

from relance.channels.email.mailbox import store
from tests.stories.bookshop import Bookshop

HOSTILE = (
    b"From: a@example.test\r\nTo: b@example.test\r\nSubject: <script>alert(1)</script>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/html; charset=utf-8\r\n\r\n"
    b"<script>top.location='https://evil.example'</script><form action=/logout method=post><img src=https://x.example/i>"
)


def names(camille: Any) -> list[str]:
    return re.findall(r'href="/mail/([^"]+)"', camille.get("/mail").content.decode())


def test_every_kept_mail_is_listed_and_opens(lived: Bookshop, camille: Any) -> None:
    listed = names(camille)
    assert len(listed) == len(lived.mails())
    page = camille.get(f"/mail/{listed[0]}").content.decode()
    assert 'sandbox=""' in page
    assert "Courrier" in page


def test_the_frame_of_a_mail_may_run_load_and_send_nothing(lived: Bookshop, camille: Any) -> None:
    path = store(lived.home.mail, "b@example.test", HOSTILE)
    try:
        page = camille.get(f"/mail/{path.name}").content.decode()
        assert "<script>alert" not in page
        for asked, pictures in (("off", "img-src data:;"), ("on", "img-src https: http: data:;")):
            policy = camille.get(f"/mail/{path.name}/frame?pictures={asked}")["Content-Security-Policy"]
            assert pictures in policy
            assert policy.endswith("; sandbox")
            assert "default-src 'none'" in policy
            assert "form-action 'none'" in policy
    finally:
        path.unlink()


def test_no_file_outside_the_mailbox_can_be_opened(camille: Any) -> None:
    for name in ("..%2F..%2Fsecret", "..", "%2e%2e%2fsecret", "no-such-mail"):
        assert camille.get(f"/mail/{name}").status_code == 404
        assert camille.get(f"/mail/{name}/frame").status_code == 404


def test_lines_that_could_not_be_read_are_told_and_can_be_downloaded(lived: Bookshop, camille: Any) -> None:
    page = camille.get("/data").content.decode()
    assert "2 lignes n’ont pas pu être lues" in page
    number = re.findall(r"/data/deliveries/(\d+)", page)[0]
    told = camille.get(f"/data/deliveries/{number}").content.decode()
    assert "n’est pas une date avec son heure" in told
    assert "not a date" in told
    answer = camille.get(f"/data/deliveries/{number}/rejects.csv")
    assert "attachment" in answer["Content-Disposition"]
    assert "not_an_instant" in answer.content.decode("utf-8-sig")


def test_every_reason_a_line_is_refused_for_is_said_in_both_languages() -> None:
    from relance.ingest.atoms import REASONS
    from relance.web.words import WORDS

    assert {f"reject.{reason}" for reason in REASONS} <= set(WORDS)
