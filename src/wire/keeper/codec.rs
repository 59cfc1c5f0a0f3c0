//! The bodies of the keeper's records as bytes: fixed little-endian fields in order, byte strings
//! with a `u32` length. Nothing else is decided here.

use crate::base::geom::Size;
use crate::wire::keeper::{
    ExitStatus, FD_COUNT_MAX, FromKeeper, KeeperMessage, KillReport, ProgramEntry, Spawn, Survivor,
    Target, ToKeeper, Upgrade, WireError, Wiring,
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
        let (first, rest) =
            self.bytes.split_first_chunk::<N>().ok_or(WireError::Short(self.kind))?;
        self.bytes = rest;
        Ok(*first)
    }

    pub(super) fn u8(&mut self) -> Result<u8, WireError> {
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

    pub(super) fn i32(&mut self) -> Result<i32, WireError> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    pub(super) fn bool(&mut self) -> Result<bool, WireError> {
        Ok(self.u8()? != 0)
    }

    pub(super) fn bytes(&mut self) -> Result<Vec<u8>, WireError> {
        let len = self.u32()? as usize;
        let (first, rest) = self.bytes.split_at_checked(len).ok_or(WireError::Short(self.kind))?;
        self.bytes = rest;
        Ok(first.to_vec())
    }

    /// A list whose items take at least one byte each, so a lying count cannot make us reserve more
    /// than was sent.
    pub(super) fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, WireError>,
    ) -> Result<Vec<T>, WireError> {
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

    pub(super) fn entry(&mut self) -> Result<ProgramEntry, WireError> {
        let (tag, pid, start_time, parts) = (self.u64()?, self.i32()?, self.u64()?, self.u8()?);
        if parts.count_ones() as usize > FD_COUNT_MAX {
            return Err(WireError::Impossible(self.kind));
        }
        Ok(ProgramEntry { tag, pid, start_time, parts, wiring: self.wiring()?, exit: self.exit()? })
    }

    /// None where an older version says nothing of it.
    fn upgrade(&mut self) -> Result<Upgrade, WireError> {
        if self.bytes.is_empty() {
            return Ok(Upgrade::None);
        }
        match (self.u8()?, self.exit()?) {
            (0, _) => Ok(Upgrade::None),
            (1, _) => Ok(Upgrade::Successor),
            (2, Some(status)) => Ok(Upgrade::RolledBack(status)),
            _ => Err(WireError::Impossible(self.kind)),
        }
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

pub(super) fn put_bytes(body: &mut Vec<u8>, bytes: &[u8]) {
    put_len(body, bytes.len());
    body.extend_from_slice(bytes);
}

pub(super) fn put_len(body: &mut Vec<u8>, len: usize) {
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

pub(super) fn put_entry(body: &mut Vec<u8>, entry: &ProgramEntry) {
    body.extend(entry.tag.to_le_bytes());
    body.extend(entry.pid.to_le_bytes());
    body.extend(entry.start_time.to_le_bytes());
    body.push(entry.parts);
    put_wiring(body, entry.wiring);
    put_exit(body, entry.exit);
}

fn put_upgrade(body: &mut Vec<u8>, upgrade: Upgrade) {
    let (what, exit) = match upgrade {
        Upgrade::None => (0, None),
        Upgrade::Successor => (1, None),
        Upgrade::RolledBack(status) => (2, Some(status)),
    };
    body.push(what);
    put_exit(body, exit);
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

impl KeeperMessage for ToKeeper {
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
            Self::Ready => 14,
            Self::CloseInput { tag } => {
                body.extend(tag.to_le_bytes());
                15
            }
            Self::Upgrade { program } => {
                put_bytes(body, program);
                16
            }
            Self::Succeed => 17,
            Self::Spare { tag, heir } => {
                body.extend(tag.to_le_bytes());
                body.extend(heir.to_le_bytes());
                18
            }
        }
    }

    fn decode(kind: u16, body: &[u8]) -> Result<Option<Self>, WireError> {
        let fields = &mut Fields::new(kind, body);
        Ok(Some(match kind {
            1 => Self::Spawn(fields.spawn()?),
            2 => {
                Self::Signal { tag: fields.u64()?, target: fields.target()?, signal: fields.i32()? }
            }
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
            14 => Self::Ready,
            15 => Self::CloseInput { tag: fields.u64()? },
            16 => Self::Upgrade { program: fields.bytes()? },
            17 => Self::Succeed,
            18 => Self::Spare { tag: fields.u64()?, heir: fields.u64()? },
            _ => return Ok(None),
        }))
    }
}

impl KeeperMessage for FromKeeper {
    fn encode(&self, body: &mut Vec<u8>) -> u16 {
        match self {
            Self::Hello { version, epoch, has_cgroup, crash_count, keeper_pid, upgrade } => {
                body.extend(version.to_le_bytes());
                body.extend(epoch.to_le_bytes());
                body.push(u8::from(*has_cgroup));
                body.extend(crash_count.to_le_bytes());
                body.extend(keeper_pid.to_le_bytes());
                put_upgrade(body, *upgrade);
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
            Self::Released => 111,
            Self::Go => 112,
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
                upgrade: fields.upgrade()?,
            },
            102 => Self::Spawned(fields.entry()?),
            103 => Self::SpawnFailed {
                tag: fields.u64()?,
                errno: fields.i32()?,
                message: fields.bytes()?,
            },
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
            111 => Self::Released,
            112 => Self::Go,
            _ => return Ok(None),
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use proptest::prelude::*;

    use super::*;
    use crate::wire::keeper::{BODY_LEN_MAX, Decoder, HEADER_LEN, KeeperRecord, encode};

    fn entry() -> ProgramEntry {
        let wiring = Wiring::Pty(Size::new(80, 24));
        ProgramEntry {
            tag: 7,
            pid: 300,
            start_time: 9,
            wiring,
            parts: 7,
            exit: Some(ExitStatus::Signal(15)),
        }
    }

    /// Every message a server can send.
    fn to_keeper() -> Vec<ToKeeper> {
        let spawn = Spawn {
            tag: 7,
            wiring: Wiring::Pipes,
            argv: vec![b"sh".to_vec(), Vec::new()],
            env: vec![(b"A".to_vec(), b"b=c".to_vec())],
            cwd: b"/".to_vec(),
            ring_bytes: 1 << 20,
        };
        let signal = |target| ToKeeper::Signal { tag: 7, target, signal: 15 };
        vec![
            ToKeeper::Spawn(spawn),
            signal(Target::Leader),
            signal(Target::LeaderGroup),
            signal(Target::Foreground),
            signal(Target::Tree),
            ToKeeper::Kill { tag: 7, limit_ms: 5000 },
            ToKeeper::Forget { tag: 7 },
            ToKeeper::Stash { name: b"core".to_vec() },
            ToKeeper::Unstash { name: b"core".to_vec() },
            ToKeeper::List,
            ToKeeper::AdoptBegin { epoch: 1, server_pid: 2 },
            ToKeeper::Adopt(entry()),
            ToKeeper::AdoptEnd,
            ToKeeper::Expect { owed: true },
            ToKeeper::Pong,
            ToKeeper::Quit,
            ToKeeper::Ready,
            ToKeeper::CloseInput { tag: 7 },
            ToKeeper::Upgrade { program: b"/a".to_vec() },
            ToKeeper::Succeed,
            ToKeeper::Spare { tag: 7, heir: 3 << 61 | 8 },
        ]
    }

    fn hello(upgrade: Upgrade) -> FromKeeper {
        FromKeeper::Hello {
            version: 1,
            epoch: 2,
            has_cgroup: true,
            crash_count: 3,
            keeper_pid: 4,
            upgrade,
        }
    }

    /// Every message a keeper can send.
    fn from_keeper() -> Vec<FromKeeper> {
        let survivor = Survivor { pid: 4, state: b'D', uid: 1000, name: b"nfs".to_vec() };
        let report = KillReport { killed_count: 2, millis: 30, survivors: vec![survivor] };
        vec![
            hello(Upgrade::None),
            hello(Upgrade::Successor),
            hello(Upgrade::RolledBack(ExitStatus::Code(70))),
            FromKeeper::Spawned(ProgramEntry { exit: None, ..entry() }),
            FromKeeper::SpawnFailed { tag: 7, errno: 2, message: b"no".to_vec() },
            FromKeeper::Exited { tag: 7, status: ExitStatus::Code(-1), end: 1 << 40 },
            FromKeeper::Exited { tag: 7, status: ExitStatus::Lost, end: 0 },
            FromKeeper::Entry(entry()),
            FromKeeper::StashEntry { name: b"core".to_vec() },
            FromKeeper::Listed,
            FromKeeper::Signalled { tag: 7, count: 1 },
            FromKeeper::Killed { tag: 7, report },
            FromKeeper::Ping,
            FromKeeper::Released,
            FromKeeper::Go,
        ]
    }

    fn hex(bytes: &[u8]) -> String {
        use std::fmt::Write;
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    }

    /// Bodies as version 1 writes them, after their kinds: they decode for ever.
    const GOLDEN_TO_KEEPER: [&str; 21] = [
        "1:0700000000000000010000000000001000010000002f0200000002000000736800000000 \
         010000000100000041030000 00623d63",
        "2:0700000000000000000f000000",
        "2:0700000000000000010f000000",
        "2:0700000000000000020f000000",
        "2:0700000000000000030f000000",
        "3:070000000000000088130000",
        "4:0700000000000000",
        "5:04000000636f7265",
        "6:04000000636f7265",
        "7:",
        "8:010000000000000002000000",
        "9:07000000000000002c0100000900000000000000070050001800020f000000",
        "10:",
        "11:01",
        "12:",
        "13:",
        "14:",
        "15:0700000000000000",
        "16:020000002f61",
        "17:",
        "18:07000000000000000800000000000060",
    ];

    /// The same of the other direction.
    const GOLDEN_FROM_KEEPER: [&str; 15] = [
        "101:01000000020000000000000001 03000000 04000000 000000000000",
        "101:01000000020000000000000001 03000000 04000000 010000000000",
        "101:01000000020000000000000001 03000000 04000000 020146000000",
        "102:07000000000000002c01000009000000000000000700500018000000000000",
        "103:070000000000000002000000020000006e6f",
        "104:070000000000000001ffffffff0000000000010000",
        "104:070000000000000003000000000000000000000000",
        "105:07000000000000002c0100000900000000000000070050001800020f000000",
        "106:04000000636f7265",
        "107:",
        "108:070000000000000001000000",
        "109:0700000000000000020000001e0000000100000004000000 44e8030000030000006e6673",
        "110:",
        "111:",
        "112:",
    ];

    /// Kind and length of a body that was whole before it got its last field.
    const OLDER: (u16, usize) = (101, 21);

    #[test]
    fn what_an_older_keeper_does_not_say_is_nothing() {
        let mut body = Vec::new();
        let kind = hello(Upgrade::Successor).encode(&mut body);
        assert_eq!(FromKeeper::decode(kind, &body[..OLDER.1]), Ok(Some(hello(Upgrade::None))));
    }

    fn check_golden<M: KeeperMessage + Debug + PartialEq>(messages: &[M], golden: &[&str]) {
        assert_eq!(messages.len(), golden.len());
        for (message, golden) in messages.iter().zip(golden) {
            let mut body = Vec::new();
            let kind = message.encode(&mut body);
            assert_eq!(format!("{kind}:{}", hex(&body)), golden.replace(' ', ""), "{message:?}");
            assert_eq!(M::decode(kind, &body).unwrap().as_ref(), Some(message));
            // A later version may add fields.
            body.push(9);
            assert_eq!(M::decode(kind, &body).unwrap().as_ref(), Some(message));
            for len in (0..body.len() - 1).filter(|len| (kind, *len) != OLDER) {
                assert!(M::decode(kind, &body[..len]).is_err(), "{message:?} cut to {len}");
            }
        }
    }

    #[test]
    fn bodies_are_frozen() {
        check_golden(&to_keeper(), &GOLDEN_TO_KEEPER);
        check_golden(&from_keeper(), &GOLDEN_FROM_KEEPER);
    }

    #[test]
    fn the_frame_is_frozen() {
        let bytes = encode(0x0102, 0x0304, &ToKeeper::Forget { tag: 5 }, 2);
        assert_eq!(hex(&bytes), "0800000004000200020100000000000004030000000000000500000000000000");
    }

    #[test]
    fn unknown_kinds_are_passed_over_with_their_fds() {
        let mut unknown = encode(1, 0, &ToKeeper::Forget { tag: 5 }, 1);
        unknown[4] = 200;
        let mut decoder = Decoder::default();
        decoder.push_bytes(&unknown);
        decoder.push_bytes(&encode(1, 2, &ToKeeper::Pong, 1));
        decoder.push_fd("first");
        decoder.push_fd("second");
        let expected =
            KeeperRecord { lease: 1, call: 2, message: ToKeeper::Pong, fds: vec!["second"] };
        assert_eq!(decoder.next(), Ok(Some(expected)));
        assert_eq!(decoder.next::<ToKeeper>(), Ok(None));
    }

    #[test]
    fn what_cannot_be_a_record_ends_the_stream() {
        let refused = |bytes: &[u8]| {
            let mut decoder = Decoder::<u8>::default();
            decoder.push_bytes(bytes);
            decoder.next::<ToKeeper>().unwrap_err()
        };
        let mut header = [0; HEADER_LEN];
        header[0..4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(refused(&header), WireError::TooLong(u32::MAX as usize));
        header[0..4].copy_from_slice(&u32::try_from(BODY_LEN_MAX).unwrap().to_le_bytes());
        header[6] = 9;
        assert_eq!(refused(&header), WireError::TooManyFds(9));
        assert_eq!(refused(&encode(1, 2, &ToKeeper::Pong, 1)), WireError::FdsMissing);
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_records(cuts in prop::collection::vec(1usize..40, 1..200)) {
            let records: Vec<u8> =
                to_keeper().iter().flat_map(|message| encode(3, 4, message, 0)).collect();
            let mut decoder = Decoder::<u8>::default();
            let (mut rest, mut found) = (records.as_slice(), Vec::new());
            for cut in cuts.iter().cycle() {
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                decoder.push_bytes(now);
                while let Some(record) = decoder.next::<ToKeeper>().unwrap() {
                    found.push(record.message);
                }
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(found, to_keeper());
        }

        #[test]
        fn no_bytes_make_it_panic_or_hoard(
            kind in 0u16..120,
            body in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            // Nothing to hold but that they return.
            let _to = ToKeeper::decode(kind, &body);
            let _from = FromKeeper::decode(kind, &body);
            let mut decoder = Decoder::<u8>::default();
            decoder.push_bytes(&body);
            while let Ok(Some(_)) = decoder.next::<FromKeeper>() {}
        }

        #[test]
        fn flipped_bits_make_no_panic(message in 0usize..16, at in 0usize..400, bit in 0u8..8) {
            let mut body = Vec::new();
            let kind = to_keeper()[message].encode(&mut body);
            if let Some(byte) = body.get_mut(at) {
                *byte ^= 1 << bit;
            }
            let _decoded = ToKeeper::decode(kind, &body);
        }
    }
}
