//! The price of the boundary: a plugin's code loaded from its library, against the same code linked statically.

use amplicast_datasets::{Gaussian, GaussianConfig};
use amplicast_sdk::abi::LoadedDataset;
use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::{CHUNK_EVENTS, Component, Dataset, Error, Result, Split};
use serde_json::json;

use crate::plugins::Plugins;
use crate::ring::chunk;
use crate::table::{Row, cost};
use crate::timing::Pairs;

const REPETITIONS: usize = 401;
const MICRO: f64 = 1e-6;

/// Microseconds a chunk of `gaussian` with one column, where a call is shortest.
pub fn measure(plugins: &Plugins) -> Result<Vec<Row>> {
    let config = json!({});
    let linked = Gaussian::new(GaussianConfig::default())?;
    Ok(vec![
        compare("unwatched", &plugins.unwatched_dataset("gaussian", &config)?, &linked)?,
        compare("journaled", &plugins.dataset("gaussian", &config)?, &linked)?,
    ])
}

fn compare(how: &str, loaded: &LoadedDataset, linked: &Gaussian) -> Result<Row> {
    let mut buffer = Array2::zeros((CHUNK_EVENTS, 1));
    let mut other = Array2::zeros((CHUNK_EVENTS, 1));
    loaded.read(Split::Training, chunk(0), buffer.view_mut())?;
    linked.read(Split::Training, chunk(0), other.view_mut())?;
    if buffer != other {
        return Err(Error::numeric("`gaussian` gives other events when it is loaded than when it is linked"));
    }
    // One buffer for both: where a buffer lies can cost more than the boundary.
    let buffer = std::cell::RefCell::new(buffer);
    let pairs = Pairs::of(
        REPETITIONS,
        || loaded.read(Split::Training, chunk(0), buffer.borrow_mut().view_mut()),
        || linked.read(Split::Training, chunk(0), buffer.borrow_mut().view_mut()),
    )?;
    let against = format!("linked statically, {}", cost(&pairs.second, MICRO, "us"));
    let what = format!("boundary, `gaussian`, chunk of 2^16, {how}");
    Ok(Row::new(what, cost(&pairs.first, MICRO, "us"), against).surplus(pairs.ratio, Some(1.0)))
}
