//! Listings as JSON: what the disk showed joined with what the rows say.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::Write as _;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::sync::{Mutex, PoisonError};

use balu_paths::{Entry, Kind};

const INO_MASK: u64 = i64::MAX as u64;

/// Suffixes whose type is remembered.
const KNOWN_TYPES: usize = 4096;

/// The first and last microsecond a calendar can show: year 1 and the last second of year 9999.
const FIRST_US: i64 = -62_135_596_800_000_000;
const LAST_US: i64 = 253_402_300_799_000_000;

/// What differs from item to item.
#[derive(Clone, Copy, Debug)]
pub enum Slot {
    /// The name as clients see it.
    Name,
    /// The same with the folder before it.
    Path,
    /// Bytes.
    Size,
    /// `directory` or `file`.
    Type,
    /// Time of last change.
    Modified,
    /// The owner's number, as text.
    Owner,
    /// What the name suggests; null for folders.
    Mime,
    /// The row's number.
    Id,
    /// SHA-256 or null.
    Sha256,
    /// BLAKE3 or null.
    Blake3,
    /// The entity tag.
    Etag,
    /// Whether it is a file or a folder.
    Readable,
}

/// One item as literals, each followed by a slot, and what comes after them.
#[derive(Debug)]
pub struct Template {
    parts: Vec<(Vec<u8>, Slot)>,
    tail: Vec<u8>,
    types: Mutex<HashMap<Vec<u8>, Vec<u8>>>,
}

impl Template {
    /// Literals with their slots, and the tail.
    #[must_use]
    pub fn new(parts: Vec<(Vec<u8>, Slot)>, tail: Vec<u8>) -> Self {
        Self {
            parts,
            tail,
            types: Mutex::default(),
        }
    }

    /// The type that the name of a file suggests; *ask* is asked once for each suffix.
    fn mime<E>(
        &self,
        name: &OsStr,
        ask: &impl Fn(&OsStr) -> Result<String, E>,
        out: &mut Vec<u8>,
    ) -> Result<(), E> {
        let bytes = name.as_bytes();
        let dot = bytes.iter().rposition(|byte| *byte == b'.');
        let suffix = dot.map_or(&b""[..], |dot| &bytes[dot..]);
        if let Some(known) = self
            .types
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(suffix)
        {
            out.extend_from_slice(known);
            return Ok(());
        }
        let mut json = Vec::new();
        text(&mut json, &ask(name)?);
        out.extend_from_slice(&json);
        let mut types = self.types.lock().unwrap_or_else(PoisonError::into_inner);
        if types.len() < KNOWN_TYPES {
            types.insert(suffix.to_owned(), json);
        }
        Ok(())
    }
}

/// One row; its texts are places in the arena of [`Rows`].
#[derive(Clone, Debug)]
pub struct Row {
    /// Its number.
    pub id: i64,
    /// The owner's number.
    pub owner: i64,
    /// Revision of the bytes.
    pub rev: i64,
    /// Name as stored.
    pub name: Range<usize>,
    /// Kind as a word.
    pub kind: Range<usize>,
    /// One digest in hex.
    pub blake3: Option<Range<usize>>,
    /// The other one.
    pub sha256: Option<Range<usize>>,
    /// Bytes.
    pub size: i64,
    /// Time of last change.
    pub mtime_ns: i64,
    /// Inode without its highest bit.
    pub ino: i64,
}

/// The rows of one folder.
#[derive(Debug, Default)]
pub struct Rows {
    /// All texts, back to back.
    pub arena: String,
    /// The rows.
    pub rows: Vec<Row>,
}

/// A listing as JSON.
#[derive(Debug)]
pub struct Written {
    /// The document.
    pub body: Vec<u8>,
    /// Its entity tag, with quotes.
    pub etag: String,
    /// Entries without a row, or with one that says something else.
    pub stale: usize,
}

