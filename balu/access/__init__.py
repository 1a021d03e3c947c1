"""Doors for clients other than the web interface."""
