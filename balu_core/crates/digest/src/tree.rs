//! BLAKE3 as a tree: chaining values of aligned subtrees, collected in any order and merged at the end.

use blake3::Hasher;
use blake3::hazmat::{ChainingValue, HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root};

/// Bytes below one remembered chaining value at least; whatever is shorter is read again from the file.
pub const SPAN: u64 = 256 << 10;

/// Bytes of one span in serialised form: offset and length (little endian), chaining value.
pub const RECORD: usize = 48;

/// One complete subtree: a power of two of at least [`SPAN`] bytes, at a multiple of its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where it begins in the whole.
    pub offset: u64,
    /// How many bytes it covers.
    pub length: u64,
    /// What it hashes to below the root.
    pub value: ChainingValue,
}

/// The hash of bytes that arrive in order from some offset of a larger whole.
pub struct Tree {
    spans: Vec<Span>,
    active: Hasher,
    /// Where the active span begins.
    start: u64,
    /// Where the next byte belongs.
    offset: u64,
    /// Bytes that lie between the first offset and the first boundary; nobody can use their hash alone.
    skip: u64,
    /// Length of the whole, as far as it is known.
    whole: u64,
}

impl Tree {
    /// Begin at *offset* of a whole with (at least) *whole* bytes.
    pub fn new(offset: u64, whole: u64) -> Self {
        let start = offset.next_multiple_of(SPAN);
        Self {
            spans: Vec::new(),
            active: begun(start),
            start,
            offset,
            skip: start - offset,
            whole,
        }
    }

    /// Go on after *spans*, which cover the beginning up to a multiple of [`SPAN`]; returns the tree and
    /// where the next byte belongs. Spans that do not join are dropped.
    pub fn resume(spans: Vec<Span>, whole: u64) -> (Self, u64) {
        let mut kept: Vec<Span> = Vec::with_capacity(spans.len());
        for span in spans {
            if span.offset != end_of(&kept) {
                break;
            }
            kept.push(span);
        }
        let offset = end_of(&kept);
        let mut tree = Self::new(offset, whole);
        tree.spans = kept;
        (tree, offset)
    }

    /// Where the next byte belongs.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Take the next bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
        self.skip -= skipped as u64;
        self.offset += skipped as u64;
        bytes = &bytes[skipped..];
        while !bytes.is_empty() {
            let room = usize::try_from(self.start + SPAN - self.offset).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.active.update(now);
            self.offset += now.len() as u64;
            bytes = later;
            if self.offset == self.start + SPAN {
                self.close();
            }
        }
    }

    /// The spans that are complete.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    fn close(&mut self) {
        self.spans.push(Span {
            offset: self.start,
            length: SPAN,
            value: self.active.finalize_non_root(),
        });
        self.start = self.offset;
        self.active = begun(self.start);
        while let [.., left, right] = self.spans[..] {
            let twice = left.length * 2;
            let siblings = left.length == right.length
                && left.offset + left.length == right.offset
                && left.offset.is_multiple_of(twice);
            // What begins at 0 may turn out to be the root, which is merged differently.
            let is_inner = left.offset > 0 || self.whole.max(self.offset) > twice;
            if !(siblings && is_inner) {
                break;
            }
            let value = merge_subtrees_non_root(&left.value, &right.value, Mode::Hash);
            self.spans.truncate(self.spans.len() - 2);
            self.spans.push(Span {
                offset: left.offset,
                length: twice,
                value,
            });
        }
    }
}

fn begun(offset: u64) -> Hasher {
    let mut hasher = Hasher::new();
    hasher.set_input_offset(offset);
    hasher
}

fn end_of(spans: &[Span]) -> u64 {
    spans.last().map_or(0, |span| span.offset + span.length)
}

/// Spans as bytes, [`RECORD`] each.
#[must_use]
pub fn pack(spans: &[Span]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(spans.len() * RECORD);
    for span in spans {
        bytes.extend_from_slice(&span.offset.to_le_bytes());
        bytes.extend_from_slice(&span.length.to_le_bytes());
        bytes.extend_from_slice(&span.value);
    }
    bytes
}

/// What [`pack`] wrote; records that cannot be true are left out, so that their bytes are read again.
#[must_use]
pub fn unpack(bytes: &[u8]) -> Vec<Span> {
    let number = |bytes: &[u8]| {
        let mut eight = [0; 8];
        eight.copy_from_slice(bytes);
        u64::from_le_bytes(eight)
    };
    let mut spans: Vec<Span> = bytes
        .as_chunks::<RECORD>()
        .0
        .iter()
        .map(|record| {
            let mut value = [0; 32];
            value.copy_from_slice(&record[16..]);
            Span {
                offset: number(&record[..8]),
                length: number(&record[8..16]),
                value,
            }
        })
        .filter(|span| {
            span.length.is_power_of_two()
                && span.length >= SPAN
                && span.offset.is_multiple_of(span.length)
                && span.offset.checked_add(span.length).is_some()
        })
        .collect();
    spans.sort_unstable_by_key(|span| span.offset);
    spans.dedup_by_key(|span| span.offset);
    spans
}

/// Ranges of *size* bytes that no span covers.
#[must_use]
pub fn gaps(spans: &[Span], size: u64) -> Vec<(u64, u64)> {
    let (mut found, mut at) = (Vec::new(), 0);
    for span in spans.iter().filter(|span| span.offset + span.length <= size) {
        if span.offset > at {
            found.push((at, span.offset));
        }
        at = at.max(span.offset + span.length);
    }
    if at < size {
        found.push((at, size));
    }
    found
}

