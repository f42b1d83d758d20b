//! Which true events belong together, and whether what is taken of them are whole groups.

use std::collections::BTreeMap;
use std::ops::Range;

use amplicast_sdk::{Chunk, Error, Result, Seed, Split, chunk_events};

use super::source::TrueSource;
use crate::config::Sizes;

/// The groups of some events, by their order.
#[derive(Debug, Clone, PartialEq)]
pub struct Groups {
    /// The first event of each, then how many events there are.
    bounds: Vec<u64>,
}

impl Groups {
    /// Of the number of each event, the same for those of a group, which stand next to each other.
    pub fn new(numbers: &[u64]) -> Self {
        let mut bounds = vec![0];
        for group in numbers.chunk_by(|a, b| a == b) {
            bounds.push(bounds[bounds.len() - 1] + group.len() as u64);
        }
        Groups { bounds }
    }

    /// How many groups there are.
    pub fn number(&self) -> usize {
        self.bounds.len() - 1
    }

    /// Events in the largest.
    pub fn largest(&self) -> u64 {
        self.bounds.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0)
    }

    /// The rows of these groups, group by group.
    pub fn rows(&self, groups: &[u64]) -> Vec<u64> {
        let of = |group: &u64| self.bounds[*group as usize]..self.bounds[*group as usize + 1];
        groups.iter().flat_map(of).collect()
    }

    /// The groups that these rows are, in rising order, each as often as its rows are there; none if one of them is not whole.
    pub fn whole(&self, rows: &[u64]) -> Option<Vec<u64>> {
        let mut found: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
        for row in rows {
            let group = self.bounds.partition_point(|bound| bound <= row) - 1;
            let [first, end] = [self.bounds[group], *self.bounds.get(group + 1)?];
            found.entry(group).or_insert_with(|| vec![0; (end - first) as usize])[(row - first) as usize] +=
                1;
        }
        let mut groups = Vec::new();
        for (group, times) in found {
            let often = times[0];
            if times.iter().any(|other| *other != often) {
                return None;
            }
            groups.extend((0..often).map(|_| group as u64));
        }
        Some(groups)
    }
}

/// The chunks in which the events of the training set with this number are read, each with its events in the set.
pub fn training_chunks(
    sizes: &Sizes,
    number: u64,
    dimension: usize,
) -> impl Iterator<Item = (Chunk, Range<usize>)> {
    let stream = Seed::new(sizes.seed).split("data").index(number).split("training");
    let (step, n) = (chunk_events(dimension), sizes.n_train as usize);
    let first = number * sizes.n_train;
    (0..n).step_by(step).enumerate().map(move |(index, begin)| {
        let index = index as u64;
        let chunk = Chunk { index, first_event: first + begin as u64, seed: stream.index(index) };
        (chunk, begin..(begin + step).min(n))
    })
}

/// Of each event the place of the first one of its group, counted from `first` on.
pub fn first_of_each(numbers: &[f64], first: u64) -> Vec<u64> {
    let mut groups: Vec<u64> = Vec::with_capacity(numbers.len());
    for (i, number) in numbers.iter().enumerate() {
        groups.push(if i > 0 && numbers[i - 1] == *number { groups[i - 1] } else { first + i as u64 });
    }
    groups
}

/// The groups of the events of the training set with this number: for each event the row of the first one of its group; none if each is by
/// itself.
///
/// # Errors
/// If the set, or what is left out of it, cuts a group: at `n_train` or `left_out`, with the sizes that would not.
pub fn training_groups(dataset: &dyn TrueSource, sizes: &Sizes, number: u64) -> Result<Option<Vec<u64>>> {
    if !dataset.grouped() {
        return Ok(None);
    }
    let mut numbers = vec![0.0; sizes.n_train as usize];
    for (chunk, events) in training_chunks(sizes, number, dataset.schema().dimension()) {
        dataset.read_groups(Split::Training, chunk, &mut numbers[events])?;
    }
    let end = (number + 1) * sizes.n_train;
    if let Some(group) = group_across(dataset, Split::Training, end)? {
        let begin = number * sizes.n_train;
        let cure = match number {
            0 if group.start > begin => format!("take {} or {}", group.start, group.end),
            0 => format!("take {}", group.end),
            _ => "sets of one size can only end with a group each where groups are of one size".into(),
        };
        let message = format!(
            "expected training sets that cut no group of events, found the end of set {} (event {end}) within the group of events {}..{}: {cure}",
            number + 1,
            group.start,
            group.end
        );
        return Err(Error::config("n_train", message));
    }
    let groups = first_of_each(&numbers, 0);
    expect_whole_left_out(sizes, &groups)?;
    Ok(Some(groups))
}

