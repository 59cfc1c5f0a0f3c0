//! Layout files: TOML as data and back. It opens no file and knows no panes.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The data of a layout file.
///
/// # Errors
/// What is wrong, with the line.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())
}

/// Data as a layout file.
///
/// # Errors
/// If it has something that TOML has not.
pub fn write<T: Serialize>(layout: &T) -> Result<String, String> {
    toml::to_string_pretty(layout).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{read, write};

    #[test]
    fn a_layout_is_read_as_it_was_written() {
        let layout =
            BTreeMap::from([("command".to_owned(), vec!["vi".to_owned(), "a \"b".to_owned()])]);
        assert_eq!(read(&write(&layout).expect("it can be written")), Ok(layout));
        assert!(
            read::<BTreeMap<String, String>>("split = ")
                .is_err_and(|error| error.contains("line 1"))
        );
    }
}
