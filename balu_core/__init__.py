"""Native half of Balu; ``_native.pyi`` is the reference manual."""

from balu_core._native import (
    Entry,
    ItemTemplate,
    Listing,
    Part,
    Published,
    Sink,
    Source,
    StaleTargetError,
    Volume,
    blake3_hex,
    version,
)

__all__ = [
    "Entry",
    "ItemTemplate",
    "Listing",
    "Part",
    "Published",
    "Sink",
    "Source",
    "StaleTargetError",
    "Volume",
    "blake3_hex",
    "version",
]
