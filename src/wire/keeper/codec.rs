//! The bodies of the keeper's records as bytes: fixed little-endian fields in order, byte strings with a `u32` length. Nothing else is decided here.

use crate::base::geom::Size;
use crate::wire::keeper::{
    Entry, ExitStatus, FD_COUNT_MAX, FromKeeper, KillReport, Message, Spawn, Survivor, Target, ToKeeper, WireError, Wiring,
};

/// Reads fields from a body. What is left at the end belongs to a later version.
pub(super) struct Fields<'a> {
    kind: u16,
    bytes: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) const fn new(kind: u16, bytes: &'a [u8]) -> Self {
        Self { kind, bytes }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let (first, rest) = self.bytes.split_first_chunk::<N>().ok_or(WireError::Short(self.kind))?;
        self.bytes = rest;
        Ok(*first)
    }

    fn u8(&mut self) -> Result<u8, WireError> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub(super) fn u16(&mut self) -> Result<u16, WireError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32, WireError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, WireError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn i32(&mut self) -> Result<i32, WireError> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    fn bool(&mut self) -> Result<bool, WireError> {
        Ok(self.u8()? != 0)
    }

    fn bytes(&mut self) -> Result<Vec<u8>, WireError> {
        let len = self.u32()? as usize;
        let (first, rest) = self.bytes.split_at_checked(len).ok_or(WireError::Short(self.kind))?;
        self.bytes = rest;
        Ok(first.to_vec())
    }

    /// A list whose items take at least one byte each, so a lying count cannot make us reserve more than was sent.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T, WireError>) -> Result<Vec<T>, WireError> {
        let count = self.u32()? as usize;
        if count > self.bytes.len() {
            return Err(WireError::Short(self.kind));
        }
        (0..count).map(|_| item(self)).collect()
    }

    fn wiring(&mut self) -> Result<Wiring, WireError> {
        let (wiring, cols, rows) = (self.u8()?, self.u16()?, self.u16()?);
        match wiring {
            0 => Ok(Wiring::Pty(Size::new(cols, rows))),
            1 => Ok(Wiring::Pipes),
            _ => Err(WireError::Impossible(self.kind)),
        }
    }

    fn exit(&mut self) -> Result<Option<ExitStatus>, WireError> {
        let (how, number) = (self.u8()?, self.i32()?);
        match how {
            0 => Ok(None),
            1 => Ok(Some(ExitStatus::Code(number))),
            2 => Ok(Some(ExitStatus::Signal(number))),
            3 => Ok(Some(ExitStatus::Lost)),
            _ => Err(WireError::Impossible(self.kind)),
        }
    }

    fn entry(&mut self) -> Result<Entry, WireError> {
        let (tag, pid, start_time, parts) = (self.u64()?, self.i32()?, self.u64()?, self.u8()?);
        if parts.count_ones() as usize > FD_COUNT_MAX {
            return Err(WireError::Impossible(self.kind));
        }
        Ok(Entry { tag, pid, start_time, parts, wiring: self.wiring()?, exit: self.exit()? })
    }

    fn target(&mut self) -> Result<Target, WireError> {
        match self.u8()? {
            0 => Ok(Target::Leader),
            1 => Ok(Target::LeaderGroup),
            2 => Ok(Target::Foreground),
            3 => Ok(Target::Tree),
            _ => Err(WireError::Impossible(self.kind)),
        }
    }

    fn spawn(&mut self) -> Result<Spawn, WireError> {
        Ok(Spawn {
            tag: self.u64()?,
            wiring: self.wiring()?,
            ring_bytes: self.u32()?,
            cwd: self.bytes()?,
            argv: self.list(Self::bytes)?,
            env: self.list(|fields| Ok((fields.bytes()?, fields.bytes()?)))?,
        })
    }

    fn report(&mut self) -> Result<KillReport, WireError> {
        let (killed_count, millis) = (self.u32()?, self.u32()?);
        let survivors = self.list(|fields| {
            let (pid, state, uid) = (fields.i32()?, fields.u8()?, fields.u32()?);
            Ok(Survivor { pid, state, uid, name: fields.bytes()? })
        })?;
        Ok(KillReport { killed_count, millis, survivors })
    }
}

