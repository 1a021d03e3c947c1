"""Messages to people through the owner's SMTP server, in a thread beside the event loop."""

import smtplib
import ssl
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path

from balu.kernel.config import Config, MailSettings, Server
from balu.kernel.errors import BaluError, UnavailableError
from balu.kernel.threads import Threads

TIMEOUT_S = 30.0
PERMANENT = 500
"""Reply codes from here on say that trying again is of no use (RFC 5321, 4.2.1)."""


class MailRefusedError(BaluError):
    """The mail server does not take this message."""

    status, code = 502, "upstream-failed"


class Mailer:
    """Sends messages; a part of the Env. Only background jobs wait for a mail server."""

    def __init__(self, config: Config) -> None:
        self._settings = config.of(MailSettings)
        self.base_url = config.of(Server).base_url.rstrip("/")
        self._threads = Threads(1)

    @property
    def works(self) -> bool:
        """Whether links can be sent: there is a server, and the public address is known.

        Links never follow a request's Host header, which a stranger chooses.
        """
        return bool(self._settings.host and self.base_url)

    async def send(self, to: str, subject: str, text: str) -> None:
        """Hand one message to the server.

        Raises:
            MailRefusedError: address, sender or message are refused for good.
            UnavailableError: the server cannot be reached or asks to come back.
        """
        await self._threads.run(self._send, self._message(to, subject, text), to)

    async def aclose(self) -> None:
        """Let a running delivery end."""
        await self._threads.aclose()

    def _message(self, to: str, subject: str, text: str) -> EmailMessage:
        message = EmailMessage()
        try:
            message["To"] = Address(addr_spec=to)
            message["From"] = Address("Balu", addr_spec=self._settings.sender)
        except (HeaderParseError, ValueError, IndexError) as error:
            raise MailRefusedError("This is not an address that mail can be sent to.") from error
        message["Subject"] = subject
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain=self._settings.sender.rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        return message

    def _send(self, message: EmailMessage, to: str) -> None:
        try:
            with self._connected() as server:
                server.send_message(message, self._settings.sender, [to])
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as error:
            replies = error.recipients.values() if isinstance(error, smtplib.SMTPRecipientsRefused) else ()
            code = next(iter(replies))[0] if replies else getattr(error, "smtp_code", PERMANENT)
            if code >= PERMANENT:
                raise MailRefusedError(f"The mail server refused the message with {code}.") from error
            raise UnavailableError(f"The mail server asks to come back ({code}).") from error
        except smtplib.SMTPNotSupportedError as error:
            raise MailRefusedError("The mail server cannot do what [mail] asks for.") from error
        except (smtplib.SMTPException, OSError) as error:
            raise UnavailableError("The mail server cannot be reached; look at [mail].") from error

    def _connected(self) -> smtplib.SMTP:
        settings, trust = self._settings, ssl.create_default_context()
        if settings.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.host, settings.port, timeout=TIMEOUT_S, context=trust
            )
        else:
            server = smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT_S)
        try:
            if settings.tls == "starttls":
                server.starttls(context=trust)
            if settings.username:
                password = Path(settings.password_file).read_text(encoding="utf-8").strip()
                server.login(settings.username, password)
        except BaseException:
            server.close()
            raise
        return server
