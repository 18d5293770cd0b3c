"""What a spam filter thinks of every message we ship, as it leaves: both languages, full and bare, followed or not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from relance.channels.channel import Message
from relance.channels.email.mime import to_bytes
from relance.channels.settings import Sender
from relance.messages.documents import SHIPPED, shipped
from relance.messages.following import Trail, follow
from relance.messages.links import SigningKey
from relance.messages.rendering import compile_message, render
from relance.messages.samples import samples

HIGHEST = 2.0
LOCALE = {"fr": "fr-CA", "en": "en-CA"}
SHOP = Sender("Librairie des Deux Rives", "bonjour@deuxrives.example", "sophie@deuxrives.example")
ROOT, KEY = "https://courriels.deuxrives.example", SigningKey("1", b"a secret of this shop")
TRAIL = Trail(KEY, ROOT, 7, "forgotten-cart", "reminder", "cart-123456#1", "email", links=True, pixel=True)
# The line by which such filters are tried.
SPAM = b"""From: a@deuxrives.example\nTo: b@courriel.example\nSubject: Hello\nMessage-ID: <spam@deuxrives.example>

XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X
"""


def mails() -> dict[str, bytes]:
    """Each shipped message as it leaves, by name, language and sample."""
    made = {}
    for name in SHIPPED:
        compiled = compile_message(shipped(name))
        for language, locale in LOCALE.items():
            written = [(render(compiled, language, locale, one), one) for one in samples(compiled.fields)]
            written.append((follow(written[0][0], TRAIL), written[0][1]))
            for place, (rendered, context) in enumerate(written):
                key = f"{name}-{language}-{place}"
                message = Message(
                    to="marie@courriel.example",
                    sender=SHOP,
                    rendered=rendered,
                    message_id=f"<{key}@deuxrives.example>",
                    feedback=(name, name, "marketing", "shop"),
                    unsubscribe_url=context["unsubscribe_url"],
                    language=language,
                    at=datetime(2026, 3, 10, 13, tzinfo=UTC),
                )
                made[key] = to_bytes(message)
    return made


def scores(letters: dict[str, bytes], folder: Path) -> dict[str, float]:
    """SpamAssassin's own verdict, without the network and without learning; one run for all."""
    box = folder / "letters.mbox"
    box.write_bytes(b"".join(_in_mbox(letter) for letter in letters.values()))
    home = folder / "home"
    home.mkdir()
    command = [shutil.which("spamassassin") or "", "--local", "--nocreate-prefs", "--mbox", str(box)]
    told = subprocess.run(command, capture_output=True, check=True, env={**os.environ, "HOME": str(home)}).stdout
    found = re.findall(
        rb"^X-Spam-Status: \w+, score=(-?[\d.]+).*?^Message-ID: <([^@]+)@",
        told,
        re.MULTILINE | re.DOTALL | re.IGNORECASE,
    )
    return {name.decode(): float(score) for score, name in found}


def _in_mbox(letter: bytes) -> bytes:
    text = letter.replace(b"\r\n", b"\n")
    return b"From sender Tue Mar 10 13:00:00 2026\n" + re.sub(rb"^(>*From )", rb">\1", text, flags=re.MULTILINE) + b"\n"


@pytest.mark.skipif(shutil.which("spamassassin") is None, reason="spamassassin is not installed")
@pytest.mark.slow
def test_every_message_we_ship_looks_honest_to_a_spam_filter(tmp_path: Path) -> None:
    letters = mails()
    letters["spam"] = SPAM
    found = scores(letters, tmp_path)
    assert found.pop("spam") > 5, "the filter tells nothing apart here"
    assert {name: score for name, score in found.items() if score > HIGHEST} == {}
    assert len(found) == len(SHIPPED) * 2 * 4
