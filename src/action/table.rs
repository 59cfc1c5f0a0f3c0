//! The one list of all actions. Keys, command line, palette, API, completions and docs are derived
//! from it. A noun's file lists its own actions, so no single action is named here.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{LazyLock, OnceLock};

use clap::{ArgMatches, Command};
use schemars::Schema;
use serde_json::{Map, Value};

use crate::action::{
    Access, Action, Answer, Apply, Cx, DefaultKey, Role, buffer, cli, client, exec, layout, pane,
    process, server, session, shell, snapshot, tab, tmux,
};
use crate::base::error::{Code, Refusal};
use crate::base::schema;
use crate::base::text::nearest;

/// The actions of each noun, in the order of the docs.
static NOUNS: [&[ActionEntry]; 13] = [
    &session::ACTIONS,
    &client::ROWS,
    &client::ACTIONS,
    &snapshot::ACTIONS,
    &tab::ACTIONS,
    &pane::ACTIONS,
    &exec::ACTIONS,
    &process::ACTIONS,
    &buffer::ACTIONS,
    &shell::ACTIONS,
    &layout::ACTIONS,
    &server::ACTIONS,
    &cli::ROWS,
];

/// Every action, in the order of the docs.
pub fn all() -> impl Iterator<Item = &'static ActionEntry> {
    NOUNS.iter().copied().flatten()
}

/// A line of the table: an action without its type.
#[derive(Debug)]
pub struct ActionEntry {
    /// The name on the wire.
    pub name: &'static str,
    /// The words on the command line, as [`Action::VERBS`] has them.
    verbs: &'static [&'static str],
    /// The default keys.
    pub keys: &'static [DefaultKey],
    /// True if those of the keys that are no characters act again without the prefix, when they
    /// follow at once.
    pub repeats: bool,
    /// The effect on the world.
    pub access: Access,
    /// The role that carries it out.
    pub role: Role,
    augment: fn(Command) -> Command,
    params: fn() -> Schema,
    reply: fn() -> Schema,
    read: fn(&ArgMatches) -> Result<CallParams, clap::Error>,
    parse: fn(Value) -> Result<Body, serde_json::Error>,
    /// The names of its arguments, from its schema.
    known: OnceLock<Vec<String>>,
}

impl ActionEntry {
    pub(super) const fn server<A: Apply>() -> Self {
        Self::new::<A>(Role::Server, parse_here::<A>)
    }

    pub(super) const fn client<A: Action>() -> Self {
        Self::new::<A>(Role::Client, parse_elsewhere::<A>)
    }

    pub(super) const fn cli<A: Action>() -> Self {
        Self::new::<A>(Role::Cli, parse_elsewhere::<A>)
    }

    const fn new<A: Action>(
        role: Role,
        parse: fn(Value) -> Result<Body, serde_json::Error>,
    ) -> Self {
        Self {
            name: A::NAME,
            verbs: A::VERBS,
            keys: A::KEYS,
            repeats: A::REPEATS,
            access: A::ACCESS,
            role,
            augment: A::augment_args,
            params: || schema::of::<A>(),
            reply: || schema::of::<A::Reply>(),
            read: |matches| A::from_arg_matches(matches).map(|action| arguments(&action)),
            parse,
            known: OnceLock::new(),
        }
    }

    /// True if only the process that reads the command line can carry it out.
    #[must_use]
    pub fn is_command_line_only(&self) -> bool {
        self.role == Role::Cli
    }

