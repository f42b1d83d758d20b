//! A Gaussian fitted in closed form: the toy generator whose amplification is known exactly.

use amplicast_sdk::ndarray::{Array2, ArrayView2, ArrayViewMut2};
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::*;

use crate::gaussian_config::{GaussianFitConfig, LN_SQRT_2PI};
use crate::regression::RegressionModel;

/// A Gaussian with independent columns and a fitted mean (Bahl et al. 2025, Eqs 20-22) or, with `fit_width`, a fitted
/// mean and width (Matchev et al. 2022, Eq. 26). With `condition` the mean of each other column is a linear function of the given ones, and
/// the width is that around it.
///
/// Parameters: segment `mean` \[d\] and, with `fit_width`, `log-width` \[d\], the natural logarithm of the width.
#[derive(Debug, Clone)]
pub struct GaussianFit {
    config: GaussianFitConfig,
}

impl Component for GaussianFit {
    type Config = GaussianFitConfig;
    const NAME: &'static str = "gaussian-fit";
    const ABOUT: &'static str = "A Gaussian fitted in closed form (Bahl et al. 2025, Eqs 20-22)";

    fn new(config: GaussianFitConfig) -> Result<Self> {
        ensure_config(config.width > 0.0 && config.width.is_finite(), "width", || {
            format!("expected a positive number, found {}", config.width)
        })?;
        Ok(GaussianFit { config })
    }
}

impl Generator for GaussianFit {
    fn abilities(&self) -> Abilities {
        Abilities {
            gradients: Some(LossKind::NegativeLogLikelihood),
            fit: true,
            // Of whole events, which a conditional one does not generate.
            log_density: self.config.condition.is_empty(),
            own_members: false,
            weights: true,
        }
    }

    fn check(&self, schema: &Schema) -> Result<()> {
        self.conditions(schema).map(drop)
    }

    fn conditions(&self, schema: &Schema) -> Result<Vec<usize>> {
        given_columns(&self.config.condition, schema)
    }

    fn prepare(&self, training: &Batch<'_>, schema: &Schema) -> Result<Box<dyn Model>> {
        let given = self.conditions(schema)?;
        if !given.is_empty() {
            return Ok(Box::new(RegressionModel::new(training, given, self.config.clone())?));
        }
        let weights = EventWeights::new(training)?;
        Ok(Box::new(GaussianModel {
            events: training.values.to_owned(),
            weights,
            config: self.config.clone(),
        }))
    }
}

/// The Gaussian with its training events (n x d).
struct GaussianModel {
    events: Array2<f64>,
    weights: EventWeights,
    config: GaussianFitConfig,
}

impl GaussianModel {
    fn dimension(&self) -> usize {
        self.events.ncols()
    }

    /// Mean and logarithm of the width of each column, from a parameter vector.
    fn unpack(&self, parameters: &[f32]) -> Result<(Vec<f64>, Vec<f64>)> {
        expect_length("parameters of gaussian-fit", self.layout().len(), parameters.len())?;
        let (mean, log_width) = parameters.split_at(self.dimension());
        let wide = |values: &[f32]| values.iter().copied().map(f64::from).collect::<Vec<f64>>();
        match self.config.fit_width {
            true => Ok((wide(mean), wide(log_width))),
            false => Ok((wide(mean), vec![self.config.width.ln(); self.dimension()])),
        }
    }
}

impl Model for GaussianModel {
    fn layout(&self) -> Layout {
        let shape = vec![self.dimension()];
        match self.config.fit_width {
            true => Layout::new([("mean", shape.clone()), ("log-width", shape)]),
            false => Layout::new([("mean", shape)]),
        }
    }

    fn initial(&self, _seed: Seed) -> Result<Vec<f32>> {
        let mut parameters = vec![0.0; self.layout().len()];
        parameters[self.dimension()..].fill(self.config.width.ln() as f32);
        Ok(parameters)
    }

    fn at(&self, parameters: &[f32]) -> Result<Box<dyn Member>> {
        let (mean, log_width) = self.unpack(parameters)?;
        let width: Vec<f64> = log_width.iter().map(|s| s.exp()).collect();
        Ok(Box::new(Gaussian { mean, width, log_width: log_width.iter().sum() }))
    }

