//! Cross-fitting: every training event is scored by the network that did not see it, as a rank among generated events.

use std::sync::Mutex;

use amplicast_sdk::ndarray::{Array2, ArrayView2, Axis, s};
use amplicast_sdk::rand::seq::SliceRandom;
use amplicast_sdk::{
    Batch, Context, Error, Origin, PseudoExperiment, Result, Seed, Summary, SummaryFit, expect_length,
};

use crate::network::Network;
use crate::ranks::{QUANTILES, Ranks};
use crate::training::{Trained, Training};

/// Generated events for each that a network is trained on: as many again for the ranks, and twice for what is tested.
pub const GENERATED: u64 = 4;

/// How networks are cross-fitted.
pub struct CrossFitting<'a> {
    pub training: &'a Training,
    pub folds: u64,
}

/// The parts of the generated events.
#[derive(Clone, Copy)]
pub struct Generated<'a> {
    /// Networks are trained on these.
    pub pool: ArrayView2<'a, f64>,
    /// Ranks are those among these.
    pub calibration: ArrayView2<'a, f64>,
    /// Nothing was fitted to these.
    pub test: ArrayView2<'a, f64>,
}

impl<'a> Generated<'a> {
    /// A quarter, a quarter, and a half.
    pub fn new(events: ArrayView2<'a, f64>) -> Self {
        let part = events.nrows() / GENERATED as usize;
        let (pool, rest) = events.split_at(Axis(0), part);
        let (calibration, test) = rest.split_at(Axis(0), part);
        Generated { pool, calibration, test }
    }
}

/// The fold of a training event: its row number tells it.
pub fn own_fold(row: u64, folds: u64) -> u64 {
    row % folds
}

/// A random fold for an event that no network saw: a hash of its row number (splitmix64).
pub fn random_fold(row: u64, folds: u64) -> u64 {
    let mut z = row.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) % folds
}

impl CrossFitting<'_> {
    /// A network for each fold, trained on the true events outside it.
    fn networks(
        &self,
        (truth, rows): (ArrayView2<'_, f64>, &[u64]),
        pool: ArrayView2<'_, f64>,
        seed: Seed,
        context: &dyn Context,
        report: impl Fn(u64) + Sync,
    ) -> Result<Vec<Trained>> {
        if (rows.len() as u64) < self.folds {
            return Err(Error::data(format!(
                "a classifier cannot be cross-fitted: expected at least {} true events for as many folds, found {}",
                self.folds,
                rows.len()
            )));
        }
        context.collect(self.folds as usize, |fold| {
            let fold = fold as u64;
            let others: Vec<usize> =
                (0..rows.len()).filter(|i| own_fold(rows[*i], self.folds) != fold).collect();
            let seed = seed.split("fold").index(fold);
            let truth = truth.select(Axis(0), &others);
            let kinds = [(truth.view(), None), (pool, None)];
            let trained = self.training.run(kinds, seed, context, |_, _| {})?;
            report(fold);
            Ok(trained)
        })
    }

    /// Each network's parameters and the quantiles of its scores of the calibration events.
    fn with_ranks(&self, networks: &[Trained], calibration: ArrayView2<'_, f64>) -> Result<Vec<f32>> {
        let mut parameters = Vec::new();
        for trained in networks {
            let network = Network::new(calibration.ncols(), &self.training.hidden, &trained.parameters)?;
            parameters.extend(&trained.parameters);
            parameters.extend(Ranks::quantiles(network.score(calibration)));
        }
        Ok(parameters)
    }

    /// The networks, and the parameters of the summary that they make.
    pub fn run(&self, fit: &SummaryFit<'_>) -> Result<(Vec<Trained>, Vec<f32>)> {
        let generated = Generated::new(fit.generated.values);
        let done = Mutex::new(0);
        let report = |_| {
            let mut done = done.lock().unwrap_or_else(|e| e.into_inner());
            *done += 1;
            fit.context.progress(*done, self.folds, None);
        };
        let truth = (fit.training.values, fit.training.rows);
        let networks = self.networks(truth, generated.pool, fit.seed, fit.context, report)?;
        let parameters = self.with_ranks(&networks, generated.calibration)?;
        Ok((networks, parameters))
    }

    /// Generated events that stand for the training events, cross-fitted and scored in the same way.
    pub fn pseudo_experiment(&self, fit: &SummaryFit<'_>, number: u64) -> Result<PseudoExperiment> {
        let (n, all) = (fit.training.rows.len(), fit.generated.rows.len());
        let least = GENERATED as usize * n;
        if all < least {
            return Err(Error::data(format!(
                "the null law cannot be simulated: expected at least {least} generated events, {GENERATED} for each \
                 training event, found {all}; set `generated`"
            )));
        }
        let seed = fit.seed.split("repetition").index(number);
        let mut places: Vec<usize> = (0..all).collect();
        places.shuffle(&mut seed.split("pseudo-true").stream());
        // All parts anew, so that repetitions share as little as they can.
        let events = fit.generated.values.select(Axis(0), &places);
        let (truth, rest) = events.view().split_at(Axis(0), n);
        let (truth, generated) = ((truth, fit.training.rows), Generated::new(rest));
        let networks = self.networks(truth, generated.pool, seed, fit.context, |_| {})?;
        let parameters = self.with_ranks(&networks, generated.calibration)?;
        let summary = CrossFitted::new(rest.ncols(), &self.training.hidden, self.folds, &parameters)?;
        let ranks = |events, origin, rows: &[u64]| -> Result<Array2<f64>> {
            let mut out = Array2::zeros((rows.len(), 1));
            summary.evaluate(&Batch::new(events, origin, rows), out.as_slice_mut().unwrap_or_default())?;
            Ok(out)
        };
        let rows: Vec<u64> = (0..generated.test.nrows() as u64).collect();
        Ok(PseudoExperiment {
            training: ranks(truth.0, Origin::Training, truth.1)?,
            generated: ranks(generated.test, Origin::Generated, &rows)?,
        })
    }
}