    /// The words on the command line, the ones that are shown first; the others are synonyms. Never
    /// empty.
    ///
    /// The name is one of them unless the noun alone means it: what follows `exec` is a command,
    /// not a verb.
    #[must_use]
    pub fn words(&self) -> &'static [Vec<&'static str>] {
        static WORDS: LazyLock<BTreeMap<&str, Vec<Vec<&str>>>> =
            LazyLock::new(|| all().map(|entry| (entry.name, entry.own_words())).collect());
        WORDS.get(self.name).map_or(&[], Vec::as_slice)
    }

    fn own_words(&self) -> Vec<Vec<&'static str>> {
        let mut all: Vec<Vec<_>> =
            self.verbs.iter().map(|verb| verb.split(' ').collect()).collect();
        let named: Vec<_> = self.name.split('.').collect();
        if !all.contains(&named) && !all.contains(&named[..1].to_vec()) {
            all.push(named);
        }
        all
    }

    /// The arguments and help, as a subcommand named by the last of its words.
    #[must_use]
    pub fn command(&self) -> Command {
        let words = self.words();
        let last = words[0].last().copied().expect("words are never empty");
        (self.augment)(Command::new(last)).disable_version_flag(true)
    }

    /// The help in one line.
    #[must_use]
    pub fn summary(&self) -> String {
        (self.augment)(Command::new(self.name))
            .get_about()
            .map(ToString::to_string)
            .unwrap_or_default()
    }

    /// The JSON Schema of its arguments.
    #[must_use]
    pub fn params(&self) -> Schema {
        let mut schema = (self.params)();
        drop_unset_defaults(&mut schema);
        if let Some(title) = schema.get("title").and_then(Value::as_str) {
            let title = self.without_noun(title).to_owned();
            schema.insert("title".to_owned(), title.into());
        }
        schema
    }

    /// The name of the action's type without the noun that its own name begins with.
    fn without_noun<'a>(&self, title: &'a str) -> &'a str {
        let noun = self.name.split('.').next().unwrap_or_default();
        match title.get(..noun.len()) {
            Some(start) if start.eq_ignore_ascii_case(noun) => &title[noun.len()..],
            _ => title,
        }
    }

    /// The JSON Schema of what it gives.
    #[must_use]
    pub fn reply(&self) -> Schema {
        (self.reply)()
    }

    /// The arguments that a command line of [`ActionEntry::command`] gave.
    ///
    /// # Errors
    /// What clap found wrong.
    pub fn read(&self, matches: &ArgMatches) -> Result<Map<String, Value>, clap::Error> {
        (self.read)(matches)
    }

    /// The call with these arguments.
    ///
    /// # Errors
    /// `invalid_params`, naming the argument.
    pub fn call(&'static self, params: &Map<String, Value>) -> Result<Call, Refusal> {
        if let Some(stray) = params.keys().find(|key| !self.known().contains(key)) {
            return Err(self.stray(stray));
        }
        let body = (self.parse)(Value::Object(params.clone()))
            .map_err(|error| self.refuse(params, &error))?;
        Ok(Call { entry: self, body })
    }

    /// True for the line of this action.
    #[must_use]
    pub fn is<A: Action>(&self) -> bool {
        self.name == A::NAME
    }

    /// True if it takes an argument of this name.
    #[must_use]
    pub fn takes(&self, name: &str) -> bool {
        self.known().iter().any(|known| known == name)
    }

    /// The noun of its name.
    #[must_use]
    pub fn noun(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(noun, _)| noun)
    }

    /// The names of its arguments.
    fn known(&self) -> &[String] {
        self.known.get_or_init(|| {
            let schema = self.params().to_value();
            let properties = schema.get("properties").and_then(Value::as_object);
            properties.map_or_else(Vec::new, |properties| properties.keys().cloned().collect())
        })
    }

    fn stray(&self, name: &str) -> Refusal {
        let refusal = Refusal::new(
            Code::InvalidParams,
            format!("{}: there is no argument {name:?}", self.name),
        );
        match nearest(name, self.known().iter().map(String::as_str)) {
            Some(near) => refusal.hint(format!("did you mean {near:?}?")),
            None if self.known().is_empty() => refusal.hint("it takes none"),
            None => refusal.hint(format!("arguments are {}", self.known().join(", "))),
        }
    }

    /// The refusal of `params`: serde does not say which argument it stumbled over, so the one is
    /// named without which it would not have.
    fn refuse(&self, params: &Map<String, Value>, error: &serde_json::Error) -> Refusal {
        let message = error.to_string();
        let culprit = params.keys().find(|key| {
            let mut rest = params.clone();
            rest.shift_remove(key.as_str());
            !matches!((self.parse)(Value::Object(rest)), Err(other) if other.to_string() == message)
        });
        let message = match culprit {
            Some(name) if !message.contains(&format!("`{name}`")) => {
                format!("{}: {name}: {message}", self.name)
            }
            _ => format!("{}: {message}", self.name),
        };
        Refusal::new(Code::InvalidParams, message).hint(format!("abide actions {}", self.name))
    }
}

