"""Coming in and going out: a name and a password, or a key that opens once; the language of the pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth import authenticate, get_user_model, login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from relance.base.clock import SystemClock
from relance.web.accounts import user_of_key
from relance.web.attempts import Attempts
from relance.web.here import LANGUAGE_COOKIE, LANGUAGES

_YEAR = 365 * 24 * 3600
_BACKEND = "django.contrib.auth.backends.ModelBackend"
_attempts = Attempts(most=8, minutes=10)


@login_not_required
@require_http_methods(["GET", "POST"])
def login_page(request: Any) -> Any:
    """A name and a password. The same work is done whether or not the name exists."""
    going = _inside(request.GET.get("next", "/"))
    if request.method == "GET":
        return HttpResponseRedirect(going) if request.user.is_authenticated else _login(request, "")
    name, now = request.POST.get("name", "")[:150], SystemClock().now()
    asked = (request.META.get("REMOTE_ADDR", ""), name.lower())
    if not all(_attempts.allowed(one, now) for one in asked):
        return _login(request, "login.wait", status=429)
    user = authenticate(request, username=name, password=request.POST.get("password", "")[:1000])
    if user is None:
        for one in asked:
            _attempts.failed(one, now)
        return _login(request, "login.refused", status=403)
    login(request, user)
    return HttpResponseRedirect(going)


@login_not_required
@require_http_methods(["GET", "POST"])
def key_page(request: Any, key: str) -> Any:
    """A link shows a button; pressing it opens the door, once."""
    now, pressed = SystemClock().now(), request.method == "POST"
    user = user_of_key(key, now, use=pressed)
    if user is None:
        return render(request, "key.html", {"gone": True}, status=410)
    if not pressed:
        return render(request, "key.html", {"gone": False})
    login(request, user, backend=_BACKEND)
    return HttpResponseRedirect("/")


@require_POST
def logout_page(request: Any) -> Any:
    """The session ends."""
    logout(request)
    return HttpResponseRedirect("/login")


@login_not_required
@require_POST
def language(request: Any) -> Any:
    """The pages speak this language from now on, in this browser."""
    answer = HttpResponseRedirect(_inside(request.POST.get("back", "/")))
    chosen = request.POST.get("language")
    if chosen in LANGUAGES:
        answer.set_cookie(LANGUAGE_COOKIE, chosen, max_age=_YEAR, httponly=True, samesite="Lax")
    return answer


@require_http_methods(["GET", "POST"])
def account(request: Any) -> Any:
    """A new password; every other session of the account ends with it."""
    if request.method == "GET":
        return render(request, "account.html", {"said": ""})
    user, new = request.user, request.POST.get("new", "")[:1000]
    if user.has_usable_password() and not user.check_password(request.POST.get("old", "")[:1000]):
        return render(request, "account.html", {"said": "account.wrong"}, status=403)
    try:
        validate_password(new, user)
    except ValidationError:
        return render(request, "account.html", {"said": "account.weak"}, status=400)
    user.set_password(new)
    user.save(update_fields=["password"])
    update_session_auth_hash(request, get_user_model().objects.get(pk=user.pk))
    return render(request, "account.html", {"said": "account.changed"})


def _login(request: Any, said: str, status: int = 200) -> Any:
    return render(request, "login.html", {"said": said}, status=status)


def _inside(address: str) -> str:
    """Never an address of somebody else's site."""
    parts = urlsplit(address)
    safe = address.startswith("/") and not address.startswith(("//", "/\\")) and not (parts.scheme or parts.netloc)
    return address if safe and "\n" not in address and "\\" not in address else "/"
