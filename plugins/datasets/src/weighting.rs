//! Weights for the events of a sampler, as real samples have them: of a biased phase space, and negative ones.

use amplicast_sdk::ndarray::{ArrayViewMut1, ArrayViewMut2};
use amplicast_sdk::rand::RngExt;
use amplicast_sdk::{Chunk, Error, Result, Stream, ensure_config};

/// How events get weights. The weighted events have the sampler's own density.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weighting {
    bias: f64,
    negative: f64,
}

impl Weighting {
    /// None if all events count alike; refuses a `bias` below 1, and half of the weights or more `negative`.
    pub fn new(bias: f64, negative: f64) -> Result<Option<Self>> {
        ensure_config(bias >= 1.0 && bias.is_finite(), "bias", || {
            format!("expected at least 1, found {bias}")
        })?;
        ensure_config((0.0..0.5).contains(&negative), "negative", || {
            format!("expected a part of the events from 0 on and below 0.5, found {negative}")
        })?;
        Ok((bias > 1.0 || negative > 0.0).then_some(Weighting { bias, negative }))
    }

    /// A chunk of events of a sampler, which draws them one by one: biased if it has weights, which are then dropped.
    pub fn read(
        weighting: Option<Self>,
        chunk: Chunk,
        mut out: ArrayViewMut2<'_, f64>,
        draw: impl Fn(&mut Stream, ArrayViewMut1<'_, f64>),
    ) -> Result<()> {
        if weighting.is_some() {
            let mut weights = vec![0.0; out.nrows()];
            return Self::read_weighted(weighting, chunk, out, &mut weights, draw);
        }
        let mut stream = chunk.seed.stream();
        out.rows_mut().into_iter().for_each(|event| draw(&mut stream, event));
        Ok(())
    }

    /// The same events with their weights.
    pub fn read_weighted(
        weighting: Option<Self>,
        chunk: Chunk,
        out: ArrayViewMut2<'_, f64>,
        weights: &mut [f64],
        draw: impl Fn(&mut Stream, ArrayViewMut1<'_, f64>),
    ) -> Result<()> {
        let weighting =
            weighting.ok_or_else(|| Error::unsupported("this dataset's events have no weights"))?;
        weighting.fill(&mut chunk.seed.stream(), out, weights, draw);
        Ok(())
    }

    /// Fills events one by one, with their weights.
    fn fill(
        self,
        stream: &mut Stream,
        mut out: ArrayViewMut2<'_, f64>,
        weights: &mut [f64],
        draw: impl Fn(&mut Stream, ArrayViewMut1<'_, f64>),
    ) {
        for (mut event, weight) in out.rows_mut().into_iter().zip(weights) {
            let kept = loop {
                draw(stream, event.view_mut());
                let kept = self.kept(event[0]);
                if stream.random::<f64>() < kept {
                    break kept;
                }
            };
            let sign = if stream.random::<f64>() < self.negative { -1.0 } else { 1.0 };
            *weight = sign / kept;
        }
    }

    /// The part of the events with this first column that is kept: from 1 / bias far below 0 to 1 far above.
    fn kept(self, x: f64) -> f64 {
        let least = 1.0 / self.bias;
        least + (1.0 - least) / (1.0 + (-2.0 * x).exp())
    }
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::Seed;
    use amplicast_sdk::ndarray::Array2;
    use amplicast_sdk::rand_distr::{Distribution, StandardNormal};

    use super::*;

    /// Weighted moments are those of the sampler, whose own events lie higher; signs are as many as asked for.
    #[test]
    fn weights_make_up_for_what_is_left_out() {
        let n = 100_000;
        let weighting = Weighting::new(10.0, 0.2).unwrap().unwrap();
        let (mut events, mut weights) = (Array2::zeros((n, 1)), vec![0.0; n]);
        weighting.fill(&mut Seed::new(1).stream(), events.view_mut(), &mut weights, |stream, mut event| {
            event[0] = StandardNormal.sample(stream);
        });
        let mean = |f: &dyn Fn(f64, f64) -> f64| {
            events.iter().zip(&weights).map(|(x, w)| f(*x, *w)).sum::<f64>() / n as f64
        };
        let whole = mean(&|_, w| w);
        let moments = [mean(&|x, w| w * x) / whole, mean(&|x, w| w * x * x) / whole];
        // Weights are 1.7 +- 1.5 with signs: an effective size of 0.2 n.
        assert!(moments[0].abs() < 0.03 && (moments[1] - 1.0).abs() < 0.05, "{moments:?}");
        assert!(mean(&|x, _| x) > 0.3);
        let negative = mean(&|_, w| f64::from(u8::from(w < 0.0)));
        assert!((negative - 0.2).abs() < 4.0 * (0.16 / n as f64).sqrt(), "{negative}");
    }

    #[test]
    fn refusals() {
        assert_eq!(Weighting::new(1.0, 0.0).unwrap(), None);
        for (bias, negative, field) in [(0.5, 0.0, "bias"), (f64::NAN, 0.0, "bias"), (2.0, 0.5, "negative")] {
            assert_eq!(Weighting::new(bias, negative).unwrap_err().place(), field);
        }
    }
}