/// The entry of an action, which has a line in the table.
#[must_use]
pub fn entry<A: Action>() -> &'static ActionEntry {
    find(A::NAME).expect("every action has a line in the table")
}

/// The entry of a name such as `pane.split`.
#[must_use]
pub fn find(name: &str) -> Option<&'static ActionEntry> {
    all().find(|entry| entry.name == name)
}

/// The call of the action of that name with these arguments.
///
/// # Errors
/// `unknown_action` with the nearest name, or `invalid_params`.
pub fn parse(name: &str, params: &Map<String, Value>) -> Result<Call, Refusal> {
    find(name).ok_or_else(|| unknown(name))?.call(params)
}

/// The call that words of the action language mean: those of the command line
/// (`pane split --right`), a name and its arguments (`pane.split --right`), or tmux's
/// (`split-window -h`).
///
/// # Errors
/// `unknown_action` with the nearest name, or `invalid_params`.
pub fn from_words(words: &[String]) -> Result<Call, Refusal> {
    let words = tmux::translate(words.to_vec());
    let (entry, rest) = find_words(&words)
        .ok_or_else(|| unknown(&words.iter().take(2).cloned().collect::<Vec<_>>().join(" ")))?;
    // Nothing is to be read, and a key means it so: most keys are such.
    if rest.is_empty() && entry.keys.iter().any(|(_, arguments)| arguments.is_empty()) {
        return entry.call(&Map::new());
    }
    let refuse = |error: &clap::Error| {
        Refusal::new(Code::InvalidParams, format!("{}: {}", entry.name, first_line(error)))
    };
    let matches = entry
        .command()
        .no_binary_name(true)
        .disable_help_flag(true)
        .try_get_matches_from(rest)
        .map_err(|error| refuse(&error))?;
    entry.call(&entry.read(&matches).map_err(|error| refuse(&error))?)
}

/// The entry that `words` begin with, and the words after it; of several the one with the most
/// words.
#[must_use]
pub fn find_words(words: &[String]) -> Option<(&'static ActionEntry, &[String])> {
    let first = words.first()?;
    if let Some(entry) = find(first) {
        return Some((entry, &words[1..]));
    }
    let matching = |entry: &'static ActionEntry| {
        entry
            .words()
            .iter()
            .filter(|own| own.len() <= words.len() && own.iter().zip(words).all(|(a, b)| a == b))
            .map(Vec::len)
            .max()
    };
    let (entry, len) =
        all().filter_map(|entry| Some((entry, matching(entry)?))).max_by_key(|(_, len)| *len)?;
    Some((entry, &words[len..]))
}

fn unknown(name: &str) -> Refusal {
    let refusal = Refusal::new(Code::UnknownAction, format!("no action {name:?}"));
    let names: Vec<String> =
        all().flat_map(|entry| entry.words().iter().map(|words| words.join(" "))).collect();
    let dotted = all().map(|entry| entry.name);
    match nearest(name, names.iter().map(String::as_str).chain(dotted)) {
        Some(near) => refusal.hint(format!("did you mean {near:?}? abide actions lists all")),
        None => refusal.hint("abide actions"),
    }
}

fn first_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

/// Arguments by name.
pub type CallParams = Map<String, Value>;

/// An action with its arguments, ready to be carried out.
pub struct Call {
    entry: &'static ActionEntry,
    body: Body,
}

enum Body {
    Here(Box<dyn Erased>),
    Elsewhere(Value),
}

