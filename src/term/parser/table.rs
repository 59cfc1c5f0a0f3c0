//! The state table of the parser (after Paul Williams' state machine for DEC terminals) as data.
//! Strings are read elsewhere.

/// The state of the parser between two bytes. The number is what a snapshot keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub(crate) enum ParserState {
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
    /// screen's title: ESC k.
    TitleString,
}

impl ParserState {
    pub(crate) const ALL: [Self; 16] = [
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
        Self::TitleString,
    ];
}

/// The action of a byte on its way from state to state.
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

/// An entry: the action and the next state.
pub(crate) type Transition = (Action, ParserState);

/// Entries of the states Escape to `DcsIgnore`, by state and byte. The other states read runs, not
/// bytes.
pub(crate) static TABLE: [[Transition; 256]; 11] = build();

const fn build() -> [[Transition; 256]; 11] {
    let mut table = [[(Action::None, ParserState::Ground); 256]; 11];
    let mut state = 1;
    while state < 11 {
        let mut byte = 0;
        while byte < 256 {
            #[expect(clippy::cast_possible_truncation, reason = "the loop ends at 255")]
            let entry = entry(ParserState::ALL[state], byte as u8);
            table[state][byte] = entry;
            byte += 1;
        }
        state += 1;
    }
    table
}

const fn entry(state: ParserState, byte: u8) -> Transition {
    match byte {
        0x18 | 0x1a => return (Action::Execute, ParserState::Ground),
        0x1b => return (Action::Clear, ParserState::Escape),
        _ => {}
    }
    match state {
        ParserState::Escape => escape(byte),
        ParserState::EscapeIntermediate => match byte {
            0x00..=0x1f => (Action::Execute, state),
            0x20..=0x2f => (Action::Collect, state),
            0x30..=0x7e => (Action::EscDispatch, ParserState::Ground),
            _ => (Action::None, state),
        },
        ParserState::CsiEntry
        | ParserState::CsiParam
        | ParserState::CsiIntermediate
        | ParserState::CsiIgnore => csi(state, byte),
        ParserState::DcsEntry | ParserState::DcsParam | ParserState::DcsIntermediate => {
            dcs(state, byte)
        }
        _ => (Action::None, state),
    }
}

const fn escape(byte: u8) -> Transition {
    match byte {
        0x00..=0x1f => (Action::Execute, ParserState::Escape),
        0x20..=0x2f => (Action::Collect, ParserState::EscapeIntermediate),
        b'P' => (Action::Clear, ParserState::DcsEntry),
        b'[' => (Action::Clear, ParserState::CsiEntry),
        b']' => (Action::StringStart, ParserState::OscString),
        b'_' => (Action::StringStart, ParserState::ApcString),
        b'k' => (Action::StringStart, ParserState::TitleString),
        b'X' | b'^' => (Action::StringStart, ParserState::IgnoredString),
        0x30..=0x7e => (Action::EscDispatch, ParserState::Ground),
        _ => (Action::None, ParserState::Escape),
    }
}

const fn csi(state: ParserState, byte: u8) -> Transition {
    let in_params = matches!(state, ParserState::CsiEntry | ParserState::CsiParam);
    match (state, byte) {
        (_, 0x00..=0x1f) => (Action::Execute, state),
        (_, 0x7f..=0xff) | (ParserState::CsiIgnore, 0x20..=0x3f) => (Action::None, state),
        (ParserState::CsiIgnore, _) => (Action::None, ParserState::Ground),
        (_, 0x20..=0x2f) => (Action::Collect, ParserState::CsiIntermediate),
        (_, b'0'..=b'9') if in_params => (Action::Digit, ParserState::CsiParam),
        (_, b':') if in_params => (Action::SubParam, ParserState::CsiParam),
        (_, b';') if in_params => (Action::Param, ParserState::CsiParam),
        (ParserState::CsiEntry, 0x3c..=0x3f) => (Action::Collect, ParserState::CsiParam),
        (_, 0x30..=0x3f) => (Action::None, ParserState::CsiIgnore),
        (_, 0x40..=0x7e) => (Action::CsiDispatch, ParserState::Ground),
    }
}

const fn dcs(state: ParserState, byte: u8) -> Transition {
    let in_params = matches!(state, ParserState::DcsEntry | ParserState::DcsParam);
    match (state, byte) {
        (_, 0x00..=0x1f | 0x7f..=0xff) => (Action::None, state),
        (_, 0x20..=0x2f) => (Action::Collect, ParserState::DcsIntermediate),
        (_, b'0'..=b'9') if in_params => (Action::Digit, ParserState::DcsParam),
        (_, b':') if in_params => (Action::SubParam, ParserState::DcsParam),
        (_, b';') if in_params => (Action::Param, ParserState::DcsParam),
        (ParserState::DcsEntry, 0x3c..=0x3f) => (Action::Collect, ParserState::DcsParam),
        (_, 0x30..=0x3f) => (Action::None, ParserState::DcsIgnore),
        (_, 0x40..=0x7e) => (Action::DcsStart, ParserState::DcsString),
    }
}
