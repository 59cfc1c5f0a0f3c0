//! Themes: those that are built in, the text of a user's own, and which one the options choose. It
//! opens no file.

use std::collections::BTreeMap;

use serde::Deserialize as _;
use toml::de::DeTable;

use crate::base::text::nearest;
use crate::config::check;
use crate::config::diag::{Diagnostic, File};
use crate::settings::shape::tree_of;
use crate::settings::{Appearance, Palette, Theme, ThemeFile};

/// The themes that are built in, by name, as files.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("abide-dark", include_str!("../../assets/themes/abide-dark.toml")),
    ("abide-light", include_str!("../../assets/themes/abide-light.toml")),
    ("terminal", include_str!("../../assets/themes/terminal.toml")),
    ("gruvbox-dark", include_str!("../../assets/themes/gruvbox-dark.toml")),
    ("gruvbox-light", include_str!("../../assets/themes/gruvbox-light.toml")),
    ("solarized-dark", include_str!("../../assets/themes/solarized-dark.toml")),
    ("solarized-light", include_str!("../../assets/themes/solarized-light.toml")),
    ("nord", include_str!("../../assets/themes/nord.toml")),
    ("dracula", include_str!("../../assets/themes/dracula.toml")),
    ("mocha", include_str!("../../assets/themes/mocha.toml")),
    ("latte", include_str!("../../assets/themes/latte.toml")),
    ("contrast-dark", include_str!("../../assets/themes/contrast-dark.toml")),
    ("contrast-light", include_str!("../../assets/themes/contrast-light.toml")),
];

/// The name that asks the terminal.
pub const AUTO: &str = "auto";

/// Themes that inherit from each other, at most.
const INHERIT_MAX: usize = 8;

/// All themes there are: the built-in ones and the user's, of which the user's win.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Themes {
    all: BTreeMap<String, ThemeFile>,
}

/// The colours that the options choose, for either kind of terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Chosen {
    /// The theme of a terminal that is dark, or does not tell.
    pub dark: Palette,
    /// The theme of a terminal that is light.
    pub light: Palette,
}

impl Chosen {
    /// The colours for a kind of terminal.
    #[must_use]
    pub const fn of(&self, appearance: Appearance) -> Palette {
        match appearance {
            Appearance::Dark => self.dark,
            Appearance::Light => self.light,
        }
    }
}

/// The theme that the text of a file is; `path` is its name in problems.
///
/// # Errors
/// Every problem, in the order of the file.
pub fn load(path: &str, text: &str) -> Result<ThemeFile, Vec<Diagnostic>> {
    let file = File { path, text };
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(errors
            .into_iter()
            .map(|error| file.problem(error.span().unwrap_or(0..0), error.message()))
            .collect());
    }
    let problems = check::problems(file, table.get_ref(), &tree_of::<ThemeFile>());
    if !problems.is_empty() {
        return Err(problems);
    }
    ThemeFile::deserialize(toml::de::Deserializer::from(table))
        .map_err(|error| vec![file.problem(error.span().unwrap_or(0..0), error.message())])
}

impl Themes {
    /// The built-in ones and these of the user.
    #[must_use]
    pub fn new(own: impl IntoIterator<Item = (String, ThemeFile)>) -> Self {
        let built_in = BUILT_IN
            .iter()
            .filter_map(|(name, text)| Some(((*name).to_owned(), load(name, text).ok()?)));
        Self { all: built_in.chain(own).collect() }
    }

    /// Names and files, in the order of names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ThemeFile)> {
        self.all.iter().map(|(name, file)| (name.as_str(), file))
    }

    /// The colours of a theme.
    ///
    /// # Errors
    /// What is wrong with the name, or with one that it inherits from.
    pub fn palette(&self, name: &str) -> Result<Palette, String> {
        self.inherited(name, INHERIT_MAX)
    }

    fn inherited(&self, name: &str, depth: usize) -> Result<Palette, String> {
        let Some(file) = self.all.get(name) else {
            let near = nearest(name, self.all.keys().map(String::as_str));
            let near = near.map_or_else(
                || "abide themes lists all".to_owned(),
                |near| format!("the nearest is {near:?}"),
            );
            return Err(format!("no theme {name:?}; {near}"));
        };
        let base = match (file.inherit.as_str(), file.appearance) {
            ("", Appearance::Dark) => Palette::default(),
            ("", Appearance::Light) if name == "abide-light" => Palette::default(),
            ("", Appearance::Light) => self.palette("abide-light")?,
            (_, _) if depth == 0 => {
                return Err(format!(
                    "theme {name:?} inherits from itself; give it another one, or none"
                ));
            }
            (from, _) => self.inherited(from, depth - 1)?,
        };
        Ok(base.with_file(file))
    }

    /// The choice of the options.
    ///
    /// # Errors
    /// What is wrong with a name.
    pub fn choose(&self, theme: &Theme) -> Result<Chosen, String> {
        let (dark, light) = if theme.name == AUTO {
            (&theme.dark, &theme.light)
        } else {
            (&theme.name, &theme.name)
        };
        let of = |name: &str| self.palette(name).map(|palette| palette.with_options(theme));
        Ok(Chosen { dark: of(dark)?, light: of(light)? })
    }
}

