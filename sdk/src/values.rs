//! The numbers of events as metrics see them.

use ndarray::{ArrayView1, ArrayView2, Axis};

use crate::{Error, Result};

/// The summaries of events, with their weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Values<'a> {
    /// Events x numbers, row-major.
    pub x: ArrayView2<'a, f64>,
    /// A weight for each event, of either sign; `None` if all count alike.
    pub w: Option<&'a [f64]>,
}

impl<'a> Values<'a> {
    /// Events x numbers, without weights.
    pub fn new(x: ArrayView2<'a, f64>) -> Self {
        Values { x, w: None }
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

    /// The numbers; refuses weights, for a metric that does not use them.
    pub fn unweighted(self) -> Result<ArrayView2<'a, f64>> {
        match self.w {
            None => Ok(self.x),
            Some(_) => {
                Err(Error::unsupported("expected events without weights, found events that have them"))
            }
        }
    }

    /// The one number of each event; refuses weights, and events of several numbers.
    pub fn one(self) -> Result<&'a [f64]> {
        self.unweighted()?;
        Ok(self.one_weighted()?.0)
    }

    /// The one number of each event and the weights, if there are some; refuses events of several numbers.
    pub fn one_weighted(self) -> Result<(&'a [f64], Option<&'a [f64]>)> {
        match self.x.to_slice() {
            Some(list) if self.x.ncols() == 1 => Ok((list, self.w)),
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
}
