"""A real SMTP server that keeps what it is given."""

import ssl
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from balu.kernel.testing import free_port


@dataclass(slots=True)
class Mailbox:
    """What came in, and the answer the next message gets."""

    port: int = field(default_factory=free_port)
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    answer: str = "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            parsed = message_from_bytes(cast("bytes", envelope.content), policy=policy.default)
            self.messages.append(parsed)
            self.recipients += envelope.rcpt_tos
        return self.answer


@contextmanager
def mail_server(
    *, tls: ssl.SSLContext | None = None, login: tuple[str, str] | None = None
) -> Generator[Mailbox, None, None]:
    """Listen on loopback until the block ends; with *tls* it wants STARTTLS, with *login* that account."""

    def check(_server: SMTP, _session: Session, _envelope: Envelope, _kind: str, shown: Any) -> AuthResult:
        right = isinstance(shown, LoginPassword) and login is not None
        given = (shown.login.decode(), shown.password.decode()) if right else None
        return AuthResult(success=right and given == login, handled=False)

    mailbox = Mailbox()
    needs: dict[str, Any] = {"require_starttls": True, "tls_context": tls} if tls is not None else {}
    if login is not None:
        needs |= {"authenticator": check, "auth_required": True}
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port, **needs)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
