//! Base64 as programs send it (RFC 4648, padding optional, line breaks skipped). Nothing is ever encoded.

/// The bytes, or `None` if it is not base64 or decodes to more than `bytes_max`.
pub(crate) fn decode(text: &[u8], bytes_max: usize) -> Option<Vec<u8>> {
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
    use super::decode;

    #[test]
    fn what_is_not_base64_or_too_long_is_refused() {
        assert_eq!(decode(b"aGVsbG8=", 5).as_deref(), Some(&b"hello"[..]));
        assert_eq!(decode(b"aGVs\r\nbG8", 5).as_deref(), Some(&b"hello"[..]));
        assert_eq!(decode(b"", 0).as_deref(), Some(&b""[..]));
        for text in [&b"aGVsbG8="[..], b"a", b"a===b", b"aGV!"] {
            assert_eq!(decode(text, 4), None, "{text:?}");
        }
    }
}
