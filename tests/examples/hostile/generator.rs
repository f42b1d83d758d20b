//! The generator `hostile-generator`: a Gaussian of width 1 around a fitted mean.

use std::sync::Arc;
use std::time::Duration;

use amplicast_sdk::ndarray::{Array2, ArrayView2, ArrayViewMut2};
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::*;

use crate::{hang, never_the_same, segmentation_fault};

crate::misbehaviours! {
    PanicInCreate, ExitInCreate, PanicInCheck, PanicInPrepare, PanicInFit, PanicInSample, PanicInDrop, ExitInDrop,
    NanInFit, NanInSample, UnwrittenInSample, WrongLengthOfFit, HangInFit, HangInSample, ExitInFit, ExitInSample,
    AbortInFit, AbortInSample, SegfaultInSample,
    ClaimsDensity, HidesGradients, InitialAtRandom, FitAtRandom, IgnoresRows, IgnoresStop, SampleAtRandom, IgnoresSeed,
    ImpureChunks, NoEnd, WrongGradient, HalfAGradient, LossAtRandom, IgnoresWeights, DensityNotNormalized,
    DensityOfAnother, SampledDensityDiffers, ChangesGiven,
}

config! {
    /// A Gaussian of width 1 around a fitted mean.
    pub struct HostileConfig {
        /// What it does wrong.
        pub misbehave: Misbehaviour = M::None,
        /// Milliseconds that a chunk takes.
        pub delay: u64 = 0,
        /// The code with which it ends the process.
        pub exit: i32 = 0,
        /// Whether it says on standard error when it makes a member.
        pub tells: bool = false,
    }
}

#[derive(Clone)]
struct Hostile(Arc<HostileConfig>);

impl Hostile {
    fn is(&self, misbehaviour: Misbehaviour) -> bool {
        self.0.misbehave == misbehaviour
    }
}

impl Component for Hostile {
    type Config = HostileConfig;
    const NAME: &'static str = "hostile-generator";
    const ABOUT: &'static str = "A Gaussian that misbehaves on request";
    fn new(config: HostileConfig) -> Result<Self> {
        match config.misbehave {
            M::PanicInCreate => panic!("hostile in create"),
            M::ExitInCreate => std::process::exit(config.exit),
            _ => Ok(Hostile(Arc::new(config))),
        }
    }
}

impl Generator for Hostile {
    fn abilities(&self) -> Abilities {
        let gradients = (!self.is(M::HidesGradients)).then_some(LossKind::NegativeLogLikelihood);
        let log_density = !self.is(M::ChangesGiven);
        Abilities { gradients, fit: true, log_density, own_members: false, weights: false }
    }
    fn conditions(&self, _: &Schema) -> Result<Vec<usize>> {
        Ok(if self.is(M::ChangesGiven) { vec![0] } else { Vec::new() })
    }
    fn check(&self, _: &Schema) -> Result<()> {
        if self.is(M::PanicInCheck) {
            panic!("hostile in check");
        }
        Ok(())
    }
    fn prepare(&self, training: &Batch<'_>, _: &Schema) -> Result<Box<dyn Model>> {
        if self.is(M::PanicInPrepare) {
            panic!("hostile in prepare");
        }
        Ok(Box::new(Gaussian { hostile: self.clone(), events: training.values.to_owned() }))
    }
}

struct Gaussian {
    hostile: Hostile,
    events: Array2<f64>,
}

impl Gaussian {
    fn mean(&self, k: usize, rows: &[u64], weights: Option<&[f64]>) -> f64 {
        self.mean_of(k, rows, weights, |x| x)
    }
    fn mean_of(&self, k: usize, rows: &[u64], weights: Option<&[f64]>, f: impl Fn(f64) -> f64) -> f64 {
        let weight = |i: usize| weights.map_or(1.0, |w| w[i]);
        let one = |(i, &row): (usize, &u64)| weight(i) * f(self.events[[row as usize, k]]);
        rows.iter().enumerate().map(one).sum::<f64>() / (0..rows.len()).map(weight).sum::<f64>()
    }
}

impl Model for Gaussian {
    fn layout(&self) -> Layout {
        Layout::new([("mean", vec![self.events.ncols()])])
    }
    fn initial(&self, _: Seed) -> Result<Vec<f32>> {
        let random = if self.hostile.is(M::InitialAtRandom) { never_the_same() as f32 } else { 0.0 };
        Ok(vec![random; self.events.ncols()])
    }
    fn at(&self, parameters: &[f32]) -> Result<Box<dyn Member>> {
        if self.hostile.0.tells {
            eprintln!("a member is made at {parameters:?}");
        }
        Ok(Box::new(Draw {
            hostile: self.hostile.clone(),
            mean: parameters.to_vec(),
            sampled: Default::default(),
        }))
    }
    fn gradients(&self) -> Option<&dyn Differentiable> {
        Some(self)
    }
    fn fit(
        &self,
        rows: &[u64],
        settings: &TrainingSettings,
        _: Seed,
        context: &dyn Context,
    ) -> Result<Vec<f32>> {
        let all: Vec<u64> = (0..self.events.nrows() as u64).collect();
        match self.hostile.0.misbehave {
            M::PanicInFit => panic!("hostile in fit"),
            M::ExitInFit => std::process::exit(self.hostile.0.exit),
            M::AbortInFit => std::process::abort(),
            M::HangInFit => hang(),
            _ => {}
        }
        for step in 0..settings.iterations.min(5) {
            if !self.hostile.is(M::IgnoresStop) {
                context.check()?;
            }
            context.progress(step + 1, settings.iterations, None);
        }
        let rows = if self.hostile.is(M::IgnoresRows) { &all } else { rows };
        let mut mean: Vec<f32> = (0..self.events.ncols()).map(|k| self.mean(k, rows, None) as f32).collect();
        match self.hostile.0.misbehave {
            M::NanInFit => mean[0] = f32::NAN,
            M::FitAtRandom => mean[0] += never_the_same() as f32,
            M::WrongLengthOfFit => mean.push(0.0),
            _ => {}
        }
        Ok(mean)
    }
}