    fn gradients(&self) -> Option<&dyn Differentiable> {
        Some(self)
    }

    /// The maximum-likelihood estimate: mean and, with `fit_width`, root mean square deviation of each column.
    fn fit(&self, rows: &[u64], _: &TrainingSettings, _: Seed, _: &dyn Context) -> Result<Vec<f32>> {
        let d = self.dimension();
        if rows.is_empty() {
            return Err(Error::data("expected at least one training event, found none"));
        }
        let total: f64 = rows.iter().map(|&row| self.weights.of(row)).sum();
        if total <= 0.0 {
            return Err(Error::data(format!(
                "expected training events with a positive sum of weights, found {total}"
            )));
        }
        let (mut mean, mut square) = (vec![0.0; d], vec![0.0; d]);
        for &row in rows {
            for (k, x) in self.events.row(row as usize).iter().enumerate() {
                mean[k] += self.weights.of(row) * x / total;
            }
        }
        for &row in rows {
            for (k, x) in self.events.row(row as usize).iter().enumerate() {
                square[k] += self.weights.of(row) * (x - mean[k]).powi(2) / total;
            }
        }
        let mut parameters: Vec<f32> = mean.iter().map(|&m| m as f32).collect();
        if self.config.fit_width {
            if let Some(column) = square.iter().position(|&s| s <= 0.0) {
                return Err(Error::numeric(format!(
                    "expected training events with a spread in every column, found none in column {column}"
                )));
            }
            parameters.extend(square.iter().map(|s| (0.5 * s.ln()) as f32));
        }
        Ok(parameters)
    }
}

impl Differentiable for GaussianModel {
    fn loss_kind(&self) -> LossKind {
        LossKind::NegativeLogLikelihood
    }

    fn loss_and_gradient(
        &self,
        parameters: &[f32],
        rows: &[u64],
        weights: Option<&[f64]>,
        _seed: Seed,
        gradient: &mut [f32],
    ) -> Result<f64> {
        let d = self.dimension();
        let (mean, log_width) = self.unpack(parameters)?;
        let weights = self.weights.shares(rows, weights)?;
        // The events' own weights have the mean 1 over all events, not over these.
        let whole = if self.weights.are_equal() { 1.0 } else { weights.iter().sum() };
        // Weighted means of z and z^2 of each column, z = (x - mean) / width: all that loss and gradient need.
        let inverse: Vec<f64> = log_width.iter().map(|s| (-s).exp()).collect();
        let (mut first, mut second) = (vec![0.0; d], vec![0.0; d]);
        for (&row, weight) in rows.iter().zip(weights) {
            for (k, x) in self.events.row(row as usize).iter().enumerate() {
                let z = (x - mean[k]) * inverse[k];
                first[k] += weight * z;
                second[k] += weight * z * z;
            }
        }
        for k in 0..d {
            gradient[k] = (-first[k] * inverse[k]) as f32;
            if self.config.fit_width {
                gradient[d + k] = (whole - second[k]) as f32;
            }
        }
        Ok((0..d).map(|k| whole * (LN_SQRT_2PI + log_width[k]) + 0.5 * second[k]).sum())
    }
}

/// The Gaussian at fixed parameters.
struct Gaussian {
    mean: Vec<f64>,
    width: Vec<f64>,
    /// Sum over the columns.
    log_width: f64,
}

impl Member for Gaussian {
    fn sample(&self, chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let mut stream = chunk.seed.stream();
        for mut event in out.rows_mut() {
            for (x, (mean, width)) in event.iter_mut().zip(self.mean.iter().zip(&self.width)) {
                let z: f64 = StandardNormal.sample(&mut stream);
                *x = mean + width * z;
            }
        }
        Ok(())
    }