fn put_bytes(body: &mut Vec<u8>, bytes: &[u8]) {
    put_len(body, bytes.len());
    body.extend_from_slice(bytes);
}

fn put_len(body: &mut Vec<u8>, len: usize) {
    body.extend(u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes());
}

fn put_wiring(body: &mut Vec<u8>, wiring: Wiring) {
    let (kind, size) = match wiring {
        Wiring::Pty(size) => (0, size),
        Wiring::Pipes => (1, Size::new(0, 0)),
    };
    body.push(kind);
    body.extend(size.cols.to_le_bytes());
    body.extend(size.rows.to_le_bytes());
}

fn put_exit(body: &mut Vec<u8>, exit: Option<ExitStatus>) {
    let (how, number) = match exit {
        None => (0, 0),
        Some(ExitStatus::Code(code)) => (1, code),
        Some(ExitStatus::Signal(signal)) => (2, signal),
        Some(ExitStatus::Lost) => (3, 0),
    };
    body.push(how);
    body.extend(number.to_le_bytes());
}

fn put_entry(body: &mut Vec<u8>, entry: &Entry) {
    body.extend(entry.tag.to_le_bytes());
    body.extend(entry.pid.to_le_bytes());
    body.extend(entry.start_time.to_le_bytes());
    body.push(entry.parts);
    put_wiring(body, entry.wiring);
    put_exit(body, entry.exit);
}

fn put_spawn(body: &mut Vec<u8>, spawn: &Spawn) {
    body.extend(spawn.tag.to_le_bytes());
    put_wiring(body, spawn.wiring);
    body.extend(spawn.ring_bytes.to_le_bytes());
    put_bytes(body, &spawn.cwd);
    put_len(body, spawn.argv.len());
    for word in &spawn.argv {
        put_bytes(body, word);
    }
    put_len(body, spawn.env.len());
    for (name, value) in &spawn.env {
        put_bytes(body, name);
        put_bytes(body, value);
    }
}

fn put_report(body: &mut Vec<u8>, report: &KillReport) {
    body.extend(report.killed_count.to_le_bytes());
    body.extend(report.millis.to_le_bytes());
    put_len(body, report.survivors.len());
    for survivor in &report.survivors {
        body.extend(survivor.pid.to_le_bytes());
        body.push(survivor.state);
        body.extend(survivor.uid.to_le_bytes());
        put_bytes(body, &survivor.name);
    }
}

impl Message for ToKeeper {
    fn encode(&self, body: &mut Vec<u8>) -> u16 {
        match self {
            Self::Spawn(spawn) => {
                put_spawn(body, spawn);
                1
            }
            Self::Signal { tag, target, signal } => {
                body.extend(tag.to_le_bytes());
                body.push(match target {
                    Target::Leader => 0,
                    Target::LeaderGroup => 1,
                    Target::Foreground => 2,
                    Target::Tree => 3,
                });
                body.extend(signal.to_le_bytes());
                2
            }
            Self::Kill { tag, limit_ms } => {
                body.extend(tag.to_le_bytes());
                body.extend(limit_ms.to_le_bytes());
                3
            }
            Self::Forget { tag } => {
                body.extend(tag.to_le_bytes());
                4
            }
            Self::Stash { name } => {
                put_bytes(body, name);
                5
            }
            Self::Unstash { name } => {
                put_bytes(body, name);
                6
            }
            Self::List => 7,
            Self::AdoptBegin { epoch, server_pid } => {
                body.extend(epoch.to_le_bytes());
                body.extend(server_pid.to_le_bytes());
                8
            }
            Self::Adopt(entry) => {
                put_entry(body, entry);
                9
            }
            Self::AdoptEnd => 10,
            Self::Expect { owed } => {
                body.push(u8::from(*owed));
                11
            }
            Self::Pong => 12,
            Self::Quit => 13,
        }
    }