impl Call {
    /// The line of the table.
    #[must_use]
    pub fn entry(&self) -> &'static ActionEntry {
        self.entry
    }

    /// The name of the action.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.entry.name
    }

    /// The words on the command line.
    #[must_use]
    pub fn words(&self) -> String {
        self.entry.words()[0].join(" ")
    }

    /// The role that carries it out.
    #[must_use]
    pub fn role(&self) -> Role {
        self.entry.role
    }

    /// The effect on the world.
    #[must_use]
    pub fn access(&self) -> Access {
        self.entry.access
    }

    /// The arguments.
    #[must_use]
    pub fn params(&self) -> Value {
        match &self.body {
            Body::Here(action) => action.params(),
            Body::Elsewhere(params) => params.clone(),
        }
    }

    /// The arguments as the type they were declared with, if that is `A`.
    #[must_use]
    pub fn arguments<A: Action>(&self) -> Option<A> {
        (self.entry.name == A::NAME)
            .then(|| serde_json::from_value(self.params()).expect("an action reads what it wrote"))
    }

    /// Carries it out. A refusal has changed nothing.
    ///
    /// # Errors
    /// The refusal; an action of another place is refused as a bug, since the core forwards those.
    pub fn apply(self, cx: &mut Cx<'_>) -> Result<Answer<Value>, Refusal> {
        match self.body {
            Body::Here(action) => action.apply(cx),
            Body::Elsewhere(_) => Err(Refusal::new(
                Code::Internal,
                format!("{} is not carried out by the server", self.entry.name),
            )),
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name(), self.params())
    }
}

/// An action the core carries out, without its type.
trait Erased: Send {
    fn params(&self) -> Value;
    fn apply(self: Box<Self>, cx: &mut Cx<'_>) -> Result<Answer<Value>, Refusal>;
}

impl<A: Apply> Erased for A {
    fn params(&self) -> Value {
        Value::Object(arguments(self))
    }

