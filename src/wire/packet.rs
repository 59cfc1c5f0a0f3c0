//! The framing of the socket between server and client: length, kind, body. It knows no body.
//!
//! A packet is a big-endian u32 with the length of kind and body, a u8 kind, and the body. The
//! length is below [`PACKET_MAX`], so its first byte is 0: a connection that starts with `{` speaks
//! newline-delimited JSON-RPC instead.

/// The largest packet, kind and body together, in bytes.
pub const PACKET_MAX: usize = 10_000_000;

const HEADER: usize = 4;

/// A peer broke the framing; the connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    /// A length of 0 or beyond [`PACKET_MAX`].
    #[error("a packet of {0} bytes; 1 to {PACKET_MAX} are allowed")]
    Length(usize),
}

/// Appends a packet to `out`: `write` puts the body there.
///
/// # Errors
/// [`PacketError`] if the body exceeds [`PACKET_MAX`]; nothing is appended then.
pub fn put(
    out: &mut Vec<u8>,
    kind: u8,
    write: impl FnOnce(&mut Vec<u8>),
) -> Result<(), PacketError> {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER]);
    out.push(kind);
    write(out);
    let len = out.len() - start - HEADER;
    let header = u32::try_from(len).ok().filter(|_| len <= PACKET_MAX);
    let Some(header) = header else {
        out.truncate(start);
        return Err(PacketError::Length(len));
    };
    out[start..start + HEADER].copy_from_slice(&header.to_be_bytes());
    Ok(())
}

/// Collects bytes of a stream and gives packets.
#[derive(Debug, Default)]
pub struct Packets {
    bytes: Vec<u8>,
    taken: usize,
}

impl Packets {
    /// Adds what was read.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.taken > 0 {
            self.bytes.drain(..self.taken);
            self.taken = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole packet as (kind, body), or none yet.
    ///
    /// # Errors
    /// [`PacketError`] as soon as a header is impossible.
    pub fn take(&mut self) -> Result<Option<(u8, &[u8])>, PacketError> {
        let Some(header) = self.bytes[self.taken..].first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let len = u32::from_be_bytes(*header) as usize;
        if len == 0 || PACKET_MAX < len {
            return Err(PacketError::Length(len));
        }
        let start = self.taken + HEADER;
        if self.bytes.len() < start + len {
            return Ok(None);
        }
        self.taken = start + len;
        let packet = &self.bytes[start..start + len];
        Ok(Some((packet[0], &packet[1..])))
    }

    /// Bytes of a packet that is not whole yet.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.bytes.len() - self.taken
    }
}

#[cfg(test)]
mod tests {
    use super::{PACKET_MAX, PacketError, Packets, put};

    #[test]
    fn packets_come_out_whole_however_they_are_cut() {
        let mut bytes = Vec::new();
        put(&mut bytes, 1, |out| out.extend_from_slice(b"one")).expect("it is short");
        put(&mut bytes, 2, |_| ()).expect("it is short");
        for cut in 0..=bytes.len() {
            let mut packets = Packets::default();
            let mut seen = Vec::new();
            for part in [&bytes[..cut], &bytes[cut..]] {
                packets.push(part);
                while let Some((kind, body)) = packets.take().expect("well formed") {
                    seen.push((kind, body.to_vec()));
                }
            }
            assert_eq!(seen, [(1, b"one".to_vec()), (2, Vec::new())]);
            assert_eq!(packets.pending(), 0);
        }
    }

    #[test]
    fn a_body_that_is_too_long_is_refused_and_leaves_what_was_written_before() {
        let mut bytes = Vec::new();
        put(&mut bytes, 1, |out| out.extend_from_slice(b"one")).expect("it is short");
        let before = bytes.clone();
        let refused = put(&mut bytes, 1, |out| out.resize(out.len() + PACKET_MAX, 7));
        assert_eq!(refused, Err(PacketError::Length(PACKET_MAX + 1)));
        assert_eq!(bytes, before);
        put(&mut bytes, 1, |out| out.resize(out.len() + PACKET_MAX - 1, 7)).expect("it just fits");
    }

    #[test]
    fn an_impossible_length_is_refused_before_anything_is_kept() {
        for (header, len) in
            [([0, 0, 0, 0], 0), ([0xff; 4], 0xffff_ffff), ([0, 0x98, 0x96, 0x81], PACKET_MAX + 1)]
        {
            let mut packets = Packets::default();
            packets.push(&header);
            assert_eq!(packets.take(), Err(PacketError::Length(len)));
        }
    }
}
