//! The dataset `hostile-dataset`: a Gaussian column.

use amplicast_sdk::ndarray::{ArrayView2, ArrayViewMut2};
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::*;

use crate::never_the_same;

crate::misbehaviours! {
    PanicInRead, NanInRead, ReadAtRandom, IgnoresSeed, ImpureChunks, DensityNotNormalized, FallingQuantiles, MissingFile,
    TwinColumns, NoEnd,
}

config! {
    /// A Gaussian column.
    pub struct HostileConfig {
        /// What it does wrong.
        pub misbehave: Misbehaviour = M::None,
    }
}

struct Hostile {
    misbehave: Misbehaviour,
    reads: std::sync::atomic::AtomicU64,
}

impl Component for Hostile {
    type Config = HostileConfig;
    const NAME: &'static str = "hostile-dataset";
    const ABOUT: &'static str = "A Gaussian column, misbehaving on request";
    fn new(config: HostileConfig) -> Result<Self> {
        Ok(Hostile { misbehave: config.misbehave, reads: Default::default() })
    }
}

impl Dataset for Hostile {
    fn schema(&self) -> Schema {
        if self.misbehave == M::TwinColumns { Schema::columns(["x", "x"]) } else { Schema::columns(["x"]) }
    }
    fn capacity(&self, _: Split) -> Option<u64> {
        (self.misbehave == M::NoEnd).then_some(1000)
    }
    fn read(&self, _: Split, chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let reads = self.reads.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let shift = match self.misbehave {
            M::PanicInRead => panic!("hostile in read"),
            M::ReadAtRandom => never_the_same(),
            M::ImpureChunks => reads as f64,
            _ => 0.0,
        };
        let seed = if self.misbehave == M::IgnoresSeed { Seed::new(0) } else { chunk.seed };
        let mut stream = seed.stream();
        for x in &mut out {
            let z: f64 = StandardNormal.sample(&mut stream);
            *x = z + shift;
        }
        if self.misbehave == M::NanInRead {
            out[[0, 0]] = f64::NAN;
        }
        Ok(())
    }
    fn density(&self) -> Option<&dyn Density> {
        Some(self)
    }
    fn quantile(&self, summary: &str, probability: f64) -> Option<f64> {
        (self.misbehave == M::FallingQuantiles && summary == "radius").then_some(-probability)
    }
    fn files(&self) -> Vec<std::path::PathBuf> {
        if self.misbehave == M::MissingFile { vec!["/no/such/file".into()] } else { Vec::new() }
    }
}

impl Density for Hostile {
    fn log_density(&self, events: ArrayView2<'_, f64>, out: &mut [f64]) -> Result<()> {
        let constant = if self.misbehave == M::DensityNotNormalized { 0.85 } else { 0.918_938_533_204_672_8 };
        for (event, y) in events.rows().into_iter().zip(out) {
            *y = event.iter().map(|x| -constant - 0.5 * x * x).sum();
        }
        Ok(())
    }
}

register_dataset!(Hostile);