    fn log_density(&self, events: ArrayView2<'_, f64>, _seed: Seed, out: &mut [f64]) -> Result<()> {
        let constant = -self.log_width - self.mean.len() as f64 * LN_SQRT_2PI;
        for (event, y) in events.rows().into_iter().zip(out) {
            let columns = event.into_iter().zip(self.mean.iter().zip(&self.width));
            *y = constant - 0.5 * columns.map(|(x, (m, w))| ((x - m) / w).powi(2)).sum::<f64>();
        }
        Ok(())
    }
}

register_generator!(GaussianFit);

#[cfg(test)]
mod tests {
    use amplicast_sdk::rand::RngExt;

    use super::*;

    const ROWS: u64 = 500;

    /// A model of `ROWS` events in three columns, N(k, (k + 1)^2).
    fn model(fit_width: bool) -> Box<dyn Model> {
        let mut stream = Seed::new(3).stream();
        let events = Array2::from_shape_fn((ROWS as usize, 3), |(_, k)| {
            let z: f64 = StandardNormal.sample(&mut stream);
            k as f64 + (k + 1) as f64 * z
        });
        let rows: Vec<u64> = (0..ROWS).collect();
        let training = Batch::new(events.view(), Origin::Training, &rows);
        let generator =
            GaussianFit::new(GaussianFitConfig { fit_width, width: 2.0, ..Default::default() }).unwrap();
        generator.prepare(&training, &Schema::columns(["a", "b", "c"])).unwrap()
    }

    fn fit(model: &dyn Model, rows: &[u64]) -> Vec<f32> {
        model.fit(rows, &TrainingSettings::default(), Seed::new(0), &Alone).unwrap()
    }

    fn loss(model: &dyn Model, theta: &[f32], rows: &[u64], weights: Option<&[f64]>) -> (f64, Vec<f32>) {
        let mut gradient = vec![f32::NAN; theta.len()];
        let gradients = model.gradients().unwrap();
        let loss = gradients.loss_and_gradient(theta, rows, weights, Seed::new(0), &mut gradient).unwrap();
        (loss, gradient)
    }

