"""What can be refused about a vault."""

from balu.kernel.errors import BaluError, ConflictError, ForbiddenError, NotFoundError, UnavailableError


class VaultNotFoundError(NotFoundError):
    """There is no such vault."""


class WrongPassphraseError(ForbiddenError):
    """This is not the passphrase of the vault."""

    code = "vault-passphrase"


class VaultChangedError(ConflictError):
    """The keys of the vault were changed meanwhile."""

    code = "vault-changed"


class NoServerError(BaluError):
    """No server is running that could keep a vault open."""

    status, code = 409, "vault-no-server"


class KeyRecordError(BaluError):
    """The key file of a vault cannot be used."""

    status, code = 409, "vault-keys"


class VaultBusyError(UnavailableError):
    """Files of the vault are being written, or cannot be read, and so keep their former lock."""

    code = "vault-busy"
