"""Sync: desktop clients that keep a folder equal on both sides."""
