//! A Gaussian given conditions: linear regression of the generated columns on the given ones.

use amplicast_sdk::ndarray::{Array2, ArrayView1, ArrayViewMut2};
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::*;

use crate::gaussian_config::{GaussianFitConfig, LN_SQRT_2PI};

/// x ~ N(mean + slope u, width^2), column by column, of conditions u in units of their own spread.
///
/// Parameters: segments `mean` \[g\], at the mean condition, `slope` \[g, k\] of g generated columns and k given ones and, with
/// `fit_width`, `log-width` \[g\].
pub struct RegressionModel {
    given: Given,
    /// The columns that are generated.
    generated: Vec<usize>,
    /// Conditions u of the training events, n x k.
    conditions: Array2<f64>,
    /// Their generated columns, n x g.
    events: Array2<f64>,
    weights: EventWeights,
    config: GaussianFitConfig,
}

/// The given columns, and how they become conditions u = (c - mean) / width.
#[derive(Clone)]
struct Given {
    columns: Vec<usize>,
    means: Vec<f64>,
    widths: Vec<f64>,
}

impl Given {
    fn new(events: &Batch<'_>, columns: Vec<usize>) -> Self {
        let of = |column: &usize| events.values.column(*column);
        let means = columns.iter().map(|column| of(column).mean().unwrap_or(0.0)).collect();
        // A column that never changes has no slope, and any unit.
        let width = |column: &usize| Some(of(column).std(0.0)).filter(|width| *width > 0.0).unwrap_or(1.0);
        let widths = columns.iter().map(width).collect();
        Given { columns, means, widths }
    }

    fn conditions(&self, event: ArrayView1<'_, f64>) -> Vec<f64> {
        let units = self.means.iter().zip(&self.widths);
        self.columns
            .iter()
            .zip(units)
            .map(|(&column, (mean, width))| (event[column] - mean) / width)
            .collect()
    }
}

/// Parameters in double precision.
struct Unpacked {
    mean: Vec<f64>,
    slope: Vec<f64>,
    log_width: Vec<f64>,
}

impl Unpacked {
    /// The mean of generated column `g` under these conditions.
    fn at(&self, g: usize, conditions: &[f64]) -> f64 {
        let slope = &self.slope[g * conditions.len()..];
        self.mean[g] + conditions.iter().zip(slope).map(|(u, b)| u * b).sum::<f64>()
    }
}

impl RegressionModel {
    /// Of these training events, whose columns `given` are no part of what is generated.
    pub fn new(training: &Batch<'_>, given: Vec<usize>, config: GaussianFitConfig) -> Result<Self> {
        let generated: Vec<usize> =
            (0..training.values.ncols()).filter(|column| !given.contains(column)).collect();
        let given = Given::new(training, given);
        let mut conditions = Array2::zeros((training.values.nrows(), given.columns.len()));
        for (mut u, event) in conditions.rows_mut().into_iter().zip(training.values.rows()) {
            u.iter_mut().zip(given.conditions(event)).for_each(|(u, x)| *u = x);
        }
        let events = training.values.select(ndarray::Axis(1), &generated);
        Ok(RegressionModel {
            given,
            generated,
            conditions,
            events,
            weights: EventWeights::new(training)?,
            config,
        })
    }

    /// Generated and given columns.
    fn sizes(&self) -> (usize, usize) {
        (self.generated.len(), self.given.columns.len())
    }

    fn unpack(&self, parameters: &[f32]) -> Result<Unpacked> {
        expect_length("parameters of gaussian-fit", self.layout().len(), parameters.len())?;
        let (g, k) = self.sizes();
        let wide = |part: &[f32]| part.iter().copied().map(f64::from).collect::<Vec<f64>>();
        let log_width = match self.config.fit_width {
            true => wide(&parameters[g + g * k..]),
            false => vec![self.config.width.ln(); g],
        };
        Ok(Unpacked { mean: wide(&parameters[..g]), slope: wide(&parameters[g..g + g * k]), log_width })
    }

    /// (1, u) of a training event.
    fn regressors(&self, row: u64) -> Vec<f64> {
        std::iter::once(1.0).chain(self.conditions.row(row as usize).iter().copied()).collect()
    }
}

impl Model for RegressionModel {
    fn layout(&self) -> Layout {
        let (g, k) = self.sizes();
        let mut segments = vec![("mean", vec![g]), ("slope", vec![g, k])];
        if self.config.fit_width {
            segments.push(("log-width", vec![g]));
        }
        Layout::new(segments)
    }

