"""What the inventory contributes to the application."""

from balu.kernel.domain import Domain
from balu.operations.inventory.catalogue_controller import (
    LocationController,
    ModelController,
    TemplateController,
    VendorController,
)
from balu.operations.inventory.controller import DeviceController
from balu.operations.inventory.settings import InventorySettings

INVENTORY = Domain(
    name="inventory",
    controllers=(
        DeviceController, VendorController, ModelController, LocationController, TemplateController,
    ),
    settings=InventorySettings,
)  # fmt: skip
