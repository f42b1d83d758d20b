//! Ordinary differential equations dx/dt = v(t, x), many at once.

use amplicast_sdk::schemars::JsonSchema;
use amplicast_sdk::serde::{Deserialize, Serialize};
use amplicast_sdk::{Error, Result};

use super::multistep::{Field, multistep};

/// How the flow is integrated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "amplicast_sdk::serde", rename_all = "kebab-case")]
#[schemars(crate = "amplicast_sdk::schemars")]
pub enum SolverKind {
    /// The 3/8 rule of Kutta with a fixed number of steps, four calls of the network each.
    Fixed,
    /// Dormand and Prince's pair of orders 5 and 4, with steps chosen by its error estimate, six calls each.
    Adaptive,
    /// Adams' predictor and corrector of order 3, one call a step, with as many as a member's first events need. Members that would
    /// need more than 128, and densities, whose errors these events do not show, as `adaptive`.
    Multistep,
}

/// A solver with its settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Solver {
    Fixed {
        steps: u64,
    },
    Adaptive {
        /// Error of a step, root mean square over all numbers, relative to 1 + |x|.
        tolerance: f64,
    },
    Multistep {
        calls: u64,
    },
}

/// Steps after which an adaptive solution is given up.
const MOST_STEPS: u64 = 10_000;

impl Solver {
    /// Takes `x` from time `start` to `end`; `field(t, x, v)` writes the velocities. Returns the number of its calls.
    pub fn solve(
        self,
        (start, end): (f64, f64),
        x: &mut [f64],
        mut field: impl FnMut(f64, &[f64], &mut [f64]) -> Result<()>,
    ) -> Result<u64> {
        match self {
            Solver::Fixed { steps } => three_eighths((start, end), steps, x, &mut field),
            Solver::Adaptive { tolerance } => dormand_prince((start, end), tolerance, x, &mut field),
            Solver::Multistep { calls } => multistep((start, end), calls, x, &mut field).map(|()| calls),
        }
    }
}

/// y = x + h sum_i a_i k_i.
fn combine(x: &[f64], h: f64, weights: &[f64], slopes: &[Vec<f64>], y: &mut [f64]) {
    y.copy_from_slice(x);
    for (weight, slope) in weights.iter().zip(slopes).filter(|(weight, _)| **weight != 0.0) {
        let factor = h * weight;
        y.iter_mut().zip(slope).for_each(|(y, k)| *y += factor * k);
    }
}

/// Kutta's 3/8 rule: the "rk4" of the published networks' library, not the classical one.
fn three_eighths((start, end): (f64, f64), steps: u64, x: &mut [f64], field: &mut Field<'_>) -> Result<u64> {
    const STAGES: [(f64, &[f64]); 4] =
        [(0.0, &[]), (1.0 / 3.0, &[1.0 / 3.0]), (2.0 / 3.0, &[-1.0 / 3.0, 1.0]), (1.0, &[1.0, -1.0, 1.0])];
    const RESULT: [f64; 4] = [0.125, 0.375, 0.375, 0.125];
    let h = (end - start) / steps as f64;
    let mut slopes = vec![vec![0.0; x.len()]; 4];
    let mut y = vec![0.0; x.len()];
    for step in 0..steps {
        let t = start + step as f64 * h;
        for (i, (node, weights)) in STAGES.into_iter().enumerate() {
            combine(x, h, weights, &slopes, &mut y);
            field(t + node * h, &y, &mut slopes[i])?;
        }
        combine(x, h, &RESULT, &slopes, &mut y);
        x.copy_from_slice(&y);
    }
    Ok(4 * steps)
}

