"""What the inventory contributes to the application."""

from balu.kernel.domain import Domain
from balu.operations.inventory.bulk_controller import BulkController
from balu.operations.inventory.catalogue_controller import (
    LocationController,
    ModelController,
    TemplateController,
    VendorController,
)
from balu.operations.inventory.controller import DeviceController
from balu.operations.inventory.search_controller import SearchController, ViewController
from balu.operations.inventory.settings import InventorySettings
from balu.operations.inventory.target_controller import TargetController

INVENTORY = Domain(
    name="inventory",
    controllers=(
        DeviceController, VendorController, ModelController, LocationController, TemplateController,
        SearchController, ViewController, BulkController, TargetController, TargetController,
    ),
    settings=InventorySettings,
)  # fmt: skip