impl Differentiable for Gaussian {
    fn loss_kind(&self) -> LossKind {
        LossKind::NegativeLogLikelihood
    }
    fn loss_and_gradient(
        &self,
        parameters: &[f32],
        rows: &[u64],
        weights: Option<&[f64]>,
        _: Seed,
        gradient: &mut [f32],
    ) -> Result<f64> {
        let weights = weights.filter(|_| !self.hostile.is(M::IgnoresWeights));
        let mut loss = if self.hostile.is(M::LossAtRandom) { never_the_same() } else { 0.0 };
        for (k, g) in gradient.iter_mut().enumerate() {
            let p = f64::from(parameters[k]);
            loss += self.mean_of(k, rows, weights, |x| 0.5 * (p - x).powi(2));
            *g = (p - self.mean(k, rows, weights)) as f32;
        }
        match self.hostile.0.misbehave {
            M::WrongGradient => gradient.iter_mut().for_each(|g| *g *= 1.1),
            M::HalfAGradient => gradient[0] = 0.0,
            _ => {}
        }
        Ok(loss)
    }
}

struct Draw {
    hostile: Hostile,
    mean: Vec<f32>,
    sampled: std::sync::atomic::AtomicU64,
}

impl Drop for Draw {
    fn drop(&mut self) {
        match self.hostile.0.misbehave {
            M::PanicInDrop => panic!("hostile in drop"),
            M::ExitInDrop => std::process::exit(0),
            _ => {}
        }
    }
}

impl Member for Draw {
    fn capacity(&self) -> Option<u64> {
        self.hostile.is(M::NoEnd).then_some(1000)
    }
    fn sample(&self, chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        std::thread::sleep(Duration::from_millis(self.hostile.0.delay));
        let before = self.sampled.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut seed = chunk.seed;
        let mut shift = 0.0;
        match self.hostile.0.misbehave {
            M::PanicInSample => panic!("hostile in sample"),
            M::HangInSample => hang(),
            M::ExitInSample => std::process::exit(0),
            M::AbortInSample => std::process::abort(),
            M::SegfaultInSample => segmentation_fault(),
            M::SampleAtRandom => shift = never_the_same(),
            M::ImpureChunks => shift = before as f64,
            M::IgnoresSeed | M::NoEnd => seed = Seed::new(0),
            _ => {}
        }
        let mut stream = seed.stream();
        let rows = out.nrows();
        for (i, mut event) in out.rows_mut().into_iter().enumerate() {
            for (x, mean) in event.iter_mut().zip(&self.mean) {
                let z: f64 = StandardNormal.sample(&mut stream);
                *x = f64::from(*mean) + shift + z;
            }
            if self.hostile.is(M::NanInSample) && i + 1 == rows {
                event[0] = f64::NAN;
            }
            if self.hostile.is(M::UnwrittenInSample) && i + 2 == rows {
                break;
            }
        }
        Ok(())
    }
    fn sample_with_log_density(
        &self,
        chunk: Chunk,
        mut out: ArrayViewMut2<'_, f64>,
        log_density: &mut [f64],
    ) -> Result<()> {
        self.sample(chunk, out.view_mut())?;
        self.log_density(out.view(), chunk.seed, log_density)?;
        if self.hostile.is(M::SampledDensityDiffers) {
            log_density[0] += 0.1;
        }
        Ok(())
    }
    fn log_density(&self, events: ArrayView2<'_, f64>, _: Seed, out: &mut [f64]) -> Result<()> {
        if self.hostile.is(M::ClaimsDensity) {
            return Err(Error::unsupported("hostile: no density"));
        }
        let shift = if self.hostile.is(M::DensityOfAnother) { 0.2 } else { 0.0 };
        let constant = if self.hostile.is(M::DensityNotNormalized) { 0.85 } else { 0.918_938_533_204_672_8 };
        for (event, y) in events.rows().into_iter().zip(out) {
            let term = |(x, mean): (&f64, &f32)| -constant - 0.5 * (x - f64::from(*mean) - shift).powi(2);
            *y = event.iter().zip(&self.mean).map(term).sum();
        }
        Ok(())
    }
}

register_generator!(Hostile);
