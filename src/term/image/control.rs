//! The control data of a kitty graphics command: what matters of it, as numbers.

/// The keys of a command (kitty graphics protocol, "Control data reference").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Control {
    pub(crate) action: u8,
    pub(crate) medium: u8,
    pub(crate) format: u32,
    pub(crate) compressed: bool,
    pub(crate) more: bool,
    pub(crate) quiet: u32,
    pub(crate) id: u32,
    pub(crate) number: u32,
    pub(crate) placement: u32,
    /// Width and height of the data (`s`, `v`).
    pub(crate) size: (u32, u32),
    /// The part to show (`x`, `y`, `w`, `h`).
    pub(crate) source: [u32; 4],
    /// Columns and rows to fill (`c`, `r`), 0 where not said.
    pub(crate) cells: (u32, u32),
    pub(crate) z: i32,
    pub(crate) stay: bool,
    pub(crate) is_virtual: bool,
    pub(crate) delete: u8,
}

/// Words a command takes in a snapshot.
const WORDS: usize = 19;

impl Control {
    /// Reads `key=value` pairs; unknown ones mean nothing.
    pub(crate) fn read(text: &[u8]) -> Self {
        let mut control =
            Self { action: b't', medium: b'd', format: 32, delete: b'a', ..Self::default() };
        for pair in text.split(|byte| *byte == b',').take(64) {
            let [key, b'=', value @ ..] = pair else { continue };
            let letter = value.first().copied().unwrap_or(0);
            let digits = std::str::from_utf8(value).unwrap_or_default();
            control.set(*key, letter, digits);
        }
        control
    }

    fn set(&mut self, key: u8, letter: u8, digits: &str) {
        let number = digits.parse::<u32>().unwrap_or(0);
        match key {
            b'a' => self.action = letter,
            b't' => self.medium = letter,
            b'f' => self.format = number,
            b'o' => self.compressed = letter == b'z',
            b'm' => self.more = number == 1,
            b'q' => self.quiet = number,
            b'i' => self.id = number,
            b'I' => self.number = number,
            b'p' => self.placement = number,
            b's' => self.size.0 = number,
            b'v' => self.size.1 = number,
            b'x' => self.source[0] = number,
            b'y' => self.source[1] = number,
            b'w' => self.source[2] = number,
            b'h' => self.source[3] = number,
            b'c' => self.cells.0 = number,
            b'r' => self.cells.1 = number,
            b'z' => self.z = digits.parse().unwrap_or(0),
            b'C' => self.stay = number == 1,
            b'U' => self.is_virtual = number == 1,
            b'd' => self.delete = letter,
            _ => {}
        }
    }

    /// As words, for a snapshot.
    pub(crate) fn words(self) -> Vec<u32> {
        let flags = u32::from(self.compressed)
            | u32::from(self.more) << 1
            | u32::from(self.stay) << 2
            | u32::from(self.is_virtual) << 3;
        let letters = [self.action, self.medium, self.delete].map(u32::from);
        let z = self.z.cast_unsigned();
        let mut words =
            vec![flags, self.format, self.quiet, self.id, self.number, self.placement, z];
        words.extend(self.source);
        words.extend(letters);
        words.extend([self.size.0, self.size.1, self.cells.0, self.cells.1, 0]);
        words
    }

    /// From words; none if they are not those of a command.
    pub(crate) fn from_words(words: &[u32]) -> Option<Self> {
        let words: &[u32; WORDS] = words.try_into().ok()?;
        let flag = |bit: u32| words[0] >> bit & 1 == 1;
        let letter = |at: usize| u8::try_from(words[at]).unwrap_or(0);
        Some(Self {
            action: letter(11),
            medium: letter(12),
            delete: letter(13),
            format: words[1],
            compressed: flag(0),
            more: flag(1),
            stay: flag(2),
            is_virtual: flag(3),
            quiet: words[2],
            id: words[3],
            number: words[4],
            placement: words[5],
            z: words[6].cast_signed(),
            source: [words[7], words[8], words[9], words[10]],
            size: (words[14], words[15]),
            cells: (words[16], words[17]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Control;

    #[test]
    fn a_command_is_read_and_kept() {
        let control =
            Control::read(b"a=T,f=24,s=3,v=2,x=1,h=9,c=4,z=-7,U=1,q=2,m=1,o=z,I=5,unknown,k=1");
        assert_eq!(
            (control.action, control.size, control.source, control.z),
            (b'T', (3, 2), [1, 0, 0, 9], -7)
        );
        assert_eq!(Control::from_words(&control.words()), Some(control));
        assert_eq!(Control::from_words(&[1, 2]), None);
    }
}