impl Rows {
    /// Entries without a row, or with one that says something else.
    #[must_use]
    pub fn stale<'a>(&self, seen: &'a [Entry]) -> Vec<&'a Entry> {
        let by_name = self.by_name();
        let agrees = |seen: &Entry| {
            let row = by_name.get(&*stored(&seen.name));
            row.is_some_and(|row| self.agrees(row, seen))
        };
        seen.iter().filter(|seen| !agrees(seen)).collect()
    }

    /// The entries that have rows, in their order.
    ///
    /// # Errors
    /// What *mime* answers.
    pub fn write<E>(
        &self,
        seen: &[Entry],
        (total, folder_id): (usize, i64),
        template: &Template,
        prefix: &str,
        mime: impl Fn(&OsStr) -> Result<String, E>,
    ) -> Result<Written, E> {
        let by_name = self.by_name();
        let mut out = Vec::with_capacity(64 + seen.len() * 480);
        out.extend_from_slice(b"{\"files\":[");
        let (mut stale, mut is_first) = (0, true);
        for seen in seen {
            let Some(row) = by_name.get(&*stored(&seen.name)) else {
                stale += 1;
                continue;
            };
            stale += usize::from(!self.agrees(row, seen));
            if !is_first {
                out.push(b',');
            }
            is_first = false;
            for (literal, slot) in &template.parts {
                out.extend_from_slice(literal);
                match slot {
                    Slot::Mime => match seen.kind {
                        Kind::Directory => out.extend_from_slice(b"null"),
                        Kind::Symlink => text(&mut out, "inode/symlink"),
                        _ => template.mime(&seen.name, &mime, &mut out)?,
                    },
                    _ => self.fill(*slot, row, seen, prefix, &mut out),
                }
            }
            out.extend_from_slice(&template.tail);
        }
        out.extend_from_slice(b"],\"total\":");
        number(&mut out, total);
        out.extend_from_slice(b",\"folder_id\":");
        number(&mut out, folder_id);
        let etag = format!("\"{}\"", &blake3::hash(&out).to_hex()[..32]);
        out.extend_from_slice(b",\"etag\":");
        text(&mut out, &etag);
        out.push(b'}');
        Ok(Written {
            body: out,
            etag,
            stale,
        })
    }

    fn fill(&self, slot: Slot, row: &Row, seen: &Entry, prefix: &str, out: &mut Vec<u8>) {
        match slot {
            Slot::Name => text(out, &wire(&seen.name)),
            Slot::Path => {
                out.push(b'"');
                escape(out, prefix);
                escape(out, &wire(&seen.name));
                out.push(b'"');
            }
            Slot::Size => number(out, seen.size),
            Slot::Type => {
                let is_folder = seen.kind == Kind::Directory;
                text(out, if is_folder { "directory" } else { "file" });
            }
            Slot::Modified => moment(out, seen.mtime_ns),
            Slot::Owner => {
                out.push(b'"');
                number(out, row.owner);
                out.push(b'"');
            }
            Slot::Id => number(out, row.id),
            Slot::Sha256 => self.digest(out, row.sha256.as_ref()),
            Slot::Blake3 => self.digest(out, row.blake3.as_ref()),
            Slot::Etag => {
                out.extend_from_slice(b"\"\\\"");
                number(out, row.id);
                out.push(b'.');
                number(out, row.rev);
                out.extend_from_slice(b"\\\"\"");
            }
            Slot::Readable => {
                let readable = matches!(seen.kind, Kind::File | Kind::Directory);
                out.extend_from_slice(if readable { &b"true"[..] } else { b"false" });
            }
            Slot::Mime => {}
        }
    }

    fn digest(&self, out: &mut Vec<u8>, place: Option<&Range<usize>>) {
        match place {
            Some(place) => text(out, self.text(place)),
            None => out.extend_from_slice(b"null"),
        }
    }

    fn text(&self, place: &Range<usize>) -> &str {
        self.arena.get(place.clone()).unwrap_or_default()
    }

    fn by_name(&self) -> HashMap<&str, &Row> {
        self.rows.iter().map(|row| (self.text(&row.name), row)).collect()
    }

    fn agrees(&self, row: &Row, seen: &Entry) -> bool {
        let same = |row: i64, seen: u64| u64::try_from(row).is_ok_and(|row| row == seen);
        self.text(&row.kind) == seen.kind.word()
            && (seen.kind == Kind::Directory
                || (same(row.size, seen.size)
                    && row.mtime_ns == seen.mtime_ns
                    && same(row.ino, seen.ino & INO_MASK)))
    }
}

/// The name as clients see it: bytes that are not UTF-8 as %XX, and then a percent sign as %25.
fn wire(name: &OsStr) -> Cow<'_, str> {
    spelled(name, '%', "%25")
}

/// The name as rows have it: a byte that is not UTF-8 as a slash and two hex digits.
#[must_use]
pub fn stored(name: &OsStr) -> Cow<'_, str> {
    spelled(name, '/', "%")
}

fn spelled<'a>(name: &'a OsStr, mark: char, percent: &str) -> Cow<'a, str> {
    if let Some(plain) = name.to_str() {
        return plain.into();
    }
    let mut whole = String::new();
    for chunk in name.as_bytes().utf8_chunks() {
        whole.push_str(&chunk.valid().replace('%', percent));
        for byte in chunk.invalid() {
            for part in [mark, hex(byte >> 4), hex(byte & 15)] {
                whole.push(part);
            }
        }
    }
    whole.into()
}

fn hex(digit: u8) -> char {
    char::from_digit(digit.into(), 16)
        .unwrap_or('0')
        .to_ascii_uppercase()
}

/// *value* as a JSON string.
fn text(out: &mut Vec<u8>, value: &str) {
    out.push(b'"');
    escape(out, value);
    out.push(b'"');
}

fn escape(out: &mut Vec<u8>, value: &str) {
    let bytes = value.as_bytes();
    let is_plain = |byte: &u8| *byte >= 0x20 && *byte != b'"' && *byte != b'\\';
    if bytes.iter().all(is_plain) {
        out.extend_from_slice(bytes);
        return;
    }
    for byte in bytes {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x20.. => out.push(*byte),
            // Writing into a vector cannot fail.
            _ => _ = write!(out, "\\u{byte:04x}"),
        }
    }
}

fn number(out: &mut Vec<u8>, value: impl std::fmt::Display) {
    _ = write!(out, "{value}");
}

/// Nanoseconds since the epoch as RFC 3339 with microseconds, cut to what a calendar can show.
fn moment(out: &mut Vec<u8>, ns: i64) {
    let us = ns.div_euclid(1000).clamp(FIRST_US, LAST_US);
    let (second, fraction) = (us.div_euclid(1_000_000), us.rem_euclid(1_000_000));
    let (days, rest) = (second.div_euclid(86_400), second.rem_euclid(86_400));
    // Days to a civil date by 400-year eras that begin in March.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    _ = write!(
        out,
        "\"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
    );
    if fraction != 0 {
        _ = write!(out, ".{fraction:06}");
    }
    out.extend_from_slice(b"Z\"");
}
