"""What can go wrong in the inventory."""

from collections.abc import Mapping
from typing import Any, Self

from balu.kernel.errors import (
    ConflictError,
    InvalidError,
    MalformedError,
    NotFoundError,
    PreconditionError,
    TooLargeError,
)
from balu.operations.inventory.faults import Fault, Value, words_of


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
    """A field does not fit; ``fix`` says what to write instead."""

    def __init__(self, field: str, fault: Fault, **values: Value) -> None:
        """Say what is wrong with *field*; the *values* fill the fault's sentences."""
        self.problem, self.fix = words_of(fault, values)
        self.fault, self.values = fault, values
        super().__init__(f"{self.problem} {self.fix}", field=field, faults=[fault_of(field, fault, values)])


class ImportRefusedError(MalformedError):
    """Nothing was imported."""

    code = "inventory-import-refused"

    @classmethod
    def because(cls, fault: Fault, **values: Value) -> Self:
        """Of a file that cannot be read at all."""
        return cls(" ".join(words_of(fault, values)), faults=[fault_of("", fault, values)])


class ImportTooLargeError(TooLargeError):
    """The file holds more than one import takes."""

    code = "inventory-import-too-large"

    def __init__(self, most: int) -> None:
        """Say how many rows are the most."""
        values: dict[str, Value] = {"most": most}
        detail = " ".join(words_of("too-many-rows", values))
        super().__init__(detail, faults=[fault_of("", "too-many-rows", values)])


class DiscoveryTargetError(FieldError):
    """This network cannot be searched."""


def fault_of(field: str, fault: Fault, values: Mapping[str, Value]) -> dict[str, Any]:
    """A fault as problems tell it, for pages that have words of their own."""
    return {"field": field, "code": fault, "parameters": dict(values)}
