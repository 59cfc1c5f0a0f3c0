//! Tests of the stop machine: evidence in, steps and the outcome out.

use crate::base::time::{Span, Tick};
use crate::platform::process::{self, Process};
use crate::platform::process_ownership::Confidence;
use crate::server::commands::stop::{StopEvidence, StopOutcome, StopProgress, StopStep};
use crate::wire::keeper::{COUNT_UNSURE, KillReport, Survivor};

const GRACE: Span = Span::seconds(1);

fn at(ms: u64) -> Tick {
    Tick::default() + Span::millis(ms)
}

fn begun() -> StopProgress {
    let mut stop = StopProgress::default();
    assert!(stop.begin(at(0), GRACE) && stop.is_under_way());
    stop
}

fn living() -> Vec<Process> {
    process::read(rustix::process::getpid().as_raw_pid()).into_iter().collect()
}

fn scanned(living: &[Process], confidence: Confidence) -> StopEvidence<'_> {
    StopEvidence::Scanned { living, confidence, is_settled: true, was_settled: true }
}

fn survivor(pid: i32, state: u8) -> Survivor {
    Survivor { pid, state, uid: 0, name: Vec::new() }
}

#[test]
fn a_second_request_shortens_the_grace() {
    let mut stop = begun();
    assert!(!stop.begin(at(0), Span::millis(10)));
    assert_eq!(stop.advance(at(10), StopEvidence::Clock), StopStep::Kill);
}

#[test]
fn the_keeper_kills_once_it_sees_nobody_and_after_the_grace() {
    let mut stop = begun();
    assert_eq!(stop.advance(at(50), StopEvidence::Clock), StopStep::Check);
    assert_eq!(stop.advance(at(51), StopEvidence::reached(1, true)), StopStep::Wait);
    assert_eq!(stop.advance(at(52), StopEvidence::reached(COUNT_UNSURE, true)), StopStep::Wait);
    assert_eq!(stop.advance(at(53), StopEvidence::reached(0, false)), StopStep::Wait);
    assert_eq!(stop.advance(at(54), StopEvidence::reached(0, true)), StopStep::Kill);
    let mut stop = begun();
    assert_eq!(stop.advance(at(1000), StopEvidence::Clock), StopStep::Kill);
    assert_eq!(stop.advance(at(1001), StopEvidence::Clock), StopStep::Wait);
    let report = KillReport { killed_count: 2, millis: 1, survivors: vec![survivor(7, b'S')] };
    assert_eq!(stop.advance(at(1002), StopEvidence::Killed(&report)), StopStep::Over);
    assert_eq!((stop.outcome(), stop.left()), (StopOutcome::Left, vec![7]));
    assert!(!stop.is_under_way());
}

#[test]
fn scans_prove_twice_that_nobody_is_left() {
    let mut stop = begun();
    let living = living();
    assert_eq!(stop.advance(at(1), scanned(&living, Confidence::Certain)), StopStep::Signal);
    assert_eq!(stop.advance(at(2), scanned(&[], Confidence::Certain)), StopStep::Wait);
    assert_eq!(stop.advance(at(3), scanned(&living, Confidence::Certain)), StopStep::Signal);
    assert_eq!(stop.advance(at(4), scanned(&[], Confidence::Unknown)), StopStep::Wait);
    assert_eq!(stop.advance(at(5), scanned(&[], Confidence::Certain)), StopStep::Wait);
    assert_eq!(stop.advance(at(6), scanned(&[], Confidence::Certain)), StopStep::Over);
    assert_eq!((stop.outcome(), stop.left()), (StopOutcome::Ended, Vec::new()));
}

#[test]
fn survivors_of_a_kill_stay_named_when_nothing_proves_that_they_are_gone() {
    let mut stop = begun();
    let living = living();
    assert_eq!(stop.advance(at(1000), scanned(&living, Confidence::Certain)), StopStep::Kill);
    assert_eq!(stop.advance(at(5999), scanned(&[], Confidence::Unknown)), StopStep::Wait);
    assert_eq!(stop.advance(at(6000), scanned(&[], Confidence::Unknown)), StopStep::Over);
    assert_eq!((stop.outcome(), stop.left().len()), (StopOutcome::Left, 1));
}
