"""First-run setup and administration."""

from balu.operations.admin.service import setup_code

__all__ = ["setup_code"]
