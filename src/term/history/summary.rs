//! What is told of a packed segment beside it: enough to take a history over, and to change its
//! width, without unpacking anything.
//!
//! Words of 32 bits, little-endian: a magic number, the checksum of what follows the third and of
//! the packed segment before it, how many words follow; then lines, the offset of the first, the
//! cells of the longest, whether lengths follow, and those as pairs (cells, lines).

const MAGIC: u32 = u32::from_le_bytes(*b"sum1");
/// Magic number, checksum and count.
const HEAD_WORDS: usize = 3;
/// Those that always follow.
const FIXED_WORDS: usize = 3;
/// With more different lengths than this the lengths are not told.
const LENGTHS_MAX: usize = 512;

/// Counts of a segment. The lines are those that start in it, however far they go on in others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Summary {
    pub(crate) lines: u32,
    /// Where the first of them starts.
    pub(crate) first: u32,
    /// Cells of the longest.
    pub(crate) longest: u32,
    /// How many there are of each length in cells; `None` if there are wide characters among them.
    pub(crate) lengths: Option<Box<[(u32, u32)]>>,
}

impl Summary {
    /// As bytes to stand right after `packed`.
    pub(crate) fn encode(&self, packed: &[u8]) -> Vec<u8> {
        let lengths = self.lengths.as_deref().filter(|lengths| lengths.len() <= LENGTHS_MAX);
        let pairs = lengths.into_iter().flatten().flat_map(|(cells, lines)| [*cells, *lines]);
        let told: Vec<u32> = [self.lines, self.first, self.longest, u32::from(lengths.is_some())]
            .into_iter()
            .chain(pairs)
            .collect();
        let body: Vec<u8> = told.iter().flat_map(|word| word.to_le_bytes()).collect();
        let head = [MAGIC, checksum(&body, packed), u32::try_from(told.len()).unwrap_or(0)];
        head.iter().flat_map(|word| word.to_le_bytes()).chain(body).collect()
    }

    /// The summary at the start of `bytes`, which stand right after `packed`; `None` if there is
    /// none, or if anything of both is damaged.
    pub(crate) fn decode(bytes: &[u8], packed: &[u8]) -> Option<Self> {
        let body = body(bytes)?;
        if word(bytes, 1)? != checksum(body, packed) {
            return None;
        }
        let pair = |pair: &[u8; 8]| Some((word(pair, 0)?, word(pair, 1)?));
        let (pairs, rest) = body
            .get(4 * FIXED_WORDS..)?
            .split_first_chunk::<4>()
            .map(|(_, rest)| rest.as_chunks::<8>())?;
        let lengths = if word(body, FIXED_WORDS)? == 1 && rest.is_empty() {
            Some(pairs.iter().filter_map(pair).collect())
        } else {
            None
        };
        Some(Self {
            lines: word(body, 0)?,
            first: word(body, 1)?,
            longest: word(body, 2)?,
            lengths,
        })
    }

    /// Bytes of the summary at the start of `bytes`; 0 if there is none.
    pub(crate) fn len(bytes: &[u8]) -> u32 {
        body(bytes).and_then(|body| u32::try_from(4 * HEAD_WORDS + body.len()).ok()).unwrap_or(0)
    }
}

/// What follows the head, not checked.
fn body(bytes: &[u8]) -> Option<&[u8]> {
    let count =
        word(bytes, 2).filter(|count| *count as usize <= FIXED_WORDS + 1 + 2 * LENGTHS_MAX)?;
    if word(bytes, 0)? != MAGIC {
        return None;
    }
    bytes.get(4 * HEAD_WORDS..)?.get(..4 * count as usize)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(4 * at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

fn checksum(body: &[u8], packed: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(body);
    hasher.update(packed);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::{LENGTHS_MAX, Summary};

    fn summary(lengths: Option<usize>) -> Summary {
        let lengths = lengths.map(|count| {
            (0..u32::try_from(count).expect("few")).map(|cells| (cells, cells + 1)).collect()
        });
        Summary { lines: 700, first: 32, longest: 160, lengths }
    }

    #[test]
    fn a_summary_is_read_as_it_was_written() {
        for lengths in [None, Some(0), Some(1), Some(LENGTHS_MAX)] {
            let bytes = summary(lengths).encode(b"packed");
            assert_eq!(Summary::len(&[&bytes[..], b"other"].concat()) as usize, bytes.len());
            assert_eq!(
                Summary::decode(&[&bytes[..], b"other"].concat(), b"packed"),
                Some(summary(lengths)),
                "{lengths:?}"
            );
        }
        let many = summary(Some(LENGTHS_MAX + 1)).encode(b"");
        assert_eq!(Summary::decode(&many, b""), Some(summary(None)));
    }

    #[test]
    fn whatever_is_damaged_is_no_summary() {
        let bytes = summary(Some(9)).encode(b"packed");
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            assert_eq!(Summary::decode(&flipped, b"packed"), None, "byte {at}");
            assert_eq!(Summary::decode(&bytes[..at], b"packed"), None, "{at} bytes");
        }
        assert_eq!(Summary::decode(&bytes, b"pecked"), None);
        assert_eq!((Summary::decode(&[], b""), Summary::len(&[])), (None, 0));
    }
}
