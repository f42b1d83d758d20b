//! Whether members are independent: the spread of members that share their events, or their random numbers, bounds nothing.

use std::collections::HashMap;

use amplicast_sdk::ndarray::Array2;
use statrs::distribution::{ContinuousCDF, Normal};

use super::glance::Glance;
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

/// Looks for members that are not independent of each other; `known` are the training events, which many may hold.
pub fn dependence(glances: &[Glance], known: &Known, dimension: usize) -> Option<Dependence> {
    same(glances).or_else(|| shared(glances, known)).or_else(|| rows(glances, dimension))
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

/// Discrete events, and training events, are in common without any dependence.
fn shared(glances: &[Glance], known: &Known) -> Option<Dependence> {
    if known.by_chance > 0.0 {
        return None;
    }
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
    let part = |&[i, j]: &[usize; 2]| {
        let (mine, both) = glances[i].sketch.shared(&glances[j].sketch);
        both as f64 / mine.max(1) as f64
    };
    let most = pairs
        .into_iter()
        .filter(|(_, n)| *n >= SHARED)
        .max_by_key(|(pair, n)| (*n, std::cmp::Reverse(*pair)));
    let (members, _) = most?;
    let part = part(&members);
    (part >= SHARED_PART).then_some(Dependence::Shared { members, part })
}

/// Correlation of the rows of any two members, and of all together, column by column.
fn rows(glances: &[Glance], dimension: usize) -> Option<Dependence> {
    let members = glances.len();
    let n = glances.iter().map(|g| g.head(dimension).nrows()).min().unwrap_or(0);
    let n = n.min((WORK / (members.max(1) * dimension.max(1))).max(64));
    if members < 2 || n < 32 {
        return None;
    }
    let pairs = (members * (members - 1) / 2) as f64;
    let deviation = 1.0 / ((n - 1) as f64).sqrt();
    let normal = Normal::standard();
    let of_one = normal.inverse_cdf(1.0 - CHANCE / (2.0 * pairs * dimension as f64)) * deviation;
    let mut worst: Option<Dependence> = None;
    for column in 0..dimension {
        let ranks: Vec<(usize, Vec<f32>)> = (0..members)
            .filter_map(|i| {
                let head = glances[i].head(dimension);
                let ranks = standard_ranks(head.column(column).iter().take(n).copied())?;
                // In sorted files rows go together without any dependence.
                let free = of_neighbors(&ranks).abs() < ORDERED * deviation;
                free.then_some((i, ranks))
            })
            .collect();
        if ranks.len() < 2 {
            continue;
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
        let mean = sum / count;
        let of_mean = normal.inverse_cdf(1.0 - CHANCE / (2.0 * dimension as f64)) * deviation / count.sqrt();
        let (found, limit, is_mean) =
            if largest.0.abs() > of_one { (largest.0, of_one, false) } else { (mean, of_mean, true) };
        let before = match &worst {
            Some(Dependence::Rows { correlation, .. }) => correlation.abs(),
            _ => 0.0,
        };
        if found.abs() > limit && found.abs() > before {
            worst = Some(Dependence::Rows { members: largest.1, column, correlation: found, mean: is_mean });
        }
    }
    worst
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
        dependence(&members.iter().map(glance).collect::<Vec<_>>(), &known, 2)
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
