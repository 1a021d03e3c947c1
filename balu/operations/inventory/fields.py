"""What the fields of a device may hold, whichever door they come through: form, API, CSV or discovery."""

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from balu.operations.inventory.addresses import clean_address, kind_of, order_of
from balu.operations.inventory.errors import FieldError
from balu.operations.inventory.words import (
    DEVICE_TYPES,
    INTERFACES,
    MONITOR_TYPES,
    NETWORKS,
    POE,
    PORTS,
)

MAX_NAME = 100
MAX_TEXT = 200
MAX_NOTES = 10_000
MAX_TAGS = 50
MAX_MONITORS = 30
MAX_MONITOR_NOTES = 500
MAX_PORT = 65535
LISTS = {"networks": NETWORKS, "interface_type": INTERFACES, "poe_standards": POE}
OWN = (
    "name", "device_type", "ip_address", "function", "serial_number", "networks", "interface_type",
    "poe_powered", "poe_standards", "monitoring_enabled", "tags", "notes",
)  # fmt: skip
"""Fields of a device's own row; vendor, model and location are entries of catalogues."""


def clean(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of *given* that belong to a device's row, checked and in their one spelling.

    Empty text becomes None. Absent fields stay absent.

    Raises:
        FieldError: names the field, what is wrong with it and what to write instead.
    """
    return {field: CLEANERS[field](given[field]) for field in OWN if field in given}


def check_whole(device: Mapping[str, Any]) -> None:
    """Refuse a device whose fields do not fit each other, or which lacks what every device needs.

    Raises:
        FieldError: which field, and what to do.
    """
    if not device.get("name"):
        raise FieldError("name", "name-missing")
    if not device.get("device_type"):
        raise FieldError("device_type", "type-missing", known=", ".join(DEVICE_TYPES))
    address = device.get("ip_address")
    if device["device_type"] == "url" and address and kind_of(address) != "url":
        raise FieldError("ip_address", "needs-url", address=address)


def clean_monitor(given: Mapping[str, Any]) -> dict[str, Any]:
    """A monitor's fields, checked; a missing port becomes the usual one of its kind.

    Raises:
        FieldError: as ``clean``.
    """
    kind = one_of("monitor_type", given.get("monitor_type"), MONITOR_TYPES)
    port = given.get("port")
    port = PORTS[kind] if port in {None, ""} else _port(port)
    return {
        "monitor_type": kind,
        "endpoint": line("endpoint", given.get("endpoint"), 2048),
        "port": None if kind == "icmp" else port,
        "enabled": flag("enabled", given.get("enabled", True)),
        "notes": notes(given.get("notes"), MAX_MONITOR_NOTES),
    }


def catalogue_name(field: str, value: Any) -> str:
    """The name of a vendor, model, place, template or view: 1 to 100 characters.

    Raises:
        FieldError: empty or too long.
    """
    text = line(field, value, MAX_NAME)
    if text is None:
        raise FieldError(field, "name-empty")
    return text


def key_of(name: str) -> str:
    """What is compared when names are compared: upper and lower case are the same."""
    return unicodedata.normalize("NFC", name.casefold())


def derived(device: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that follow from a device's own fields: for comparing names, sorting and searching."""
    return {
        "name_key": key_of(device["name"]),
        "address_key": order_of(device.get("ip_address")),
        "haystack": _haystack(device),
    }


def _haystack(device: Mapping[str, Any]) -> str:
    words: list[str] = []
    for field in OWN:
        value = device.get(field)
        if isinstance(value, str):
            words.append(value)
        elif isinstance(value, list):
            words += value
    # Tags stand between line breaks, so that a filter finds whole tags with one LIKE.
    tags = "".join(f"\n#{tag}" for tag in device.get("tags") or ())
    return key_of(" ".join(words).replace("\n", " ") + tags + "\n")


def line(field: str, value: Any, most: int = MAX_TEXT) -> str | None:
    """One line of text without control characters, stripped; None when nothing is left."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise FieldError(field, "no-text")
    text = unicodedata.normalize("NFC", value).strip()
    if len(text) > most:
        raise FieldError(field, "too-long", count=len(text), most=most)
    if not text.isprintable() and any(
        unicodedata.category(mark) in {"Cc", "Zl", "Zp", "Cs"} for mark in text
    ):
        raise FieldError(field, "several-lines")
    return text or None


def notes(value: Any, most: int = MAX_NOTES) -> str | None:
    """Text of several lines."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise FieldError("notes", "no-text")
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(text) > most:
        raise FieldError("notes", "too-long", count=len(text), most=most)
    if any(unicodedata.category(mark) in {"Cc", "Cs"} and mark not in "\n\t" for mark in text):
        raise FieldError("notes", "control-marks")
    return text or None


def one_of(field: str, value: Any, known: Iterable[str]) -> str:
    """*value* as the vocabulary spells it, whatever its case.

    Raises:
        FieldError: not in the vocabulary; offers what looks alike.
    """
    words = {word.casefold(): word for word in known}
    text = str(value or "").strip()
    if (found := words.get(text.casefold())) is not None:
        return found
    if close := get_close_matches(text.casefold(), words, n=1):
        raise FieldError(field, "unknown-word-like", word=text, like=words[close[0]])
    all_words = ", ".join(words.values())
    if not text:
        raise FieldError(field, "choice-missing", known=all_words)
    raise FieldError(field, "unknown-word", word=text, known=all_words)


def flag(field: str, value: Any) -> bool:
    """A boolean, also as people write it in tables."""
    if isinstance(value, bool):
        return value
    text = str("" if value is None else value).strip().casefold()
    if text in {"true", "yes", "y", "1", "on", "x", "ja", "wahr"}:
        return True
    if text in {"", "false", "no", "n", "0", "off", "nein", "falsch"}:
        return False
    raise FieldError(field, "no-flag", text=str(value))


def _list_of(field: str, value: Any) -> list[str]:
    known = LISTS[field]
    # Kept in the vocabulary's order, so that the same choice always looks the same.
    chosen = {one_of(field, item, known) for item in _items(field, value)}
    return [word for word in known if word in chosen]


def _tags(value: Any) -> list[str]:
    found: dict[str, str] = {}
    for item in _items("tags", value):
        tag = line("tags", item, 50)
        if tag is None:
            continue
        if any(mark in tag for mark in ",;|"):
            raise FieldError("tags", "tag-separator", tag=tag)
        found.setdefault(key_of(tag), tag)
    if len(found) > MAX_TAGS:
        raise FieldError("tags", "too-many-tags", count=len(found), most=MAX_TAGS)
    return [found[key] for key in sorted(found)]


def _items(field: str, value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, str):
        for mark in ("|", ","):
            value = value.replace(mark, ";")
        return [item for item in (part.strip() for part in value.split(";")) if item]
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return list(value)
    raise FieldError(field, "no-list")


def _port(value: Any) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_PORT):
        raise FieldError("port", "no-port", text=str(value))
    return int(text)


def _name(value: Any) -> str:
    return catalogue_name("name", value)


def _address(value: Any) -> str | None:
    text = line("ip_address", value, 2048)
    return clean_address(text) if text is not None else None


CLEANERS: Mapping[str, Callable[[Any], Any]] = {
    "name": _name,
    "device_type": lambda value: one_of("device_type", value, DEVICE_TYPES),
    "ip_address": _address,
    "function": lambda value: line("function", value),
    "serial_number": lambda value: line("serial_number", value, MAX_NAME),
    "networks": lambda value: _list_of("networks", value),
    "interface_type": lambda value: _list_of("interface_type", value),
    "poe_powered": lambda value: flag("poe_powered", value),
    "poe_standards": lambda value: _list_of("poe_standards", value),
    "monitoring_enabled": lambda value: flag("monitoring_enabled", value),
    "tags": _tags,
    "notes": notes,
}
