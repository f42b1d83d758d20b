//! Validation during a fit: which events, when to stop, which parameters to return.

use std::collections::BTreeSet;

use rand::seq::SliceRandom;

use crate::{Differentiable, Error, Result, Schedule, Seed, TrainingSettings};

/// What the schedule `plateau` multiplies the learning rate by.
const PLATEAU_FACTOR: f64 = 0.1;

/// The part of itself by which a loss must become smaller to count for the schedule `plateau`.
const PLATEAU_THRESHOLD: f64 = 1e-4;

/// Splits the rows of a fit into those that it learns and those that it validates with.
///
/// Rows that occur several times are a bootstrap of the first `rows.len()` rows: those that it left out validate it. Else
/// a part of the rows does.
pub(crate) fn split(rows: &[u64], settings: &TrainingSettings, seed: Seed) -> Result<(Vec<u64>, Vec<u64>)> {
    if settings.validation == 0.0 {
        return Ok((rows.to_vec(), Vec::new()));
    }
    let drawn: BTreeSet<u64> = rows.iter().copied().collect();
    let (learned, kept) = if drawn.len() < rows.len() {
        (rows.to_vec(), (0..rows.len() as u64).filter(|row| !drawn.contains(row)).collect())
    } else {
        let mut learned = rows.to_vec();
        learned.shuffle(&mut seed.stream());
        let kept = learned.split_off(rows.len() - (settings.validation * rows.len() as f64).round() as usize);
        (learned, kept)
    };
    if learned.is_empty() || kept.is_empty() {
        return Err(Error::config(
            "validation",
            format!(
                "expected a part of {} training events that leaves some for either use, found {}",
                rows.len(),
                settings.validation
            ),
        ));
    }
    Ok((learned, kept))
}

/// What to do after a validation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Next {
    /// Go on, with this factor on the learning rate.
    Rate(f64),
    /// Stop: no smaller loss for `patience` validations.
    Stop,
}

/// The parameters with the smallest loss so far.
#[derive(Debug, Clone, Default)]
pub struct Best {
    found: Option<(f64, Vec<f32>)>,
    since: u64,
}

impl Best {
    /// Compares parameters with the best so far; gives how many there were since these, 0 if they are the best.
    pub fn take(&mut self, loss: f64, parameters: &[f32]) -> u64 {
        // A loss that is not a number is never the best.
        if self.found.as_ref().is_none_or(|(best, _)| loss < *best || best.is_nan()) {
            *self = Best { found: Some((loss, parameters.to_vec())), since: 0 };
        } else {
            self.since += 1;
        }
        self.since
    }

    /// The smallest loss and its parameters; none if there were no parameters.
    pub fn found(self) -> Option<(f64, Vec<f32>)> {
        self.found
    }
}

/// The best parameters so far, and what the schedule makes of the losses.
pub(crate) struct Validation<'a> {
    settings: &'a TrainingSettings,
    rows: Vec<u64>,
    seed: Seed,
    best: Best,
    /// The smallest loss that counted for the schedule, and validations since.
    plateau: (f64, u64),
    rate: f64,
}

impl<'a> Validation<'a> {
    /// With these rows; none for no validation.
    pub fn new(rows: Vec<u64>, settings: &'a TrainingSettings, seed: Seed) -> Self {
        Validation { settings, rows, seed, best: Best::default(), plateau: (f64::INFINITY, 0), rate: 1.0 }
    }

    /// Whether parameters are due after `steps` steps.
    pub fn due(&self, steps: u64) -> bool {
        let last = steps == self.settings.iterations;
        !self.rows.is_empty() && (steps.is_multiple_of(self.settings.validate_every) || last)
    }

    /// Looks at parameters. A loss that is random itself is so in the same way each time: two validations differ by the
    /// parameters alone.
    pub fn look(&mut self, model: &dyn Differentiable, parameters: &[f32]) -> Result<Next> {
        let mut sum = 0.0;
        for (i, rows) in self.rows.chunks(self.settings.batch).enumerate() {
            sum += rows.len() as f64 * model.loss(parameters, rows, self.seed.index(i as u64))?;
        }
        Ok(self.take(sum / self.rows.len() as f64, parameters))
    }

    fn take(&mut self, loss: f64, parameters: &[f32]) -> Next {
        let since = self.best.take(loss, parameters);
        if self.settings.patience > 0 && since >= self.settings.patience {
            return Next::Stop;
        }
        if self.settings.schedule == Schedule::Plateau {
            let (best, since) = &mut self.plateau;
            if best.is_infinite() || loss < *best - PLATEAU_THRESHOLD * best.abs() {
                (*best, *since) = (loss, 0);
            } else {
                *since += 1;
            }
            if *since > self.settings.plateau_patience {
                self.rate *= PLATEAU_FACTOR;
                *since = 0;
            }
        }
        Next::Rate(self.rate)
    }

    /// The best parameters seen, or the last ones if none were looked at.
    pub fn best_or(self, last: Vec<f32>) -> Vec<f32> {
        self.best.found().map_or(last, |(_, parameters)| parameters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bootstrap_is_validated_by_what_it_left_out() {
        let settings = TrainingSettings { validation: 0.1, ..Default::default() };
        let rows = [0, 0, 3, 5, 5, 5];
        assert_eq!(split(&rows, &settings, Seed::new(1)).unwrap(), (rows.to_vec(), vec![1, 2, 4]));
        let rows: Vec<u64> = (0..50).collect();
        let (learned, kept) = split(&rows, &settings, Seed::new(1)).unwrap();
        assert_eq!((learned.len(), kept.len()), (45, 5));
        let mut all = [learned, kept].concat();
        all.sort_unstable();
        assert_eq!(all, rows);
        let error = split(&rows[..3], &settings, Seed::new(1)).unwrap_err().to_string();
        assert!(error.starts_with("validation: expected a part of 3 training events"), "{error}");
        let none = TrainingSettings::default();
        assert_eq!(split(&rows, &none, Seed::new(1)).unwrap(), (rows, vec![]));
    }

    #[test]
    fn keeps_the_best_lowers_the_rate_and_stops() {
        let settings = TrainingSettings {
            schedule: Schedule::Plateau,
            plateau_patience: 1,
            patience: 4,
            ..Default::default()
        };
        let mut validation = Validation::new(vec![0], &settings, Seed::new(1));
        let mut take = |loss: f64, p: f32| validation.take(loss, &[p]);
        assert_eq!(take(-1.0, 0.0), Next::Rate(1.0));
        // Better, but not by a ten-thousandth: the best, and a plateau.
        assert_eq!(take(-1.000_01, 1.0), Next::Rate(1.0));
        assert_eq!(take(-0.5, 2.0), Next::Rate(0.1));
        assert_eq!(take(f64::NAN, 3.0), Next::Rate(0.1));
        let Next::Rate(rate) = take(-0.9, 4.0) else { panic!("expected a rate") };
        assert!((rate - 0.01).abs() < 1e-12);
        assert_eq!(take(-0.9, 5.0), Next::Stop);
        assert_eq!(validation.best_or(vec![9.0]), [1.0]);
        assert_eq!(Validation::new(vec![], &settings, Seed::new(1)).best_or(vec![9.0]), [9.0]);
    }
}