/// How many of the last events of a training set are kept from generators.
pub fn left_out(sizes: &Sizes) -> usize {
    (sizes.n_train as f64 * sizes.left_out) as usize
}

fn expect_whole_left_out(sizes: &Sizes, groups: &[u64]) -> Result<()> {
    let n = groups.len();
    let seen = n - left_out(sizes);
    if seen == 0 || seen == n || groups[seen] != groups[seen - 1] {
        return Ok(());
    }
    let begin = groups[seen] as usize;
    let end = begin + groups[begin..].iter().take_while(|group| **group == groups[begin]).count();
    // The shortest number that leaves out as many events.
    let part = |events: usize| {
        let of = |digits: usize| format!("{:.digits$}", (events as f64 + 0.5) / n as f64);
        let same = |text: &String| {
            text.parse()
                .is_ok_and(|left_out: f64| self::left_out(&Sizes { left_out, ..sizes.clone() }) == events)
        };
        (1..17).map(of).find(same).unwrap_or_else(|| of(17))
    };
    let ends: Vec<String> = [n - end, n - begin].into_iter().filter(|events| *events < n).map(part).collect();
    Err(Error::config(
        "left_out",
        format!(
            "expected a part of the training events that cuts no group, found the last {} of {n}, of which the first are of the group of \
             events {begin}..{end}: take {}",
            n - seen,
            ends.join(" or ")
        ),
    ))
}

/// Refuses to end the holdout within a group.
pub fn expect_whole_holdout(dataset: &dyn TrueSource, sizes: &Sizes) -> Result<()> {
    let Some(n) = sizes.n_holdout.filter(|_| dataset.grouped()) else { return Ok(()) };
    let Some(group) = group_across(dataset, Split::Holdout, n)? else { return Ok(()) };
    let before = if group.start > 0 { format!("{} or ", group.start) } else { String::new() };
    Err(Error::config(
        "n_holdout",
        format!(
            "expected a number of holdout events that cuts no group, found {n}, within the group of events {}..{}: take {before}{}",
            group.start, group.end, group.end
        ),
    ))
}

/// The group that this many of the first events would cut; none if they end with a group, or with the events. A sampler's groups end with
/// what is drawn.
fn group_across(dataset: &dyn TrueSource, split: Split, at: u64) -> Result<Option<Range<u64>>> {
    let Some(events) = dataset.capacity(split)?.filter(|events| (1..*events).contains(&at)) else {
        return Ok(None);
    };
    let number = number_of(dataset, split, at)?;
    if number_of(dataset, split, at - 1)? != number {
        return Ok(None);
    }
    let mut start = at - 1;
    while start > 0 && number_of(dataset, split, start - 1)? == number {
        start -= 1;
    }
    let mut end = at + 1;
    while end < events && number_of(dataset, split, end)? == number {
        end += 1;
    }
    Ok(Some(start..end))
}

/// The number of one event's group, of a dataset that has an end.
fn number_of(dataset: &dyn TrueSource, split: Split, event: u64) -> Result<f64> {
    let mut number = [0.0];
    let chunk = Chunk { index: 0, first_event: event, seed: Seed::new(0) };
    dataset.read_groups(split, chunk, &mut number)?;
    Ok(number[0])
}

/// These pieces of a stream of holdout events, cut where groups end: each goes on to the end of the group in which it would. Those of a
/// sampler, which has no end, are what they are.
pub fn whole_pieces(dataset: &dyn TrueSource, pieces: Vec<Range<u64>>) -> Result<Vec<Range<u64>>> {
    if !dataset.grouped() || dataset.capacity(Split::Holdout)?.is_none() {
        return Ok(pieces);
    }
    let moved = |at: u64| -> Result<u64> {
        Ok(group_across(dataset, Split::Holdout, at)?.map_or(at, |group| group.end))
    };
    let pieces: Vec<Range<u64>> =
        pieces.into_iter().map(|piece| Ok(moved(piece.start)?..moved(piece.end)?)).collect::<Result<_>>()?;
    Ok(pieces.into_iter().filter(|piece| piece.start < piece.end).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_groups() {
        let groups = Groups::new(&[0, 0, 2, 3, 3, 3]);
        assert_eq!((groups.number(), groups.largest()), (3, 3));
        assert_eq!(groups.rows(&[0, 2, 2]), [0, 1, 3, 4, 5, 3, 4, 5]);
        assert_eq!(groups.whole(&[5, 0, 3, 1, 4, 4, 5, 3]).unwrap(), [0, 2, 2]);
        assert_eq!((groups.whole(&[0, 1, 2, 3]), groups.whole(&[3, 3, 4, 5])), (None, None));
        assert_eq!(groups.whole(&[2, 6]), None);
        assert_eq!(first_of_each(&[7.0, 7.0, 1.0, 7.0], 10), [10, 10, 12, 13]);
    }
}
