//! Training events drawn with replacement: the generator that amplifies nothing.

use std::sync::Arc;

use amplicast_sdk::ndarray::{Array2, ArrayViewMut2};
use amplicast_sdk::rand_distr::Distribution;
use amplicast_sdk::rand_distr::weighted::WeightedAliasIndex;
use amplicast_sdk::*;

config! {
    /// Training events drawn with replacement.
    pub struct ResampleConfig {}
}

/// Training events drawn with replacement; G = 1 by construction.
///
/// Parameters: segment `multiplicity` \[n_train\], how often each training event occurs in the events that it was
/// fitted to, times its weight. Sampling draws event j in proportion to multiplicity j. No density, no gradients.
#[derive(Debug, Clone)]
pub struct Resample;

impl Component for Resample {
    type Config = ResampleConfig;
    const NAME: &'static str = "resample";
    const ABOUT: &'static str = "Training events drawn with replacement: amplifies nothing, G = 1";

    fn new(_config: ResampleConfig) -> Result<Self> {
        Ok(Resample)
    }
}

impl Generator for Resample {
    fn abilities(&self) -> Abilities {
        Abilities { fit: true, weights: true, ..Abilities::default() }
    }

    fn prepare(&self, training: &Batch<'_>, _schema: &Schema) -> Result<Box<dyn Model>> {
        let weights = EventWeights::new(training)?.expect_positive("resample")?;
        Ok(Box::new(ResampleModel { events: Arc::new(training.values.to_owned()), weights }))
    }
}

/// The training events (n x d).
struct ResampleModel {
    events: Arc<Array2<f64>>,
    weights: EventWeights,
}

impl Model for ResampleModel {
    fn layout(&self) -> Layout {
        Layout::new([("multiplicity", vec![self.events.nrows()])])
    }

    /// Every event once, times its weight.
    fn initial(&self, _seed: Seed) -> Result<Vec<f32>> {
        Ok((0..self.events.nrows() as u64).map(|row| self.weights.of(row) as f32).collect())
    }

    fn at(&self, parameters: &[f32]) -> Result<Box<dyn Member>> {
        expect_length("parameters of resample", self.events.nrows(), parameters.len())?;
        let weights = parameters.iter().copied().map(f64::from).collect();
        let rows = WeightedAliasIndex::new(weights).map_err(|error| {
            Error::numeric(format!("expected multiplicities of 0 or more, not all of them 0: {error}"))
        })?;
        Ok(Box::new(Resampled { events: Arc::clone(&self.events), rows }))
    }

    /// Adds up the weights of each training event in `rows`: how often it occurs, where all weights are 1.
    fn fit(&self, rows: &[u64], _: &TrainingSettings, _: Seed, _: &dyn Context) -> Result<Vec<f32>> {
        let mut multiplicity = vec![0.0; self.events.nrows()];
        rows.iter().for_each(|&row| multiplicity[row as usize] += self.weights.of(row) as f32);
        Ok(multiplicity)
    }
}

/// The training events with a table for drawing them in constant time.
struct Resampled {
    events: Arc<Array2<f64>>,
    rows: WeightedAliasIndex<f64>,
}

impl Member for Resampled {
    fn sample(&self, chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let mut stream = chunk.seed.stream();
        for mut event in out.rows_mut() {
            event.assign(&self.events.row(self.rows.sample(&mut stream)));
        }
        Ok(())
    }
}

register_generator!(Resample);

#[cfg(test)]
mod tests {
    use amplicast_sdk::ndarray::array;

    use super::*;

    fn model() -> Box<dyn Model> {
        let events = array![[10.0, 0.0], [11.0, 1.0], [12.0, 2.0], [13.0, 3.0]];
        let training = Batch::new(events.view(), Origin::Training, &[0, 1, 2, 3]);
        Resample.prepare(&training, &Schema::columns(["a", "b"])).unwrap()
    }

    #[test]
    fn a_fit_counts_rows() {
        let rows = [3, 0, 3, 2, 3];
        let fitted = model().fit(&rows, &TrainingSettings::default(), Seed::new(0), &Alone).unwrap();
        assert_eq!(fitted, [1.0, 0.0, 1.0, 3.0]);
        assert_eq!(model().initial(Seed::new(0)).unwrap(), [1.0; 4]);
    }

    #[test]
    fn a_weight_of_two_is_the_event_twice() {
        let events = array![[10.0], [11.0], [12.0]];
        let prepare = |weights: &[f64]| {
            let mut training = Batch::new(events.view(), Origin::Training, &[0, 1, 2]);
            training.weights = Some(weights);
            Resample.prepare(&training, &Schema::columns(["a"]))
        };
        let model = prepare(&[1.0, 4.0, 1.0]).unwrap();
        assert_eq!(model.initial(Seed::new(0)).unwrap(), [0.5, 2.0, 0.5]);
        let fitted = model.fit(&[1, 2, 1], &TrainingSettings::default(), Seed::new(0), &Alone).unwrap();
        assert_eq!(fitted, [0.0, 4.0, 0.5]);
        let error = prepare(&[1.0, -0.5, 1.0]).err().unwrap();
        assert_eq!(error.message(), "resample: expected weights of 0 or more, found 1 negative ones of 3");
    }

    #[test]
    fn events_come_in_proportion_to_their_multiplicity() {
        let n = 100_000;
        let member = model().at(&[1.0, 0.0, 1.0, 3.0]).unwrap();
        let mut out = Array2::zeros((n, 2));
        let chunk = Chunk { index: 0, first_event: 0, seed: Seed::new(2) };
        member.sample(chunk, out.view_mut()).unwrap();
        let mut counts = [0.0; 4];
        for event in out.rows() {
            assert_eq!(event[0], 10.0 + event[1]);
            counts[event[1] as usize] += 1.0;
        }
        for (count, p) in counts.iter().zip([0.2, 0.0, 0.2, 0.6]) {
            let expected = p * n as f64;
            assert!((count - expected).abs() <= 5.0 * (expected * (1.0 - p)).sqrt(), "{counts:?}");
        }
    }

    #[test]
    fn refusals() {
        let message = |parameters: &[f32]| model().at(parameters).err().unwrap().to_string();
        assert!(message(&[0.0; 4]).starts_with("expected multiplicities of 0 or more, not all of them 0"));
        assert!(message(&[1.0, -1.0, 1.0, 1.0]).starts_with("expected multiplicities"));
        assert_eq!(message(&[1.0]), "parameters of resample: expected 4 numbers, found 1");
    }
}
