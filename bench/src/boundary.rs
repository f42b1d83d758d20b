//! The price of the boundary: a plugin's code loaded from its library, against the same code linked statically.

use std::cell::RefCell;
use std::hint::black_box;
use std::sync::Arc;

use amplicast_datasets::{Gaussian, GaussianConfig};
use amplicast_sdk::abi::{Caller, LoadedDataset, Unwatched};
use amplicast_sdk::ndarray::Array2;
use amplicast_sdk::{CHUNK_EVENTS, Component, Dataset, Error, Result, Split};
use serde_json::json;

use crate::plugins::Plugins;
use crate::ring::chunk;
use crate::table::{Row, cost};
use crate::timing::{Pairs, Times};

const REPETITIONS: usize = 201;
const MICRO: f64 = 1e-6;

/// The price of a call for a chunk of `gaussian` with one column, where a chunk is quickest.
///
/// The crossing shows in calls for a single event: relative to a chunk of 2^16 it would drown in the differences that the
/// same code has when it is compiled into another program. What crosses is also checked to be finite: a price of its own,
/// which has nothing to do with how the code is linked.
pub fn measure(plugins: &Plugins) -> Result<Vec<Row>> {
    let config = json!({});
    let linked = Gaussian::new(GaussianConfig::default())?;
    let unwatched = plugins.unwatched_dataset("gaussian", &config)?;
    let journaled = plugins.dataset("gaussian", &config)?;

    let mut events = Array2::zeros((CHUNK_EVENTS, 1));
    let whole = Times::of(REPETITIONS, || linked.read(Split::Training, chunk(0), events.view_mut()))?;
    let against = format!("chunk of 2^16 linked statically, {}", cost(&whole, MICRO, "us"));
    let mut rows = Vec::new();
    for (how, loaded) in [("unwatched", &unwatched), ("journaled", &journaled)] {
        let extra = compare(loaded, &linked, 1, 500)?.difference;
        let shown = format!("{:.3} us a call more than linked", extra / MICRO);
        let ratio = 1.0 + extra / whole.median();
        let what = format!("boundary, `gaussian`, {how}");
        rows.push(Row::new(what, shown, against.clone()).surplus(ratio, Some(1.0)));
    }
    let caller = Caller::new("gaussian", Arc::new(Unwatched));
    let values = events.as_slice().expect("row-major");
    let look = Times::of(REPETITIONS, || caller.expect_finite("read", "event", 0, black_box(values), 1))?;
    let ratio = 1.0 + look.median() / whole.median();
    let what = "the look at every number, for NaN and infinity";
    rows.push(Row::new(what, cost(&look, MICRO, "us a chunk"), against).surplus(ratio, None));
    Ok(rows)
}

/// Calls of the loaded plugin, and of the linked code, for `events` events each.
fn compare(loaded: &LoadedDataset, linked: &Gaussian, events: usize, calls: usize) -> Result<Pairs> {
    let mut buffer = Array2::zeros((events, 1));
    let mut other = Array2::zeros((events, 1));
    loaded.read(Split::Training, chunk(0), buffer.view_mut())?;
    linked.read(Split::Training, chunk(0), other.view_mut())?;
    if buffer != other {
        return Err(Error::numeric("`gaussian` gives other events when it is loaded than when it is linked"));
    }
    // One buffer for both: where a buffer lies can cost more than the boundary.
    let buffer = RefCell::new(buffer);
    let mut pairs = Pairs::of(
        REPETITIONS,
        || {
            (0..calls)
                .try_for_each(|_| loaded.read(Split::Training, chunk(0), buffer.borrow_mut().view_mut()))
        },
        || {
            (0..calls)
                .try_for_each(|_| linked.read(Split::Training, chunk(0), buffer.borrow_mut().view_mut()))
        },
    )?;
    pairs.difference /= calls as f64;
    Ok(pairs)
}
