//! Whether members are independent: the spread of members that share their events, or their random numbers, bounds nothing.

use std::collections::HashMap;

use amplicast_sdk::ndarray::Array2;
use statrs::distribution::{ContinuousCDF, Normal};

use super::chance::{Numbers, is_no_chance};
use super::glance::Glance;
use super::member::REPEATED;
use super::rank::{of_neighbors, standard_ranks};
use super::rows::Known;

/// How two members depend on each other.
#[derive(Debug, Clone, PartialEq)]
pub enum Dependence {
    /// They hold the same events, in whatever order.
    Same {
        /// Their numbers.
        members: [usize; 2],
    },
    /// They have a part of their events in common.
    Shared {
        /// Their numbers.
        members: [usize; 2],
        /// Part of the first one's distinct events that the second has.
        part: f64,
    },
    /// The k-th event of one goes with the k-th event of the other.
    Rows {
        /// Their numbers.
        members: [usize; 2],
        /// The column.
        column: usize,
        /// The rank correlation; that of all pairs if no pair stands out.
        correlation: f64,
        /// Whether it is the mean over all pairs.
        mean: bool,
    },
}

/// Events in common below which it may be chance.
const SHARED: usize = 8;
/// Part of the events that must be in common.
const SHARED_PART: f64 = 0.01;
/// Below this probability, over all pairs and columns, a correlation is no chance.
const CHANCE: f64 = 1e-6;
/// Rank correlation of neighboring rows, in its standard deviations, from which on a column has an order of its own.
const ORDERED: f64 = 5.0;
/// Numbers of all members' first events that are compared.
const WORK: usize = 1 << 26;

/// Looks for members that are not independent of each other; `known` are the training events, which many may hold, and `equal` says whether
/// events that are in two members tell anything.
pub fn dependence(glances: &[Glance], known: &Known, dimension: usize, equal: bool) -> Option<Dependence> {
    let shared = || if equal { shared(glances, known) } else { None };
    same(glances).or_else(shared).or_else(|| rows(glances, dimension))
}

fn same(glances: &[Glance]) -> Option<Dependence> {
    let mut seen: HashMap<(u64, Vec<u64>), usize> = HashMap::new();
    for (i, glance) in glances.iter().enumerate() {
        let lowest: Vec<u64> = glance.sketch.hashes().take(16).collect();
        let before = *seen.entry((glance.events, lowest)).or_insert(i);
        // A few discrete values are alike in any sample.
        if before != i && glances[before].sketch == glance.sketch && glance.sketch.hashes().count() >= SHARED
        {
            return Some(Dependence::Same { members: [before, i] });
        }
    }
    None
}

/// Training events are in common without any dependence, and so is what chance makes equal.
fn shared(glances: &[Glance], known: &Known) -> Option<Dependence> {
    let training: std::collections::HashSet<u64> = known.sketch.hashes().collect();
    let mut holders: HashMap<u64, Vec<usize>> = HashMap::new();
    for (i, glance) in glances.iter().enumerate() {
        for hash in glance.sketch.hashes().filter(|h| *h <= known.sketch.end() && !training.contains(h)) {
            holders.entry(hash).or_default().push(i);
        }
    }
    let mut pairs: HashMap<[usize; 2], usize> = HashMap::new();
    for list in holders.values().filter(|list| list.len() > 1) {
        for (k, &i) in list.iter().enumerate() {
            list[k + 1..].iter().for_each(|&j| *pairs.entry([i, j]).or_default() += 1);
        }
    }
    let numbers: Vec<Numbers> = glances.iter().map(Glance::numbers).collect();
    let told = |[i, j]: [usize; 2]| {
        let (found, share) = glances[i].sketch.equal_pairs_with(&glances[j].sketch, &known.sketch);
        is_no_chance(found, numbers[i].in_common(&numbers[j], share))
    };
    let part = |[i, j]: [usize; 2]| {
        let (mine, both) = glances[i].sketch.shared(&glances[j].sketch);
        both as f64 / mine.max(1) as f64
    };
    let many = pairs.into_iter().filter(|(_, n)| *n >= SHARED);
    let no_chance = many.filter(|(pair, _)| told(*pair) && part(*pair) >= SHARED_PART);
    let (members, _) = no_chance.max_by_key(|(pair, n)| (*n, std::cmp::Reverse(*pair)))?;
    Some(Dependence::Shared { members, part: part(members) })
}

