//! What the processor can do at most, and which part of it the autoregressive network's training takes.

use amplicast_nn::lanes::{self, Row as Lanes, functions};
use amplicast_nn::pulp::{Simd, WithSimd};
use amplicast_sdk::{Model, Result, Seed};

use crate::plugins::Plugins;
use crate::ring::{TRAINING, model, rows};
use crate::table::Row;
use crate::timing::{REPETITIONS, Times};

const BATCH: usize = 200;
/// Multiply-adds of one event at one position of the default network, forward: 2 blocks of width 32 (3 x 32^2 + 32^2 + 2 x 2 x 32^2
/// each), 20 Gaussians (60 x 32). Attention, norms and GELU are left out.
const MULTIPLY_ADDS: f64 = 2.0 * 8.0 * 32.0 * 32.0 + 60.0 * 32.0;
/// Forward, and twice as much back: the gradients of inputs and of weights.
const PASSES: f64 = 3.0;
/// Part of the peak, in per cent.
const TARGET: f64 = 60.0;

/// Sums that do not depend on each other: two registers each hide the latency of two units, and with the factors all stay in the sixteen registers of
/// AVX2.
const SUMS: usize = 5;
const ROUNDS: usize = 100_000;

/// Multiply-adds in registers alone.
struct Peak;

impl WithSimd for Peak {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let row = |value: f32| -> Lanes<S> { [simd.splat_f32s(value); lanes::VECTORS] };
        let (a, b) = (row(1e-9), row(0.999_999));
        let mut sums = [row(1.0); SUMS];
        for _ in 0..ROUNDS {
            for sum in &mut sums {
                *sum = functions::mul_add(simd, *sum, b, a);
            }
        }
        sums.into_iter().map(|sum| lanes::total(simd, sum)).sum()
    }
}

/// Multiply-adds a second of one core: the most.
fn peak() -> Result<f64> {
    let times = Times::of(REPETITIONS, || {
        std::hint::black_box(lanes::dispatch(Peak));
        Ok(())
    })?;
    let lanes = lanes::dispatch(LanesOf) as f64;
    Ok(lanes * (SUMS * ROUNDS) as f64 / times.least())
}

/// Numbers in a row.
struct LanesOf;

impl WithSimd for LanesOf {
    type Output = usize;

    fn with_simd<S: Simd>(self, _: S) -> usize {
        lanes::block_events::<S>()
    }
}

/// The share of the peak in loss and gradient of a batch.
pub fn measure(plugins: &Plugins, dimension: usize) -> Result<Vec<Row>> {
    let model = model(plugins, dimension)?;
    let (theta, rows) = (model.initial(Seed::new(4))?, rows());
    let mut gradient = vec![0.0; theta.len()];
    let gradients = model.gradients().expect("it has gradients");
    let times = Times::of(5 * REPETITIONS, || {
        (0..TRAINING / BATCH).try_for_each(|step| {
            let batch = &rows[step * BATCH..(step + 1) * BATCH];
            gradients.loss_and_gradient(&theta, batch, None, Seed::new(5), &mut gradient).map(drop)
        })
    })?;
    let times = times.per((TRAINING / BATCH) as f64);
    // The first position is the same in all events, but for the head's gradient.
    let work = PASSES * MULTIPLY_ADDS * (dimension - 1) as f64 * BATCH as f64;
    let peak = peak()?;
    let share = 100.0 * work / times.least() / peak;
    let what = format!("loss and gradient, autoregressive, {dimension}D, batch {BATCH}, part of the peak");
    let cost = format!("{:.3} ms (min {:.3})", 1e3 * times.median(), 1e3 * times.least());
    let against = format!("{:.1} Gflop/s of one core in registers", 2e-9 * peak);
    Ok(vec![Row::new(what, cost, against).at_least(share, TARGET, "%")])
}
