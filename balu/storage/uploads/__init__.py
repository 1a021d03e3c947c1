"""Uploads: bytes coming in over HTTP, in their several dialects."""