/// The built-in themes and those of files given as (path, text or why it cannot be read), with what
/// is wrong with the latter.
#[must_use]
pub fn gather(
    files: impl IntoIterator<Item = (String, Result<String, String>)>,
) -> (Themes, Vec<Diagnostic>) {
    let (mut own, mut problems) = (Vec::new(), Vec::new());
    for (path, text) in files {
        let name = path.rsplit('/').next().unwrap_or(&path).trim_end_matches(".toml").to_owned();
        match text
            .map_err(|error| vec![Diagnostic::unreadable(&path, &error)])
            .and_then(|text| load(&path, &text))
        {
            Ok(file) => own.push((name, file)),
            Err(found) => problems.extend(found),
        }
    }
    (Themes::new(own), problems)
}

impl Default for Themes {
    fn default() -> Self {
        Self::new([])
    }
}

#[cfg(test)]
mod tests {
    use super::{BUILT_IN, Themes, load};
    use crate::config::diag::listing;
    use crate::settings::{Appearance, Palette, Theme, ThemeFile};

    #[test]
    fn every_built_in_theme_is_whole_and_the_dark_default_is_the_default() {
        let themes = Themes::default();
        assert_eq!(themes.iter().count(), BUILT_IN.len());
        for (name, text) in BUILT_IN {
            load(name, text).unwrap_or_else(|problems| unreachable!("{}", listing(&problems)));
            assert_eq!(text.matches(" = ").count(), 1 + Palette::default().named().len(), "{name}");
        }
        assert_eq!(themes.palette("abide-dark"), Ok(Palette::default()));
        let count =
            |of: Appearance| themes.iter().filter(|(_, file)| file.appearance == of).count();
        assert!(count(Appearance::Dark) >= 3 && count(Appearance::Light) >= 3);
    }

    #[test]
    fn a_theme_of_ones_own_inherits_and_a_loop_is_refused() {
        let own = |text: &str| load("mine.toml", text).expect("it is valid");
        let themes = Themes::new([
            ("mine".to_owned(), own("inherit = \"nord\"\naccent = \"red\"\n")),
            ("a".to_owned(), own("inherit = \"b\"\n")),
            ("b".to_owned(), own("inherit = \"a\"\n")),
        ]);
        let (mine, nord) =
            (themes.palette("mine").expect("there"), themes.palette("nord").expect("there"));
        assert_eq!((mine.bar_bg, mine.accent.to_string()), (nord.bar_bg, "red".into()));
        assert!(themes.palette("a").is_err_and(|error| error.contains("inherits from itself")));
    }

    #[test]
    fn options_choose_and_a_misspelt_name_is_told_with_the_nearest() {
        let themes = Themes::default();
        let chosen = themes.choose(&Theme::default()).expect("the defaults are there");
        assert_ne!(chosen.dark, chosen.light);
        let one = themes.choose(&Theme { name: "nord".into(), ..Theme::default() }).expect("there");
        assert_eq!(one.dark, one.light);
        let error = themes
            .choose(&Theme { name: "nrod".into(), ..Theme::default() })
            .expect_err("misspelt");
        assert_eq!(error, "no theme \"nrod\"; the nearest is \"nord\"");
        assert!(themes.choose(&Theme { name: "mine".into(), ..Theme::default() }).is_err());
    }

    #[test]
    fn a_broken_theme_is_told_with_its_place() {
        let problems = load("mine.toml", "accnt = \"red\"\nbar_fg = \"blu\"\nappearance = 1\n")
            .expect_err("broken");
        let shown: Vec<String> = problems.iter().map(super::Diagnostic::headline).collect();
        assert_eq!(
            shown[0],
            "mine.toml:1:1: accnt: \"red\": no such option; the nearest is accent"
        );
        assert_eq!(shown.len(), 3);
        assert_eq!(load("empty.toml", ""), Ok(ThemeFile::default()));
    }
}
