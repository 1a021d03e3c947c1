"""A message and its way to the owner's SMTP server; blocking, so it runs in a thread.

Loaded when the first message is sent: 2 MiB that an idle server and its job worker save.
"""

import smtplib
import ssl
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path

from balu.kernel.config import MailSettings
from balu.kernel.errors import BaluError, UnavailableError

TIMEOUT_S = 30.0
PERMANENT = 500
"""Reply codes from here on say that trying again is of no use (RFC 5321, 4.2.1)."""


class MailRefusedError(BaluError):
    """The mail server does not take this message."""

    status, code = 502, "upstream-failed"


def compose(settings: MailSettings, to: str, subject: str, text: str) -> EmailMessage:
    """A plain message from the owner's address.

    Raises:
        MailRefusedError: no mail can be sent to *to*.
    """
    message = EmailMessage()
    try:
        message["To"] = Address(addr_spec=to)
        message["From"] = Address("Balu", addr_spec=settings.sender)
    except (HeaderParseError, ValueError, IndexError) as error:
        raise MailRefusedError("This is not an address that mail can be sent to.") from error
    message["Subject"] = subject
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=settings.sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


def deliver(settings: MailSettings, message: EmailMessage, to: str) -> None:
    """Hand *message* to the server.

    Raises:
        MailRefusedError: message, sender or address are refused for good.
        UnavailableError: the server cannot be reached or asks to come back.
    """
    try:
        with _connected(settings) as server:
            server.send_message(message, settings.sender, [to])
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


def _connected(settings: MailSettings) -> smtplib.SMTP:
    trust = ssl.create_default_context()
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
