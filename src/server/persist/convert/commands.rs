//! Commands as the store keeps them, and back. Both directions name every field, so a new field
//! that is forgotten here does not compile.

use std::collections::BTreeSet;

use crate::base::id::SessionId;
use crate::base::signal::ExitStatus;
use crate::base::time::{Now, Span, Tick};
use crate::server::persist::convert::structure::IDS_JUMP;
use crate::state::command::{Command, Commands, End, StopReason};
use crate::store::commands as stored;

/// The stored form of commands, and of the shells of sessions.
pub(in crate::server) fn stored(
    commands: &Commands,
    shells: Vec<stored::StoredShell>,
) -> stored::StoredCommands {
    stored::StoredCommands {
        next: commands.next,
        next_end: commands.next_end,
        records: commands.records.values().map(record).collect(),
        shells,
    }
}

fn record(command: &Command) -> stored::StoredCommand {
    let Command {
        id,
        session,
        in_shell,
        words,
        cwd,
        pid,
        started_wall,
        started,
        end,
        limit,
        grace,
        stop,
    } = command.clone();
    stored::StoredCommand {
        id,
        session,
        in_shell,
        words,
        cwd,
        pid,
        started: (started_wall, started),
        ended: end.map(|End { wall, lasted, order, .. }| (wall, lasted, order)),
        limit,
        grace,
        stop: match stop {
            None => 0,
            Some(StopReason::Asked) => 1,
            Some(StopReason::Time) => 2,
            Some(StopReason::Cancelled) => 3,
            Some(StopReason::Session) => 4,
        },
        exit: end.map(|end| end.exit),
        was_killed: end.is_some_and(|end| end.was_killed),
    }
}

/// The commands of a stored form. A shell with a command that has not ended is busy with it.
pub(in crate::server) fn restored(stored: &stored::StoredCommands) -> Commands {
    let stored::StoredCommands { next, next_end, records, shells } = stored;
    let mut commands = Commands { next: *next, next_end: *next_end, ..Commands::default() };
    for record in records {
        let command = restored_record(record.clone());
        if command.in_shell && command.end.is_none() {
            commands.exec_queues.entry(command.session).or_default().running = Some(command.id);
        }
        commands.records.insert(command.id, command);
    }
    for shell in shells {
        commands.exec_queues.entry(shell.session).or_default();
    }
    commands
}

fn restored_record(record: stored::StoredCommand) -> Command {
    let stored::StoredCommand {
        id,
        session,
        in_shell,
        words,
        cwd,
        pid,
        started: (started_wall, started),
        ended,
        limit,
        grace,
        stop,
        exit,
        was_killed,
    } = record;
    let end = ended.zip(exit).map(|((wall, lasted, order), exit)| End {
        wall,
        lasted,
        order,
        exit,
        was_killed,
    });
    let stop = match stop {
        1 => Some(StopReason::Asked),
        2 => Some(StopReason::Time),
        3 => Some(StopReason::Cancelled),
        4 => Some(StopReason::Session),
        _ => None,
    };
    Command {
        id,
        session,
        in_shell,
        words,
        cwd,
        pid,
        started_wall,
        started,
        end,
        limit,
        grace,
        stop,
    }
}

/// The part that goes to disk: records without shells, whose variables may be secrets.
pub(in crate::server) fn durable(commands: &Commands) -> Vec<u8> {
    stored(commands, Vec::new()).encode()
}

/// Records from disk when all their programs are gone: what ran then was lost, and what is of no
/// session goes. None if they cannot be read.
pub(in crate::server) fn revived(
    bytes: &[u8],
    sessions: &BTreeSet<SessionId>,
    now: Now,
) -> Option<stored::StoredCommands> {
    let mut kept = stored::StoredCommands::decode(bytes)?;
    (kept.next, kept.next_end) = (kept.next + IDS_JUMP, kept.next_end + IDS_JUMP);
    kept.shells.clear();
    kept.records.retain(|record| sessions.contains(&record.session));
    for record in &mut kept.records {
        // Moments are those of this boot; a wall clock that was set makes them no worse than
        // unknown.
        let age = Span::millis(now.wall.saturating_sub(record.started.0));
        record.started.1 = Tick(now.tick.0.saturating_sub(age.0));
        record.pid = None;
        if record.exit.is_none() || record.ended.is_none() {
            record.ended = Some((now.wall, Span::default(), kept.next_end));
            record.exit = Some(ExitStatus::Lost);
            (record.limit, record.stop) = (None, 0);
            kept.next_end += 1;
        }
    }
    Some(kept)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{durable, restored, revived};
    use crate::base::id::{CommandId, SessionId};
    use crate::base::signal::ExitStatus;
    use crate::base::time::{Now, Span, Tick};
    use crate::state::command::{Command, Commands, End};

    fn command(id: u64, session: u64, end: Option<ExitStatus>) -> Command {
        Command {
            id: CommandId(id),
            session: SessionId(session),
            in_shell: true,
            words: vec!["make".into()],
            cwd: "/".into(),
            pid: Some(9),
            started_wall: 5_000,
            started: Tick(7),
            end: end.map(|exit| End {
                wall: 6_000,
                lasted: Span::seconds(1),
                order: id,
                exit,
                was_killed: false,
            }),
            limit: None,
            grace: Span::seconds(1),
            stop: None,
        }
    }

    #[test]
    fn what_ran_when_the_machine_went_was_lost_and_the_rest_is_known() {
        let all =
            [command(1, 1, Some(ExitStatus::Code(3))), command(2, 1, None), command(3, 2, None)];
        let records = all.into_iter().map(|command| (command.id, command)).collect();
        let bytes = durable(&Commands { next: 4, next_end: 2, records, ..Commands::default() });
        let now = Now { tick: Tick(9_000_000_000), wall: 10_000 };
        let kept =
            revived(&bytes, &BTreeSet::from([SessionId(1)]), now).expect("it was just written");
        let commands = restored(&kept);
        let states: Vec<_> = commands
            .records
            .values()
            .map(|command| (command.id.0, command.state(), command.exit_code()))
            .collect();
        assert_eq!(states, [(1, "failed", Some(3)), (2, "lost", Some(255))]);
        assert_eq!(commands.records[&CommandId(1)].started, Tick(4_000_000_000));
        assert!(commands.exec_queues.is_empty() && 1000 < commands.next, "{commands:?}");
        assert_eq!(revived(&bytes[..bytes.len() - 1], &BTreeSet::new(), now), None);
    }
}
