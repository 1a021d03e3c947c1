"""Messages over real SMTP: encrypted and signed in, refused, late, and not at all."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from balu.kernel.config import ConfigError
from balu.kernel.doctor import examine
from balu.kernel.errors import UnavailableError
from balu.kernel.mail import Mailer
from balu.kernel.smtp import MailRefusedError
from balu.kernel.testing import free_port, make_config
from tests.mailbox import mail_server

SENDER = "balu@example.org"
PLAIN = {"host": "127.0.0.1", "tls": "none", "sender": SENDER}


def mailer(folder: Path, **mail: Any) -> Mailer:
    return Mailer(make_config(folder, (), mail=mail, server={"base_url": "https://nas.example/"}))


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    public, private = folder / "mail.pem", folder / "mail.key"
    public.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public


async def test_a_message_goes_encrypted_and_signed_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, public = certificate(tmp_path)
    password = tmp_path / "password"
    password.write_text("geheim\n")
    with mail_server(tls=context, login=("balu", "geheim")) as box:
        account = {"username": "balu", "password_file": str(password)}
        found = mailer(tmp_path, host="127.0.0.1", port=box.port, sender=SENDER, **account)
        with pytest.raises(UnavailableError):
            await found.send("anna@example.org", "Grüße", "nobody vouches for this server\n")
        monkeypatch.setenv("SSL_CERT_FILE", str(public))
        await found.send("anna@example.org", "Grüße", "Schöne Grüße\n")
        (message,) = box.messages
        assert (message["subject"], message["from"], message["to"]) == (
            "Grüße", f"Balu <{SENDER}>", "anna@example.org",
        )  # fmt: skip
        assert message.get_content().splitlines() == ["Schöne Grüße"]
        password.write_text("falsch\n")
        with pytest.raises(MailRefusedError):
            await found.send("anna@example.org", "Grüße", "wrong password\n")
        assert len(box.messages) == 1
        await found.aclose()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param("451 later", UnavailableError, id="later"),
        pytest.param("550 no such mailbox", MailRefusedError, id="never"),
    ],
)
async def test_a_refusal_says_whether_to_try_again(
    tmp_path: Path, answer: str, error: type[Exception]
) -> None:
    with mail_server() as box:
        box.answer = answer
        found = mailer(tmp_path, **PLAIN, port=box.port)
        with pytest.raises(error):
            await found.send("anna@example.org", "Hello", "text\n")


async def test_a_server_that_is_away_is_tried_again(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError):
        await mailer(tmp_path, **PLAIN, port=free_port()).send("anna@example.org", "Hello", "text\n")


@pytest.mark.parametrize(
    "to", ["a,b@example.org", "<a@example.org>", "a@example.org\r\nBcc: eve@example.org", "@example.org", ""]
)
async def test_an_address_is_one_address(tmp_path: Path, to: str) -> None:
    with mail_server() as box, pytest.raises(MailRefusedError):
        await mailer(tmp_path, **PLAIN, port=box.port).send(to, "Hello", "text\n")
    assert box.messages == []


@pytest.mark.parametrize(
    "mail",
    [
        pytest.param({"host": "mail.example"}, id="no-sender"),
        pytest.param({**PLAIN, "username": "balu"}, id="no-password"),
        pytest.param({**PLAIN, "tls": "maybe"}, id="unknown-tls"),
    ],
)
def test_half_a_section_refuses_to_start(tmp_path: Path, mail: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        make_config(tmp_path, (), mail=mail)


@pytest.mark.parametrize(
    ("sections", "state", "remedy"),
    [
        pytest.param({}, "missing", "[mail]", id="nothing"),
        pytest.param({"mail": PLAIN}, "missing", "base_url", id="no-address"),
        pytest.param(
            {
                "mail": {**PLAIN, "username": "balu", "password_file": "/nonexistent"},
                "server": {"base_url": "https://nas.example"},
            },
            "missing",
            "readable",
            id="no-password-file",
        ),
        pytest.param({"mail": PLAIN, "server": {"base_url": "https://nas.example"}}, "fine", "", id="fine"),
    ],
)
def test_doctor_says_what_mail_lacks(
    tmp_path: Path, sections: dict[str, Any], state: str, remedy: str
) -> None:
    config = make_config(tmp_path, (), **sections)
    (finding,) = [one for one in examine(config) if one["part"] == "mail"]
    assert finding["state"] == state
    assert remedy in finding["remedy"]


def test_without_a_server_or_a_public_address_no_link_is_sent(tmp_path: Path) -> None:
    assert mailer(tmp_path, **PLAIN).works
    assert not mailer(tmp_path).works
    assert not Mailer(make_config(tmp_path, (), mail=PLAIN)).works