/// Correlation of the rows of any two members, and of all together, column by column.
fn rows(glances: &[Glance], dimension: usize) -> Option<Dependence> {
    let n = compared(glances, dimension);
    // Events that repeat within a member come at equal distances in others that were made alike.
    let free: Vec<usize> = (0..glances.len()).filter(|i| !repeats(&glances[*i])).collect();
    let mut worst: Option<Dependence> = None;
    for column in 0..dimension {
        let values: Vec<Vec<f32>> = free
            .iter()
            .map(|&i| glances[i].head(dimension).column(column).iter().take(n).copied().collect())
            .collect();
        let Some(Correlated { members, correlation, mean }) = correlated(&values, dimension) else {
            continue;
        };
        let before = match &worst {
            Some(Dependence::Rows { correlation, .. }) => correlation.abs(),
            _ => 0.0,
        };
        if correlation.abs() > before {
            let members = members.map(|i| free[i]);
            worst = Some(Dependence::Rows { members, column, correlation, mean });
        }
    }
    worst
}

/// How many of each member's first events are compared.
pub fn compared(glances: &[Glance], dimension: usize) -> usize {
    let n = glances.iter().map(|g| g.head(dimension).nrows()).min().unwrap_or(0);
    n.min((WORK / (glances.len().max(1) * dimension.max(1))).max(64))
}

fn repeats(glance: &Glance) -> bool {
    let numbers = glance.numbers();
    numbers.resolution > 0.0 && glance.sketch.repeated() > REPEATED
}

/// Members of which the k-th values go together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Correlated {
    /// Their numbers.
    members: [usize; 2],
    /// The rank correlation; that of all pairs if no pair stands out.
    pub correlation: f64,
    /// Whether it is the mean over all pairs.
    mean: bool,
}

/// Whether the k-th values of members go together in one of `columns` columns that are looked at.
pub fn correlated(values: &[Vec<f32>], columns: usize) -> Option<Correlated> {
    let n = values.iter().map(Vec::len).min().unwrap_or(0);
    if values.len() < 2 || n < 32 {
        return None;
    }
    let deviation = 1.0 / ((n - 1) as f64).sqrt();
    let has_order = |ranks: &[f32]| of_neighbors(ranks).abs() > ORDERED * deviation;
    let ranks: Vec<(usize, Vec<f32>)> = (0..values.len())
        .filter_map(|i| {
            let ranks = standard_ranks(values[i][..n].iter().copied())?;
            // In sorted files rows go together without any dependence.
            (!has_order(&ranks)).then_some((i, ranks))
        })
        .collect();
    if ranks.len() < 2 {
        return None;
    }
    let mut table = Array2::zeros((ranks.len(), n));
    for (mut row, (_, ranks)) in table.rows_mut().into_iter().zip(&ranks) {
        row.iter_mut().zip(ranks).for_each(|(x, rank)| *x = *rank);
    }
    let products = table.dot(&table.t());
    let (mut sum, mut count, mut largest) = (0.0, 0.0_f64, (0.0_f64, [0, 0]));
    for i in 0..ranks.len() {
        for j in i + 1..ranks.len() {
            let correlation = f64::from(products[[i, j]]) / n as f64;
            sum += correlation;
            count += 1.0;
            if correlation.abs() > largest.0.abs() {
                largest = (correlation, [ranks[i].0, ranks[j].0]);
            }
        }
    }
    let (normal, columns) = (Normal::standard(), columns.max(1) as f64);
    let of_one = normal.inverse_cdf(1.0 - CHANCE / (2.0 * count * columns)) * deviation;
    // An order that all files have, too weak to be seen in one, is seen in what they have in common; one noise has none.
    let in_common: Vec<f32> = table.sum_axis(ndarray::Axis(0)).into_iter().collect();
    let ordered = standard_ranks(in_common.into_iter()).is_some_and(|ranks| has_order(&ranks));
    if largest.0.abs() > if ordered { 3.0 * of_one } else { of_one } {
        return Some(Correlated { members: largest.1, correlation: largest.0, mean: false });
    }
    let mean = sum / count;
    let of_mean = normal.inverse_cdf(1.0 - CHANCE / (2.0 * columns)) * deviation / count.sqrt();
    (mean.abs() > of_mean && !ordered).then_some(Correlated {
        members: largest.1,
        correlation: mean,
        mean: true,
    })
}