    fn apply(self: Box<Self>, cx: &mut Cx<'_>) -> Result<Answer<Value>, Refusal> {
        Ok(match Apply::apply(*self, cx)? {
            Answer::Now(reply) => Answer::Now(value(&reply)),
            Answer::Later { pending, deadline } => Answer::Later { pending, deadline },
        })
    }
}

fn parse_here<A: Apply>(params: Value) -> Result<Body, serde_json::Error> {
    Ok(Body::Here(Box::new(serde_json::from_value::<A>(params)?)))
}

fn parse_elsewhere<A: Action>(params: Value) -> Result<Body, serde_json::Error> {
    Ok(Body::Elsewhere(Value::Object(arguments(&serde_json::from_value::<A>(params)?))))
}

/// Replies and arguments are plain data with string keys, which always has a JSON form.
pub(crate) fn value<T: serde::Serialize>(data: &T) -> Value {
    serde_json::to_value(data).expect("plain data has a JSON form")
}

/// The members of an object.
pub(crate) fn object(value: Value) -> CallParams {
    if let Value::Object(members) = value { members } else { CallParams::new() }
}

/// The arguments of an action that say something: those that nobody gave are no part of a call.
pub(crate) fn arguments<A: Action>(action: &A) -> CallParams {
    let mut given = object(value(action));
    given.retain(|_, argument| !is_unset(argument));
    given
}

/// Optional arguments are null, switches false and lists empty where nobody gave them.
fn is_unset(argument: &Value) -> bool {
    match argument {
        Value::Null | Value::Bool(false) => true,
        Value::Array(values) => values.is_empty(),
        _ => false,
    }
}

/// Takes the defaults out of a schema of arguments that only say that nothing was given.
fn drop_unset_defaults(schema: &mut Schema) {
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for property in properties.into_iter().flat_map(Map::values_mut) {
        if let Some(property) = property.as_object_mut()
            && property.get("default").is_some_and(is_unset)
        {
            property.shift_remove("default");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::{all, find_words, from_words, parse};
    use crate::action::Role;
    use crate::base::error::Code;
    use crate::base::key::Key;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn words_without_arguments_mean_what_the_command_line_makes_of_them() {
        let mut differ = Vec::new();
        for entry in all() {
            let words: Vec<String> =
                entry.words()[0].iter().map(|word| (*word).to_owned()).collect();
            let matches = entry
                .command()
                .no_binary_name(true)
                .disable_help_flag(true)
                .try_get_matches_from(Vec::<String>::new());
            let read = matches
                .ok()
                .and_then(|matches| entry.read(&matches).ok())
                .and_then(|params| entry.call(&params).ok());
            let called = from_words(&words).ok();
            let told = |call: Option<super::Call>| call.map(|call| (call.name(), call.params()));
            differ.extend((told(called) != told(read)).then_some(entry.name));
        }
        assert_eq!(differ, Vec::<&str>::new());
    }

    #[test]
    fn every_action_is_named_noun_dot_verb_once_and_has_help() {
        let names: BTreeSet<_> = all().map(|entry| entry.name).collect();
        assert_eq!(names.len(), all().count());
        for entry in all() {
            entry.command().debug_assert();
            assert!(
                entry.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'.' || b == b'_'),
                "{}",
                entry.name
            );
            let summary = entry.summary();
            assert!(
                summary.starts_with(char::is_uppercase) && !summary.ends_with('.'),
                "{}: {summary:?}",
                entry.name
            );
            for argument in
                entry.command().get_arguments().filter(|argument| !argument.is_hide_set())
            {
                let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                assert!(!help.is_empty(), "{} {}", entry.name, argument.get_id());
            }
        }
    }

    #[test]
    fn no_two_actions_share_words_and_none_is_hidden_by_another() {
        let mut seen = BTreeSet::new();
        for entry in all() {
            for own in entry.words() {
                assert!(seen.insert(own.clone()), "{own:?} twice");
                let own: Vec<String> = own.iter().map(|word| (*word).to_owned()).collect();
                assert_eq!(
                    find_words(&own).map(|(found, _)| found.name),
                    Some(entry.name),
                    "{own:?}"
                );
            }
        }
    }

    #[test]
    fn every_default_key_is_a_key_and_bound_once() {
        let mut seen = BTreeSet::new();
        for entry in all() {
            for (chord, _) in entry.keys {
                assert!(seen.insert(*chord), "{chord} twice");
                let keys = chord.strip_prefix("prefix ").unwrap_or(chord);
                assert!(keys.split(' ').all(|key| key.parse::<Key>().is_ok()), "{chord}");
            }
        }
    }

    #[test]
    fn a_call_gives_back_the_arguments_it_was_made_from() {
        let call = from_words(&words("rename build --target work")).expect("it is right");
        assert_eq!((call.name(), call.role()), ("session.rename", Role::Server));
        assert_eq!(call.params(), json!({"name": "build", "target": "work"}));
        assert_eq!(format!("{call:?}"), "session.rename {\"name\":\"build\",\"target\":\"work\"}");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let refuse = |name: &str, params: serde_json::Value| {
            let refusal =
                parse(name, params.as_object().expect("an object")).expect_err("it is wrong");
            (refusal.code, refusal.message, refusal.hint)
        };
        let invalid =
            |message: &str, hint: &str| (Code::InvalidParams, message.to_owned(), hint.to_owned());
        assert_eq!(
            refuse("sesion.ls", json!({})),
            (
                Code::UnknownAction,
                "no action \"sesion.ls\"".into(),
                "did you mean \"session.ls\"? abide actions lists all".into()
            )
        );
        assert_eq!(
            refuse("session.rename", json!({"name": 3})),
            invalid(
                "session.rename: name: invalid type: integer `3`, expected a string",
                "abide actions session.rename"
            )
        );
        assert_eq!(
            refuse("session.rename", json!({})),
            invalid("session.rename: missing field `name`", "abide actions session.rename")
        );
        assert_eq!(
            refuse("session.rename", json!({"nme": "x"})),
            invalid("session.rename: there is no argument \"nme\"", "did you mean \"name\"?")
        );
        assert_eq!(
            refuse("session.last", json!({"x": 1})),
            invalid("session.last: there is no argument \"x\"", "it takes none")
        );
        assert_eq!(
            refuse("session.rename", json!({"name": "x", "zzz": 1})),
            invalid("session.rename: there is no argument \"zzz\"", "arguments are name, target")
        );
    }

    #[test]
    fn words_that_are_wrong_are_named() {
        let refuse =
            |text: &str| from_words(&words(text)).map(|call| call.name()).expect_err("it is wrong");
        assert_eq!(refuse("renam x").hint, "did you mean \"rename\"? abide actions lists all");
        assert_eq!(refuse("rename a b").message, "session.rename: unexpected argument 'b' found");
        assert_eq!(refuse("qqqqqqqqqq").hint, "abide actions");
        assert_eq!(refuse("").code, Code::UnknownAction);
    }
}