/// BLAKE3 of *size* bytes; *read* fetches what no span covers, in pieces of at most [`SPAN`].
///
/// # Errors
/// What *read* answers.
pub fn root<E>(
    spans: &[Span],
    size: u64,
    read: &mut impl FnMut(u64, &mut [u8]) -> Result<(), E>,
) -> Result<blake3::Hash, E> {
    if size <= SPAN {
        let mut bytes = vec![0; usize::try_from(size).unwrap_or_default()];
        read(0, &mut bytes)?;
        return Ok(blake3::hash(&bytes));
    }
    let half = blake3::hazmat::left_subtree_len(size);
    let left = subtree(spans, 0, half, read)?;
    let right = subtree(spans, half, size - half, read)?;
    Ok(merge_subtrees_root(&left, &right, Mode::Hash))
}

fn subtree<E>(
    spans: &[Span],
    offset: u64,
    length: u64,
    read: &mut impl FnMut(u64, &mut [u8]) -> Result<(), E>,
) -> Result<ChainingValue, E> {
    if let Ok(index) = spans.binary_search_by_key(&offset, |span| span.offset)
        && spans[index].length == length
    {
        return Ok(spans[index].value);
    }
    if length <= SPAN {
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        read(offset, &mut bytes)?;
        return Ok(begun(offset).update(&bytes).finalize_non_root());
    }
    let half = blake3::hazmat::left_subtree_len(length);
    let left = subtree(spans, offset, half, read)?;
    let right = subtree(spans, offset + half, length - half, read)?;
    Ok(merge_subtrees_non_root(&left, &right, Mode::Hash))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{SPAN, Span, Tree, gaps, pack, root, unpack};

    const LARGEST: u64 = SPAN * 9;

    fn sample(size: u64) -> Vec<u8> {
        (0..size)
            .map(|index| (index ^ (index >> 9)).to_le_bytes()[0])
            .collect()
    }

    fn hash(bytes: &[u8], spans: &[Span]) -> (String, u64) {
        let mut reread = 0;
        let hash = root::<()>(spans, bytes.len() as u64, &mut |offset, buffer| {
            reread += buffer.len() as u64;
            let at = usize::try_from(offset).unwrap();
            buffer.copy_from_slice(&bytes[at..at + buffer.len()]);
            Ok(())
        });
        (hash.unwrap().to_hex().to_string(), reread)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn any_split_with_restarts_hashes_like_one_shot(
            size in 0..LARGEST,
            cuts in prop::collection::vec(0..LARGEST, 0..6),
            is_known: bool,
        ) {
            let bytes = sample(size);
            let mut cuts: Vec<u64> = cuts.into_iter().map(|cut| cut.min(size)).chain([size]).collect();
            cuts.sort_unstable();
            let (mut state, mut done) = (Vec::new(), 0);
            for cut in cuts {
                let (mut tree, at) = Tree::resume(unpack(&state), if is_known { size } else { done });
                prop_assert!(done - at < SPAN);
                let range = usize::try_from(at).unwrap()..usize::try_from(cut).unwrap();
                for piece in bytes[range].chunks(70_001) {
                    tree.update(piece);
                }
                done = cut;
                state = pack(tree.spans());
            }
            let (found, reread) = hash(&bytes, &unpack(&state));
            prop_assert_eq!(found, blake3::hash(&bytes).to_hex().to_string());
            prop_assert!(reread <= SPAN);
        }

        #[test]
        fn chunks_in_any_order_hash_like_one_shot(
            size in 0..LARGEST,
            chunk in prop_oneof![Just(SPAN), Just(2 * SPAN), Just(4 * SPAN), Just(5 * SPAN), 1000..LARGEST],
            order in any::<prop::sample::Index>(),
        ) {
            let bytes = sample(size);
            let mut states: Vec<Vec<u8>> = (0..size.div_ceil(chunk)).map(|number| {
                let offset = number * chunk;
                let mut tree = Tree::new(offset, size);
                let end = (offset + chunk).min(size);
                tree.update(&bytes[usize::try_from(offset).unwrap()..usize::try_from(end).unwrap()]);
                pack(tree.spans())
            }).collect();
            if !states.is_empty() {
                let first = order.index(states.len());
                states.rotate_left(first);
            }
            let spans = unpack(&states.concat());
            let (found, reread) = hash(&bytes, &spans);
            prop_assert_eq!(found, blake3::hash(&bytes).to_hex().to_string());
            let missing: u64 = gaps(&spans, size).iter().map(|(from, to)| to - from).sum();
            if size > SPAN {
                prop_assert_eq!(reread, missing);
            }
        }
    }

    #[test]
    fn a_power_of_two_is_not_merged_into_its_own_root() {
        let bytes = sample(4 * SPAN);
        for whole in [0, 4 * SPAN] {
            let mut tree = Tree::new(0, whole);
            tree.update(&bytes);
            assert!(tree.spans().iter().all(|span| span.length < 4 * SPAN));
            assert_eq!(
                hash(&bytes, tree.spans()),
                (blake3::hash(&bytes).to_hex().to_string(), 0)
            );
        }
    }

    #[test]
    fn records_that_cannot_be_true_are_dropped() {
        let odd = Span {
            offset: 1,
            length: SPAN,
            value: [0; 32],
        };
        let short = Span {
            offset: 0,
            length: 1024,
            value: [0; 32],
        };
        assert!(unpack(&pack(&[odd, short])).is_empty());
        assert!(unpack(b"rest").is_empty());
    }
}
