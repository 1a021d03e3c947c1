"""Requests to one server as one user: signs in again when a token ends, tries again when the line breaks."""

import base64
import random
import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import httpx2
import msgspec

from balu.client import credentials as saved
from balu.client.credentials import Credentials
from balu.client.errors import ClientError, NotSignedInError, ServerError, UnreachableError

TRIES = 8
LONGEST_PAUSE_S = 20.0
EARLY_S = 30.0
"""An access token is renewed this long before it ends."""
BUSY = {429, 502, 503, 504}
Body = Callable[[], Iterable[bytes]] | bytes
"""A body that can be sent again: bytes, or a function that begins anew."""


class Session:
    """One server, one user; may be used by several threads at once."""

    def __init__(self, given: Credentials, *, keep: bool = False, tries: int = TRIES) -> None:
        """*keep*: write renewed tokens back to where they are saved."""
        self.credentials = given
        self._keep, self._tries = keep, tries
        self._lock = threading.Lock()
        limits = httpx2.Limits(max_connections=32, max_keepalive_connections=32)
        timeout = httpx2.Timeout(60.0, connect=10.0, read=300.0)
        self._http = httpx2.Client(base_url=given.url, timeout=timeout, limits=limits)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def request(
        self, method: str, path: str, *, ok: Iterable[int] = (200, 201, 204), body: Body = b"",
        headers: Mapping[str, str] | None = None, params: Mapping[str, str] | None = None,
        once: bool = False,
    ) -> httpx2.Response:  # fmt: skip
        """The whole answer. *once*: a broken line is not tried again here, because the caller knows better.

        Raises:
            ServerError: a status that is not in *ok*.
            UnreachableError, NotSignedInError: see there.
        """

        def ask() -> httpx2.Response:
            content: Any = body if isinstance(body, bytes) else body()
            return self._http.request(
                method, path, content=content, params=params, headers=self._headers(headers)
            )

        answer = self._tried(ask, 1 if once else self._tries)
        if answer.status_code not in ok:
            raise refusal(answer)
        return answer

    def json(self, method: str, path: str, value: Any = None, **more: Any) -> Any:
        """Send JSON, get JSON."""
        body = b"" if value is None else msgspec.json.encode(value)
        answer = self.request(method, path, body=body, headers={"content-type": "application/json"}, **more)
        return msgspec.json.decode(answer.content)

    @contextmanager
    def stream(
        self, path: str, headers: Mapping[str, str] | None = None
    ) -> Generator[httpx2.Response, None, None]:
        """An answer whose body is read by the caller; transport errors while reading reach the caller."""

        def ask() -> httpx2.Response:
            request = self._http.build_request("GET", path, headers=self._headers(headers))
            return self._http.send(request, stream=True)

        answer = self._tried(ask, self._tries)
        try:
            if answer.status_code not in {200, 206, 416}:
                answer.read()
                raise refusal(answer)
            yield answer
        finally:
            answer.close()

    def sign_in(self, username: str, password: str, code: Callable[[], str]) -> None:
        """Exchange name and password, and a code where a second factor is on, for tokens.

        Raises:
            ServerError: refused.
        """
        sent = {"username": username, "password": password}
        found = self._public("/api/auth/login", sent)
        if found.get("requires_2fa"):
            sent = {"pending_token": found["pending_token"], "code": code()}
            found = self._public("/api/auth/2fa/verify", sent)
        self._take(found)

    def _public(self, path: str, value: Any) -> Any:
        body = msgspec.json.encode(value)

        def ask() -> httpx2.Response:
            return self._http.post(path, content=body, headers={"content-type": "application/json"})

        answer = self._tried(ask, self._tries, renew=False)
        if answer.status_code not in {200, 201, 202}:
            raise refusal(answer)
        return msgspec.json.decode(answer.content)

    def _take(self, token: Mapping[str, Any]) -> None:
        mine = self.credentials
        mine.access_token, mine.expires_at = token["access_token"], time.time() + float(token["expires_in"])
        mine.refresh_token = token.get("refresh_token") or mine.refresh_token
        mine.username = token.get("user", {}).get("username", mine.username)
        if self._keep:
            saved.save(mine)

    def _headers(self, more: Mapping[str, str] | None) -> dict[str, str]:
        mine = self.credentials
        if mine.refresh_token and time.time() > mine.expires_at - EARLY_S:
            self._renew(mine.access_token)
        return {"authorization": f"Bearer {mine.access_token}", **(more or {})}

    def _renew(self, used: str) -> None:
        with self._lock:
            mine = self.credentials
            if mine.access_token != used:
                return  # another thread was faster
            if not mine.refresh_token:
                raise NotSignedInError("The token is not valid (any more).")
            try:
                self._take(self._public("/api/auth/refresh", {"refresh_token": mine.refresh_token}))
            except ServerError as error:
                if error.status in {400, 401, 403, 422}:
                    raise NotSignedInError(f"Sign in again: balu login {mine.url}") from error
                raise

    def _tried(
        self, ask: Callable[[], httpx2.Response], tries: int, *, renew: bool = True
    ) -> httpx2.Response:
        reason: Exception | None = None
        for turn in range(tries):
            used = self.credentials.access_token
            try:
                answer = ask()
            except httpx2.TransportError as error:
                reason = error
                if turn + 1 < tries:
                    time.sleep(pause(turn))
                continue
            if answer.status_code == 401 and renew:  # noqa: PLR2004
                answer.close()
                self._renew(used)
                renew, reason = False, ClientError("refused")
                answer = ask()
            if answer.status_code in BUSY and turn + 1 < tries:
                answer.close()
                time.sleep(pause(turn, answer.headers.get("retry-after")))
                continue
            return answer
        raise UnreachableError(f"{self.credentials.url} does not answer: {reason}") from reason


def pause(turn: int, wish: str | None = None) -> float:
    """Seconds to wait before trying again; longer each time, never all clients at once."""
    wished = float(wish) if wish and wish.isascii() and wish.isdigit() else 0.0
    return min(max(wished, 0.25 * 2.0**turn * random.uniform(0.7, 1.3)), LONGEST_PAUSE_S)  # noqa: S311


def refusal(answer: httpx2.Response) -> ServerError:
    """What the server said, in its words."""
    try:
        said = msgspec.json.decode(answer.content)
        detail = said["detail"] if isinstance(said["detail"], str) else said["detail"][0]["msg"]
        return ServerError(answer.status_code, str(said["code"]), detail)
    except (msgspec.DecodeError, KeyError, TypeError, IndexError):
        return ServerError(answer.status_code, "unknown", f"{answer.status_code} {answer.reason_phrase}")


def quoted(path: str) -> str:
    """A remote path as part of an address."""
    return quote(path, safe="/")


def blake3_of(headers: Mapping[str, str]) -> str | None:
    """BLAKE3 in hex from a ``Repr-Digest`` field, None without it."""
    for item in headers.get("repr-digest", "").split(","):
        key, _, value = item.strip().partition("=")
        if key.lower() == "blake3":
            return base64.b64decode(value.strip(":")).hex()
    return None


def digest_field(blake3: str) -> str:
    """The same the other way round."""
    return f"blake3=:{base64.b64encode(bytes.fromhex(blake3)).decode()}:"
