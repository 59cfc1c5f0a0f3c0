//! The numbers of a control sequence: values and which of them are sub-parameters. No meaning of
//! any sequence is known here.

/// Values a sequence may have, sub-parameters included; a sequence with more is ignored.
pub(crate) const VALUES_MAX: usize = 32;

/// The numbers between introducer and final byte (ECMA-48 5.4.2). An omitted one is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct CsiParams {
    /// The values in order.
    pub(crate) values: [u16; VALUES_MAX],
    /// How many values are complete.
    pub(crate) count: u8,
    /// Bit n: value n is a sub-parameter of what precedes it.
    pub(crate) subs: u32,
    /// The value being read.
    pub(crate) current: u16,
    /// Whether the value being read is a sub-parameter.
    pub(crate) current_is_sub: bool,
}

impl CsiParams {
    pub(crate) fn clear(&mut self) {
        self.count = 0;
        self.subs = 0;
        self.current = 0;
        self.current_is_sub = false;
    }

    pub(crate) fn is_full(&self) -> bool {
        usize::from(self.count) == VALUES_MAX
    }

    /// Appends a decimal digit to the value being read; values stop at 65 535.
    pub(crate) fn digit(&mut self, digit: u8) {
        self.current = self.current.saturating_mul(10).saturating_add(u16::from(digit));
    }

    /// Ends the value being read; the next one is a sub-parameter if `sub`. The caller has made
    /// sure there is room.
    pub(crate) fn end_value(&mut self, sub: bool) {
        let at = usize::from(self.count) % VALUES_MAX;
        self.values[at] = self.current;
        self.subs |= u32::from(self.current_is_sub) << at;
        self.count += 1;
        self.current = 0;
        self.current_is_sub = sub;
    }

    /// All values, without regard to grouping.
    pub(crate) fn all(&self) -> &[u16] {
        &self.values[..usize::from(self.count).min(VALUES_MAX)]
    }

    /// The value at `idx`, 0 if omitted.
    pub(crate) fn get(&self, idx: usize) -> u16 {
        self.all().get(idx).copied().unwrap_or(0)
    }

    /// The value at `idx` as a count: 1 if omitted or 0.
    pub(crate) fn count_at(&self, idx: usize) -> u16 {
        self.get(idx).max(1)
    }

    /// Whether any value is a sub-parameter.
    pub(crate) fn has_subs(&self) -> bool {
        self.subs != 0
    }

    /// The parameters, each with its sub-parameters.
    pub(crate) fn groups(&self) -> Groups<'_> {
        Groups { params: self, at: 0 }
    }
}

/// Parameters from the left, each as its value followed by its sub-parameters.
pub(crate) struct Groups<'a> {
    params: &'a CsiParams,
    at: usize,
}

impl<'a> Iterator for Groups<'a> {
    type Item = &'a [u16];

    fn next(&mut self) -> Option<&'a [u16]> {
        let all = self.params.all();
        let start = self.at;
        if start >= all.len() {
            return None;
        }
        let mut end = start + 1;
        while end < all.len() && self.params.subs >> end & 1 == 1 {
            end += 1;
        }
        self.at = end;
        Some(&all[start..end])
    }
}
