//! Repeated durations of the same work.

use std::time::Instant;

use amplicast_sdk::Result;

/// Fewest repetitions of a measurement.
pub const REPETITIONS: usize = 11;

/// Durations of repetitions in seconds, sorted.
#[derive(Debug, Clone)]
pub struct Times(Vec<f64>);

impl Times {
    /// From durations in any order; at least one.
    pub fn new(mut seconds: Vec<f64>) -> Self {
        assert!(!seconds.is_empty(), "no repetitions");
        seconds.sort_by(f64::total_cmp);
        Times(seconds)
    }

    /// Repeats a call, after one that warms up.
    pub fn of(repetitions: usize, mut call: impl FnMut() -> Result<()>) -> Result<Self> {
        call()?;
        let seconds = (0..repetitions).map(|_| seconds(&mut call)).collect::<Result<_>>()?;
        Ok(Times::new(seconds))
    }

    /// The same work for each of `count` units.
    pub fn per(self, count: f64) -> Self {
        Times(self.0.into_iter().map(|t| t / count).collect())
    }

    /// Half of the repetitions took less.
    pub fn median(&self) -> f64 {
        let n = self.0.len();
        0.5 * (self.0[(n - 1) / 2] + self.0[n / 2])
    }

    /// The shortest: other work on the machine only ever adds.
    pub fn least(&self) -> f64 {
        self.0[0]
    }
}

/// Two kinds of work in turn, so that both see the same state of the machine.
pub struct Pairs {
    /// Durations of the first.
    pub first: Times,
    /// Durations of the second.
    pub second: Times,
    /// The median of the ratios first / second within each pair.
    pub ratio: f64,
    /// The median of the differences first - second within each pair, in seconds.
    pub difference: f64,
}

impl Pairs {
    /// Repeats both, after one warm-up of each; who begins alternates.
    pub fn of(
        repetitions: usize,
        mut first: impl FnMut() -> Result<()>,
        mut second: impl FnMut() -> Result<()>,
    ) -> Result<Self> {
        first()?;
        second()?;
        let (mut firsts, mut others) = (Vec::new(), Vec::new());
        for pair in 0..repetitions {
            if pair % 2 == 0 {
                firsts.push(seconds(&mut first)?);
                others.push(seconds(&mut second)?);
            } else {
                others.push(seconds(&mut second)?);
                firsts.push(seconds(&mut first)?);
            }
        }
        Ok(Pairs::new(firsts, others))
    }

    /// From durations in the order in which they were measured.
    pub fn new(first: Vec<f64>, second: Vec<f64>) -> Self {
        let within = |f: fn(f64, f64) -> f64| {
            Times::new(first.iter().zip(&second).map(|(&a, &b)| f(a, b)).collect()).median()
        };
        let (ratio, difference) = (within(|a, b| a / b), within(|a, b| a - b));
        Pairs { first: Times::new(first), second: Times::new(second), ratio, difference }
    }
}

/// The duration of a call in seconds.
pub fn seconds(call: &mut impl FnMut() -> Result<()>) -> Result<f64> {
    let start = Instant::now();
    call()?;
    Ok(start.elapsed().as_secs_f64())
}
