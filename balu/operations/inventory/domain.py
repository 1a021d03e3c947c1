"""What the inventory contributes to the application."""

from balu.kernel.domain import Domain
from balu.operations.inventory.bulk_controller import BulkController
from balu.operations.inventory.catalogue_controller import (
    LocationController,
    ModelController,
    TemplateController,
    VendorController,
)
from balu.operations.inventory.commands import COMMANDS
from balu.operations.inventory.controller import DeviceController
from balu.operations.inventory.deleted_controller import DeletedController
from balu.operations.inventory.discovery_controller import DiscoveryController
from balu.operations.inventory.jobs import (
    check_reachability,
    discover_network,
    purge_deleted_devices,
)
from balu.operations.inventory.search_controller import SearchController, ViewController
from balu.operations.inventory.settings import InventorySettings
from balu.operations.inventory.target_controller import TargetController

INVENTORY = Domain(
    name="inventory",
    controllers=(
        DeviceController, DeletedController, VendorController, ModelController, LocationController,
        TemplateController, SearchController, ViewController, BulkController, TargetController,
        DiscoveryController,
    ),
    jobs=(discover_network, check_reachability, purge_deleted_devices),
    commands=COMMANDS,
    settings=InventorySettings,
)  # fmt: skip
