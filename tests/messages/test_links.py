"""A link in a message proves itself, is good for one thing, and carries no address."""

from __future__ import annotations

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.base.errors import Refused
from relance.messages.links import Claim, SigningKey, sign, verify

KEY = SigningKey("k1", b"0123456789abcdef")
KEYS = {KEY.id: KEY}
CLAIM = Claim("unsubscribe", 42, ("email", "marketing", "shop"))


def test_a_link_says_what_was_signed() -> None:
    token = sign(KEY, CLAIM)
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", token)
    assert verify(KEYS, token, "unsubscribe") == CLAIM


def test_an_old_key_still_opens_old_links() -> None:
    new = SigningKey("k2", b"fedcba9876543210")
    assert verify({**KEYS, new.id: new}, sign(KEY, CLAIM), "unsubscribe") == CLAIM
    with pytest.raises(Refused):
        verify({new.id: new}, sign(KEY, CLAIM), "unsubscribe")


def test_a_link_is_good_for_one_thing() -> None:
    with pytest.raises(Refused, match="not one to preferences"):
        verify(KEYS, sign(KEY, CLAIM), "preferences")


def test_a_changed_link_opens_nothing() -> None:
    token = sign(KEY, CLAIM)
    forged = base64.urlsafe_b64encode(b"unsubscribe\n43\nemail\nmarketing\nshop").rstrip(b"=").decode()
    parts = token.split(".")
    for wrong in (token[:-2], f"{parts[0]}.{forged}.{parts[2]}", "", "a.b", "k1..", "k1.é.é", token + "."):
        with pytest.raises(Refused, match="not complete or was changed"):
            verify(KEYS, wrong, "unsubscribe")


@given(st.text(max_size=80))
def test_hostile_tokens_are_refused_and_nothing_else(token: str) -> None:
    with pytest.raises(Refused):
        verify(KEYS, token, "unsubscribe")


def test_a_short_secret_signs_nothing() -> None:
    with pytest.raises(ValueError, match="secret of 16 bytes"):
        sign(SigningKey("k1", b"short"), CLAIM)
