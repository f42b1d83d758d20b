//! The Kolmogorov-Smirnov curve: a long sample against a short reference at many sizes.

use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::{CHUNK_EVENTS, Comparison, Error, Reference, Result, Seed, Values};
use serde_json::json;

use crate::peers::{Beside, Peers};
use crate::plugins::Plugins;
use crate::table::{Row, cost};
use crate::timing::{Pairs, REPETITIONS, Times};

const VALUES: usize = 10_000_000;
const REFERENCE: usize = 1000;
const CHECKPOINTS: usize = 20;
const NANO: f64 = 1e-9;

/// Nanoseconds a value of the whole curve.
pub fn measure(plugins: &Plugins, peers: &Peers) -> Result<Vec<Row>> {
    let (reference, values) = (radii(1, REFERENCE), radii(2, VALUES));
    let sizes = sizes();
    let metric = plugins.metric("ks", &json!({}))?;
    let comparison = metric.compare(&Reference::sample(Values::single(&reference)))?;
    if streamed(&*comparison, &values, &sizes)? != sorted_prefixes(&reference, &values, &sizes) {
        return Err(Error::numeric("the streamed KS distances differ from those of sorted prefixes"));
    }

    let stream = || streamed(&*comparison, &values, &sizes).map(drop);
    let sort = || {
        drop(sorted_prefixes(&reference, &values, &sizes));
        Ok(())
    };
    let pairs = Pairs::of(REPETITIONS, sort, stream)?;
    let (sorted, ours) = (pairs.first.per(VALUES as f64), pairs.second.per(VALUES as f64));

    let what = "KS curve, 20 sizes, 1e7 values against 1e3";
    let show = |times: &Times| cost(times, NANO, "ns a value");
    let mut rows = vec![
        Row::new(what, show(&ours), "").at_most(ours.median() / NANO, 3.0, "ns a value"),
        Row::new(what, show(&ours), format!("sorted prefixes in Rust, {}", show(&sorted)))
            .times(pairs.ratio, None),
    ];
    // Generated events count alike; true ones may not.
    let weights: Vec<f64> =
        (0..REFERENCE).map(|i| if i % 20 == 0 { -1.0 } else { 0.5 + reference[i] }).collect();
    let of_events = Values { w: Some(&weights), ..Values::single(&reference) };
    let weighted = metric.compare(&Reference::sample(of_events))?;
    let weigh = || streamed(&*weighted, &values, &sizes).map(drop);
    let pairs = Pairs::of(REPETITIONS, weigh, stream)?;
    let against = format!("the same without weights, {}", show(&pairs.second.per(VALUES as f64)));
    let cost = show(&pairs.first.per(VALUES as f64));
    rows.push(Row::new(format!("{what} with weights"), cost, against).surplus(pairs.ratio, Some(15.0)));
    for (key, target) in [("ks-scipy", 50.0), ("ks-numpy", 8.0)] {
        if let Some(Beside { name, pairs }) = peers.beside(key, REPETITIONS, VALUES as f64, stream)? {
            let against = format!("{name}, {}", show(&pairs.first));
            rows.push(Row::new(what, show(&pairs.second), against).times(pairs.ratio, Some(target)));
        }
    }
    Ok(rows)
}

/// The radius of the ring's events.
fn radii(seed: u64, n: usize) -> Vec<f64> {
    let mut stream = Seed::new(seed).stream();
    let mut radius = || {
        let z: f64 = StandardNormal.sample(&mut stream);
        1.0 + 0.1 * z
    };
    (0..n).map(|_| radius()).collect()
}

/// Evenly spaced in log n from 100, as in a run.
fn sizes() -> Vec<usize> {
    let step = (VALUES as f64 / 100.0).powf(1.0 / (CHECKPOINTS - 1) as f64);
    (0..CHECKPOINTS).map(|k| (100.0 * step.powi(k as i32)).round() as usize).collect()
}

/// Through the metric's accumulator, chunk by chunk.
fn streamed(comparison: &dyn Comparison, values: &[f64], sizes: &[usize]) -> Result<Vec<f64>> {
    let mut accumulator = comparison.accumulator();
    let mut start = 0;
    let mut curve = Vec::new();
    for &end in sizes {
        for chunk in values[start..end].chunks(CHUNK_EVENTS) {
            accumulator.update(Values::single(chunk))?;
        }
        curve.push(accumulator.values()?[0]);
        start = end;
    }
    Ok(curve)
}

/// Each prefix sorted, and the reference searched in it: no ties between the samples.
fn sorted_prefixes(reference: &[f64], values: &[f64], sizes: &[usize]) -> Vec<f64> {
    let mut reference = reference.to_vec();
    reference.sort_unstable_by(f64::total_cmp);
    let distance = |&n: &usize| {
        let mut prefix = values[..n].to_vec();
        prefix.sort_unstable_by(f64::total_cmp);
        let (n, m) = (n as u128, reference.len() as u128);
        let differences = reference.iter().zip(0..).flat_map(|(x, j)| {
            let below = prefix.partition_point(|y| y < x) as u128;
            [(below * m).abs_diff(j * n), (below * m).abs_diff((j + 1) * n)]
        });
        differences.max().unwrap_or(0) as f64 / (n as f64 * m as f64)
    };
    sizes.iter().map(distance).collect()
}
