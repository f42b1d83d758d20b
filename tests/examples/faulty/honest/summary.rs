//! The first column of an event.

use amplicast_sdk::*;

/// What may be wrong in it.
pub trait SummaryFault: Clone + Default + Send + Sync + 'static {
    const NAME: &'static str;
    const ABOUT: &'static str;

    fn label(&self) -> String {
        Self::NAME.into()
    }

    /// Refuses events that it cannot be computed on.
    fn check(&self, _: &Schema) -> Result<()> {
        Ok(())
    }

    /// The number of event `i` of the batch.
    fn number(&self, batch: &Batch<'_>, i: usize) -> f64 {
        column(batch, i)
    }

    /// The names of its numbers: one, or two.
    fn numbers(&self, _: &Schema) -> Vec<String> {
        vec![self.label()]
    }

    /// The second number of event `i` of the batch, if it has two.
    fn second(&self, batch: &Batch<'_>, i: usize) -> f64 {
        column(batch, i)
    }
}

/// The first column of event `i`.
pub fn column(batch: &Batch<'_>, i: usize) -> f64 {
    batch.values[[i, 0]]
}

#[derive(Clone)]
pub struct Column<F>(pub F);

super::component!(Column, SummaryFault);

impl<F: SummaryFault> SummaryStatistic for Column<F> {
    fn label(&self) -> String {
        self.0.label()
    }

    fn numbers(&self, schema: &Schema) -> Vec<String> {
        self.0.numbers(schema)
    }

    fn prepare(&self, schema: &Schema) -> Result<Box<dyn Summary>> {
        self.0.check(schema)?;
        Ok(Box::new(self.clone()))
    }
}

impl<F: SummaryFault> Summary for Column<F> {
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
        let numbers = out.len() / batch.values.nrows().max(1);
        for (i, out) in out.chunks_mut(numbers.max(1)).enumerate() {
            out[0] = self.0.number(batch, i);
            out[1..].fill(self.0.second(batch, i));
        }
        Ok(())
    }
}

/// Refuses events with fewer particles than `n`.
pub fn at_least(schema: &Schema, n: usize) -> Result<()> {
    let found = schema.particles().len();
    if found >= n {
        return Ok(());
    }
    Err(Error::data(format!("expected four-momenta of at least {n} particle(s), found {found}")))
}

/// E, px, py, pz of particle `k` of event `i`.
pub fn momentum(batch: &Batch<'_>, i: usize, k: usize) -> [f64; 4] {
    std::array::from_fn(|c| batch.values[[i, 4 * k + c]])
}
