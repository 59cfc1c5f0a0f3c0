//! Measures abide beside the multiplexers found on this machine, all from outside and in turns, and
//! prints one table.
//!
//! `cargo run --release --example compare -- [--rounds N] [--quick] [--only NAME,NAME]
//! [--figures start,flood,…]`

mod figures;
mod inner;
mod outer;
mod peers;
mod place;
mod table;

use std::io::Write as _;

use anyhow::{Context as _, bail};
use figures::{Effort, Scenario};
use table::Results;

/// What the command line asks for.
struct Wish {
    rounds: usize,
    effort: Effort,
    only: Option<Vec<String>>,
    scenarios: Vec<Scenario>,
}

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|first| first == "inner") {
        return inner::run(&args[1..]);
    }
    compare(&wish(&args)?)
}

fn wish(args: &[String]) -> anyhow::Result<Wish> {
    let mut wish =
        Wish { rounds: 3, effort: Effort::Full, only: None, scenarios: Scenario::ALL.to_vec() };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().with_context(|| format!("{arg} needs a value"));
        match arg.as_str() {
            "--rounds" => wish.rounds = value()?.parse().context("--rounds takes a number")?,
            "--quick" => (wish.effort, wish.rounds) = (Effort::Quick, 1),
            "--only" => wish.only = Some(value()?.split(',').map(str::to_owned).collect()),
            "--figures" => {
                wish.scenarios =
                    value()?.split(',').map(Scenario::named).collect::<anyhow::Result<_>>()?;
            }
            other => bail!(
                "unknown option {other}; known are --rounds N, --quick, --only NAMES, --figures \
                 NAMES"
            ),
        }
    }
    Ok(wish)
}

/// All peers in turns, as often as asked, then the table.
fn compare(wish: &Wish) -> anyhow::Result<()> {
    let (mut present, missing) = peers::on_this_machine()?;
    if let Some(only) = &wish.only {
        if let Some(name) =
            only.iter().find(|name| !present.iter().any(|peer| peer.is_called(name)))
        {
            bail!(
                "no peer {name:?} here; there are {}",
                present.iter().map(|peer| peer.name).collect::<Vec<_>>().join(", ")
            );
        }
        present.retain(|peer| only.iter().any(|name| peer.is_called(name)));
    }
    let mut results = Results::default();
    for round in 1..=wish.rounds {
        for &scenario in &wish.scenarios {
            for peer in &present {
                note(&format!(
                    "round {round} of {}: {} of {}",
                    wish.rounds,
                    scenario.name(),
                    peer.name
                ))?;
                match scenario.measure(peer, wish.effort) {
                    Ok(values) => results.add(peer.name, values),
                    Err(fault) => note(&format!("  not measured: {fault:#}"))?,
                }
            }
        }
    }
    let text = table::render(&results, &present, &missing, wish.rounds);
    std::io::stdout().lock().write_all(text.as_bytes()).context("the table cannot be printed")
}

/// A line about the progress, on standard error.
fn note(line: &str) -> anyhow::Result<()> {
    writeln!(std::io::stderr().lock(), "{line}").context("standard error is closed")
}
