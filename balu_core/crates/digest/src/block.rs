//! A page-aligned buffer that `O_DIRECT` accepts, made without zeroing it first.

/// Alignment of memory, offsets and lengths that every Linux block device accepts.
pub const PAGE: usize = 4096;

/// Bytes on their way to the disk; the first one lies on a page boundary.
#[derive(Debug)]
pub struct Block {
    data: Vec<u8>,
    start: usize,
    limit: usize,
}

impl Block {
    /// Room for *limit* bytes, rounded up to whole pages.
    pub fn new(limit: usize) -> Self {
        let limit = limit.max(1).next_multiple_of(PAGE);
        let mut data: Vec<u8> = Vec::with_capacity(limit + PAGE);
        // Within its capacity a Vec never moves, so the boundary found here stays one.
        let start = data.as_ptr().align_offset(PAGE).min(PAGE);
        data.resize(start, 0);
        Self { data, start, limit }
    }

    pub fn limit(&self) -> usize {
        self.limit
    }

    pub fn len(&self) -> usize {
        self.data.len() - self.start
    }

    pub fn is_full(&self) -> bool {
        self.len() == self.limit
    }

    pub fn bytes(&self) -> &[u8] {
        &self.data[self.start..]
    }

    /// Take as much of *data* as there is room for; returns how much that was.
    pub fn take(&mut self, data: &[u8]) -> usize {
        let count = data.len().min(self.limit - self.len());
        self.data.extend_from_slice(&data[..count]);
        count
    }

    /// Fill up with zeros to a whole page.
    pub fn pad(&mut self) {
        let padded = self.start + self.len().next_multiple_of(PAGE);
        self.data.resize(padded, 0);
    }

    /// Keep whole pages only; returns what lies beyond them.
    pub fn split_page(&mut self) -> Vec<u8> {
        let whole = self.start + self.len() / PAGE * PAGE;
        self.data.split_off(whole)
    }

    pub fn clear(&mut self) {
        self.data.truncate(self.start);
    }
}

#[cfg(test)]
mod tests {
    use super::{Block, PAGE};

    #[test]
    fn a_block_starts_on_a_page_and_stays_there() {
        let mut block = Block::new(3 * PAGE - 1);
        assert_eq!(block.limit(), 3 * PAGE);
        assert_eq!(block.take(&[7; 2 * PAGE]), 2 * PAGE);
        assert_eq!(block.take(&[8; 2 * PAGE]), PAGE);
        assert!(block.is_full());
        assert_eq!(block.bytes().as_ptr().align_offset(PAGE), 0);
        block.clear();
        assert_eq!(block.take(b"end"), 3);
        block.pad();
        assert_eq!(block.len(), PAGE);
        assert_eq!(&block.bytes()[..4], b"end\0");
    }
}
