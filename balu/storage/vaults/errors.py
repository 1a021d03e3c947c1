"""What can be refused about a vault."""

from balu.kernel.errors import BaluError, ConflictError, ForbiddenError, NotFoundError


class VaultNotFoundError(NotFoundError):
    """There is no such vault."""


class WrongPassphraseError(ForbiddenError):
    """This is not the passphrase of the vault."""

    code = "vault-passphrase"


class VaultChangedError(ConflictError):
    """The passphrase was changed meanwhile."""

    code = "vault-changed"


class NoServerError(BaluError):
    """No server is running that could keep a vault open."""

    status, code = 409, "vault-no-server"


class KeyRecordError(BaluError):
    """The key file of a vault cannot be used."""

    status, code = 409, "vault-keys"