    fn decode(kind: u16, body: &[u8]) -> Result<Option<Self>, WireError> {
        let fields = &mut Fields::new(kind, body);
        Ok(Some(match kind {
            1 => Self::Spawn(fields.spawn()?),
            2 => Self::Signal { tag: fields.u64()?, target: fields.target()?, signal: fields.i32()? },
            3 => Self::Kill { tag: fields.u64()?, limit_ms: fields.u32()? },
            4 => Self::Forget { tag: fields.u64()? },
            5 => Self::Stash { name: fields.bytes()? },
            6 => Self::Unstash { name: fields.bytes()? },
            7 => Self::List,
            8 => Self::AdoptBegin { epoch: fields.u64()?, server_pid: fields.i32()? },
            9 => Self::Adopt(fields.entry()?),
            10 => Self::AdoptEnd,
            11 => Self::Expect { owed: fields.bool()? },
            12 => Self::Pong,
            13 => Self::Quit,
            _ => return Ok(None),
        }))
    }
}

impl Message for FromKeeper {
    fn encode(&self, body: &mut Vec<u8>) -> u16 {
        match self {
            Self::Hello { version, epoch, has_cgroup, crash_count, keeper_pid } => {
                body.extend(version.to_le_bytes());
                body.extend(epoch.to_le_bytes());
                body.push(u8::from(*has_cgroup));
                body.extend(crash_count.to_le_bytes());
                body.extend(keeper_pid.to_le_bytes());
                101
            }
            Self::Spawned(entry) => {
                put_entry(body, entry);
                102
            }
            Self::SpawnFailed { tag, errno, message } => {
                body.extend(tag.to_le_bytes());
                body.extend(errno.to_le_bytes());
                put_bytes(body, message);
                103
            }
            Self::Exited { tag, status, end } => {
                body.extend(tag.to_le_bytes());
                put_exit(body, Some(*status));
                body.extend(end.to_le_bytes());
                104
            }
            Self::Entry(entry) => {
                put_entry(body, entry);
                105
            }
            Self::StashEntry { name } => {
                put_bytes(body, name);
                106
            }
            Self::Listed => 107,
            Self::Signalled { tag, count } => {
                body.extend(tag.to_le_bytes());
                body.extend(count.to_le_bytes());
                108
            }
            Self::Killed { tag, report } => {
                body.extend(tag.to_le_bytes());
                put_report(body, report);
                109
            }
            Self::Ping => 110,
        }
    }

    fn decode(kind: u16, body: &[u8]) -> Result<Option<Self>, WireError> {
        let fields = &mut Fields::new(kind, body);
        Ok(Some(match kind {
            101 => Self::Hello {
                version: fields.u32()?,
                epoch: fields.u64()?,
                has_cgroup: fields.bool()?,
                crash_count: fields.u32()?,
                keeper_pid: fields.i32()?,
            },
            102 => Self::Spawned(fields.entry()?),
            103 => Self::SpawnFailed { tag: fields.u64()?, errno: fields.i32()?, message: fields.bytes()? },
            104 => {
                let (tag, exit) = (fields.u64()?, fields.exit()?);
                let status = exit.ok_or(WireError::Impossible(kind))?;
                Self::Exited { tag, status, end: fields.u64()? }
            }
            105 => Self::Entry(fields.entry()?),
            106 => Self::StashEntry { name: fields.bytes()? },
            107 => Self::Listed,
            108 => Self::Signalled { tag: fields.u64()?, count: fields.u32()? },
            109 => Self::Killed { tag: fields.u64()?, report: fields.report()? },
            110 => Self::Ping,
            _ => return Ok(None),
        }))
    }
}
