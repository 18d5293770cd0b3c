"""Who may come in: accounts are made, and keys that open the door once, within a quarter of an hour."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from relance.base.clock import Clock, SystemClock
from relance.base.errors import Refused
from relance.base.home import Home
from relance.web.configuration import configure

KEY_LASTS = timedelta(minutes=15)
FIRST = "admin"


def migrate_accounts(home: Home) -> None:
    """Creates the accounts database of a home, or brings it up to date."""
    configure(home)


def create_user(home: Home, name: str, password: str | None = None, *, administrator: bool = False) -> None:
    """A new account; without a password it is entered by a one-time link only.

    Raises Refused for a name that is taken and for a password that is too weak.
    """
    configure(home)
    from django.contrib.auth import get_user_model

    if get_user_model().objects.filter(username=name).exists():
        raise Refused(f"there is an account “{name}” already")
    if password is not None:
        _refuse_weak(password)
    get_user_model().objects.create_user(name, password=password, is_staff=administrator, is_superuser=administrator)


def one_time_link(home: Home, base_url: str, clock: Clock | None = None) -> str:
    """A link by which the first administrator comes in, once; the account is made where there is none.

    Whoever opens it must still press a button: opening a link changes nothing.
    """
    configure(home)
    from django.contrib.auth import get_user_model

    first = get_user_model().objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if first is None:
        create_user(home, FIRST, administrator=True)
        first = get_user_model().objects.get(username=FIRST)
    return f"{base_url.rstrip('/')}/login/key/{_new_key(first, (clock or SystemClock()).now())}"


def user_of_key(key: str, now: datetime, *, use: bool) -> Any:
    """The account that a key opens, or None; `use` spends it, in one statement, so that it opens once."""
    from relance.web.keys.models import OneTimeKey

    good = OneTimeKey.objects.filter(
        digest=_digest(key), used_at=None, expires_at__gt=now, user__is_active=True
    ).select_related("user")
    found = good.first()
    if found is None or not use:
        return found and found.user
    return found.user if good.update(used_at=now) == 1 else None


def _new_key(user: Any, now: datetime) -> str:
    from relance.web.keys.models import OneTimeKey

    key = secrets.token_urlsafe(32)
    OneTimeKey.objects.filter(expires_at__lt=now).delete()
    OneTimeKey.objects.create(digest=_digest(key), user=user, expires_at=now + KEY_LASTS)
    return key


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _refuse_weak(password: str) -> None:
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    try:
        validate_password(password)
    except ValidationError:
        raise Refused("a password has at least 12 characters and is not a common one") from None
