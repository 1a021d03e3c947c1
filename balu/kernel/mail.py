"""Messages to people through the owner's SMTP server, in a thread beside the event loop."""

from balu.kernel.config import Config, MailSettings, Server
from balu.kernel.threads import Threads


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
        from balu.kernel import smtp  # noqa: PLC0415  idle servers send nothing

        message = smtp.compose(self._settings, to, subject, text)
        await self._threads.run(smtp.deliver, self._settings, message, to)

    async def aclose(self) -> None:
        """Let a running delivery end."""
        await self._threads.aclose()
