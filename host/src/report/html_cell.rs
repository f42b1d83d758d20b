//! What the HTML page says about one cell, beside its figure.

use super::text::escape;
use crate::config::ALL;
use crate::covering::BIAS_SEEN;
use crate::format;
use crate::results::{Cell, CellReplica, Interval, Results, TakenApart, Verdict};

/// Tables and failures of a cell.
pub(super) fn facts(cell: &Cell, results: &Results) -> String {
    let mut html = String::from("<div>\n<table class=\"facts\">\n");
    if let Some(first) = cell.replicas.first() {
        let kept = results.information(cell).map(|score| {
            let g = escape(&format::amplification(score)).replace("+-", "±");
            ("Information on a shift that is kept".into(), format!("{g}, of 1 at most"))
        });
        rows(cell, first, results.shown(cell).root)
            .into_iter()
            .chain(kept)
            .for_each(|(name, value)| html += &format!("<tr><th>{name}</th><td>{value}</td></tr>\n"));
    }
    html += "</table>\n";
    if cell.replicas.len() > 1 {
        html += &sets(cell);
    }
    if calibration_note(cell) {
        html += "<p class=\"small\">For a calibrated posterior the true G of a single member is half of that of the \
                 posterior mean.</p>\n";
    }
    html += "</div>\n";
    if !cell.failures.is_empty() {
        let items: String = cell.failures.iter().map(|f| format!("<li>{}</li>\n", escape(f))).collect();
        let (failed, all) = (cell.failures.len(), cell.replicas.len() + cell.failures.len());
        let what = match all {
            1 => "No result".to_string(),
            _ => format!("No result for {failed} of {} training sets", all.max(results.replicas as usize)),
        };
        html += &format!("<div class=\"failures\">{what}:<ul>\n{items}</ul></div>\n");
    }
    html
}

fn calibration_note(cell: &Cell) -> bool {
    cell.overall
        .as_ref()
        .is_some_and(|o| o.g_true_posterior_mean.is_some() && o.g_true_single_member.is_some())
}

fn rows(cell: &Cell, first: &CellReplica, root: bool) -> Vec<(String, String)> {
    let e = &first.estimate;
    let mut rows: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, value: String| rows.push((name.to_string(), value));
    if let (Some(overall), true) = (&cell.overall, cell.replicas.len() > 1) {
        let text = escape(&format::amplification(cell)).replace("+-", "±");
        add("Over training sets", format!("G: {text}, {}", overall.verdict.text()));
        add("<em>Training set</em>", format!("<em>{}</em>", first.replica + 1));
    }
    add("Verdict", format!("<strong>{}</strong>", e.verdict.text()));
    add("Reason", escape(&e.reason));
    let g = |value: Option<f64>| value.filter(|g| g.is_finite()).map_or("none".to_string(), format::short);
    let caution = if e.verdict == Verdict::InSample { " (no evidence)" } else { "" };
    add("G", format!("{}{caution}", g(e.g)));
    add("68&nbsp;% interval", ends(e.interval_68, e.g));
    add("95&nbsp;% interval", ends(e.interval_95, e.g));
    if let Some(bound) = e.bound {
        add("95&nbsp;% lower bound", format::short(bound));
    }
    if let Some(apart) = &first.apart {
        of_the_bias(apart, &mut add);
    }
    if let Some(alone) = &first.spread_alone {
        add("Spread alone (Bahl et al.)", escape(&format::estimate(alone)));
    }
    add("n<sub>equiv</sub>", events(e.n_equiv));
    let selected = if cell.name.selection == ALL { "" } else { ", under the selection" };
    add(&format!("n<sub>train</sub>{selected}"), format::count(first.n_train_passed));
    if let Some(effective) = first.n_train_effective {
        add("Effective n<sub>train</sub>", format!("{effective:.0}"));
    }
    let reference =
        if first.n_reference == 0 { "none used".into() } else { format::count(first.n_reference) };
    add("Reference events", reference);
    add("Independent members", format!("{:.1}", first.n_effective));
    let limit = if root {
        let root =
            if e.limit > 0.0 { format!(", &sigma; = {}", scientific(e.limit.sqrt())) } else { String::new() };
        format!("{}{root}", scientific(e.limit))
    } else {
        format!("{:.4}", e.limit)
    };
    add("Metric for n<sub>gen</sub> &rarr; &infin;", limit);
    if let Some(truth) = format::truth(cell) {
        let of = if truth.of_one_set { format!("{}: true G", format::THIS_SET) } else { "true G".into() };
        let of = of[..1].to_uppercase() + &of[1..];
        add(&format!("{of}, posterior mean"), escape(&truth.mean));
        add(&format!("{of}, single member"), escape(&truth.member));
    }
    if let Some(deviation) = first.deviation.as_ref().filter(|d| d.pulls.iter().any(Option::is_some)) {
        let pull =
            |p: &Option<f64>| p.map_or("&ndash;".to_string(), |p| format!("{p:.1}").replace('-', "&minus;"));
        let pulls: Vec<String> = deviation.pulls.iter().map(pull).collect();
        add("Pulls of the regions", pulls.join(", "));
    }
    rows
}