impl Dependence {
    /// In words; `place` names a member, `columns` are the columns' names.
    pub fn text(&self, place: impl Fn(usize) -> String, columns: &[String]) -> String {
        match self {
            Dependence::Same { members: [i, j] } => format!(
                "{} and {} hold the same events: expected a member each; leave one of them out",
                place(*i),
                place(*j)
            ),
            Dependence::Shared { members: [i, j], part } => format!(
                "{:.0} % of the events of {} are in {} as well: expected members that share no events",
                100.0 * part,
                place(*i),
                place(*j)
            ),
            Dependence::Rows { members: [i, j], column, correlation, mean } => {
                let column = columns.get(*column).map_or("", String::as_str);
                let who = if *mean {
                    "the members (mean of all pairs)".to_string()
                } else {
                    format!("{} and {}", place(*i), place(*j))
                };
                format!(
                    "event k of one member goes with event k of another: {who} have a rank correlation of {correlation:.2} in \
                     `{column}`; their spread is too small: expected members drawn with a seed of their own each"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::Seed;
    use amplicast_sdk::ndarray::{Axis, concatenate, s};
    use amplicast_sdk::rand_distr::{Distribution, StandardNormal};

    use super::super::rows::RowHashes;
    use super::*;

    fn normal(seed: u64, n: usize) -> Array2<f64> {
        let mut stream = Seed::new(seed).stream();
        Array2::from_shape_fn((n, 2), |_| StandardNormal.sample(&mut stream))
    }

    fn found(members: &[Array2<f64>]) -> Option<Dependence> {
        let known = Known::new(normal(999, 500).view(), 1);
        let glance = |events: &Array2<f64>| {
            let mut glance = Glance::default();
            glance.add(events.view(), &known, &mut RowHashes::default());
            glance
        };
        dependence(&members.iter().map(glance).collect::<Vec<_>>(), &known, 2, true)
    }

    #[test]
    fn independent_members() {
        for seed in 0..20 {
            let members: Vec<_> = (0..20).map(|i| normal(100 * seed + i, 2000)).collect();
            assert_eq!(found(&members), None, "seed {seed}");
        }
    }

    #[test]
    fn equal_members_in_any_order() {
        let mut members: Vec<_> = (0..5).map(|i| normal(i, 3000)).collect();
        let (a, b) = members[1].view().split_at(Axis(0), 1000);
        members[4] = concatenate![Axis(0), b, a];
        assert_eq!(found(&members), Some(Dependence::Same { members: [1, 4] }));
    }

    #[test]
    fn members_with_events_in_common() {
        let mut members: Vec<_> = (0..5).map(|i| normal(i, 3000)).collect();
        let some = members[0].slice(s![..900, ..]).to_owned();
        members[3].slice_mut(s![2000..2900, ..]).assign(&some);
        let Some(Dependence::Shared { members: [0, 3], part }) = found(&members) else {
            panic!("{members:?}")
        };
        assert!((part - 0.3).abs() < 1e-12, "{part}");
    }

    /// One stream of random numbers, and a network each.
    #[test]
    fn members_of_one_seed() {
        let noise = normal(7, 2000);
        let members: Vec<_> =
            (0..10).map(|i| noise.mapv(|x| x * (1.0 + 0.01 * f64::from(i)) + 0.001)).collect();
        let Some(Dependence::Rows { correlation, mean: false, .. }) = found(&members) else { panic!() };
        assert!(correlation > 0.99);
        // A weak correlation of every pair: r = 0.05, of which no single pair of 2000 events tells.
        let weak = |i: u64| normal(50 + i, 2000) * 0.95_f64.sqrt() + &noise * 0.05_f64.sqrt();
        let members: Vec<_> = (0..20).map(weak).collect();
        let Some(Dependence::Rows { correlation, mean: true, .. }) = found(&members) else { panic!() };
        // 190 pairs of 1024 events: +- 0.0023.
        assert!((correlation - 0.048).abs() < 0.01, "{correlation}");
    }

    #[test]
    fn sorted_members_do_not_depend_on_each_other() {
        let sorted = |i: u64| {
            let mut column = normal(i, 2000).column(0).to_vec();
            column.sort_by(f64::total_cmp);
            let mut events = normal(100 + i, 2000);
            events.column_mut(0).iter_mut().zip(column).for_each(|(x, y)| *x = y);
            events
        };
        assert_eq!(found(&(0..6).map(sorted).collect::<Vec<_>>()), None);
    }

    /// Files that were written in the same blocks have a row in common, and nothing else.
    #[test]
    fn members_in_blocks_do_not_depend_on_each_other() {
        for (blocks, size) in [(2, 0.3), (2, 0.8), (4, 0.5), (1024, 0.5)] {
            let shifted = |i: u64| {
                let mut events = normal(200 + i, 1024);
                let shift = |row: usize| size * (row * blocks / 1024 % 2) as f64;
                events.column_mut(0).iter_mut().zip(0..).for_each(|(x, row)| *x += shift(row));
                events
            };
            assert_eq!(found(&(0..20).map(shifted).collect::<Vec<_>>()), None, "{blocks} blocks");
        }
    }

    /// Independent rounded events are equal by chance, and more of them are not.
    #[test]
    fn rounded_events_in_common() {
        // Half of the events in common are 10^4 equal pairs; chance makes 4 10^8 times 0.28 / scale for each column.
        for (scale, columns, told) in
            [(100.0, 1, false), (10.0, 2, false), (10_000.0, 1, true), (1000.0, 2, true)]
        {
            let rounded = |i: u64| {
                let mut events = normal(300 + i, 20_000).mapv(|x| (scale * x).round() / scale);
                if columns == 1 {
                    events.column_mut(1).fill(0.0);
                }
                events
            };
            let mut members: Vec<_> = (0..3).map(rounded).collect();
            assert_eq!(found(&members), None, "{scale} {columns}");
            let half = members[0].slice(s![..10_000, ..]).to_owned();
            members[2].slice_mut(s![10_000.., ..]).assign(&half);
            let shared = matches!(found(&members), Some(Dependence::Shared { members: [0, 2], .. }));
            assert_eq!(shared, told, "{scale} {columns}");
        }
    }

    #[test]
    fn messages_name_members_and_columns() {
        let place = |i: usize| format!("m{i}.npy");
        let columns = ["x".to_string(), "y".to_string()];
        let text = Dependence::Same { members: [1, 4] }.text(place, &columns);
        assert!(text.starts_with("m1.npy and m4.npy hold the same events: expected a member each"), "{text}");
        let rows = Dependence::Rows { members: [0, 2], column: 1, correlation: 0.93, mean: false };
        let text = rows.text(place, &columns);
        assert!(text.contains("m0.npy and m2.npy have a rank correlation of 0.93 in `y`"), "{text}");
    }
}
