//! The fitted summary `hostile-fitted-summary`: the first column, whatever it is fitted to.

use amplicast_sdk::ndarray::{Array2, ArrayView2, s};
use amplicast_sdk::*;

use crate::never_the_same;

crate::misbehaviours! {
    PanicInCheck, PanicInFit, NanInFit, ExitInFit, FitAtRandom, PanicInFitted, CrossFitted, PseudoAtRandom, PseudoAlike,
    PseudoShort, NanInPseudo, PanicInPseudo, PseudoOfHeld,
}

config! {
    /// The first column.
    pub struct HostileConfig {
        /// What it does wrong.
        pub misbehave: Misbehaviour = M::None,
    }
}

#[derive(Clone, Copy)]
struct Hostile(Misbehaviour);

impl Component for Hostile {
    type Config = HostileConfig;
    const NAME: &'static str = "hostile-fitted-summary";
    const ABOUT: &'static str = "The first column of an event as if it were fitted, misbehaving on request";
    fn new(config: HostileConfig) -> Result<Self> {
        Ok(Hostile(config.misbehave))
    }
}

impl Hostile {
    fn pseudo(self) -> bool {
        let kinds = [
            M::CrossFitted,
            M::PseudoAtRandom,
            M::PseudoAlike,
            M::PseudoShort,
            M::NanInPseudo,
            M::PanicInPseudo,
        ];
        kinds.contains(&self.0)
    }
}

impl FittedSummary for Hostile {
    fn label(&self) -> String {
        "hostile-fitted-summary".into()
    }
    fn needs(&self) -> FitNeeds {
        let training = match self.pseudo() {
            true => TrainingUse::CrossFitted,
            false => TrainingUse::Held { training_fraction: 0.5 },
        };
        FitNeeds { training, generated: 1000, pooled: false, weights: false }
    }
    fn check(&self, _: &Schema) -> Result<()> {
        if self.0 == M::PanicInCheck {
            panic!("hostile in check");
        }
        Ok(())
    }
    fn fit(&self, fit: &SummaryFit<'_>) -> Result<Fitted> {
        let parameters = match self.0 {
            M::PanicInFit => panic!("hostile in fit"),
            M::ExitInFit => std::process::exit(0),
            M::NanInFit => vec![f32::NAN],
            M::FitAtRandom => vec![never_the_same() as f32],
            _ => vec![fit.generated.values.sum() as f32],
        };
        Ok(Fitted { parameters, ..Fitted::default() })
    }
    fn fitted(&self, _: &Schema, _: &[f32]) -> Result<Box<dyn Summary>> {
        if self.0 == M::PanicInFitted {
            panic!("hostile in fitted");
        }
        Ok(Box::new(*self))
    }
    fn pseudo_experiments(&self) -> Option<&dyn PseudoExperiments> {
        (self.pseudo() || self.0 == M::PseudoOfHeld).then_some(self)
    }
}

impl PseudoExperiments for Hostile {
    fn count(&self) -> u64 {
        10
    }
    /// Others of the generated events each time.
    fn draw(&self, fit: &SummaryFit<'_>, number: u64) -> Result<PseudoExperiment> {
        let number = match self.0 {
            M::PanicInPseudo => panic!("hostile in draw"),
            M::PseudoAtRandom => never_the_same() as usize,
            M::PseudoAlike => 0,
            _ => number as usize,
        };
        let (n, all) = (fit.training.rows.len(), fit.generated.values);
        let first = |events: ArrayView2<'_, f64>| -> Array2<f64> { events.slice(s![.., ..1]).to_owned() };
        // Wrapped around, since there are few events.
        let places: Vec<usize> = (0..all.nrows()).map(|i| (i + 7 * number) % all.nrows()).collect();
        let events = all.select(ndarray::Axis(0), &places);
        let n = if self.0 == M::PseudoShort { n - 1 } else { n };
        let (training, generated) = events.view().split_at(ndarray::Axis(0), n);
        let mut training = first(training);
        if self.0 == M::NanInPseudo {
            training[[0, 0]] = f64::NAN;
        }
        Ok(PseudoExperiment { training, generated: first(generated) })
    }
}

impl Summary for Hostile {
    fn evaluate(&self, batch: &Batch<'_>, out: &mut [f64]) -> Result<()> {
        out.iter_mut().zip(batch.values.column(0)).for_each(|(y, &x)| *y = x);
        Ok(())
    }
}

register_fitted_summary!(Hostile);
