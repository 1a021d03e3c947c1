"""What can be wrong: a stable code each, and English words; pages bring words of their own by the code."""

from collections.abc import Mapping
from typing import Literal, get_args

Value = str | int
Fault = Literal[
    "name-missing", "type-missing", "needs-url", "name-empty", "no-text", "too-long", "several-lines",
    "control-marks", "unknown-word", "unknown-word-like", "choice-missing", "no-flag", "tag-separator",
    "too-many-tags", "no-list", "no-port", "network-for-address", "path-for-address", "no-ip", "host-letters",
    "no-host", "no-url", "url-scheme", "url-password", "twice-in-file", "too-many-monitors", "no-monitors",
    "model-without-vendor", "place-too-deep", "name-taken", "not-found-there", "same-entry", "view-too-large",
    "template-field", "no-such-entry", "separator-in-name", "place-does-not-fit", "model-of-another",
    "no-hosts", "too-many-hosts", "public-host", "no-plain-ip", "range-backwards", "no-network",
    "no-name-column", "no-utf8", "no-json", "no-array", "damaged-line", "too-many-rows", "no-file",
    "no-corrections", "unknown-cell", "too-many-cells",
]  # fmt: skip
WORDS: Mapping[Fault, tuple[str, str]] = {
    "name-missing": ("A device needs a name.", "Write one of 1 to 100 characters."),
    "type-missing": ("A device needs a type.", "Choose from {known}."),
    "needs-url": ("A device of type url needs a URL.", "Write https://{address}."),
    "name-empty": ("The name is empty.", "Write 1 to 100 characters."),
    "no-text": ("This must be text.", "Put it in quotes."),
    "too-long": ("This has {count} characters.", "Use at most {most}."),
    "several-lines": ("This holds line breaks or control characters.", "Write it on one line."),
    "control-marks": ("This holds control characters.", "Leave them out."),
    "unknown-word": ("{word} is not known here.", "Choose from {known}."),
    "unknown-word-like": ("{word} is not known here.", "Did you mean {like}?"),
    "choice-missing": ("Nothing is chosen.", "Choose from {known}."),
    "no-flag": ("{text} is neither yes nor no.", "Write true or false."),
    "tag-separator": ("The tag {tag} holds a separator.", "Leave out commas and semicolons."),
    "too-many-tags": ("{count} tags are too many.", "Use at most {most}."),
    "no-list": ("This must be a list of words.", 'Write ["…"] or words separated by semicolons.'),
    "no-port": ("{text} is not a port.", "Use a number from 1 to 65535."),
    "network-for-address": ("{text} is a network.", "Write the device's address alone: {host}."),
    "path-for-address": ("{text} is not an address.", "A URL begins with http://: http://{text}."),
    "no-ip": (
        "{text} is not an IP address.",
        "IPv4 has four numbers from 0 to 255, such as 192.168.1.20; IPv6 looks like fd00::20.",
    ),
    "host-letters": (
        "{text} has letters that names in DNS cannot have.", "Write its xn-- spelling or the IP."
    ),
    "no-host": (
        "{text} is not a host name.",
        "Use letters, digits, hyphens and dots, such as nas.home.arpa, an IP address or a URL.",
    ),
    "no-url": ("{text} is not a URL.", "It looks like https://nas.home.arpa:8443/status."),
    "url-scheme": ("{scheme}:// is not known here.", "Use {known}."),
    "url-password": ("The URL holds a password.", "Leave out everything before the @."),
    "twice-in-file": ("Row {row} is called {name}, too.", "Rename or remove one."),
    "too-many-monitors": ("{count} monitors are too many.", "Use at most {most}."),
    "no-monitors": (
        "This is no list of monitors.", 'Write [{{"monitor_type": "icmp"}}], or leave it empty.'
    ),
    "model-without-vendor": ("The model {model} has no vendor.", "Fill in who makes it."),
    "place-too-deep": ("{path} is too deep.", "Use at most site / room / rack / unit."),
    "name-taken": ("A device called {name} exists already.", "Choose another name."),
    "not-found-there": ("{host} was not part of this discovery.", "Choose from its results."),
    "same-entry": ("This is the entry itself.", "Choose the one to keep."),
    "view-too-large": ("This search is too large to keep.", "Use fewer filters."),
    "template-field": ("A template cannot hold {named}.", "It can hold {known}."),
    "no-such-entry": ("There is no such {noun}.", "Choose one from the list of {noun}s."),
    "separator-in-name": ("The name holds “{separator}”.", "That separates places; leave it out."),
    "place-does-not-fit": (
        "A {kind} does not fit there.",
        "A site holds rooms, a room racks, a rack units; choose another place or kind.",
    ),
    "model-of-another": (
        "The model {model} belongs to another vendor.", "Choose a model of this vendor, or none."
    ),
    "no-hosts": ("No host is named.", "Name hosts as targets, a range or a CIDR."),
    "too-many-hosts": ("These are {count} hosts.", "Ask for at most {most} at once, a /22 or IPv6 /118."),
    "public-host": (
        "{host} is not in a private network.",
        "An administrator can set allow_public, or --public on the command line.",
    ),
    "no-plain-ip": ("{text} is not an IP address.", "Write it like 192.168.1.20 or fd00::20."),
    "range-backwards": ("This range ends before it begins.", "It goes from a lower to a higher address."),
    "no-network": ("{text} is not a network.", "Write it like 192.168.1.0/24."),
    "no-name-column": ("No column is called name.", "The first row names the columns: {known}."),
    "no-utf8": ("The file is not UTF-8 (byte {byte}).", "Save it as “CSV UTF-8” and try again."),
    "no-json": ("The file is not valid JSON: {error}.", "Mend it or export it again."),
    "no-array": (
        "The file holds no list of devices.",
        'Send a JSON array of devices: [{{"name": …, "device_type": …}}].',
    ),
    "damaged-line": ("Line {line} of the CSV file is damaged: {error}.", "Mend it or export it again."),
    "too-many-rows": ("The file has more than {most} rows.", "Import it in several parts."),
    "no-file": ("The form has no file.", "Send it as the part called file."),
    "no-corrections": ("The corrections cannot be read: {error}.", "Send {{row: {{field: value}}}}."),
    "unknown-cell": (
        "The file has no row {row} with a column {field}.", "Take rows and fields from the report."
    ),
    "too-many-cells": (
        "This row has more cells than there are columns: “{text}” stands behind the last one.",
        'Put the text that holds a separator in quotes, such as "Cellar, left".',
    ),
}  # fmt: skip
"""The problem and the way out; values stand in braces."""

CODES: tuple[Fault, ...] = get_args(Fault)


def words_of(fault: Fault, values: Mapping[str, Value]) -> tuple[str, str]:
    """The problem and the way out as English sentences."""
    problem, fix = WORDS[fault]
    return problem.format_map(values), fix.format_map(values)
