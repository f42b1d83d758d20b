//! The metric `hostile-metric`: the absolute value of the mean over all members, for a truth of mean 0 and width 1.

use amplicast_sdk::*;

use crate::never_the_same;

crate::misbehaviours! {
    PanicInCompare, PanicInUpdate, PanicInValues, ExitInUpdate, WrongLengthOfValues, NanInValues, ForgetsPieces, MergeForgets,
    MergesAnything, MeasureAtRandom, NanInMeasure, LimitOutside, RisingNull, CrossedQuantiles, NanInNull,
    WrongLengthOfNull, NanInDeviation, PanicInLimit, PanicInShown, PanicInSimulate, NanInSimulate, QuantilesOfVectors,
}

config! {
    /// The absolute value of the mean.
    pub struct HostileConfig {
        /// What it does wrong.
        pub misbehave: Misbehaviour = M::None,
    }
}

#[derive(Clone, Copy)]
struct Hostile(Misbehaviour);

impl Component for Hostile {
    type Config = HostileConfig;
    const NAME: &'static str = "hostile-metric";
    const ABOUT: &'static str = "The absolute value of the mean, misbehaving on request";
    fn new(config: HostileConfig) -> Result<Self> {
        Ok(Hostile(config.misbehave))
    }
}

impl Metric for Hostile {
    fn takes(&self) -> Takes {
        if self.0 == M::QuantilesOfVectors { Takes::Any } else { Takes::One }
    }
    fn reference(&self) -> ReferenceUse {
        let asked = if self.0 == M::QuantilesOfVectors { vec![0.5] } else { Vec::new() };
        match self.0 {
            M::PanicInSimulate | M::NanInSimulate => ReferenceUse::Values,
            _ => ReferenceUse::Quantiles(asked),
        }
    }
    fn shown(&self) -> Shown {
        if self.0 == M::PanicInShown {
            panic!("hostile in shown");
        }
        Shown::value("absolute value of the mean")
    }
    fn simulate(&self, _: Values<'_>, _: Values<'_>) -> Result<Option<f64>> {
        match self.0 {
            M::PanicInSimulate => panic!("hostile in simulate"),
            M::NanInSimulate => Ok(Some(f64::NAN)),
            _ => Ok(None),
        }
    }
    fn compare(&self, _: &Reference<'_>) -> Result<Box<dyn Comparison>> {
        if self.0 == M::PanicInCompare {
            panic!("hostile in compare");
        }
        Ok(Box::new(*self))
    }
}

/// Standard normal quantiles at the probabilities that are asked for, well enough for a test.
fn normal_quantile(p: f64) -> f64 {
    5.5556 * (1.0 - ((1.0 - p) / p).powf(0.1186))
}

impl Comparison for Hostile {
    fn value_names(&self) -> Vec<String> {
        vec!["sum".into()]
    }
    fn accumulator(&self) -> Box<dyn Accumulator> {
        Box::new(Sum { misbehave: self.0, sum: 0.0 })
    }
    fn measure(&self, curves: &Curves<'_>, k: usize) -> Result<Measured> {
        let members = 0..curves.members();
        let mean = members.map(|i| curves.values[[i, k, 0]] / curves.passed(i, k) as f64).sum::<f64>();
        let value = match self.0 {
            M::MeasureAtRandom => never_the_same(),
            M::NanInMeasure => f64::NAN,
            _ => (mean / curves.members() as f64).abs(),
        };
        Ok(Measured { value, statistical: None, model: None })
    }
    fn limit(&self, curves: &Curves<'_>, _: f64) -> Result<Limit> {
        if self.0 == M::PanicInLimit {
            panic!("hostile in limit");
        }
        let value = self.measure(curves, curves.checkpoints() - 1)?.value;
        let high = if self.0 == M::LimitOutside { 0.5 * value } else { value };
        Ok(Limit { value, low: 0.5 * high, high, extrapolated: false })
    }
    fn null(&self, _: &Curves<'_>, n: f64, probabilities: &[f64]) -> Result<NullLaw> {
        // The law of |N(0, 1/n)|.
        let width = if self.0 == M::RisingNull { (1.0 + n).ln().min(50.0) } else { 1.0 / n.sqrt() };
        let quantile = |&p: &f64| width * normal_quantile(0.5 + 0.5 * p).max(0.0);
        let mut law = NullLaw {
            mean: width * (2.0 / std::f64::consts::PI).sqrt(),
            quantiles: probabilities.iter().map(quantile).collect(),
        };
        match self.0 {
            M::CrossedQuantiles => law.quantiles.reverse(),
            M::NanInNull => law.mean = f64::NAN,
            M::WrongLengthOfNull => law.quantiles.push(1.0),
            _ => {}
        }
        Ok(law)
    }
    fn deviation(&self, _: &Curves<'_>, _: &[f64], _: u64) -> Result<Option<Deviation>> {
        let bad =
            Deviation { posterior_mean: f64::NAN, single_member: 0.0, null_scale: 1.0, pulls: Vec::new() };
        Ok((self.0 == M::NanInDeviation).then_some(bad))
    }
}

struct Sum {
    misbehave: Misbehaviour,
    sum: f64,
}

impl Accumulator for Sum {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        match self.misbehave {
            M::PanicInUpdate => panic!("hostile in update"),
            M::ExitInUpdate => std::process::exit(0),
            M::ForgetsPieces => self.sum = 0.0,
            _ => {}
        }
        self.sum += values.one()?.iter().sum::<f64>();
        Ok(())
    }
    fn state(&self) -> Result<Vec<f64>> {
        Ok(vec![self.sum])
    }
    fn merge(&mut self, state: &[f64]) -> Result<()> {
        if self.misbehave == M::MergesAnything {
            self.sum += state.iter().sum::<f64>();
            return Ok(());
        }
        expect_length("sums", 1, state.len())?;
        if self.misbehave == M::MergeForgets {
            self.sum = 0.0;
        }
        self.sum += state[0];
        Ok(())
    }
    fn values(&self) -> Result<Vec<f64>> {
        Ok(match self.misbehave {
            M::PanicInValues => panic!("hostile in values"),
            M::WrongLengthOfValues => vec![self.sum, 0.0],
            M::NanInValues => vec![f64::NAN],
            _ => vec![self.sum],
        })
    }
}

register_metric!(Hostile);
