//! The price of the boundary: a plugin's code loaded from its library, against the same code linked statically.

use std::cell::RefCell;

use amplicast_datasets::{Gaussian, GaussianConfig};
use amplicast_sdk::abi::LoadedDataset;
use amplicast_sdk::ndarray::{Array2, ArrayViewMut2};
use amplicast_sdk::{CHUNK_EVENTS, Component, Dataset, Error, Result, Split};
use serde_json::json;

use crate::plugins::Plugins;
use crate::ring::chunk;
use crate::table::{Row, cost};
use crate::timing::Pairs;

const REPETITIONS: usize = 401;
const MICRO: f64 = 1e-6;

/// Microseconds a chunk of `gaussian` with one column, where a call is shortest.
///
/// The loaded plugin's numbers are checked to be finite where they cross. The crossing alone shows against linked code
/// that is followed by the same check; crossing and check together against linked code without.
pub fn measure(plugins: &Plugins) -> Result<Vec<Row>> {
    let config = json!({});
    let linked = Gaussian::new(GaussianConfig::default())?;
    let bare = |out: ArrayViewMut2<'_, f64>| linked.read(Split::Training, chunk(0), out);
    let checked = |mut out: ArrayViewMut2<'_, f64>| {
        bare(out.view_mut())?;
        match out.as_slice().unwrap_or_default().iter().position(|x| !x.is_finite()) {
            None => Ok(()),
            Some(i) => Err(Error::numeric(format!("number {i} is not finite"))),
        }
    };
    let unwatched = plugins.unwatched_dataset("gaussian", &config)?;
    let journaled = plugins.dataset("gaussian", &config)?;
    Ok(vec![
        compare("crossing, unwatched", &unwatched, "linked statically, same check", &checked)?,
        compare("crossing, journaled", &journaled, "linked statically, same check", &checked)?,
        compare("crossing, journaled, and check", &journaled, "linked statically", &bare)?,
    ])
}

fn compare(
    how: &str,
    loaded: &LoadedDataset,
    against: &str,
    linked: &dyn Fn(ArrayViewMut2<'_, f64>) -> Result<()>,
) -> Result<Row> {
    let mut buffer = Array2::zeros((CHUNK_EVENTS, 1));
    let mut other = Array2::zeros((CHUNK_EVENTS, 1));
    loaded.read(Split::Training, chunk(0), buffer.view_mut())?;
    linked(other.view_mut())?;
    if buffer != other {
        return Err(Error::numeric("`gaussian` gives other events when it is loaded than when it is linked"));
    }
    // One buffer for both: where a buffer lies can cost more than the boundary.
    let buffer = RefCell::new(buffer);
    let pairs = Pairs::of(
        REPETITIONS,
        || loaded.read(Split::Training, chunk(0), buffer.borrow_mut().view_mut()),
        || linked(buffer.borrow_mut().view_mut()),
    )?;
    let against = format!("{against}, {}", cost(&pairs.second, MICRO, "us"));
    let what = format!("boundary, `gaussian`, chunk of 2^16: {how}");
    Ok(Row::new(what, cost(&pairs.first, MICRO, "us"), against).surplus(pairs.ratio, Some(1.0)))
}
