"""`relance.toml` of a home becomes settings: brand, senders, pressure, quiet hours, holdout, sending."""

from __future__ import annotations

import re
import tomllib
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from relance.base.errors import BadDocument
from relance.base.zones import zone_named


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _zone(name: str) -> str:
    zone_named(name)
    return name


ZoneName = Annotated[str, AfterValidator(_zone)]
Channel = Literal["email", "sms", "push", "wallet", "print"]


class Brand(_Part):
    """Who speaks, where its clocks are, and in which money and languages."""

    name: str = "Relance"
    zone: ZoneName = "America/Toronto"
    currency: str = Field(default="CAD", pattern="^[A-Z]{3}$")
    languages: tuple[str, ...] = ("fr-CA", "en-CA")
    address: str = ""
    phone: str = ""
    url: str = ""
    cart_url: str = ""
    country: str = "CA"


class Sender(_Part):
    """A name that writes: consent, caps, From and identification are kept by it."""

    from_name: str
    from_address: str
    reply_to: str | None = None
    postal_address: str = ""
    phone: str = ""


class Voice(_Part):
    """How the retailer speaks of itself and of what it sells, in one language: “votre librairie”, “nos libraires”."""

    shop: str | None = None
    people: str | None = None
    item: str | None = None
    items: str | None = None


class Pressure(_Part):
    """At most `messages` marketing messages to a contact within `days` local dates; null is no limit."""

    messages: int | None = Field(default=None, ge=1)
    days: int = Field(default=7, ge=1, le=366)


class QuietHours(_Part):
    """No marketing or service message of a channel between two local clock times of the contact."""

    start: time
    end: time


class Smtp(_Part):
    """The server that takes our mail. Without one, mail stays in the built-in mailbox."""

    host: str
    port: int = Field(default=25, ge=1, le=65535)
    user: str | None = None
    password_file: str | None = None
    tls: Literal["none", "starttls", "tls"] = "starttls"
    connections: int = Field(default=4, ge=1, le=100)
    per_domain: int = Field(default=0, ge=0)


class Tracking(_Part):
    """What we notice of messages that left: opens and clicks, for whom, and for how many days as they came."""

    opens: Literal["consent", "never"] = "consent"
    clicks: Literal["unless_refused", "consent", "never"] = "unless_refused"
    keep_days: int = Field(default=90, ge=1, le=3660)
    key: int = Field(default=1, ge=1, le=999)


class Webhook(_Part):
    """Calls to a shop's own systems. `private`: places like `erp.intern:8443` that may be called though private."""

    private: tuple[str, ...] = ()


class Serve(_Part):
    """What `relance serve` does by itself, and where it listens. Zero switches a part off."""

    host: str = "127.0.0.1"
    port: int = Field(default=8010, ge=0, le=65535)
    turn_minutes: int = Field(default=15, ge=0, le=1440)
    inbox_seconds: int = Field(default=30, ge=0, le=86_400)
    senders: int = Field(default=1, ge=0, le=64)


class Settings(_Part):
    """All of `relance.toml`. Every field has a default that runs."""

    seed: str = "relance"
    public_url: str = ""
    brand: Brand = Brand()
    senders: dict[str, Sender] = {}
    voice: dict[Literal["fr", "en"], Voice] = {}
    test_addresses: tuple[str, ...] = ()
    pressure: Pressure = Pressure()
    quiet_hours: dict[Channel, QuietHours] = {}
    global_holdout: float = Field(default=0.0, ge=0, lt=1)
    smtp: Smtp | None = None
    tracking: Tracking = Tracking()
    webhook: Webhook = Webhook()
    serve: Serve = Serve()
    memory_limit: str = Field(default="8GB", pattern=r"^\d+(MB|GB)$")
    threads: int = Field(default=2, ge=1, le=64)


def load_settings(path: Path) -> Settings:
    """Reads the file; a missing one is the defaults. Raises BadDocument in one sentence."""
    if not path.exists():
        return Settings()
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadDocument(f"this is not TOML: {error}", source=str(path)) from None
    return settings_from(data, source=str(path))


def settings_from(data: dict[str, Any], source: str = "relance.toml") -> Settings:
    """Checks settings that came as plain data."""
    try:
        return Settings.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadDocument(f"“{place}”: {_said(first)}", source=source) from None


def _said(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "there is no such setting"
    return re.sub(r"^Value error, ", "", str(error["msg"]))
