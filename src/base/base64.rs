//! Base64 of RFC 4648: for bytes in JSON, where what this wrote is read and nothing else, and as
//! programs send it, which is read loosely.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The text of these bytes.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut text = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    let mut chunks = bytes.chunks_exact(3);
    for chunk in &mut chunks {
        let bits = u32::from_be_bytes([0, chunk[0], chunk[1], chunk[2]]);
        text.extend_from_slice(
            &[18, 12, 6, 0].map(|shift| ALPHABET[(bits >> shift & 63) as usize]),
        );
    }
    let rest = chunks.remainder();
    if let [first, rest @ ..] = rest {
        let bits = u32::from_be_bytes([0, *first, rest.first().copied().unwrap_or(0), 0]);
        let third = if rest.is_empty() { b'=' } else { ALPHABET[(bits >> 6 & 63) as usize] };
        text.extend_from_slice(&[
            ALPHABET[(bits >> 18 & 63) as usize],
            ALPHABET[(bits >> 12 & 63) as usize],
            third,
            b'=',
        ]);
    }
    String::from_utf8(text).expect("the alphabet is ASCII")
}

/// The bytes of a text as [`encode`] writes it; none if it is anything else.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    decode_loose(text.as_bytes(), text.len()).filter(|bytes| encode(bytes) == text)
}

/// The bytes of a text as programs send it: padding may be missing, line breaks are skipped, and
/// the letters for 62 and 63 may be those for addresses. None if it is no base64 or stands for more
/// than `bytes_max`.
#[must_use]
pub fn decode_loose(text: &[u8], bytes_max: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity((text.len() / 4 * 3).min(bytes_max) + 3);
    let (mut bits, mut count) = (0_u32, 0);
    let mut padded = false;
    for byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                padded = true;
                continue;
            }
            b'\r' | b'\n' => continue,
            _ => return None,
        };
        if padded {
            return None;
        }
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
            if bytes.len() > bytes_max {
                return None;
            }
        }
    }
    // Six bits alone are no byte.
    (count < 6).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{decode, decode_loose, encode};

    #[test]
    fn every_length_comes_back_and_nonsense_does_not() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()));
        }
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&encode(&all)), Some(all));
        for text in ["Z", "Zg=", "Z===", "Zg==Zg==", "Z-8=", "Zm 9"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    #[test]
    fn what_programs_send_is_read_loosely_and_up_to_a_bound() {
        assert_eq!(decode_loose(b"aGVsbG8=", 5).as_deref(), Some(&b"hello"[..]));
        assert_eq!(decode_loose(b"aGVs\r\nbG8", 5).as_deref(), Some(&b"hello"[..]));
        assert_eq!(decode_loose(b"-_8", 5).as_deref(), Some(&[0xfb, 0xff][..]));
        assert_eq!(decode_loose(b"", 0).as_deref(), Some(&b""[..]));
        for text in [&b"aGVsbG8="[..], b"a", b"a===b", b"aGV!"] {
            assert_eq!(decode_loose(text, 4), None, "{text:?}");
        }
    }
}
