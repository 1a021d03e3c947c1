"""The same people, disk and client as for storage: doors for clients lead there."""

from tests.storage.conftest import app, client, env, place

__all__ = ["app", "client", "env", "place"]
