//! Medians of what was measured, as a markdown table with the ratio to tmux.

use std::collections::BTreeMap;

use crate::figures::{Figure, all};
use crate::outer::{COLS, ROWS};
use crate::peers::Peer;

/// The peer that ratios are taken to.
const YARDSTICK: &str = "tmux";

/// All values by figure and peer.
#[derive(Default)]
pub(crate) struct Results(BTreeMap<(Figure, &'static str), Vec<f64>>);

impl Results {
    pub(crate) fn add(&mut self, peer: &'static str, values: Vec<(Figure, f64)>) {
        for (figure, value) in values {
            self.0.entry((figure, peer)).or_default().push(value);
        }
    }

    fn median(&self, figure: Figure, peer: &'static str) -> Option<f64> {
        let mut values = self.0.get(&(figure, peer))?.clone();
        values.sort_by(f64::total_cmp);
        let (low, high) = (values.get((values.len() - 1) / 2)?, values.get(values.len() / 2)?);
        Some(f64::midpoint(*low, *high))
    }
}

/// The table and a line about how it came to be.
pub(crate) fn render(results: &Results, peers: &[Peer], missing: &[&str], rounds: usize) -> String {
    let heads: Vec<_> = peers
        .iter()
        .map(|peer| format!("{} {}", peer.name, peer.version).trim_end().to_owned())
        .collect();
    let mut lines = vec![
        format!("| figure | {} |", heads.join(" | ")),
        format!("|---|{}", "---|".repeat(heads.len())),
    ];
    for figure in all()
        .into_iter()
        .filter(|&figure| peers.iter().any(|peer| results.median(figure, peer.name).is_some()))
    {
        let cells: Vec<_> = peers.iter().map(|peer| cell(results, figure, peer.name)).collect();
        lines.push(format!("| {} | {} |", figure.label(), cells.join(" | ")));
    }
    let absent = if missing.is_empty() {
        String::new()
    } else {
        format!(" Not found here: {}.", missing.join(", "))
    };
    lines.push(format!(
        "\n{COLS}×{ROWS}, medians of {rounds} interleaved rounds; in brackets the \
        ratio to {YARDSTICK}.{absent}\n"
    ));
    lines.join("\n")
}

fn cell(results: &Results, figure: Figure, peer: &'static str) -> String {
    let Some(value) = results.median(figure, peer) else { return "–".to_owned() };
    match results
        .median(figure, YARDSTICK)
        .filter(|yardstick| peer != YARDSTICK && *yardstick > 0.0)
    {
        Some(yardstick) => format!("{} ({:.2}×)", shown(value), value / yardstick),
        None => shown(value),
    }
}

fn shown(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}
