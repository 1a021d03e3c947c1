// What can be wrong with a field or a file, by the server's codes.
import type { Fault, Values } from "./faults";

const NOUNS: Record<string, string> = { vendor: "vendor", model: "model", location: "place" };
const KINDS: Record<string, string> = { site: "site", room: "room", rack: "rack", unit: "unit" };

export default {
  "name-missing": () => "A device needs a name of 1 to 100 characters.",
  "type-missing": () => "A device needs a type. Choose one.",
  "needs-url": ({ address }) => `A web address begins with https://. Write https://${address}.`,
  "name-empty": () => "The name is empty. Write 1 to 100 characters.",
  "no-text": () => "This must be text. Put it in quotes.",
  "too-long": ({ count, most }) => `This has ${count} characters; ${most} are the most.`,
  "several-lines": () => "This holds line breaks or control characters. Write it on one line.",
  "control-marks": () => "This holds control characters. Leave them out.",
  "unknown-word": ({ word, known }) => `${word} is not known here. Choose from ${known}.`,
  "unknown-word-like": ({ word, like }) => `${word} is not known here. Did you mean ${like}?`,
  "choice-missing": ({ known }) => `Nothing is chosen. Choose from ${known}.`,
  "no-flag": ({ text }) => `${text} is neither yes nor no. Write yes or no.`,
  "tag-separator": ({ tag }) => `The tag ${tag} holds a comma or semicolon. Leave it out.`,
  "too-many-tags": ({ count, most }) => `${count} tags are too many; ${most} are the most.`,
  "no-list": () => "This must be a list of words, separated by semicolons.",
  "no-port": ({ text }) => `${text} is not a port. Use a number from 1 to 65535.`,
  "network-for-address": ({ text, host }) =>
    `${text} is a network. Write the device's address alone, such as ${host}.`,
  "path-for-address": ({ text }) => `${text} is not an address. A web address begins with http://.`,
  "no-ip": ({ text }) =>
    `${text} is not an IP address. IPv4 has four numbers from 0 to 255, such as 192.168.1.20; IPv6 looks like fd00::20.`,
  "host-letters": ({ text }) =>
    `${text} has letters that names in DNS cannot have. Write its xn-- spelling or the IP address.`,
  "no-host": ({ text }) =>
    `${text} is not a host name. Use letters, digits, hyphens and dots, such as nas.home.arpa.`,
  "no-url": ({ text }) => `${text} is not a web address. It looks like https://nas.home.arpa:8443/status.`,
  "url-scheme": ({ scheme, known }) => `${scheme}:// is not known here. Use ${known}.`,
  "url-password": () => "The web address holds a password. Leave out everything before the @.",
  "twice-in-file": ({ row, name }) => `Row ${row} is called ${name}, too. Rename or remove one.`,
  "too-many-monitors": ({ most }) => `A device has at most ${most} monitors.`,
  "no-monitors": () => 'This is no list of monitors. Write [{"monitor_type": "icmp"}], or leave it empty.',
  "model-without-vendor": ({ model }) => `The model ${model} has no vendor. Fill in who makes it.`,
  "place-too-deep": ({ path }) => `${path} is too deep. Use at most site / room / rack / unit.`,
  "name-taken": ({ name }) => `A device called ${name} exists already. Choose another name.`,
  "not-found-there": ({ host }) => `${host} was not found by this search.`,
  "same-entry": () => "This is the entry itself. Choose the one that stays.",
  "view-too-large": () => "This search is too large to keep. Use fewer filters.",
  "template-field": ({ named, known }) => `A template cannot hold ${named}. It can hold ${known}.`,
  "no-such-entry": ({ noun }) => `This ${NOUNS[noun ?? ""] ?? noun} is gone. Choose another.`,
  "separator-in-name": ({ separator }) => `“${separator}” separates places. Leave it out of the name.`,
  "place-does-not-fit": ({ kind }) =>
    `A ${KINDS[kind ?? ""] ?? kind} does not fit there. A site holds rooms, a room racks, a rack units.`,
  "model-of-another": ({ model }) =>
    `The model ${model} belongs to another vendor. Choose one of this vendor.`,
  "no-hosts": () => "Say which network, such as 192.168.1.0/24.",
  "too-many-hosts": ({ count, most }) =>
    `These are ${count} addresses; ${most} are the most, such as a /22 or, of IPv6, a /118.`,
  "public-host": ({ host }) =>
    `${host} is not in a private network. Administrators can search others under “How to ask”.`,
  "no-plain-ip": ({ text }) => `${text} is not an IP address. Write it like 192.168.1.20 or fd00::20.`,
  "range-backwards": () => "This range ends before it begins. Write the lower address first.",
  "no-network": ({ text }) => `${text} is not a network. Write it like 192.168.1.0/24.`,
  "no-name-column": () => "No column is called name. The first row names the columns.",
  "no-utf8": () => "The letters of this file cannot be read. Save it as “CSV UTF-8” and try again.",
  "no-json": ({ error }) => `The file is not valid JSON: ${error}.`,
  "no-array": () => "The file holds no list of devices. It begins with [ and holds one { } for each device.",
  "damaged-line": ({ line, error }) => `Line ${line} of the file is damaged: ${error}.`,
  "too-many-rows": ({ most }) => `The file has more than ${most} rows. Import it in several parts.`,
  "no-file": () => "No file arrived. Choose it again.",
  "no-corrections": ({ error }) => `The corrections cannot be read: ${error}.`,
  "unknown-cell": ({ row }) => `Row ${row} of the file is gone. Choose the file again.`,
  "too-many-cells": ({ text }) =>
    `This row has more cells than there are columns: “${text}” stands behind the last one. In the file, put the text that holds a separator in quotes, such as "Cellar, left", and choose it again.`,
} satisfies Record<Fault, (values: Values) => string>;
