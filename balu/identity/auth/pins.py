"""PINs: a short way in for whoever sits at the machine itself."""

from itertools import pairwise

from sqlalchemy import delete, select

from balu.identity.auth.errors import SignInError
from balu.identity.auth.models import PinRow
from balu.identity.auth.service import AuthService, SignedIn
from balu.identity.auth.sessions import Client
from balu.identity.auth.throttle import Throttle
from balu.identity.users import Passwords, UserService
from balu.kernel.caller import Caller
from balu.kernel.errors import InvalidError
from balu.kernel.unit import Env, Unit, open_unit

MIN_DIGITS, MAX_DIGITS = 4, 8
WRONG = "The name or the PIN is wrong."


def check_pin(pin: str) -> None:
    """Refuse what is guessed first.

    Raises:
        InvalidError: not 4 to 8 digits, one digit over and over, or digits in a row (1234, 9876).
    """
    if not (pin.isascii() and pin.isdigit() and MIN_DIGITS <= len(pin) <= MAX_DIGITS):
        raise InvalidError(f"Use {MIN_DIGITS} to {MAX_DIGITS} digits.", field="pin")
    steps = {(ord(after) - ord(before)) % 10 for before, after in pairwise(pin)}
    if len(steps) == 1 and steps <= {0, 1, 9}:
        raise InvalidError("This PIN is guessed first. Choose another one.", field="pin")


class PinService:
    """The only way in or out of the ``pin`` table."""

    def __init__(self, unit: Unit) -> None:
        self._session = unit.session

    async def hash_of(self, user_id: int) -> str | None:
        """The hash of an account's PIN; None without one."""
        pin_hash = select(PinRow.pin_hash).where(PinRow.user_id == user_id)
        return (await self._session.scalars(pin_hash)).one_or_none()

    async def set(self, user_id: int, pin_hash: str) -> None:
        """Store a PIN in place of an earlier one."""
        await self.remove(user_id)
        self._session.add(PinRow(user_id=user_id, pin_hash=pin_hash))

    async def remove(self, user_id: int) -> None:
        """Forget an account's PIN."""
        await self._session.execute(delete(PinRow).where(PinRow.user_id == user_id))


class PinSignIn:
    """Verbs that hash, so they need more than one Unit; whether a caller is local is the route's matter."""

    def __init__(self, env: Env) -> None:
        self._env = env
        self._passwords = env.part(Passwords)
        self._throttle = Throttle(env)

    async def sign_in(self, username: str, pin: str, client: Client, *, cookie: bool) -> SignedIn:
        """Begin a session by PIN; it counts as no proof where a fresh one is asked for.

        Raises:
            SignInError: no such account, no PIN, a wrong one or a disabled account; which is not said.
            PausedError: too many wrong attempts on this name before, from wherever.
        """
        gates = self._throttle.name("pin", username)
        await self._throttle.enter(gates)
        async with open_unit(self._env, writes=False) as unit:
            user = await UserService(unit).find(username)
            pin_hash = await PinService(unit).hash_of(user.id if user else 0)
        right = await self._passwords.verify(pin_hash, pin)
        if user is None or not right or not user.is_active:
            raise SignInError(WRONG)
        await self._throttle.forgive(gates)
        async with open_unit(self._env) as unit:
            return await AuthService(self._env).begin(unit, user, client, cookie=cookie, proved=False)

    async def set(self, caller: Caller, pin: str, code: str) -> None:
        """Give the caller's account a PIN.

        Raises:
            InvalidError: see ``check_pin``.
            SecondFactorOffError: a PIN stands for the second factor, so there must be one.
            SignInError: the code is wrong, or used before.
        """
        check_pin(pin)
        await AuthService(self._env).confirm_code(caller, code)
        pin_hash = await self._passwords.hash(pin)
        async with open_unit(self._env) as unit:
            await PinService(unit).set(caller.user_id, pin_hash)
