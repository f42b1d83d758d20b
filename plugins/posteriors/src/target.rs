//! The posterior that gradients lead to: of chosen parameters, at a temperature, with a Gaussian prior.

use std::ops::{ControlFlow, Range};

use amplicast_sdk::*;

/// The density exp(-scale * mean loss - prior_precision / 2 * sum of uncertain theta^2), scale = n_train / temperature.
pub struct Target<'a> {
    /// The model's loss.
    pub gradients: &'a dyn Differentiable,
    /// Places of the parameters that have a posterior, in ascending order; the others are trained to a point.
    pub uncertain: Vec<usize>,
    /// Factor on the mean loss: n_train / temperature.
    pub scale: f64,
    /// 1 / prior_width^2.
    pub prior_precision: f64,
    /// All rows of the training set.
    pub rows: Vec<u64>,
    weight_decay: f64,
    /// Whether a parameter is uncertain.
    is_uncertain: Vec<bool>,
}

/// Neighbors that are all uncertain: what is done to each of them is done to whole slices.
#[derive(Debug, PartialEq, Eq)]
pub struct Run {
    /// Their places among all parameters.
    pub all: Range<usize>,
    /// Their places among the uncertain parameters.
    pub own: Range<usize>,
}

impl<'a> Target<'a> {
    /// The posterior that component `name` infers of the model.
    pub fn new(
        name: &str,
        inference: &Inference<'a>,
        segments: &[String],
        prior_width: f64,
        temperature: Option<f64>,
    ) -> Result<Self> {
        let gradients = inference
            .model
            .gradients()
            .ok_or_else(|| Error::unsupported(format!("`{name}` needs a generator with gradients")))?;
        let temperature = match (temperature, gradients.loss_kind()) {
            (Some(temperature), _) => temperature,
            (None, LossKind::NegativeLogLikelihood) => 1.0,
            (None, LossKind::Surrogate) => {
                return Err(Error::config(
                    "temperature",
                    "the generator's loss is no negative log-likelihood, so that its scale is arbitrary: expected a \
                     temperature, found none",
                ));
            }
        };
        if inference.rows.is_empty() {
            return Err(Error::data("expected at least one training event, found none"));
        }
        let layout = inference.model.layout();
        let uncertain = places(segments, &layout)?;
        let mut is_uncertain = vec![false; layout.len()];
        uncertain.iter().for_each(|&i| is_uncertain[i] = true);
        Ok(Target {
            gradients,
            uncertain,
            scale: inference.rows.len() as f64 / temperature,
            prior_precision: prior_width.powi(-2),
            rows: inference.rows.to_vec(),
            weight_decay: inference.settings.weight_decay,
            is_uncertain,
        })
    }

    /// The uncertain parameters as runs of neighbors.
    pub fn runs(&self) -> Vec<Run> {
        let neighbors = self.uncertain.chunk_by(|a, b| a + 1 == *b);
        let run = |own: &mut usize, places: &[usize]| {
            let (all, first) = (places[0]..places[0] + places.len(), *own);
            *own += places.len();
            Some(Run { all, own: first..*own })
        };
        neighbors.scan(0, run).collect()
    }

    /// Adds the prior's part, so that `gradient` is that of -ln(posterior) / scale: mean loss plus prior.
    pub fn add_prior(&self, theta: &[f32], gradient: &mut [f32]) {
        let factor = (self.prior_precision / self.scale) as f32;
        self.uncertain.iter().for_each(|&i| gradient[i] += factor * theta[i]);
    }

    /// A step of Adam that shrinks the parameters without a posterior first: on the others the prior acts in place of weight decay.
    pub fn step(&self, adam: &mut Adam, theta: &mut [f32], gradient: &[f32], rate: f64) {
        let keep = 1.0 - (rate * self.weight_decay) as f32;
        theta.iter_mut().zip(&self.is_uncertain).filter(|(_, u)| !**u).for_each(|(p, _)| *p *= keep);
        adam.step(theta, gradient, rate);
    }
}

impl Target<'_> {
    /// Adam on the maximum of the posterior density, from the model's start: of all parameters, also those without a
    /// posterior.
    ///
    /// `progress` is told the steps done.
    pub fn maximize(&self, inference: &Inference<'_>, progress: &dyn Fn(u64, f64)) -> Result<Vec<f32>> {
        let Inference { settings, context, seed, .. } = *inference;
        let mut theta = inference.model.initial(seed.split("initial"))?;
        let mut gradients = BatchGradients::new(self.gradients, &self.rows, settings.batch, seed);
        let mut adam = Adam::without_decay(theta.len(), settings);
        let mut gradient = vec![0.0; theta.len()];
        descend(settings, context, progress, |step| {
            let loss = gradients.next(&theta, &mut gradient)?;
            self.add_prior(&theta, &mut gradient);
            step.clip(loss, &mut [&mut gradient])?;
            self.step(&mut adam, &mut theta, &gradient, step.rate());
            Ok(ControlFlow::Continue(loss))
        })?;
        Ok(theta)
    }
}

/// Refuses a model without the segments that the posterior is to be over.
pub fn check_segments(segments: &[String], model: &dyn Model) -> Result<()> {
    places(segments, &model.layout()).map(drop)
}

/// The places of all segments that match a pattern, in ascending order.
fn places(segments: &[String], layout: &Layout) -> Result<Vec<usize>> {
    let mut places = Vec::new();
    for (i, pattern) in segments.iter().enumerate() {
        let ranges = layout.matching(pattern);
        let ranges = ranges.map_err(|error| Error::config(format!("segments[{i}]"), error.message()))?;
        places.extend(ranges.into_iter().flatten());
    }
    places.sort_unstable();
    places.dedup();
    Ok(places)
}

/// Refuses what no posterior can be made of.
pub fn check_target(segments: &[String], prior_width: f64, temperature: Option<f64>) -> Result<()> {
    ensure_positive("prior_width", prior_width)?;
    ensure_positive("temperature", temperature.unwrap_or(1.0))?;
    ensure_config(!segments.is_empty(), "segments", || {
        "expected at least one segment or pattern, found none; for none at all use `point`".into()
    })
}

/// Refuses what is not a positive number.
pub fn ensure_positive(field: &str, value: f64) -> Result<()> {
    ensure_config(value > 0.0 && value.is_finite(), field, || {
        format!("expected a positive number, found {value}")
    })
}

/// Whether the loss must be a negative log-likelihood: of a surrogate there is a posterior only at a temperature that
/// the user chose.
pub fn needs_likelihood(temperature: Option<f64>) -> bool {
    temperature.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaussian_model::GaussianModel;

    #[test]
    fn neighbors_make_runs() {
        let model = GaussianModel::new(10, 6, 1);
        let settings = TrainingSettings::default();
        let (members, seed, training_rows) = (None, Seed::new(1), 10);
        let inference = Inference {
            chain: 0,
            model: &model,
            members,
            rows: &(0..10).collect::<Vec<_>>(),
            training_rows,
            settings: &settings,
            seed,
            context: &Alone,
        };
        let mut target = Target::new("test", &inference, &["*".into()], 1.0, None).unwrap();
        assert_eq!(target.runs(), [Run { all: 0..6, own: 0..6 }]);
        target.uncertain = vec![0, 1, 4];
        assert_eq!(target.runs(), [Run { all: 0..2, own: 0..2 }, Run { all: 4..5, own: 2..3 }]);
        target.uncertain.clear();
        assert_eq!(target.runs(), []);
    }
}
