//! Two columns of normal numbers.

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::*;

use super::simple::draw;

/// What may be wrong in it.
pub trait DataFault: Clone + Default + Send + Sync + 'static {
    const NAME: &'static str;
    const ABOUT: &'static str;

    /// One event.
    fn event(&self, stream: &mut Stream, event: &mut [f64]) {
        draw(&[0.0, 0.0], stream, event);
    }
}

pub struct Data<F>(pub F);

super::component!(Data, DataFault);

impl<F: DataFault> Dataset for Data<F> {
    fn schema(&self) -> Schema {
        Schema::columns(["x", "y"])
    }

    fn capacity(&self, _: Split) -> Option<u64> {
        None
    }

    fn read(&self, split: Split, chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let name = if split == Split::Training { "training" } else { "holdout" };
        let mut stream = chunk.seed.split(name).stream();
        for mut row in out.rows_mut() {
            let event = row.as_slice_mut().ok_or_else(|| Error::plugin("expected a row-major batch"))?;
            self.0.event(&mut stream, event);
        }
        Ok(())
    }
}
