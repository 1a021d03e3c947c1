import type { Fault, Values } from "./faults";

const NOUNS: Record<string, string> = {
  vendor: "Diesen Hersteller",
  model: "Dieses Modell",
  location: "Diesen Ort",
};
const KINDS: Record<string, string> = {
  site: "Ein Standort",
  room: "Ein Raum",
  rack: "Ein Schrank",
  unit: "Eine Höheneinheit",
};

export default {
  "name-missing": () => "Ein Gerät braucht einen Namen mit 1 bis 100 Zeichen.",
  "type-missing": () => "Ein Gerät braucht eine Art. Wähle eine.",
  "needs-url": ({ address }) => `Eine Webadresse beginnt mit https://. Schreibe https://${address}.`,
  "name-empty": () => "Der Name ist leer. Schreibe 1 bis 100 Zeichen.",
  "no-text": () => "Das muss Text sein. Setze es in Anführungszeichen.",
  "too-long": ({ count, most }) => `Das sind ${count} Zeichen; höchstens ${most} sind erlaubt.`,
  "several-lines": () => "Das enthält Zeilenumbrüche oder Steuerzeichen. Schreibe es in eine Zeile.",
  "control-marks": () => "Das enthält Steuerzeichen. Lass sie weg.",
  "unknown-word": ({ word, known }) => `${word} ist hier unbekannt. Möglich sind ${known}.`,
  "unknown-word-like": ({ word, like }) => `${word} ist hier unbekannt. Meintest du ${like}?`,
  "choice-missing": ({ known }) => `Nichts ist ausgewählt. Möglich sind ${known}.`,
  "no-flag": ({ text }) => `${text} ist weder ja noch nein. Schreibe ja oder nein.`,
  "tag-separator": ({ tag }) => `Das Schlagwort ${tag} enthält ein Komma oder Semikolon. Lass es weg.`,
  "too-many-tags": ({ count, most }) =>
    `${count} Schlagwörter sind zu viele; höchstens ${most} sind erlaubt.`,
  "no-list": () => "Hier gehört eine Liste von Wörtern hin, mit Semikolon getrennt.",
  "no-port": ({ text }) => `${text} ist kein Port. Nimm eine Zahl von 1 bis 65535.`,
  "network-for-address": ({ text, host }) =>
    `${text} ist ein Netz. Schreibe nur die Adresse des Geräts, etwa ${host}.`,
  "path-for-address": ({ text }) => `${text} ist keine Adresse. Eine Webadresse beginnt mit http://.`,
  "no-ip": ({ text }) =>
    `${text} ist keine IP-Adresse. IPv4 hat vier Zahlen von 0 bis 255, etwa 192.168.1.20; IPv6 sieht aus wie fd00::20.`,
  "host-letters": ({ text }) =>
    `${text} enthält Buchstaben, die es in DNS nicht gibt. Nimm die Schreibweise mit xn-- oder die IP-Adresse.`,
  "no-host": ({ text }) =>
    `${text} ist kein Hostname. Erlaubt sind Buchstaben, Ziffern, Bindestriche und Punkte, etwa nas.home.arpa.`,
  "no-url": ({ text }) =>
    `${text} ist keine Webadresse. Sie sieht aus wie https://nas.home.arpa:8443/status.`,
  "url-scheme": ({ scheme, known }) => `${scheme}:// ist hier unbekannt. Möglich sind ${known}.`,
  "url-password": () => "In der Webadresse steht ein Passwort. Lass alles vor dem @ weg.",
  "twice-in-file": ({ row, name }) => `Auch Zeile ${row} heißt ${name}. Benenne eine um oder lösche sie.`,
  "too-many-monitors": ({ most }) => `Ein Gerät hat höchstens ${most} Überwachungen.`,
  "no-monitors": () =>
    'Das ist keine Liste von Überwachungen. Schreibe [{"monitor_type": "icmp"}] oder lass es leer.',
  "model-without-vendor": ({ model }) => `Das Modell ${model} hat keinen Hersteller. Trage ihn ein.`,
  "place-too-deep": ({ path }) => `${path} ist zu tief. Höchstens Standort / Raum / Schrank / Höheneinheit.`,
  "name-taken": ({ name }) => `Ein Gerät namens ${name} gibt es schon. Wähle einen anderen Namen.`,
  "not-found-there": ({ host }) => `${host} wurde bei dieser Suche nicht gefunden.`,
  "same-entry": () => "Das ist der Eintrag selbst. Wähle den, der bleibt.",
  "view-too-large": () => "Diese Suche ist zu groß zum Speichern. Nimm weniger Filter.",
  "template-field": ({ named, known }) =>
    `Eine Vorlage kann ${named} nicht enthalten. Möglich sind ${known}.`,
  "no-such-entry": ({ noun }) => `${NOUNS[noun ?? ""] ?? noun} gibt es nicht mehr. Wähle etwas anderes.`,
  "separator-in-name": ({ separator }) => `„${separator}“ trennt Orte. Lass es im Namen weg.`,
  "place-does-not-fit": ({ kind }) =>
    `${KINDS[kind ?? ""] ?? kind} passt dort nicht hin. Standorte enthalten Räume, Räume Schränke, Schränke Höheneinheiten.`,
  "model-of-another": ({ model }) =>
    `Das Modell ${model} gehört zu einem anderen Hersteller. Wähle eines von diesem.`,
  "no-hosts": () => "Sag, welches Netz, etwa 192.168.1.0/24.",
  "too-many-hosts": ({ count, most }) =>
    `Das sind ${count} Adressen; höchstens ${most} sind erlaubt, etwa ein /22 oder bei IPv6 ein /118.`,
  "public-host": ({ host }) =>
    `${host} liegt in keinem privaten Netz. Administratoren können andere unter „Wie gefragt wird“ absuchen.`,
  "no-plain-ip": ({ text }) => `${text} ist keine IP-Adresse. Schreibe sie wie 192.168.1.20 oder fd00::20.`,
  "range-backwards": () => "Dieser Bereich endet, bevor er beginnt. Schreibe die kleinere Adresse zuerst.",
  "no-network": ({ text }) => `${text} ist kein Netz. Schreibe es wie 192.168.1.0/24.`,
  "no-name-column": () => "Keine Spalte heißt name. Die erste Zeile nennt die Spalten.",
  "no-utf8": () =>
    "Die Zeichen dieser Datei sind nicht lesbar. Speichere sie als „CSV UTF-8“ und versuche es noch einmal.",
  "no-json": ({ error }) => `Die Datei ist kein gültiges JSON: ${error}.`,
  "no-array": () =>
    "Die Datei enthält keine Liste von Geräten. Sie beginnt mit [ und hat für jedes Gerät ein { }.",
  "damaged-line": ({ line, error }) => `Zeile ${line} der Datei ist beschädigt: ${error}.`,
  "too-many-rows": ({ most }) => `Die Datei hat mehr als ${most} Zeilen. Importiere sie in mehreren Teilen.`,
  "no-file": () => "Es kam keine Datei an. Wähle sie noch einmal aus.",
  "no-corrections": ({ error }) => `Die Berichtigungen sind nicht lesbar: ${error}.`,
  "unknown-cell": ({ row }) => `Zeile ${row} der Datei gibt es nicht mehr. Wähle die Datei noch einmal aus.`,
  "too-many-cells": ({ text }) =>
    `Diese Zeile hat mehr Zellen, als es Spalten gibt: „${text}“ steht hinter der letzten. Setze in der Datei den Text, der ein Trennzeichen enthält, in Anführungszeichen, etwa "Keller, links", und wähle sie noch einmal aus.`,
} satisfies Record<Fault, (values: Values) => string>;