    fn initial(&self, _seed: Seed) -> Result<Vec<f32>> {
        let (g, k) = self.sizes();
        let mut parameters = vec![0.0; self.layout().len()];
        parameters[g + g * k..].fill(self.config.width.ln() as f32);
        Ok(parameters)
    }

    fn at(&self, parameters: &[f32]) -> Result<Box<dyn Member>> {
        let law = self.unpack(parameters)?;
        Ok(Box::new(Regression { given: self.given.clone(), generated: self.generated.clone(), law }))
    }

    fn gradients(&self) -> Option<&dyn Differentiable> {
        Some(self)
    }

    /// The maximum-likelihood estimate: least squares and, with `fit_width`, root mean square residuals.
    fn fit(&self, rows: &[u64], _: &TrainingSettings, _: Seed, _: &dyn Context) -> Result<Vec<f32>> {
        let (g, k) = self.sizes();
        if rows.is_empty() {
            return Err(Error::data("expected at least one training event, found none"));
        }
        let total: f64 = rows.iter().map(|&row| self.weights.of(row)).sum();
        if total <= 0.0 {
            return Err(Error::data(format!(
                "expected training events with a positive sum of weights, found {total}"
            )));
        }
        // The normal equations: weighted means of products of the regressors (1, u), and of these with each column.
        let mut matrix = Array2::<f64>::zeros((k + 1, k + 1));
        let mut right = Array2::<f64>::zeros((k + 1, g));
        for &row in rows {
            let (u, x, weight) =
                (self.regressors(row), self.events.row(row as usize), self.weights.of(row) / total);
            for i in 0..=k {
                (0..=k).for_each(|j| matrix[[i, j]] += weight * u[i] * u[j]);
                (0..g).for_each(|j| right[[i, j]] += weight * u[i] * x[j]);
            }
        }
        let solution = solve(matrix, right).ok_or_else(|| {
            Error::numeric(format!(
                "expected training events whose {k} given column(s) vary independently of each other, found {} that do not",
                rows.len()
            ))
        })?;
        let mut parameters: Vec<f32> = solution.row(0).iter().map(|m| *m as f32).collect();
        parameters.extend(
            (0..g).flat_map(|column| (1..=k).map(move |i| (i, column))).map(|(i, j)| solution[[i, j]] as f32),
        );
        if self.config.fit_width {
            for (j, column) in self.generated.iter().enumerate() {
                let residual = |row: &u64| {
                    let predicted: f64 =
                        self.regressors(*row).iter().zip(solution.column(j)).map(|(u, b)| u * b).sum();
                    self.weights.of(*row) / total * (self.events[[*row as usize, j]] - predicted).powi(2)
                };
                let square: f64 = rows.iter().map(residual).sum();
                let scale = self.events.column(j).iter().fold(0.0_f64, |most, x| most.max(x.abs()));
                if square.is_nan() || square <= (1e-10 * scale).powi(2) {
                    return Err(Error::numeric(format!(
                        "expected training events with a spread around the regression in every column, found none in column {column}"
                    )));
                }
                parameters.push((0.5 * square.ln()) as f32);
            }
        }
        Ok(parameters)
    }
}

/// The solution of A X = B for a symmetric positive A (Cholesky); none if A is singular to the precision of its entries.
fn solve(mut a: Array2<f64>, mut b: Array2<f64>) -> Option<Array2<f64>> {
    let n = a.nrows();
    for i in 0..n {
        let before = a[[i, i]];
        for j in 0..=i {
            let sum = a[[i, j]] - (0..j).map(|m| a[[i, m]] * a[[j, m]]).sum::<f64>();
            if i == j && (sum.is_nan() || sum <= 1e-10 * before) {
                return None;
            }
            a[[i, j]] = if i == j { sum.sqrt() } else { sum / a[[j, j]] };
        }
    }
    for mut x in b.columns_mut() {
        for i in 0..n {
            x[i] = (x[i] - (0..i).map(|m| a[[i, m]] * x[m]).sum::<f64>()) / a[[i, i]];
        }
        for i in (0..n).rev() {
            x[i] = (x[i] - (i + 1..n).map(|m| a[[m, i]] * x[m]).sum::<f64>()) / a[[i, i]];
        }
    }
    Some(b)
}

