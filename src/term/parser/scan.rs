//! Finds the ends of runs of bytes eight at a time. It knows nothing of sequences.

const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
const SPACES: u64 = 0x2020_2020_2020_2020;

/// How many bytes from the start are printable ASCII (0x20 to 0x7e).
#[inline]
pub(crate) fn ascii_run(bytes: &[u8]) -> usize {
    // Most runs are short: a word first, then blocks, then words again.
    let Some(first) = bytes.first_chunk::<8>() else { return short_run(bytes) };
    if let Some(at) = first_other(*first) {
        return at;
    }
    let mut at = 8;
    while let Some(block) = bytes[at..].first_chunk::<32>() {
        if block.iter().fold(false, |bad, byte| bad | (byte.wrapping_sub(0x20) > 0x5e)) {
            break;
        }
        at += 32;
    }
    while let Some(block) = bytes[at..].first_chunk::<8>() {
        if let Some(other) = first_other(*block) {
            return at + other;
        }
        at += 8;
    }
    at + short_run(&bytes[at..])
}

/// The first of eight bytes that is not printable ASCII.
#[inline]
fn first_other(block: [u8; 8]) -> Option<usize> {
    let word = u64::from_le_bytes(block);
    // Below 0x20 borrows, 0x7f carries, 0x80 and above has the bit; both spread upwards only, so the lowest hit is right.
    let bad = (word.wrapping_sub(SPACES) | word.wrapping_add(LOW_BITS) | word) & HIGH_BITS;
    (bad != 0).then(|| (bad.trailing_zeros() / 8) as usize)
}

fn short_run(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| matches!(byte, 0x20..=0x7e)).count()
}

/// How many bytes from the start are neither C0 controls nor DEL.
#[inline]
pub(crate) fn text_run(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(block) = bytes[at..].first_chunk::<32>() {
        if block.iter().fold(false, |bad, byte| bad | matches!(byte, ..0x20 | 0x7f)) {
            break;
        }
        at += 32;
    }
    at + bytes[at..].iter().take_while(|byte| **byte >= 0x20 && **byte != 0x7f).count()
}

#[cfg(test)]
mod tests {
    use super::{ascii_run, text_run};

    #[test]
    fn runs_end_at_the_first_other_byte_wherever_it_is() {
        for len in 0..80 {
            for at in 0..=len {
                for byte in [0, 0x1b, 0x1f, 0x7f, 0x80, 0xff] {
                    let mut bytes = vec![b' '; len];
                    bytes.iter_mut().enumerate().for_each(|(i, b)| *b += u8::try_from(i).expect("small"));
                    if at < len {
                        bytes[at] = byte;
                    }
                    assert_eq!(ascii_run(&bytes), at);
                    assert_eq!(text_run(&bytes), if byte >= 0x80 { len } else { at });
                }
            }
        }
    }
}
