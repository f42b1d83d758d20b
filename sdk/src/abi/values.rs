//! The numbers of events across the boundary.

use abi_stable::StableAbi;
use abi_stable::std_types::{ROption, RSlice, RVec};
use ndarray::Array2;

use super::dataset::{rows_of, slice_of};
use crate::metric::expect_length;
use crate::{Error, Result, Values};

#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct AbiValues<'a> {
    x: RSlice<'a, f64>,
    numbers: usize,
    w: ROption<RSlice<'a, f64>>,
    g: ROption<RSlice<'a, u64>>,
}

impl<'a> AbiValues<'a> {
    pub fn new(values: &'a Values<'_>) -> Result<Self> {
        if let Some(w) = values.w {
            expect_length("weights", values.events(), w.len())?;
        }
        if let Some(g) = values.g {
            expect_length("numbers of groups", values.events(), g.len())?;
        }
        Ok(AbiValues {
            x: slice_of(&values.x)?,
            numbers: values.numbers(),
            w: values.w.map(RSlice::from_slice).into(),
            g: values.g.map(RSlice::from_slice).into(),
        })
    }

    pub fn read(self) -> Result<Values<'a>> {
        Ok(Values {
            x: rows_of(self.x, self.numbers)?,
            w: self.w.into_option().map(|w| w.as_slice()),
            g: self.g.into_option().map(|g| g.as_slice()),
        })
    }
}

/// Owned numbers of events.
#[repr(C)]
#[derive(StableAbi)]
pub struct AbiNumbers {
    x: RVec<f64>,
    numbers: usize,
}

impl From<Array2<f64>> for AbiNumbers {
    fn from(x: Array2<f64>) -> Self {
        let numbers = x.ncols();
        // In the order of rows, however the author's array is laid out.
        let x: Vec<f64> =
            if x.is_standard_layout() { x.into_raw_vec_and_offset().0 } else { x.iter().copied().collect() };
        AbiNumbers { x: x.into(), numbers }
    }
}

impl AbiNumbers {
    pub fn read(self) -> Result<Array2<f64>> {
        let rows = self.x.len() / self.numbers.max(1);
        Array2::from_shape_vec((rows, self.numbers), self.x.into_vec())
            .map_err(|e| Error::plugin(format!("the numbers of events: {e}")))
    }
}
