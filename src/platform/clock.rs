//! The clock, the boot and randomness, for the roles; everything below them is handed these as
//! values.

use std::io;

use rustix::rand::{GetRandomFlags, getrandom};
use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::base::time::{Now, Tick};

/// The present: `CLOCK_MONOTONIC` and milliseconds since 1970.
#[must_use]
pub fn now() -> Now {
    let (tick, wall) = (clock_gettime(ClockId::Monotonic), clock_gettime(ClockId::Realtime));
    Now { tick: Tick(nanos(tick)), wall: nanos(wall) / 1_000_000 }
}

fn nanos(time: Timespec) -> u64 {
    let (seconds, rest) =
        (u64::try_from(time.tv_sec).unwrap_or(0), u64::try_from(time.tv_nsec).unwrap_or(0));
    seconds.saturating_mul(1_000_000_000).saturating_add(rest)
}

/// The id of this boot, unlike every other: ticks of another boot mean nothing.
///
/// # Errors
/// If the system does not say.
pub fn boot_id() -> io::Result<String> {
    Ok(std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}

/// A number nobody can guess.
///
/// # Errors
/// If the system gives none.
pub fn random_u64() -> io::Result<u64> {
    let mut bytes = [0; 8];
    let len = getrandom(&mut bytes[..], GetRandomFlags::empty())?;
    if len == bytes.len() {
        Ok(u64::from_le_bytes(bytes))
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}