/// Dormand & Prince 1980: order 5, whose last stage is the next step's first, with an embedded order 4.
fn dormand_prince(
    (start, end): (f64, f64),
    tolerance: f64,
    x: &mut [f64],
    field: &mut Field<'_>,
) -> Result<u64> {
    const STAGES: [(f64, &[f64]); 6] = [
        (0.2, &[0.2]),
        (0.3, &[3.0 / 40.0, 9.0 / 40.0]),
        (0.8, &[44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0]),
        (8.0 / 9.0, &[19_372.0 / 6561.0, -25_360.0 / 2187.0, 64_448.0 / 6561.0, -212.0 / 729.0]),
        (1.0, &[9017.0 / 3168.0, -355.0 / 33.0, 46_732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18_656.0]),
        (1.0, &[35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0]),
    ];
    /// Weights of order 5 minus those of order 4.
    const ERROR: [f64; 7] = [
        71.0 / 57_600.0,
        0.0,
        -71.0 / 16_695.0,
        71.0 / 1920.0,
        -17_253.0 / 339_200.0,
        22.0 / 525.0,
        -1.0 / 40.0,
    ];
    let mut slopes = vec![vec![0.0; x.len()]; 7];
    let (mut y, mut error) = (vec![0.0; x.len()], vec![0.0; x.len()]);
    let zeros = vec![0.0; x.len()];
    field(start, x, &mut slopes[0])?;
    let mut calls = 1;
    let (mut t, mut h) = (start, (end - start) / 8.0);
    for _ in 0..MOST_STEPS {
        let last = (end - t - h) * h.signum() <= 1e-12 * h.abs();
        if last {
            h = end - t;
        }
        for (i, (node, weights)) in STAGES.into_iter().enumerate() {
            combine(x, h, weights, &slopes, &mut y);
            field(t + node * h, &y, &mut slopes[i + 1])?;
        }
        calls += 6;
        combine(&zeros, h, &ERROR, &slopes, &mut error);
        let scaled = error.iter().zip(x.iter().zip(&y)).map(|(e, (x, y))| {
            let scale = 1.0 + x.abs().max(y.abs());
            (e / (tolerance * scale)).powi(2)
        });
        let norm = (scaled.sum::<f64>() / x.len().max(1) as f64).sqrt();
        if norm.is_nan() {
            return Err(Error::numeric(format!("the flow is not finite at time {t}")));
        }
        if norm <= 1.0 {
            x.copy_from_slice(&y);
            slopes.swap(0, 6);
            t += h;
            if last {
                return Ok(calls);
            }
        }
        h *= (0.9 * norm.max(1e-10).powf(-0.2)).clamp(0.2, 5.0);
    }
    Err(Error::numeric(format!(
        "the flow needs more than {MOST_STEPS} steps at a tolerance of {tolerance}; a larger tolerance or `solver = \
         \"fixed\"` may help"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decay(solver: Solver) -> (f64, u64) {
        let mut x = [1.0];
        let calls = solver.solve((1.0, 0.0), &mut x, |_, x, v| {
            v[0] = -x[0];
            Ok(())
        });
        (x[0], calls.unwrap())
    }

    /// dy/dt = -y from y(1) = 1 back to 0 with 50 steps: the published value.
    #[test]
    fn the_fixed_solver_is_the_published_one() {
        let (y, calls) = decay(Solver::Fixed { steps: 50 });
        assert!((y - 2.7182818248946).abs() < 5e-14 * 3.0, "{y:.13}");
        assert_eq!(calls, 200);
    }

    #[test]
    fn the_adaptive_solver_keeps_its_tolerance() {
        for tolerance in [1e-3, 1e-6, 1e-9] {
            let (y, calls) = decay(Solver::Adaptive { tolerance });
            assert!((y - 1_f64.exp()).abs() < 10.0 * tolerance, "{tolerance}: {y} in {calls} calls");
        }
        assert!(decay(Solver::Adaptive { tolerance: 1e-3 }).1 < 40);
        // A field that changes with time, in which order and nodes show.
        let mut x = [0.0, 2.0];
        let solver = Solver::Adaptive { tolerance: 1e-8 };
        let field = |t: f64, x: &[f64], v: &mut [f64]| {
            v.copy_from_slice(&[(10.0 * t).cos(), t * x[1]]);
            Ok(())
        };
        solver.solve((0.0, 1.0), &mut x, field).unwrap();
        assert!((x[0] - 10_f64.sin() / 10.0).abs() < 1e-7 && (x[1] - 2.0 * 0.5_f64.exp()).abs() < 1e-7);
    }

    #[test]
    fn the_fixed_solver_has_order_four() {
        let error = |steps| {
            let mut x = [2.0];
            let field = |t: f64, x: &[f64], v: &mut [f64]| {
                v[0] = t * x[0];
                Ok(())
            };
            Solver::Fixed { steps }.solve((0.0, 1.0), &mut x, field).unwrap();
            (x[0] - 2.0 * 0.5_f64.exp()).abs()
        };
        let ratio = error(10) / error(20);
        assert!((12.0..20.0).contains(&ratio), "{ratio}");
    }

    #[test]
    fn what_is_not_finite_is_said() {
        let solver = Solver::Adaptive { tolerance: 1e-3 };
        let error = solver.solve((0.0, 1.0), &mut [1.0], |_, _, v| {
            v[0] = f64::NAN;
            Ok(())
        });
        assert!(error.unwrap_err().to_string().contains("not finite at time 0"));
    }
}
