//! The loop of every training: steps down a gradient, with the settings' learning rate and clipping.

use std::ops::ControlFlow;

use crate::{Context, Error, Result, TrainingSettings, clip_global_norm};

/// One step of a training.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    settings: &'a TrainingSettings,
    /// Its number, from 0.
    pub number: u64,
    /// The schedule's factor on learning rates.
    pub factor: f64,
}

impl Step<'_> {
    /// The learning rate.
    pub fn rate(&self) -> f64 {
        self.settings.learning_rate * self.factor
    }

    /// Clips the common norm of the parts of a gradient; an error that names the step if that or the loss is not finite.
    pub fn clip(&self, loss: f64, parts: &mut [&mut [f32]]) -> Result<()> {
        check_finite(self.number, loss, clip_global_norm(parts, self.settings.clip))
    }
}

/// Does the steps that the settings ask for, or as many as there are before one breaks off; gives their number.
///
/// A step takes parameters down their gradient and gives its loss, of which `report` hears with the number of steps done.
///
/// ```
/// use std::ops::ControlFlow;
/// use amplicast_sdk::{Adam, Alone, TrainingSettings, descend};
///
/// // The minimum of (x - 3)^2.
/// let settings = TrainingSettings { learning_rate: 0.05, ..Default::default() };
/// let (mut x, mut adam) = ([0.0_f32], Adam::new(1, &settings));
/// let steps = descend(&settings, &Alone, |_, _| (), |step| {
///     let mut gradient = [2.0 * (x[0] - 3.0)];
///     let loss = f64::from((x[0] - 3.0).powi(2));
///     step.clip(loss, &mut [&mut gradient])?;
///     adam.step(&mut x, &gradient, step.rate());
///     Ok(ControlFlow::Continue(loss))
/// })?;
/// assert!(steps == settings.iterations && (x[0] - 3.0).abs() < 1e-3);
/// # Ok::<(), amplicast_sdk::Error>(())
/// ```
///
/// # Errors
/// That of a step, and the user's wish to stop.
pub fn descend(
    settings: &TrainingSettings,
    context: &dyn Context,
    report: impl Fn(u64, f64),
    mut step: impl FnMut(Step<'_>) -> Result<ControlFlow<f64, f64>>,
) -> Result<u64> {
    for number in 0..settings.iterations {
        context.check()?;
        match step(Step { settings, number, factor: settings.rate_factor(number) })? {
            ControlFlow::Continue(loss) => report(number + 1, loss),
            ControlFlow::Break(loss) => {
                report(number + 1, loss);
                return Ok(number + 1);
            }
        }
    }
    Ok(settings.iterations)
}

/// An error that names the step if a loss or a gradient norm is not finite.
pub fn check_finite(step: u64, loss: f64, gradient_norm: f64) -> Result<()> {
    if loss.is_finite() && gradient_norm.is_finite() {
        return Ok(());
    }
    Err(Error::numeric(format!(
        "training diverged at step {step}: expected a finite loss and gradient, found loss {loss}, gradient norm \
         {gradient_norm}; a smaller learning_rate or clip may help"
    )))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::Alone;

    #[test]
    fn steps_end_where_one_breaks_off_or_diverges() {
        let settings = TrainingSettings { iterations: 5, warmup: 2, ..Default::default() };
        let told = RefCell::new(Vec::new());
        let report = |done, loss| told.borrow_mut().push((done, loss));
        let go = |last: u64, loss: f64| {
            descend(&settings, &Alone, report, |step| {
                step.clip(loss, &mut [&mut [1.0]])?;
                let loss = step.number as f64;
                Ok(if step.number == last { ControlFlow::Break(loss) } else { ControlFlow::Continue(loss) })
            })
        };
        assert_eq!(go(1, 0.0).unwrap(), 2);
        assert_eq!(told.take(), [(1, 0.0), (2, 1.0)]);
        assert_eq!((go(9, 0.0).unwrap(), told.take().len()), (5, 5));
        let error = go(9, f64::NAN).unwrap_err().to_string();
        assert!(error.starts_with("training diverged at step 0: "), "{error}");
    }
}