impl Differentiable for RegressionModel {
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
        let (g, k) = self.sizes();
        let law = self.unpack(parameters)?;
        let weights = self.weights.shares(rows, weights)?;
        // The events' own weights have the mean 1 over all events, not over these.
        let whole = if self.weights.are_equal() { 1.0 } else { weights.iter().sum() };
        let mut of_means = Array2::<f64>::zeros((g, k + 1));
        let mut squares = vec![0.0; g];
        for (&row, weight) in rows.iter().zip(weights) {
            let u = self.regressors(row);
            for j in 0..g {
                let inverse = (-law.log_width[j]).exp();
                let z = (self.events[[row as usize, j]] - law.at(j, &u[1..])) * inverse;
                (0..=k).for_each(|i| of_means[[j, i]] -= weight * z * inverse * u[i]);
                squares[j] += weight * z * z;
            }
        }
        for j in 0..g {
            gradient[j] = of_means[[j, 0]] as f32;
            (0..k).for_each(|i| gradient[g + j * k + i] = of_means[[j, i + 1]] as f32);
            if self.config.fit_width {
                gradient[g + g * k + j] = (whole - squares[j]) as f32;
            }
        }
        Ok((0..g).map(|j| whole * (LN_SQRT_2PI + law.log_width[j]) + 0.5 * squares[j]).sum())
    }
}

/// The regression at fixed parameters.
struct Regression {
    given: Given,
    generated: Vec<usize>,
    law: Unpacked,
}

