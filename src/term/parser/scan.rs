//! Finds the ends of runs of bytes eight at a time. It knows nothing of sequences.

const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
const SPACES: u64 = 0x2020_2020_2020_2020;

/// The number of bytes from the start that are printable ASCII (0x20 to 0x7e).
#[inline]
pub(crate) fn ascii_run(bytes: &[u8]) -> usize {
    // Most runs end within two words; which of them it is must not be guessed.
    let Some((low, rest)) = bytes.split_first_chunk::<8>() else { return short_run(bytes) };
    let Some(high) = rest.first_chunk::<8>() else { return short_run(bytes) };
    let (low, high) = (others(u64::from_le_bytes(*low)), others(u64::from_le_bytes(*high)));
    if low | high != 0 {
        let (bits, before) = if low == 0 { (high, 8) } else { (low, 0) };
        return before + (bits.trailing_zeros() / 8) as usize;
    }
    let mut at = 16;
    while let Some(block) = bytes[at..].first_chunk::<32>() {
        if block.iter().fold(false, |bad, byte| bad | (byte.wrapping_sub(0x20) > 0x5e)) {
            break;
        }
        at += 32;
    }
    while let Some(block) = bytes[at..].first_chunk::<8>() {
        let bits = others(u64::from_le_bytes(*block));
        if bits != 0 {
            return at + (bits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    at + short_run(&bytes[at..])
}

/// The bytes of a word that are not printable ASCII: the lowest bit set is in the first of them.
#[inline]
fn others(word: u64) -> u64 {
    // Below 0x20 borrows, 0x7f carries, 0x80 and above has the bit; both spread upwards only, so
    // the lowest hit is right.
    (word.wrapping_sub(SPACES) | word.wrapping_add(LOW_BITS) | word) & HIGH_BITS
}

fn short_run(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| matches!(byte, 0x20..=0x7e)).count()
}

/// The scalar at the start of `bytes` and its length, if it is whole, well formed and above U+009F.
#[inline]
pub(crate) fn scalar(bytes: &[u8]) -> Option<(char, usize)> {
    if let Some(first) = bytes.first_chunk::<4>() {
        return scalar_of(*first);
    }
    // Missing bytes are read as 0, which continues nothing.
    let mut padded = [0; 4];
    padded[..bytes.len()].copy_from_slice(bytes);
    scalar_of(padded)
}

#[inline]
fn scalar_of([a, b, c, d]: [u8; 4]) -> Option<(char, usize)> {
    let tail = |byte: u8| u32::from(byte & 0x3f);
    let goes_on = |byte: u8| byte & 0xc0 == 0x80;
    let (code, len, least) = match a {
        0xc2..=0xdf if goes_on(b) => (u32::from(a & 0x1f) << 6 | tail(b), 2, 0xa0),
        0xe0..=0xef if goes_on(b) & goes_on(c) => {
            (u32::from(a & 0x0f) << 12 | tail(b) << 6 | tail(c), 3, 0x800)
        }
        0xf0..=0xf4 if goes_on(b) & goes_on(c) & goes_on(d) => {
            (u32::from(a & 7) << 18 | tail(b) << 12 | tail(c) << 6 | tail(d), 4, 0x1_0000)
        }
        _ => return None,
    };
    Some((char::from_u32(code).filter(|_| least <= code)?, len))
}

#[cfg(test)]
mod tests {
    use super::{ascii_run, scalar};

    #[test]
    fn runs_end_at_the_first_other_byte_wherever_it_is() {
        for len in 0..80 {
            for at in 0..=len {
                for byte in [0, 0x1b, 0x1f, 0x7f, 0x80, 0xff] {
                    let mut bytes = vec![b' '; len];
                    bytes
                        .iter_mut()
                        .enumerate()
                        .for_each(|(i, b)| *b += u8::try_from(i).expect("small"));
                    if at < len {
                        bytes[at] = byte;
                    }
                    assert_eq!(ascii_run(&bytes), at);
                }
            }
        }
    }

    #[test]
    fn scalars_are_those_of_the_standard_library() {
        for code in 0..=0x0010_ffff_u32 {
            let Some(c) = char::from_u32(code) else { continue };
            let mut bytes = [b'x'; 5];
            let len = c.encode_utf8(&mut bytes).len();
            let expected = (0xa0 <= code).then_some((c, len));
            assert_eq!(scalar(&bytes), expected);
            assert_eq!(scalar(&bytes[..len]), expected);
            assert_eq!(scalar(&bytes[..len - 1]), None);
        }
    }

    #[test]
    fn what_is_no_scalar_is_none() {
        for lead in 0..=0xff_u8 {
            for second in 0..=0xff {
                for third in [0, 0x41, 0x7f, 0x80, 0xbf, 0xc2, 0xff] {
                    let bytes = [lead, second, third, 0x80];
                    let valid = (1..=4)
                        .find_map(|len| std::str::from_utf8(&bytes[..len]).ok()?.chars().next());
                    let expected =
                        valid.filter(|c| u32::from(*c) >= 0xa0).map(|c| (c, c.len_utf8()));
                    assert_eq!(scalar(&bytes), expected, "{bytes:x?}");
                }
            }
        }
    }
}
