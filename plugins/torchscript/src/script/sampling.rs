//! How a module's events are drawn.
//!
//! A chunk of events is drawn in batches, each with a seed of its own, so that an attention network needs the memory of a batch and not
//! that of a chunk. The number in a batch is the user's, not this machine's: events must not depend on where they are drawn.
//!
//! Of events with weights each is kept with the probability of its weight over the largest one, so that those which are kept count alike; calls go on
//! until there are enough.

use amplicast_sdk::rand::RngExt;
use amplicast_sdk::{Error, Result, Seed};

use super::{Drawn, Script};

/// Batches that are drawn to see how many events are not finite, and how many are kept.
const LOOK: usize = 10;
/// Most weighted events that are drawn for one that is kept.
const DRAWS_OF_AN_EVENT: usize = 10_000;

impl Script {
    /// `n` events, one after the other.
    pub fn sample(&self, n: usize, seed: Seed) -> Result<Vec<f64>> {
        let mut all = Vec::with_capacity(n * self.dimension);
        for (k, first) in (0..n).step_by(self.how.batch).enumerate() {
            let seed = if k == 0 { seed } else { seed.index(k as u64) };
            self.batch(self.how.batch.min(n - first), seed, &mut all)?;
        }
        Ok(all)
    }

    /// Appends the `n` events of one batch; those that are not finite are drawn again, if that is allowed, and so are those that their weights
    /// leave out.
    fn batch(&self, n: usize, seed: Seed, all: &mut Vec<f64>) -> Result<()> {
        let (method, limit) = (&self.how.methods.sample, self.how.drop_non_finite);
        let (mut kept, mut drawn, mut dropped, mut seed) = (0, 0, 0, seed);
        while kept < n {
            // Of weighted ones as many as may be at a time, since most may be left out.
            let wanted = if self.how.largest_weight.is_some() { self.how.batch } else { n - kept };
            let (events, counts) = self.counted(wanted, seed)?;
            drawn += wanted;
            for (row, event) in events.chunks_exact(self.dimension).enumerate() {
                match event.iter().position(|x| !x.is_finite()) {
                    None if counts.as_ref().is_some_and(|counts| !counts[row]) => {}
                    None => {
                        kept += 1;
                        all.extend_from_slice(event);
                    }
                    Some(number) if limit == 0.0 => {
                        let place = format!("row {row} of {wanted}, number {number}");
                        let found = format!(
                            "{}; `drop_non_finite = 1e-4` leaves out such events up to that part",
                            event[number]
                        );
                        return Err(Error::numeric(self.found(method, &place, "a finite number", &found)));
                    }
                    Some(_) => dropped += 1,
                }
                if kept == n {
                    break;
                }
            }
            // As many as five standard deviations above the limit, in a batch of any size.
            let most = limit * drawn as f64;
            if dropped as f64 > (most + 5.0 * most.sqrt()).max(3.0) {
                let expected = format!("at most a part of {limit} that is not finite (drop_non_finite)");
                return Err(Error::numeric(self.found(
                    method,
                    "result",
                    &expected,
                    &format!("{dropped} of {drawn} events"),
                )));
            }
            if kept < n && drawn / DRAWS_OF_AN_EVENT > kept {
                let expected = format!(
                    "weights by which at least one of {DRAWS_OF_AN_EVENT} events is kept, with the probability of its weight over largest_weight = {}",
                    self.how.largest_weight.unwrap_or_default()
                );
                return Err(Error::numeric(self.found(
                    method,
                    "weights",
                    &expected,
                    &format!("{kept} of {drawn}"),
                )));
            }
            seed = seed.split("again");
        }
        Ok(())
    }

    /// `n` events, and which of them are kept if they have weights: each with the probability of its weight over the largest one.
    fn counted(&self, n: usize, seed: Seed) -> Result<(Vec<f64>, Option<Vec<bool>>)> {
        let drawn = self.draw(n, seed)?;
        let events = self.numbers(&self.how.methods.sample, &drawn.events, &self.events(n))?;
        let weights = self.weights(&drawn, n)?;
        let mut stream = seed.split("unweighting").stream();
        let counts = weights.zip(self.how.largest_weight).map(|(weights, largest)| {
            weights.into_iter().map(|weight| stream.random::<f64>() < weight / largest).collect()
        });
        Ok((events, counts))
    }

    /// The weights of `n` events, if they have some; refuses those that are negative, none, or above the largest one.
    fn weights(&self, drawn: &Drawn, n: usize) -> Result<Option<Vec<f64>>> {
        let (method, Some(largest)) = (&self.how.methods.sample, self.how.largest_weight) else {
            return Ok(None);
        };
        let Some(weights) = &drawn.weights else { return Ok(None) };
        let weights = self.numbers(method, weights, &[vec![n]])?;
        match weights.iter().position(|weight| !(0.0..=largest).contains(weight)) {
            None => Ok(Some(weights)),
            Some(row) => {
                let weight = weights[row];
                let cure = if weight < 0.0 {
                    "; events of both signs cannot be unweighted one by one: have the network draw events that count alike"
                } else {
                    ""
                };
                Err(Error::numeric(self.found(
                    method,
                    &format!("row {row} of {n}"),
                    &format!("a weight from 0 to largest_weight = {largest}"),
                    &format!("{weight}{cure}"),
                )))
            }
        }
    }

    /// What trial events show: how many are not finite, if some may be dropped, and how many are kept, if they have weights.
    pub fn notes(&self) -> Result<Vec<String>> {
        let limit = self.how.drop_non_finite;
        if limit == 0.0 && self.how.largest_weight.is_none() {
            return Ok(Vec::new());
        }
        let (mut found, mut kept, n) = (0, None, LOOK * self.how.batch);
        for k in 0..LOOK {
            let seed = Seed::new(0).split("look").index(k as u64);
            let (events, counts) = self.counted(self.how.batch, seed)?;
            found += events.chunks_exact(self.dimension).filter(|e| e.iter().any(|x| !x.is_finite())).count();
            if let Some(counts) = counts {
                *kept.get_or_insert(0) += counts.into_iter().filter(|keep| *keep).count();
            }
        }
        let path = self.path.display();
        let not_finite = (limit > 0.0).then(|| {
            format!(
                "{path}: {found} of {n} trial events are not finite; such events are left out, up to a part of {limit}"
            )
        });
        let weighted = kept.map(|kept| {
            format!(
                "{path}: each event is kept with the probability of its weight over largest_weight = {}, so that those which are kept count \
                 alike: {kept} of {n} trial events",
                self.how.largest_weight.unwrap_or_default()
            )
        });
        Ok(not_finite.into_iter().chain(weighted).collect())
    }
}