impl Member for Regression {
    fn sample(&self, chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let mut stream = chunk.seed.stream();
        for mut event in out.rows_mut() {
            let conditions = self.given.conditions(event.view());
            for (j, &column) in self.generated.iter().enumerate() {
                let z: f64 = StandardNormal.sample(&mut stream);
                event[column] = self.law.at(j, &conditions) + self.law.log_width[j].exp() * z;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::GaussianFit;

    use super::*;

    const ROWS: usize = 800;
    /// The given columns of a, c1, b, c2.
    const GIVEN: [usize; 2] = [1, 3];

    fn config() -> GaussianFitConfig {
        GaussianFitConfig { fit_width: true, condition: vec!["c2".into(), "c1".into()], ..Default::default() }
    }

    fn schema() -> Schema {
        Schema::columns(["a", "c1", "b", "c2"])
    }

    /// a = 1 + 2 c1 - c2 + N(0, 0.5^2), b = -c1 + N(0, 3^2), c1 ~ N(10, 2^2), c2 = c1 / 4 + N(0, 1).
    fn events(seed: u64, n: usize) -> Array2<f64> {
        let mut stream = Seed::new(seed).stream();
        let mut normal = || -> f64 { StandardNormal.sample(&mut stream) };
        let mut events = Array2::zeros((n, 4));
        for mut event in events.rows_mut() {
            event[1] = 10.0 + 2.0 * normal();
            event[3] = 0.25 * event[1] + normal();
            event[0] = 1.0 + 2.0 * event[1] - event[3] + 0.5 * normal();
            event[2] = -event[1] + 3.0 * normal();
        }
        events
    }

    fn prepared(config: GaussianFitConfig, events: &Array2<f64>, weights: Option<&[f64]>) -> Box<dyn Model> {
        let rows: Vec<u64> = (0..events.nrows() as u64).collect();
        let batch = Batch { weights, ..Batch::new(events.view(), Origin::Training, &rows) };
        GaussianFit::new(config).unwrap().prepare(&batch, &schema()).unwrap()
    }

    fn fitted(model: &dyn Model, rows: &[u64]) -> Vec<f32> {
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
        let of_events: Vec<f64> = (0..ROWS).map(|i| 0.5 + (i % 3) as f64).collect();
        for (fit_width, own) in [(true, None), (false, None), (true, Some(&of_events[..]))] {
            let model = prepared(GaussianFitConfig { fit_width, ..config() }, &events(1, ROWS), own);
            let mut theta = vec![20.0, -9.0, 1.5, 0.5, -0.75, 0.25];
            theta.extend_from_slice(&[0.5, 1.0][..if fit_width { 2 } else { 0 }]);
            let (_, gradient) = loss(&*model, &theta, &rows, Some(&weights));
            for i in 0..theta.len() {
                // A step that f32 holds exactly; the loss is computed in f64.
                let h = 1.0_f32 / 1024.0;
                let (mut up, mut down) = (theta.clone(), theta.clone());
                up[i] += h;
                down[i] -= h;
                let rise = loss(&*model, &up, &rows, Some(&weights)).0
                    - loss(&*model, &down, &rows, Some(&weights)).0;
                let (expected, found) = (rise / (2.0 * f64::from(h)), f64::from(gradient[i]));
                assert!((found - expected).abs() < 1e-4 * (1.0 + expected.abs()), "{i}: {found} {expected}");
            }
        }
    }

    #[test]
    fn the_closed_form_is_the_minimum_and_finds_the_truth() {
        let n = 20_000;
        let model = prepared(config(), &events(2, n), None);
        let rows: Vec<u64> = (0..n as u64).chain([3, 3, 7]).collect();
        let theta = fitted(&*model, &rows);
        let (_, gradient) = loss(&*model, &theta, &rows, None);
        assert!(gradient.iter().all(|g| g.abs() < 1e-4), "{gradient:?}");
        // Slopes per standard deviation of c1, 2, and of c2, sqrt(1 + 1/4); their errors are about 0.01 and 0.03.
        let width = 1.25_f64.sqrt();
        let truth = [18.5, -10.0, 4.0, -width, -2.0, 0.0, 0.5_f64.ln(), 3_f64.ln()];
        for (i, (found, expected)) in theta.iter().zip(truth).enumerate() {
            assert!((f64::from(*found) - expected).abs() < 0.12, "{i}: {found} {expected}");
        }
    }

    /// Given columns stay, and residuals are independent of them with the fitted width, whatever the conditions are.
    #[test]
    fn samples_follow_their_conditions() {
        let model = prepared(config(), &events(3, ROWS), None);
        let theta = fitted(&*model, &(0..ROWS as u64).collect::<Vec<_>>());
        let n = 50_000;
        // Of another law than the training events: c1 and c2 independent and wider.
        let mut out = Array2::from_elem((n, 4), f64::NAN);
        let mut stream = Seed::new(5).stream();
        for mut event in out.rows_mut() {
            let [z1, z2]: [f64; 2] = std::array::from_fn(|_| StandardNormal.sample(&mut stream));
            (event[1], event[3]) = (7.0 + 5.0 * z1, 2.0 * z2);
        }
        let before = out.clone();
        let chunk = Chunk { index: 0, first_event: 0, seed: Seed::new(9) };
        model.at(&theta).unwrap().sample(chunk, out.view_mut()).unwrap();
        assert!(GIVEN.iter().all(|&column| out.column(column) == before.column(column)));
        let again = prepared(config(), &out, None);
        let found = fitted(&*again, &(0..n as u64).collect::<Vec<_>>());
        // The same law in the units of other events: predictions at three conditions, and widths.
        let law = |model: &dyn Model, theta: &[f32], c: [f64; 2]| {
            let mut event =
                Array2::from_shape_fn((1, 4), |(_, column)| if column == 1 { c[0] } else { c[1] });
            let mut narrow = theta.to_vec();
            narrow[6..].fill(-30.0);
            model.at(&narrow).unwrap().sample(chunk, event.view_mut()).unwrap();
            [event[[0, 0]], event[[0, 2]]]
        };
        for c in [[7.0, 0.0], [12.0, 0.0], [7.0, 2.0]] {
            let (expected, found) = (law(&*model, &theta, c), law(&*again, &found, c));
            // Standard errors of a regression on n events, at most two widths from the mean: 2 sigma / sqrt(n).
            for (j, width) in [0.5, 3.0].into_iter().enumerate() {
                let most = 5.0 * 2.0 * width / (n as f64).sqrt();
                assert!((expected[j] - found[j]).abs() < most, "{c:?}: {expected:?} {found:?}");
            }
        }
        for j in [6, 7] {
            assert!((found[j] - theta[j]).abs() < 5.0 / (2.0 * n as f32).sqrt(), "{found:?} {theta:?}");
        }
    }

    #[test]
    fn refusals() {
        let generator = GaussianFit::new(config()).unwrap();
        assert!(!generator.abilities().log_density);
        assert_eq!(generator.conditions(&schema()).unwrap(), GIVEN);
        let error = generator.check(&Schema::columns(["a", "c1"])).unwrap_err().to_string();
        assert_eq!(error, "condition[0]: expected one of a, c1, found `c2`");
        let model = prepared(config(), &events(4, ROWS), None);
        let fit = |rows: &[u64]| {
            model.fit(rows, &TrainingSettings::default(), Seed::new(0), &Alone).unwrap_err().to_string()
        };
        assert!(fit(&[5, 5, 6]).contains("2 given column(s) vary independently of each other, found 3"));
        assert!(
            fit(&[5, 6, 7]).contains("spread around the regression in every column, found none in column 0")
        );
        assert!(fit(&[]).contains("found none") && model.at(&[0.0]).is_err());
    }
}
