"""What can go wrong in the inventory."""

from balu.kernel.errors import ConflictError, InvalidError, MalformedError, NotFoundError, PreconditionError


class InventoryNotFoundError(NotFoundError):
    """The inventory has no such entry."""

    code = "inventory-not-found"


class InventoryExistsError(ConflictError):
    """The name is taken."""

    code = "inventory-exists"


class InventoryInUseError(ConflictError):
    """Something still uses it."""

    code = "inventory-in-use"


class LocationCycleError(ConflictError):
    """A place cannot lie inside itself."""

    code = "inventory-cycle"


class DeviceChangedError(PreconditionError):
    """The device was changed meanwhile."""


class FieldError(InvalidError):
    """A field does not fit; *fix* says what to write instead."""

    def __init__(self, field: str, problem: str, fix: str) -> None:
        """Say what is wrong with *field* and how to mend it."""
        super().__init__(f"{problem} {fix}", field=field)
        self.problem = problem
        self.fix = fix


class ImportRefusedError(MalformedError):
    """Nothing was imported."""

    code = "inventory-import-refused"


class DiscoveryTargetError(InvalidError):
    """This network cannot be searched."""
