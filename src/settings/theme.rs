//! Colours of everything abide draws itself: which theme is chosen, a theme as it is written, and
//! the colours in force.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::settings::value::{ThemeChoice, ThemeColour};

macro_rules! colours {
    ($($(#[doc = $doc:literal])+ $name:ident = $default:literal;)*) => {
        /// The theme, and colours that differ from it.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(default, deny_unknown_fields)]
        pub struct Theme {
            /// The theme: a name that `abide themes` lists, or `auto` to ask the terminal whether
            /// it is light or dark.
            #[schemars(length(min = 1, max = 64))]
            pub name: String,
            /// The theme that `auto` takes where the terminal is dark, or does not tell.
            #[schemars(length(min = 1, max = 64))]
            pub dark: String,
            /// The theme that `auto` takes where the terminal is light.
            #[schemars(length(min = 1, max = 64))]
            pub light: String,
            $($(#[doc = $doc])+ pub $name: ThemeChoice,)*
        }

        impl Default for Theme {
            fn default() -> Self {
                Self {
                    name: "auto".into(),
                    dark: "abide-dark".into(),
                    light: "abide-light".into(),
                    $($name: ThemeChoice(None),)*
                }
            }
        }

        /// A theme as a file has it.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(default, deny_unknown_fields)]
        #[schemars(title = "a theme of abide")]
        pub struct ThemeFile {
            /// The kind of terminal the theme is for, `dark` or `light`.
            pub appearance: Appearance,
            /// The theme that gives the colours this one leaves out; empty for the default one of
            /// its appearance.
            #[schemars(length(max = 64))]
            pub inherit: String,
            $($(#[doc = $doc])+ pub $name: ThemeChoice,)*
        }

        impl Default for ThemeFile {
            fn default() -> Self {
                Self {
                    appearance: Appearance::Dark,
                    inherit: String::new(),
                    $($name: ThemeChoice(None),)*
                }
            }
        }

        /// The colours in force.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct Palette {
            $($(#[doc = $doc])+ pub $name: ThemeColour,)*
        }

        impl Default for Palette {
            fn default() -> Self {
                Self { $($name: ThemeColour::indexed($default),)* }
            }
        }

        impl Palette {
            /// These colours with what a theme's file says laid over them.
            #[must_use]
            pub fn with_file(self, file: &ThemeFile) -> Self {
                Self { $($name: file.$name.0.unwrap_or(self.$name),)* }
            }

            /// These colours with what the options say laid over them.
            #[must_use]
            pub fn with_options(self, theme: &Theme) -> Self {
                Self { $($name: theme.$name.0.unwrap_or(self.$name),)* }
            }

            /// Names and colours, in the order of the docs.
            #[must_use]
            pub fn named(&self) -> Vec<(&'static str, ThemeColour)> {
                vec![$((stringify!($name), self.$name)),*]
            }
        }
    };
}

colours! {
    /// Text of the status line.
    bar_fg = 7;
    /// Background of the status line.
    bar_bg = 236;
    /// Text of the current tab.
    tab_fg = 0;
    /// Background of the current tab.
    tab_bg = 2;
    /// Marks that want attention: a bell, activity, a pending prefix.
    accent = 3;
    /// Borders of panes.
    border = 240;
    /// Border of the pane in focus.
    border_focus = 2;
    /// Text of lists, menus and questions.
    overlay_fg = 7;
    /// Background of lists, menus and questions.
    overlay_bg = 235;
    /// Text of what is selected.
    select_fg = 0;
    /// Background of what is selected.
    select_bg = 3;
    /// Text of what went wrong.
    warning = 1;
}

/// The kind of terminal a theme is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Appearance {
    /// Light text on a dark background.
    #[default]
    Dark,
    /// Dark text on a light background.
    Light,
}

impl Appearance {
    /// The appearance of a background colour: light from the middle on, weighed as the eye does
    /// (ITU-R BT.601).
    #[must_use]
    pub fn of_background(rgb: (u8, u8, u8)) -> Self {
        let (red, green, blue) = rgb;
        let brightness = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
        if 127_500 <= brightness { Self::Light } else { Self::Dark }
    }

    /// The word in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Appearance, Palette, Theme, ThemeFile};
    use crate::settings::value::ThemeChoice;

    #[test]
    fn a_background_is_light_or_dark() {
        for (rgb, is) in [
            ((0, 0, 0), "dark"),
            ((255, 255, 255), "light"),
            ((253, 246, 227), "light"),
            ((40, 44, 52), "dark"),
        ] {
            assert_eq!(Appearance::of_background(rgb).word(), is, "{rgb:?}");
        }
    }

    #[test]
    fn options_win_over_the_file_and_the_file_over_what_it_inherits() {
        let red: ThemeChoice = "red".parse().expect("a colour");
        let blue: ThemeChoice = "blue".parse().expect("a colour");
        let file = ThemeFile { accent: red, border: red, ..ThemeFile::default() };
        let palette = Palette::default()
            .with_file(&file)
            .with_options(&Theme { border: blue, ..Theme::default() });
        assert_eq!((Some(palette.accent), Some(palette.border)), (red.0, blue.0));
        assert_eq!(palette.bar_fg, Palette::default().bar_fg);
    }
}
