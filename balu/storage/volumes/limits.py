"""What an owner may take up at most."""

from balu.identity.users import UserNotFoundError, UserService
from balu.kernel.unit import Unit


async def limit_of(unit: Unit, owner_id: int) -> int | None:
    """The owner's quota in bytes, None without one; an account that is gone can store nothing."""
    try:
        return await UserService(unit).quota_of(owner_id)
    except UserNotFoundError:
        return 0
