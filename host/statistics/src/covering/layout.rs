//! Which members were fitted to which training events: fits to all of them, and fits to parts.

use std::collections::{HashMap, HashSet};

/// What the parts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Random parts without repetition, such as halves.
    Parts,
    /// As many events as there are, drawn with repetition.
    Bootstraps,
    /// Parts of which no event is in two.
    Subsets,
}

/// The members by what they were fitted to.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// The rows of each member in the training set; `None`: all of them, once.
    rows: Vec<Option<Vec<u64>>>,
    /// Members that are fitted to all events.
    pub full: Vec<usize>,
    /// Members by part: those of one part differ by their start alone.
    pub parts: Vec<Vec<usize>>,
    /// What the parts are.
    pub shape: Shape,
    /// Parts that are each other's rest, by their numbers; none unless every part has such another.
    pub pairs: Vec<[usize; 2]>,
    /// By what a variance over parts is to be multiplied, so that it is one over training sets of the whole size.
    pub factor: f64,
}

/// Fewest parts of which a spread is taken.
pub const LEAST_PARTS: usize = 3;

impl Layout {
    /// Of members with these rows of `n` training events; none if too few were fitted to parts of them.
    pub fn new(rows: Vec<Option<Vec<u64>>>, n: u64) -> Option<Self> {
        let whole = |rows: &Vec<u64>| rows.len() as u64 == n && distinct(rows) == rows.len();
        let rows: Vec<Option<Vec<u64>>> =
            rows.into_iter().map(|rows| rows.filter(|rows| !whole(rows))).collect();
        let mut full = Vec::new();
        let mut parts: Vec<Vec<usize>> = Vec::new();
        let mut places: HashMap<&[u64], usize> = HashMap::new();
        for (member, rows) in rows.iter().enumerate() {
            let Some(rows) = rows else {
                full.push(member);
                continue;
            };
            let place = *places.entry(rows).or_insert(parts.len());
            if place == parts.len() {
                parts.push(Vec::new());
            }
            parts[place].push(member);
        }
        if parts.len() < LEAST_PARTS {
            return None;
        }
        let of = |part: &Vec<usize>| rows[part[0]].as_deref().unwrap_or_default();
        let repeats = parts.iter().any(|part| distinct(of(part)) < of(part).len());
        let events: usize = parts.iter().map(|part| of(part).len()).sum();
        let together: HashSet<u64> = parts.iter().flat_map(|part| of(part).iter().copied()).collect();
        let part = events as f64 / parts.len() as f64 / n as f64;
        // Given the events, the variance of a mean of m of n events is (1 - m/n) s^2 / m without repetition, and s^2 / m with it.
        let (shape, factor) = match () {
            _ if repeats => (Shape::Bootstraps, part),
            _ if together.len() == events => (Shape::Subsets, part),
            _ => (Shape::Parts, part / (1.0 - part)),
        };
        let sets: Vec<HashSet<u64>> = parts.iter().map(|part| of(part).iter().copied().collect()).collect();
        let pairs = pairs(&sets, n);
        drop(places);
        Some(Layout { rows, full, parts, shape, pairs, factor })
    }

    /// The same, of members whose rows so far were those of groups of events: `events` has the events of some groups. What the parts are, and by what their
    /// variance is multiplied, is that of groups, which are what is independent: half of them are not quite half of the events.
    #[must_use]
    pub fn of_events(self, events: impl Fn(&[u64]) -> Vec<u64>) -> Self {
        let rows = self.rows.into_iter().map(|rows| rows.map(|rows| events(&rows))).collect();
        Layout { rows, ..self }
    }

    /// The rows of a member; none if it was fitted to all events.
    pub fn rows(&self, member: usize) -> Option<&[u64]> {
        self.rows[member].as_deref()
    }

    /// One member of each part: those whose spread is that over parts.
    pub fn spread(&self) -> Vec<usize> {
        self.parts.iter().map(|part| part[0]).collect()
    }

    /// The members that stand for the generator whose G is meant: fits to all events, or all members where there are none.
    pub fn speaking(&self) -> Vec<usize> {
        if self.full.is_empty() { (0..self.rows.len()).collect() } else { self.full.clone() }
    }
}

/// Parts that make up all `n` events two by two.
fn pairs(sets: &[HashSet<u64>], n: u64) -> Vec<[usize; 2]> {
    let mut open: Vec<usize> = (0..sets.len()).collect();
    let mut pairs = Vec::new();
    while let Some(first) = open.first().copied() {
        let rest = |other: &usize| {
            (sets[first].len() + sets[*other].len()) as u64 == n && sets[first].is_disjoint(&sets[*other])
        };
        let Some(other) = open.iter().skip(1).copied().find(|other| rest(other)) else { return Vec::new() };
        open.retain(|part| *part != first && *part != other);
        pairs.push([first, other]);
    }
    if pairs.len() < LEAST_PARTS { Vec::new() } else { pairs }
}

/// How many rows are different from each other.
pub fn distinct(rows: &[u64]) -> usize {
    rows.iter().collect::<HashSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_with_second_starts() {
        let half = |first: u64| Some((first..first + 50).collect::<Vec<u64>>());
        let rows = vec![None, Some((0..100).collect()), half(0), half(20), half(50), half(0)];
        let layout = Layout::new(rows, 100).unwrap();
        assert_eq!(
            (layout.full.clone(), layout.parts.clone()),
            (vec![0, 1], vec![vec![2, 5], vec![3], vec![4]])
        );
        assert_eq!((layout.shape, layout.factor), (Shape::Parts, 1.0));
        assert_eq!((layout.spread(), layout.speaking()), (vec![2, 3, 4], vec![0, 1]));
        assert_eq!((layout.rows(1), layout.rows(3).unwrap().len()), (None, 50));
        assert!(layout.pairs.is_empty());
        let ring = |first: u64| Some((first..first + 50).map(|row| row % 100).collect::<Vec<u64>>());
        let halves = [0, 10, 60, 50, 30, 80].map(ring).to_vec();
        assert_eq!(Layout::new(halves.clone(), 100).unwrap().pairs, [[0, 3], [1, 2], [4, 5]]);
        // Of groups, of which the first has two events.
        let events = |groups: &[u64]| -> Vec<u64> {
            groups.iter().flat_map(|group| if *group == 0 { 0..2 } else { group + 1..group + 2 }).collect()
        };
        let layout = Layout::new(halves, 100).unwrap().of_events(events);
        assert_eq!((layout.factor, layout.shape, layout.pairs.len()), (1.0, Shape::Parts, 3));
        assert_eq!((layout.rows(0).unwrap().len(), layout.rows(3).unwrap().len()), (51, 50));
    }

    #[test]
    fn bootstraps_and_subsets() {
        let repeated = |k: u64| Some((0..100).map(|i| (i * i + k) % 100).collect::<Vec<u64>>());
        let layout = Layout::new((0..4).map(repeated).collect(), 100).unwrap();
        assert_eq!(
            (layout.shape, layout.factor, layout.speaking()),
            (Shape::Bootstraps, 1.0, vec![0, 1, 2, 3])
        );
        let subset = |k: u64| Some((25 * k..25 * k + 25).collect::<Vec<u64>>());
        let layout = Layout::new((0..4).map(subset).collect(), 100).unwrap();
        assert_eq!((layout.shape, layout.factor), (Shape::Subsets, 0.25));
        assert_eq!(Layout::new(vec![None, subset(0), subset(1)], 100), None);
    }
}
