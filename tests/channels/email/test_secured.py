"""A line that is secured and logged in before any letter, or not used at all."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from relance.base.errors import Refused
from relance.channels.email.smtp import SmtpChannel
from relance.channels.settings import Smtp
from tests.channels.conftest import Postmaster, free_port
from tests.channels.email.test_mail import LETTER


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 with its key, in one file."""
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
               "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
               "-keyout", str(file), "-out", str(file.with_suffix(".crt"))]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    file.write_text(file.read_text() + file.with_suffix(".crt").read_text())
    return file


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_suffix(".crt")))


def check(server: SMTP, session: Session, envelope: Envelope, way: str, given: LoginPassword) -> AuthResult:
    right = (given.login, given.password) == (b"shop", b"open sesame")
    return AuthResult(success=right, handled=False)


@contextmanager
def secured_server(postmaster: Postmaster, pem: Path, *, at_once: bool = False, ways: str = "") -> Iterator[Smtp]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    hidden = [way for way in ("PLAIN", "LOGIN") if ways and way != ways]
    secured = {"ssl_context": context} if at_once else {"tls_context": context, "require_starttls": True}
    controller = Controller(
        postmaster,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=check,
        auth_required=bool(ways),
        auth_exclude_mechanism=hidden,
        auth_require_tls=not at_once,
        **secured,
    )
    controller.start()
    try:
        yield Smtp("127.0.0.1", controller.port, tls="tls" if at_once else "starttls", timeout_seconds=5)
    finally:
        controller.stop()


def password(folder: Path, said: str) -> Path:
    file = folder / "password"
    file.write_text(said + "\n")
    file.chmod(0o600)
    return file


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("at_once", [True, False])
def test_a_secured_line_takes_letters(certificate: Path, at_once: bool) -> None:
    postmaster = Postmaster()
    with (
        secured_server(postmaster, certificate, at_once=at_once) as server,
        SmtpChannel(server).open() as delivery,
    ):
        assert [delivery.deliver(LETTER).state for _ in range(3)] == ["accepted"] * 3


@pytest.mark.parametrize("at_once", [True, False])
def test_a_server_that_does_not_prove_who_it_is_gets_nothing(certificate: Path, at_once: bool) -> None:
    postmaster = Postmaster()
    with (
        secured_server(postmaster, certificate, at_once=at_once) as server,
        pytest.raises(Refused, match="does not prove who it is"),
        SmtpChannel(server).open(),
    ):
        pass
    assert postmaster.taken == []


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("way", ["PLAIN", "LOGIN"])
def test_the_shop_logs_in_with_its_password(certificate: Path, tmp_path: Path, way: str) -> None:
    postmaster = Postmaster()
    with secured_server(postmaster, certificate, ways=way) as server:
        known = replace(server, user="shop", password_file=password(tmp_path, "open sesame"))
        with SmtpChannel(known).open() as delivery:
            assert delivery.deliver(LETTER).state == "accepted"
        stranger = replace(known, password_file=password(tmp_path, "guess"))
        with pytest.raises(Refused, match="does not accept user “shop” and its password"), SmtpChannel(stranger).open():
            pass
    assert len(postmaster.taken) == 1
