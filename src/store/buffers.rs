//! Paste buffers as they outlive the server: in slots of their own, since they change seldom and
//! can be large.

use serde::{Deserialize, Serialize};

/// The version of the format.
const VERSION: u32 = 1;

/// All buffers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StoredBuffers {
    /// Name, text and when it was changed in milliseconds since 1970; the newest first.
    pub list: Vec<(String, String, u64)>,
    /// The number that the next buffer without a name gets.
    pub next: u64,
}

impl StoredBuffers {
    /// As bytes, the version first.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_extend(self, VERSION.to_le_bytes().to_vec()).expect("plain data into memory")
    }

    /// Reads what [`StoredBuffers::encode`] wrote; none if it is damaged or of another version.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (version, body) = bytes.split_first_chunk()?;
        if u32::from_le_bytes(*version) != VERSION {
            return None;
        }
        postcard::from_bytes(body).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::StoredBuffers;

    #[test]
    fn buffers_are_read_as_they_were_written() {
        let buffers = StoredBuffers { list: vec![("buffer0".into(), "é\n".into(), 300)], next: 1 };
        let bytes = buffers.encode();
        let golden = [
            1, 0, 0, 0, 1, 7, b'b', b'u', b'f', b'f', b'e', b'r', b'0', 3, 0xc3, 0xa9, b'\n', 0xac,
            2, 1,
        ];
        assert_eq!(bytes, golden);
        assert_eq!(StoredBuffers::decode(&bytes), Some(buffers));
        assert_eq!(StoredBuffers::decode(&[2, 0, 0, 0, 0, 0]), None);
        assert_eq!(StoredBuffers::decode(&bytes[..9]), None);
    }
}
