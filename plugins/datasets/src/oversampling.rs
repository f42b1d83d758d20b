//! Events of a sampler that belong together, as those are that fast simulations make of one parton-level event.

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::{Chunk, Error, Result, Stream, ensure_config};

/// How many events belong together, and how alike they are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Oversampling {
    events: usize,
    /// Root of the correlation of a column of two events of a group, and of what is left of it to 1.
    together: f64,
    apart: f64,
}

impl Oversampling {
    /// None of one event a group; refuses 0 events, a correlation that is none from 0 to 1, and one of events that are each by itself.
    pub fn new(events: u64, correlation: f64) -> Result<Option<Self>> {
        ensure_config(events >= 1, "oversampled", || "expected at least 1, found 0".into())?;
        ensure_config((0.0..=1.0).contains(&correlation), "correlation", || {
            format!("expected a number from 0 to 1, found {correlation}")
        })?;
        ensure_config(events > 1 || correlation == 0.0, "correlation", || {
            format!("expected 0 for events that are not `oversampled`, found {correlation}")
        })?;
        let events = usize::try_from(events)
            .map_err(|_| Error::config("oversampled", "expected fewer events than a machine can address"))?;
        let (together, apart) = (correlation.sqrt(), (1.0 - correlation).sqrt());
        Ok((events > 1).then_some(Oversampling { events, together, apart }))
    }

    /// Fills events, group by group, with standard normal numbers, of which those of one column and group are correlated.
    pub fn normals(self, stream: &mut Stream, mut out: ArrayViewMut2<'_, f64>) {
        let mut common = vec![0.0; out.ncols()];
        for (row, mut event) in out.rows_mut().into_iter().enumerate() {
            if row % self.events == 0 {
                common.fill_with(|| StandardNormal.sample(stream));
            }
            for (x, common) in event.iter_mut().zip(&common) {
                let own: f64 = StandardNormal.sample(stream);
                *x = self.together * common + self.apart * own;
            }
        }
    }

    /// The number of each event's group: that of its first event. The last group of a chunk may be smaller.
    pub fn groups(self, chunk: Chunk, groups: &mut [f64]) {
        for (row, group) in groups.iter_mut().enumerate() {
            *group = (chunk.first_event + (row - row % self.events) as u64) as f64;
        }
    }
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::Seed;
    use amplicast_sdk::ndarray::Array2;

    use super::*;

    /// Every column is standard normal; events of a group have the correlation, columns and groups have none.
    #[test]
    fn events_of_a_group_are_alike() {
        let (groups, m) = (40_000, 3);
        let oversampling = Oversampling::new(3, 0.6).unwrap().unwrap();
        let mut events = Array2::zeros((groups * m, 2));
        oversampling.normals(&mut Seed::new(1).stream(), events.view_mut());
        let mean = |f: &dyn Fn(usize) -> f64| {
            (0..groups - 1).map(|group| f(group * m)).sum::<f64>() / (groups - 1) as f64
        };
        // Five standard errors of products of normal numbers, at most sqrt(2 / n).
        let near = |found: f64, expected: f64| {
            assert!((found - expected).abs() < 5.0 * (2.0 / groups as f64).sqrt(), "{found} {expected}");
        };
        near(mean(&|i| events[[i, 0]]), 0.0);
        near(mean(&|i| events[[i, 0]].powi(2)), 1.0);
        near(mean(&|i| events[[i, 0]] * events[[i + 2, 0]]), 0.6);
        near(mean(&|i| events[[i, 1]] * events[[i + 1, 1]]), 0.6);
        near(mean(&|i| events[[i, 0]] * events[[i, 1]]), 0.0);
        near(mean(&|i| events[[i, 0]] * events[[i + 3, 0]]), 0.0);
        let mut numbers = [0.0; 5];
        oversampling.groups(Chunk { index: 1, first_event: 100, seed: Seed::new(1) }, &mut numbers);
        assert_eq!(numbers, [100.0, 100.0, 100.0, 103.0, 103.0]);
    }

    #[test]
    fn refusals() {
        assert_eq!(Oversampling::new(1, 0.0).unwrap(), None);
        for (events, correlation, field) in [
            (0, 0.0, "oversampled"),
            (1, 0.5, "correlation"),
            (2, 1.5, "correlation"),
            (2, f64::NAN, "correlation"),
        ] {
            assert_eq!(Oversampling::new(events, correlation).unwrap_err().place(), field);
        }
    }
}
