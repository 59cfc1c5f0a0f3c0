//! Bytes with a checksum before them: what was damaged on disk is known as that and never taken for
//! what was written.

/// The bytes as they are kept: CRC-32 (IEEE 802.3), little-endian, then they themselves.
#[must_use]
pub fn add_checksum(bytes: &[u8]) -> Vec<u8> {
    let mut sealed = crc32fast::hash(bytes).to_le_bytes().to_vec();
    sealed.extend_from_slice(bytes);
    sealed
}

/// The bytes that were sealed; none if these are not as they were.
#[must_use]
pub fn verify_checksum(sealed: &[u8]) -> Option<&[u8]> {
    let (sum, bytes) = sealed.split_first_chunk()?;
    (crc32fast::hash(bytes) == u32::from_le_bytes(*sum)).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{add_checksum, verify_checksum};

    #[test]
    fn a_changed_bit_and_a_missing_byte_are_seen() {
        let sealed = add_checksum(b"sessions");
        assert_eq!(verify_checksum(&sealed), Some(&b"sessions"[..]));
        assert_eq!(verify_checksum(&add_checksum(b"")), Some(&b""[..]));
        for at in 0..sealed.len() {
            assert_eq!(verify_checksum(&sealed[..at]), None, "cut at {at}");
            for bit in 0..8 {
                let mut other = sealed.clone();
                other[at] ^= 1 << bit;
                assert_eq!(verify_checksum(&other), None, "bit {bit} of byte {at}");
            }
        }
    }
}
