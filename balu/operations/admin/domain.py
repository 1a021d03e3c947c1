"""What administration contributes to the application."""

from balu.kernel.domain import Domain
from balu.operations.admin.controller import SetupController
from balu.operations.admin.jobs import offer_setup

ADMIN = Domain(name="admin", controllers=(SetupController,), startup=(offer_setup,))
