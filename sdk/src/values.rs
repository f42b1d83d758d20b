//! The numbers of events as metrics see them.

use std::ops::Range;

use ndarray::{ArrayView1, ArrayView2, Axis};

use crate::moments::quotient;
use crate::{Error, Result};

/// The summaries of events, with their weights and groups.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Values<'a> {
    /// Events x numbers, row-major.
    pub x: ArrayView2<'a, f64>,
    /// A weight for each event, of either sign; `None` if all count alike.
    pub w: Option<&'a [f64]>,
    /// A number for each event, the same for those that belong together, which stand next to each other; `None` if each is by itself.
    pub g: Option<&'a [u64]>,
}

impl<'a> Values<'a> {
    /// Events x numbers, without weights, each by itself.
    pub fn new(x: ArrayView2<'a, f64>) -> Self {
        Values { x, w: None, g: None }
    }

    /// One number an event, without weights.
    pub fn single(x: &'a [f64]) -> Self {
        Values::new(ArrayView1::from(x).insert_axis(Axis(1)))
    }

    /// No event of so many numbers.
    pub fn none(numbers: usize) -> Self {
        Values::new(ArrayView2::from_shape((0, numbers), &[]).expect("no number is there"))
    }

    /// How many events there are.
    pub fn events(&self) -> usize {
        self.x.nrows()
    }

    /// How many numbers each has.
    pub fn numbers(&self) -> usize {
        self.x.ncols()
    }

    /// Whether all count alike, each by itself.
    pub fn are_alike(&self) -> bool {
        self.w.is_none() && self.g.is_none()
    }

    /// The events that belong together, group by group: each alone if it is by itself.
    pub fn together(&self) -> impl Iterator<Item = Range<usize>> + use<'a> {
        let (groups, events) = (self.g, self.x.nrows());
        let mut first = 0;
        std::iter::from_fn(move || {
            let begin = first;
            let same = |groups: &[u64]| groups[begin..].iter().take_while(|g| **g == groups[begin]).count();
            first += if begin < events { groups.map_or(1, same) } else { return None };
            Some(begin..first)
        })
    }

    /// The effective number of events (Kish 1965): the square of the sum of the weights over the sum of the squares of those of each group,
    /// or of each event that is by itself.
    pub fn effective_size(&self) -> f64 {
        let weight = |events: Range<usize>| {
            self.w.map_or(events.len() as f64, |weights| weights[events].iter().sum::<f64>())
        };
        let sums = self.together().map(weight);
        let (sum, squares) = sums.fold((0.0, 0.0), |(sum, squares), w| (sum + w, squares + w * w));
        quotient(sum * sum, squares)
    }

    /// The numbers; refuses weights and groups, for a metric that does not use them.
    pub fn unweighted(self) -> Result<ArrayView2<'a, f64>> {
        self.ungrouped()?;
        match self.w {
            None => Ok(self.x),
            Some(_) => {
                Err(Error::unsupported("expected events without weights, found events that have them"))
            }
        }
    }

    /// The same events; refuses groups, for a metric that does not use them.
    pub fn ungrouped(self) -> Result<Self> {
        match self.g {
            None => Ok(self),
            Some(_) => {
                Err(Error::unsupported("expected events each by itself, found some that belong together"))
            }
        }
    }

    /// The one number of each event; refuses weights and groups, and events of several numbers.
    pub fn one(self) -> Result<&'a [f64]> {
        self.unweighted()?;
        Ok(self.one_weighted()?.0)
    }

    /// The one number of each event and the weights, if there are some; refuses groups, and events of several numbers.
    pub fn one_weighted(self) -> Result<(&'a [f64], Option<&'a [f64]>)> {
        Ok((self.ungrouped()?.list()?, self.w))
    }

    /// The one number of each event, whatever weights and groups they have; refuses events of several numbers.
    pub fn list(self) -> Result<&'a [f64]> {
        match self.x.to_slice() {
            Some(list) if self.x.ncols() == 1 => Ok(list),
            _ => Err(Error::unsupported(format!("expected one number an event, found {}", self.x.ncols()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn one_number_is_taken_from_events_of_one_number_alone() {
        let list = [1.0, 2.0, 3.0];
        for n in 0..=3 {
            let values = Values::single(&list[..n]);
            assert_eq!((values.events(), values.numbers(), values.one().unwrap()), (n, 1, &list[..n]));
        }
        let two = array![[1.0, 2.0]];
        let error = Values::new(two.view()).one().unwrap_err();
        assert_eq!(error.message(), "expected one number an event, found 2");
        assert!(Values::none(2).one().is_err() && Values::none(1).one().unwrap().is_empty());
        let weighted = Values { w: Some(&[1.0; 3]), ..Values::single(&list) };
        assert!(weighted.one().unwrap_err().message().contains("without weights"));
    }

    #[test]
    fn events_of_a_group_stand_together() {
        let values = Values { g: Some(&[7, 7, 3, 9, 9, 9]), ..Values::single(&[0.0; 6]) };
        assert_eq!(values.together().collect::<Vec<_>>(), [0..2, 2..3, 3..6]);
        assert_eq!(values.effective_size(), 36.0 / 14.0);
        let weighted = Values { w: Some(&[1.0, -1.0, 2.0, 1.0, 1.0, 0.0]), ..values };
        assert_eq!(weighted.effective_size(), 16.0 / 8.0);
        let alone = Values { g: None, ..weighted };
        assert_eq!((alone.together().count(), alone.effective_size()), (6, 16.0 / 8.0));
        assert_eq!(Values::none(1).together().count(), 0);
        assert!(values.one().unwrap_err().message().contains("each by itself"));
        assert!(values.one_weighted().is_err() && values.list().is_ok() && !values.are_alike());
    }
}
