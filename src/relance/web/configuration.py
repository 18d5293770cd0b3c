"""A home becomes the settings of Django: no settings file, no default secret, no debugging page."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from relance.base.home import Home

HERE = Path(__file__).parent
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
STAYS_SECONDS = 14 * 24 * 3600  # how long a session lasts that is not used

_MIDDLEWARE = (
    "django.middleware.security.SecurityMiddleware",
    "relance.web.middleware.Headers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "relance.web.middleware.Opened",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
)


def accounts_file(home: Home) -> Path:
    """Where accounts and sessions are kept: beside the ledger, in a file that the ledger knows nothing of."""
    return home.path / "accounts.sqlite"


def configure(home: Home) -> None:
    """Makes Django ready for this home, and brings its accounts up to date; one home at a time in a process."""
    import django
    from django.conf import settings

    wanted = _settings(home)
    if not settings.configured:
        settings.configure(**wanted)
        django.setup()
    elif Path(settings.DATABASES["default"]["NAME"]) != accounts_file(home):
        _move(settings, wanted)
    elif accounts_file(home).exists():
        return  # by an earlier call
    _migrate()


def _move(settings: Any, wanted: dict[str, Any]) -> None:
    """Another home in the same process: only what depends on the home changes."""
    from django.db import connections

    connections.close_all()
    for name, value in wanted.items():
        setattr(settings, name, value)
    connections.settings["default"]["NAME"] = wanted["DATABASES"]["default"]["NAME"]
    connections["default"].settings_dict["NAME"] = wanted["DATABASES"]["default"]["NAME"]


def _migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


def _settings(home: Home) -> dict[str, Any]:
    public = urlsplit(home.settings().public_url)
    secure = public.scheme == "https"
    return {
        "DEBUG": False,
        "SECRET_KEY": hmac.new(home.secret(), b"pages", hashlib.sha256).hexdigest(),
        "ALLOWED_HOSTS": [*LOOPBACK, *([public.hostname] if public.hostname else [])],
        "DATABASES": {"default": _database(accounts_file(home))},
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "INSTALLED_APPS": [
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "django.contrib.sessions",
            "relance.web.keys",
        ],
        "MIDDLEWARE": list(_MIDDLEWARE),
        "ROOT_URLCONF": "relance.web.urls",
        "TEMPLATES": [_templates()],
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.ScryptPasswordHasher"],
        "AUTH_PASSWORD_VALIDATORS": [
            {
                "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
                "OPTIONS": {"min_length": 12},
            },
            {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
        ],
        "LOGIN_URL": "/login",
        "USE_TZ": True,
        "USE_I18N": False,  # the pages have a catalogue of their own, in which no word can be missing
        "SESSION_COOKIE_AGE": STAYS_SECONDS,
        "SESSION_COOKIE_NAME": "relance_session",
        "CSRF_COOKIE_NAME": "relance_csrf",
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_FAILURE_VIEW": "relance.web.pages.refusals.stale_form",
        "CSRF_TRUSTED_ORIGINS": [f"{public.scheme}://{public.netloc}"] if secure else [],
        "SESSION_COOKIE_SECURE": secure,
        "CSRF_COOKIE_SECURE": secure,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_SAMESITE": "Strict",
        "SECURE_HSTS_SECONDS": 365 * 24 * 3600 if secure else 0,
        "SECURE_REFERRER_POLICY": "same-origin",
        "DATA_UPLOAD_MAX_MEMORY_SIZE": 1_000_000,
        "LOGGING_CONFIG": None,
    }


def _database(path: Path) -> dict[str, Any]:
    options = {"timeout": 10, "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"}
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": options}


def _templates() -> dict[str, Any]:
    return {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "OPTIONS": {
            "context_processors": ["django.template.context_processors.request", "relance.web.here.shell"],
            "builtins": ["relance.web.tags"],
        },
    }