/// The networks of all folds with their ranks.
pub struct CrossFitted {
    folds: Vec<(Network, Ranks)>,
}

impl CrossFitted {
    /// From [`CrossFitting::run`]'s parameters.
    pub fn new(dimension: usize, hidden: &[usize], folds: u64, parameters: &[f32]) -> Result<Self> {
        let each = Network::parameters(dimension, hidden) + QUANTILES;
        expect_length("parameters of the classifiers", each * folds as usize, parameters.len())?;
        let fold = |parameters: &[f32]| {
            let (network, quantiles) = parameters.split_at(each - QUANTILES);
            Ok((Network::new(dimension, hidden, network)?, Ranks::new(quantiles)?))
        };
        Ok(CrossFitted { folds: parameters.chunks_exact(each).map(fold).collect::<Result<_>>()? })
    }

    /// The fold whose network scores an event.
    fn fold(&self, origin: Origin, row: u64) -> usize {
        let folds = self.folds.len() as u64;
        (if origin == Origin::Training { own_fold(row, folds) } else { random_fold(row, folds) }) as usize
    }

    /// The logits of the events of each fold.
    pub fn logits(&self, batch: &Batch<'_>) -> Vec<(Vec<usize>, Vec<f32>)> {
        let mut places = vec![Vec::new(); self.folds.len()];
        for (place, row) in batch.rows.iter().enumerate() {
            places[self.fold(batch.origin, *row)].push(place);
        }
        let logits = |(places, (network, _)): (Vec<usize>, &(Network, Ranks))| {
            let events: Array2<f64> = batch.values.slice(s![.., ..]).select(Axis(0), &places);
            let logits = network.score(events.view());
            (places, logits)
        };
        places.into_iter().zip(&self.folds).map(logits).collect()
    }
}

impl Summary for CrossFitted {
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
        for ((places, logits), (_, ranks)) in self.logits(batch).into_iter().zip(&self.folds) {
            places.into_iter().zip(logits).for_each(|(i, logit)| out[i] = ranks.rank(f64::from(logit)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_folds_have_equal_shares() {
        let mut counts = [0; 5];
        (0..50_000).for_each(|row| counts[random_fold(row, 5) as usize] += 1);
        // 10 000 +- 89 each.
        assert!(counts.iter().all(|n: &i32| n.abs_diff(10_000) < 360), "{counts:?}");
    }
}
