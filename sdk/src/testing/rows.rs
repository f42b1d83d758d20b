//! The rows of a chunk are independent events of one distribution: none repeats another, none is like the one before it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use ndarray::{Array2, ArrayView1, ArrayView2, s};

use super::outcome::{Stop, Verdict, ensure, skip};
use super::stream::EventStream;
use crate::{Chunk, chunk_events};

/// Rows of the first chunk that is drawn; each next one has four times as many while the time allows.
const LEAST: usize = 512;
const TIME: Duration = Duration::from_millis(300);
/// Distances of rows that may be special.
const LAGS: [usize; 24] = [
    1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64, 100, 128, 256, 512, 1000, 1024, 2048, 4096, 5000, 8192, 10_000,
    16_384, 32_768,
];
/// Columns that are looked at.
const COLUMNS: usize = 8;
/// Standard errors of a correlation that are taken for chance: there are a few hundred of them.
const CHANCE: f64 = 6.0;
/// sqrt(m / 2) D of two halves of m rows that chance exceeds once in ten million.
const HALVES: f64 = 2.9;
/// Repeated rows beyond those that two chunks have in common, which are taken for chance: a part of them, and a number.
const REPEATED: (f64, f64) = (0.5, 20.0);

impl EventStream<'_> {
    /// The rows of a chunk, as long as the host's if the time allows.
    pub fn independent_rows(&self) -> Verdict {
        if self.capacity.is_some() {
            return skip("finite: its events are given");
        }
        let most = chunk_events(self.dimension);
        let mut n = LEAST.min(most);
        let (first, second) = loop {
            let start = Instant::now();
            let (first, second) = (self.rows(0, n)?, self.rows(1, n)?);
            if n == most || 4 * start.elapsed() > TIME {
                break (first, second);
            }
            n = (4 * n).min(most);
        };
        self.repeated(first.view(), second.view())?;
        for (k, column) in first.columns().into_iter().take(COLUMNS).enumerate() {
            let ranks = Ranks::of(column);
            self.halves(k, column)?;
            for lag in LAGS.into_iter().filter(|lag| 2 * lag <= n) {
                let r = ranks.correlation(lag);
                ensure(r.abs() * ((n - lag) as f64).sqrt() <= CHANCE, || {
                    format!(
                        "{}: column {} of an event and of the event {lag} row(s) later are correlated by {r:.3} in a chunk of \
                         {n}: the rows are not independent",
                        self.what,
                        k + 1
                    )
                })?;
            }
        }
        if n < most {
            return Err(Stop::Partial(format!(
                "{}: chunks of {n} of up to {most} rows in its time",
                self.what
            )));
        }
        Ok(())
    }

    fn rows(&self, index: u64, n: usize) -> Verdict<Array2<f64>> {
        let seed = self.seed().split("rows").index(index);
        let first_event = index * chunk_events(self.dimension) as u64;
        let values = self.events(Chunk { index, first_event, seed }, n)?;
        let rows = Array2::from_shape_vec((n, self.dimension), values);
        rows.map_err(|error| Stop::Failed(error.to_string()))
    }

    /// Pairs of the same row within a chunk are as many as between two chunks: none for numbers, some for counts.
    fn repeated(&self, first: ArrayView2<'_, f64>, second: ArrayView2<'_, f64>) -> Verdict {
        let (a, b) = (counts(first), counts(second));
        let within =
            |counts: &HashMap<Vec<u64>, f64>| counts.values().map(|c| 0.5 * c * (c - 1.0)).sum::<f64>();
        let found = within(&a) + within(&b);
        let between: f64 = a.iter().filter_map(|(row, c)| Some(c * b.get(row)?)).sum();
        ensure(found <= (1.0 + REPEATED.0) * between + REPEATED.1, || {
            format!(
                "{}: {found} pairs of the same event within two chunks of {} rows, {between} pairs between them: rows repeat \
                 others",
                self.what,
                first.nrows()
            )
        })
    }

    /// The first half of a chunk has the distribution of the second.
    fn halves(&self, k: usize, column: ArrayView1<'_, f64>) -> Verdict {
        let m = column.len() / 2;
        let sorted = |part: ArrayView1<'_, f64>| {
            let mut part = part.to_vec();
            part.sort_unstable_by(f64::total_cmp);
            part
        };
        let (early, late) = (sorted(column.slice(s![..m])), sorted(column.slice(s![m..2 * m])));
        let (mut i, mut j, mut distance) = (0, 0, 0_usize);
        while i < m && j < m {
            let x = early[i].min(late[j]);
            i += early[i..].iter().take_while(|y| **y == x).count();
            j += late[j..].iter().take_while(|y| **y == x).count();
            distance = distance.max(i.abs_diff(j));
        }
        let found = distance as f64 / m as f64;
        ensure(found * (0.5 * m as f64).sqrt() <= HALVES, || {
            format!(
                "{}: column {} of the first and of the last {m} rows of a chunk have other distributions (their \
                 Kolmogorov-Smirnov distance is {found:.3})",
                self.what,
                k + 1
            )
        })
    }
}

/// How often each row occurs.
fn counts(rows: ArrayView2<'_, f64>) -> HashMap<Vec<u64>, f64> {
    let mut counts = HashMap::new();
    for row in rows.rows() {
        *counts.entry(row.iter().map(|x| x.to_bits()).collect()).or_insert(0.0) += 1.0;
    }
    counts
}

/// Ranks of a column, those of equal numbers averaged, with mean 0 and variance 1; no distribution is too heavy for them.
struct Ranks(Vec<f64>);

impl Ranks {
    fn of(column: ArrayView1<'_, f64>) -> Self {
        let n = column.len();
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_unstable_by(|&i, &j| column[i].total_cmp(&column[j]));
        let (mut ranks, mut below) = (vec![0.0; n], 0);
        for same in order.chunk_by(|&i, &j| column[i] == column[j]) {
            let rank = below as f64 + 0.5 * (same.len() as f64 - n as f64);
            same.iter().for_each(|&i| ranks[i] = rank);
            below += same.len();
        }
        let width = (ranks.iter().map(|r| r * r).sum::<f64>() / n as f64).sqrt();
        if width > 0.0 {
            ranks.iter_mut().for_each(|r| *r /= width);
        }
        Ranks(ranks)
    }

    fn correlation(&self, lag: usize) -> f64 {
        let pairs = self.0.iter().zip(&self.0[lag..]);
        pairs.map(|(a, b)| a * b).sum::<f64>() / (self.0.len() - lag) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_of_equal_numbers_are_averaged() {
        // Ranks 0, (1 + 2) / 2 twice, 3 around their mean 1.5: -1.5, 0, 0, 1.5, of variance 1.125.
        let ranks = Ranks::of(ndarray::array![7.0, 9.0, 8.0, 8.0].view());
        let unit = 1.125_f64.sqrt();
        for (found, expected) in ranks.0.iter().zip([-1.5 / unit, 1.5 / unit, 0.0, 0.0]) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
        // Products of neighbors: -1.5 * 1.5 / 1.125 = -2, 0, 0.
        assert!((ranks.correlation(1) + 2.0 / 3.0).abs() < 1e-12);
    }
}