    #[test]
    fn gradients_are_those_of_finite_differences() {
        let rows: Vec<u64> = (0..50).collect();
        let weights: Vec<f64> = (0..50).map(|i| 0.1 + f64::from(i % 7)).collect();
        for fit_width in [false, true] {
            let model = model(fit_width);
            let theta: Vec<f32> = (0..model.layout().len()).map(|i| 0.25 * i as f32 - 0.5).collect();
            for weights in [None, Some(weights.as_slice())] {
                let (_, gradient) = loss(&*model, &theta, &rows, weights);
                for i in 0..theta.len() {
                    // A step that f32 holds exactly; the loss is computed in f64.
                    let h = 1.0_f32 / 1024.0;
                    let (mut up, mut down) = (theta.clone(), theta.clone());
                    up[i] += h;
                    down[i] -= h;
                    let difference =
                        loss(&*model, &up, &rows, weights).0 - loss(&*model, &down, &rows, weights).0;
                    let expected = difference / (2.0 * f64::from(h));
                    let found = f64::from(gradient[i]);
                    assert!(
                        (found - expected).abs() < 1e-4 * (1.0 + expected.abs()),
                        "{i}: {found} {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_closed_form_is_the_minimum() {
        let rows: Vec<u64> = (0..ROWS).chain([3, 3, 7]).collect();
        for fit_width in [false, true] {
            let model = model(fit_width);
            let (_, gradient) = loss(&*model, &fit(&*model, &rows), &rows, None);
            assert!(gradient.iter().all(|g| g.abs() < 1e-6), "{gradient:?}");
        }
    }

    #[test]
    fn the_loss_is_the_negative_log_density() {
        let model = model(true);
        let theta = [0.5, 1.0, -1.0, 0.1, -0.3, 0.7];
        let member = model.at(&theta).unwrap();
        let mut events = Array2::zeros((1, 3));
        let (chunk, mut log_density) = (Chunk { index: 0, first_event: 0, seed: Seed::new(9) }, [0.0]);
        member.sample_with_log_density(chunk, events.view_mut(), &mut log_density).unwrap();
        let batch = Batch::new(events.view(), Origin::Training, &[0]);
        let generator =
            GaussianFit::new(GaussianFitConfig { fit_width: true, ..Default::default() }).unwrap();
        let model = generator.prepare(&batch, &Schema::columns(["a", "b", "c"])).unwrap();
        let (loss, _) = loss(&*model, &theta, &[0], None);
        assert!((loss + log_density[0]).abs() < 1e-12, "{loss} {}", log_density[0]);
    }

    #[test]
    fn samples_have_the_fitted_moments() {
        let n = 100_000;
        let theta = [0.5_f32, 1.0, -1.0, 0.1, -0.3, 0.7];
        let mut events = Array2::zeros((n, 3));
        let chunk = Chunk { index: 0, first_event: 0, seed: Seed::new(9) };
        model(true).at(&theta).unwrap().sample(chunk, events.view_mut()).unwrap();
        for (k, column) in events.columns().into_iter().enumerate() {
            let (mean, width) = (f64::from(theta[k]), f64::from(theta[k + 3]).exp());
            let found = column.mean().unwrap();
            let variance = column.mapv(|x| (x - mean).powi(2)).mean().unwrap();
            assert!((found - mean).abs() < 5.0 * width / (n as f64).sqrt(), "{found}");
            assert!((variance / (width * width) - 1.0).abs() < 5.0 * (2.0 / n as f64).sqrt(), "{variance}");
        }
    }

    /// The SDK's optimizer over the gradients finds what the closed form gives.
    #[test]
    fn training_by_gradients_agrees() {
        /// The model without its own fit.
        struct Gradients<'a>(&'a dyn Model);
        impl Model for Gradients<'_> {
            fn layout(&self) -> Layout {
                self.0.layout()
            }
            fn initial(&self, seed: Seed) -> Result<Vec<f32>> {
                self.0.initial(seed)
            }
            fn at(&self, parameters: &[f32]) -> Result<Box<dyn Member>> {
                self.0.at(parameters)
            }
            fn gradients(&self) -> Option<&dyn Differentiable> {
                self.0.gradients()
            }
        }
        let model = model(true);
        let rows: Vec<u64> = (0..ROWS).collect();
        let settings = TrainingSettings { batch: 500, learning_rate: 0.02, ..TrainingSettings::default() };
        let trained = Gradients(&*model).fit(&rows, &settings, Seed::new(1), &Alone).unwrap();
        for (a, b) in trained.iter().zip(fit(&*model, &rows)) {
            assert!((a - b).abs() < 1e-3, "{a} {b}");
        }
    }

    /// Over training sets of n events the fitted mean has the width 1 / sqrt(n) (Eq. 21).
    #[test]
    fn the_mean_scatters_as_eq_21_says() {
        let (sets, n) = (2000, 50_usize);
        let mut stream = Seed::new(11).stream();
        let generator = GaussianFit::new(GaussianFitConfig::default()).unwrap();
        let rows: Vec<u64> = (0..n as u64).collect();
        let mut square = 0.0;
        for _ in 0..sets {
            let events = Array2::from_shape_simple_fn((n, 1), || stream.sample::<f64, _>(StandardNormal));
            let training = Batch::new(events.view(), Origin::Training, &rows);
            let model = generator.prepare(&training, &Schema::columns(["x1"])).unwrap();
            square += f64::from(fit(&*model, &rows)[0]).powi(2);
        }
        let ratio = square / sets as f64 * n as f64;
        // A mean of `sets` chi-squares with one degree of freedom.
        assert!((ratio - 1.0).abs() < 4.0 * (2.0 / sets as f64).sqrt(), "{ratio}");
    }

    #[test]
    fn refusals() {
        let model = model(true);
        let error = model.fit(&[5, 5], &TrainingSettings::default(), Seed::new(0), &Alone).unwrap_err();
        assert!(error.to_string().contains("found none in column 0"), "{error}");
        assert!(model.fit(&[], &TrainingSettings::default(), Seed::new(0), &Alone).is_err());
        assert!(model.at(&[0.0]).is_err());
        let error = GaussianFit::new(GaussianFitConfig { width: 0.0, ..Default::default() }).unwrap_err();
        assert_eq!(error.to_string(), "width: expected a positive number, found 0");
    }
}
