"""Passwords: which are good enough, and hashing them without starving everything else."""

import asyncio
import os
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from balu.identity.users.errors import HashingBusyError, WeakPasswordError

T = TypeVar("T")
MEMORY_KIB, PASSES, LANES = 64 * 1024, 3, 1
QUEUE = 64
MIN_LENGTH, MAX_LENGTH = 8, 128
COMMON = frozenset(
    """password1 password12 password123 passw0rd password1! p@ssw0rd p@ssword1 qwerty123 qwertz123
    qwerty12 qwertyuiop1 welcome1 welcome123 letmein1 letmein123 admin123 admin1234 administrator1
    changeme1 changeme123 abcd1234 abc12345 abc123456 test1234 testtest1 iloveyou1 sunshine1
    princess1 football1 baseball1 superman1 monkey123 dragon123 master123 trustno1 summer2024
    summer2025 summer2026 winter2024 winter2025 winter2026 hallo123 hallo1234 passwort1 passwort123
    geheim123 schatz123 starwars1 computer1 internet1 michael1 1q2w3e4r 1qaz2wsx q1w2e3r4 zaq12wsx
    aa123456 a1234567 a12345678 secret123 default1 server123 nas12345 homeserver1 balubalu1
    balu1234""".split()  # noqa: SIM905
)


def check_password(password: str, username: str = "", *, field: str = "password") -> None:
    """Refuse what is guessed first.

    Raises:
        WeakPasswordError: outside 8 to 128 characters, without lower case, upper case or digit, a common
            one, or one that holds the name.
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise WeakPasswordError(f"Use {MIN_LENGTH} to {MAX_LENGTH} characters.", field=field)
    kinds: tuple[Callable[[str], bool], ...] = (str.islower, str.isupper, str.isdigit)
    if not all(any(is_kind(letter) for letter in password) for is_kind in kinds):
        raise WeakPasswordError("Use lower case, upper case and a digit.", field=field)
    folded = password.casefold()
    if folded in COMMON or (username and username.casefold() in folded):
        raise WeakPasswordError("This password is guessed first. Choose another one.", field=field)


class Passwords:
    """argon2id in threads of its own, at most half the cores at once; a part of the Env.

    No transaction may be open while it works: a hash takes a tenth of a second.
    """

    def __init__(self, slots: int | None = None, queue: int = QUEUE) -> None:
        self.slots = slots or max(1, (os.cpu_count() or 1) // 2)
        self._room = self.slots + queue
        self._inside = 0
        self._pool = ThreadPoolExecutor(self.slots, thread_name_prefix="balu-argon2")
        self._hasher = PasswordHasher(
            time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, type=Type.ID
        )
        # Nobody knows a password for it: what is compared when there is no account.
        salt, digest = (b64encode(os.urandom(size)).decode().rstrip("=") for size in (16, 32))
        self._nobody = f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${digest}"

    async def hash(self, password: str) -> str:
        """The encoded hash of *password*.

        Raises:
            HashingBusyError: 64 others are waiting already.
        """
        return await self._run(lambda: self._hasher.hash(password))

    async def verify(self, encoded: str | None, password: str) -> bool:
        """Whether *password* belongs to *encoded*; None costs the same time and is never right.

        Raises:
            HashingBusyError: 64 others are waiting already.
        """
        return await self._run(lambda: self._matches(encoded or self._nobody, password))

    def _matches(self, encoded: str, password: str) -> bool:
        try:
            return self._hasher.verify(encoded, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if self._inside >= self._room:
            raise HashingBusyError("Many people are signing in. Try again in a moment.", retry_after_s=2)
        self._inside += 1
        try:
            future = self._pool.submit(work)
        except RuntimeError:
            self._inside -= 1
            raise
        loop = asyncio.get_running_loop()
        # The place is free when the thread is done, not when a client stops waiting for it.
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._leave))
        return await asyncio.wrap_future(future)

    def _leave(self) -> None:
        self._inside -= 1

    async def aclose(self) -> None:
        """Let running hashes end and take no more."""
        await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)
