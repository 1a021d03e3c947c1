"""Balu, a self-hosted home server."""

from balu.kernel.sqlite import settle

settle()  # before anything imports sqlite3: two copies in one process destroy each other's locks

__version__ = "0.1.0"