/// What 1/G is made of.
fn of_the_bias(apart: &TakenApart, add: &mut impl FnMut(&str, String)) {
    add("G of", apart.of.text().into());
    let bias = (apart.deviation - apart.deviation_unbiased).max(0.0);
    add(
        "1/G = variance + bias<sup>2</sup>",
        format!("{} + {}", format::short(apart.variance), format::short(bias)),
    );
    add(
        "Squared distance from the training events",
        format!(
            "{}; without a bias {}, p = {}",
            format::short(apart.deviation),
            format::short(apart.deviation_unbiased),
            format::short(apart.p_bias)
        ),
    );
    // A bias that is seen leaves no doubt of it.
    if apart.p_bias >= BIAS_SEEN {
        add(
            "What the events cannot tell",
            format!("whether there is no bias at all: then G would be {}", format::short(apart.g_unbiased)),
        );
    }
    if let Some(noise) = apart.training_noise {
        add("Of the variance, noise of one training", format::short(noise));
    }
    if let Some(mean) = &apart.mean_of_fits {
        add(
            &format!("G of the mean of {} fits", mean.fits),
            format!("{} {}", format::short(mean.g), ends(mean.interval_68, Some(mean.g))),
        );
    }
}

fn ends(interval: Interval, g: Option<f64>) -> String {
    let finite = |v: &f64| v.is_finite();
    let around = g.filter(finite).or(interval.low.filter(finite)).or(interval.high.filter(finite));
    match around {
        Some(around) if interval.low.or(interval.high).is_some() => {
            format::interval(interval, around).trim().to_string()
        }
        _ => "none".into(),
    }
}

fn events(n: Option<f64>) -> String {
    match n {
        Some(n) if n.is_finite() && (0.0..1e15).contains(&n) => format::count(n.round() as u64),
        Some(n) if n.is_finite() => format!("{n:.1e}"),
        _ => "not identified".into(),
    }
}

/// A number with three digits and a power of ten.
fn scientific(value: f64) -> String {
    let text = format!("{value:.2e}").replace('-', "&minus;");
    match text.split_once('e') {
        Some((mantissa, "0")) => mantissa.to_string(),
        Some((mantissa, exponent)) => format!("{mantissa}&times;10<sup>{exponent}</sup>"),
        None => text,
    }
}

/// A line for each training set.
fn sets(cell: &Cell) -> String {
    let rows: String = cell
        .replicas
        .iter()
        .map(|r| {
            format!(
                "<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                r.replica + 1,
                escape(&format::estimate(&r.estimate)),
                r.estimate.verdict.text()
            )
        })
        .collect();
    format!(
        "<details>\n<summary class=\"small\">All training sets</summary>\n<table class=\"sets\">\n\
         <thead><tr><th>Set</th><th>G</th><th>Verdict</th></tr></thead>\n<tbody>\n{rows}</tbody></table>\n</details>\n"
    )
}
