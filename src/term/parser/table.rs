//! The state table of the parser (after Paul Williams' state machine for DEC terminals) as data.
//! Strings are read elsewhere.

/// Where the parser stands between two bytes. The number is what a snapshot keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub(crate) enum State {
    #[default]
    Ground,
    Escape,
    EscapeIntermediate,
    CsiEntry,
    CsiParam,
    CsiIntermediate,
    CsiIgnore,
    DcsEntry,
    DcsParam,
    DcsIntermediate,
    DcsIgnore,
    DcsString,
    OscString,
    ApcString,
    IgnoredString,
}

impl State {
    pub(crate) const ALL: [Self; 15] = [
        Self::Ground,
        Self::Escape,
        Self::EscapeIntermediate,
        Self::CsiEntry,
        Self::CsiParam,
        Self::CsiIntermediate,
        Self::CsiIgnore,
        Self::DcsEntry,
        Self::DcsParam,
        Self::DcsIntermediate,
        Self::DcsIgnore,
        Self::DcsString,
        Self::OscString,
        Self::ApcString,
        Self::IgnoredString,
    ];
}

/// What a byte does on its way from state to state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Action {
    None,
    Execute,
    Clear,
    Collect,
    Digit,
    SubParam,
    Param,
    EscDispatch,
    CsiDispatch,
    StringStart,
    DcsStart,
}

/// One entry: what to do and where to go.
pub(crate) type Entry = (Action, State);

/// Entries of the states Escape to `DcsIgnore`, by state and byte. The other states read runs, not
/// bytes.
pub(crate) static TABLE: [[Entry; 256]; 11] = build();

const fn build() -> [[Entry; 256]; 11] {
    let mut table = [[(Action::None, State::Ground); 256]; 11];
    let mut state = 1;
    while state < 11 {
        let mut byte = 0;
        while byte < 256 {
            #[expect(clippy::cast_possible_truncation, reason = "the loop ends at 255")]
            let entry = entry(State::ALL[state], byte as u8);
            table[state][byte] = entry;
            byte += 1;
        }
        state += 1;
    }
    table
}

const fn entry(state: State, byte: u8) -> Entry {
    match byte {
        0x18 | 0x1a => return (Action::Execute, State::Ground),
        0x1b => return (Action::Clear, State::Escape),
        _ => {}
    }
    match state {
        State::Escape => escape(byte),
        State::EscapeIntermediate => match byte {
            0x00..=0x1f => (Action::Execute, state),
            0x20..=0x2f => (Action::Collect, state),
            0x30..=0x7e => (Action::EscDispatch, State::Ground),
            _ => (Action::None, state),
        },
        State::CsiEntry | State::CsiParam | State::CsiIntermediate | State::CsiIgnore => {
            csi(state, byte)
        }
        State::DcsEntry | State::DcsParam | State::DcsIntermediate => dcs(state, byte),
        _ => (Action::None, state),
    }
}

const fn escape(byte: u8) -> Entry {
    match byte {
        0x00..=0x1f => (Action::Execute, State::Escape),
        0x20..=0x2f => (Action::Collect, State::EscapeIntermediate),
        b'P' => (Action::Clear, State::DcsEntry),
        b'[' => (Action::Clear, State::CsiEntry),
        b']' => (Action::StringStart, State::OscString),
        b'_' => (Action::StringStart, State::ApcString),
        b'X' | b'^' => (Action::StringStart, State::IgnoredString),
        0x30..=0x7e => (Action::EscDispatch, State::Ground),
        _ => (Action::None, State::Escape),
    }
}

const fn csi(state: State, byte: u8) -> Entry {
    let in_params = matches!(state, State::CsiEntry | State::CsiParam);
    match (state, byte) {
        (_, 0x00..=0x1f) => (Action::Execute, state),
        (_, 0x7f..=0xff) | (State::CsiIgnore, 0x20..=0x3f) => (Action::None, state),
        (State::CsiIgnore, _) => (Action::None, State::Ground),
        (_, 0x20..=0x2f) => (Action::Collect, State::CsiIntermediate),
        (_, b'0'..=b'9') if in_params => (Action::Digit, State::CsiParam),
        (_, b':') if in_params => (Action::SubParam, State::CsiParam),
        (_, b';') if in_params => (Action::Param, State::CsiParam),
        (State::CsiEntry, 0x3c..=0x3f) => (Action::Collect, State::CsiParam),
        (_, 0x30..=0x3f) => (Action::None, State::CsiIgnore),
        (_, 0x40..=0x7e) => (Action::CsiDispatch, State::Ground),
    }
}

const fn dcs(state: State, byte: u8) -> Entry {
    let in_params = matches!(state, State::DcsEntry | State::DcsParam);
    match (state, byte) {
        (_, 0x00..=0x1f | 0x7f..=0xff) => (Action::None, state),
        (_, 0x20..=0x2f) => (Action::Collect, State::DcsIntermediate),
        (_, b'0'..=b'9') if in_params => (Action::Digit, State::DcsParam),
        (_, b':') if in_params => (Action::SubParam, State::DcsParam),
        (_, b';') if in_params => (Action::Param, State::DcsParam),
        (State::DcsEntry, 0x3c..=0x3f) => (Action::Collect, State::DcsParam),
        (_, 0x30..=0x3f) => (Action::None, State::DcsIgnore),
        (_, 0x40..=0x7e) => (Action::DcsStart, State::DcsString),
    }
}
