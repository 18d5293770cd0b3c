"""A link of ours leads where it was signed to lead, for years and without any stored row, and nowhere else."""

from __future__ import annotations

import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relance.base.errors import Refused
from relance.messages.links import CLICK, OPEN, UNSUBSCRIBE, Claim, SigningKey, sign
from relance.tracking.tokens import redirect_of
from tests.tracking.office import KEY, Desk, unsubscribe_token

SHOP = "https://lireici.example/livres/1?ref=courriel&tri=prix#avis"
MESSAGE = ("forgotten-cart", "reminder", "cart-9#1", "email")


def click(destination: str = SHOP, key: SigningKey = KEY) -> str:
    return sign(key, Claim(CLICK, 7, (*MESSAGE, "1", destination)))


def test_a_click_goes_to_the_shop_and_is_kept(desk: Desk) -> None:
    reply = desk.ask(f"/t/c/{click()}")
    assert (reply.status, reply.headers["location"]) == (302, SHOP)
    assert reply.headers["cache-control"] == "no-store, private"
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in reply.headers
    assert desk.kept() == ["click 1"]


def test_who_only_asks_about_a_link_is_answered_and_counted_nowhere(desk: Desk) -> None:
    reply = desk.ask(f"/t/c/{click()}", method="HEAD")
    assert (reply.status, reply.headers["location"], reply.body) == (302, SHOP, "")
    assert desk.kept() == []


def test_a_link_works_where_there_is_no_ledger_and_no_room_for_hits(desk: Desk) -> None:
    (desk.folder / "ledger.sqlite").unlink()
    desk.hits.close()
    (desk.folder / "hits.sqlite").unlink()
    (desk.folder / "hits.sqlite").mkdir()  # cannot be opened as a file
    assert desk.ask(f"/t/c/{click()}").status == 302
    assert desk.ask("/t/health").body == '{"lost_hits": 1}'
    (desk.folder / "hits.sqlite").rmdir()


def test_a_pixel_is_a_picture_and_a_hit(desk: Desk) -> None:
    reply = desk.ask(f"/t/o/{sign(KEY, Claim(OPEN, 7, MESSAGE))}")
    assert (reply.status, reply.headers["content-type"], reply.body[:6]) == (200, "image/gif", "GIF89a")
    assert desk.kept() == ["open"]


@pytest.mark.parametrize(
    "path",
    [
        "/t/c/",
        "/t/c/abc",
        f"/t/c/{click()[:-1]}",
        f"/t/c/{click()}?to=https://evil.example",
        f"/t/c/https://evil.example/{click()}",
        "/t/c//evil.example",
        f"/t/c/{click(key=SigningKey('1', b'another secret!!'))}",
        f"/t/c/{unsubscribe_token()}",
        f"/t/o/{click()}",
        f"/t/u/{click()}",
        "/t/c/" + "a" * 50_000,
        "/t/x/y",
        "/",
        "//evil.example/t/c/x",
    ],
    ids=range(14),
)
def test_what_was_not_signed_for_this_leads_nowhere(desk: Desk, path: str) -> None:
    reply = desk.ask(path)
    assert reply.status == 404
    assert "location" not in reply.headers
    assert 'lang="fr"' in reply.body and 'lang="en"' in reply.body
    assert desk.kept() == []


@pytest.mark.parametrize("where", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "ftp://x", "https://"])
def test_even_a_signed_destination_is_a_page_of_the_web(desk: Desk, where: str) -> None:
    assert desk.ask(f"/t/c/{click(where)}").status == 404


def test_a_header_cannot_be_smuggled_in_by_a_destination(desk: Desk) -> None:
    assert desk.ask(f"/t/c/{click('https://x.example/' + chr(13) + 'Set-Cookie: a=b')}").status == 404
    reply = desk.ask(f"/t/c/{click('https://librairie.example/été')}")
    assert reply.headers["location"] == "https://librairie.example/%C3%A9t%C3%A9"


def test_a_new_key_leaves_old_links_good(tmp_path) -> None:
    desk = Desk(tmp_path, keys={"1": KEY, "2": SigningKey("2", b"the second secret")})
    assert desk.ask(f"/t/c/{click()}").status == 302
    assert desk.ask(f"/t/c/{click(key=SigningKey('2', b'the second secret'))}").status == 302
    desk.close()


def test_only_what_it_takes_is_taken(desk: Desk) -> None:
    assert desk.ask(f"/t/c/{click()}", method="POST").status == 405
    assert desk.ask(f"/t/u/{unsubscribe_token()}", method="POST", body=b"x" * 5_000).status == 413
    assert desk.ask(f"/t/c/{click()}", cookie="x" * 20_000).status == 431


@given(place=st.integers(0, 400), sign_=st.sampled_from(string.ascii_letters + string.digits + "-_."))
@settings(max_examples=300, deadline=None)
def test_one_changed_sign_anywhere_makes_it_another_link(place: int, sign_: str) -> None:
    token = click()
    place %= len(token)
    changed = token[:place] + sign_ + token[place + 1 :]
    if changed == token:
        assert redirect_of({"1": KEY}, changed).destination == SHOP
        return
    with pytest.raises(Refused):
        redirect_of({"1": KEY}, changed)


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_text_that_we_did_not_sign_is_a_link(text: str) -> None:
    with pytest.raises(Refused):
        redirect_of({"1": KEY}, text)


@given(st.integers(1, 10**12), st.text(string.printable.replace("\n", ""), max_size=30))
@settings(max_examples=200, deadline=None)
def test_what_was_signed_is_what_comes_back(contact: int, occurrence: str) -> None:
    claim = Claim(CLICK, contact, ("s", "step", occurrence, "email", "2", SHOP))
    hit = redirect_of({"1": KEY}, sign(KEY, claim)).hit
    assert (hit.contact, hit.occurrence, hit.link) == (contact, occurrence, "2")
    with pytest.raises(Refused):
        redirect_of({"1": KEY}, sign(KEY, Claim(UNSUBSCRIBE, contact, claim.scope)))
