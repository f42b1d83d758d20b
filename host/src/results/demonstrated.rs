//! The three steps that Matchev et al. 2022 ask for, on one training set.

use serde::{Deserialize, Serialize};

/// Errors predicted, validated, and compared with those of the training events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Demonstrated {
    /// The integrals, or means, by their names.
    pub quantities: Vec<String>,
    /// What the generator gives for each.
    pub generated: Vec<f64>,
    /// What the training events give.
    pub training: Vec<f64>,
    /// Errors from the finite number of one fit's generated events.
    pub error_statistical: Vec<f64>,
    /// Errors of one fit: statistics, scatter over training sets, bias.
    pub error_total: Vec<f64>,
    /// Errors of the training events.
    pub error_training: Vec<f64>,
    /// Step 2: against true events that the fit did not see; absent if there are none.
    pub against: Option<AgainstEvents>,
    /// Step 3: the error with generated events over that without, all quantities together.
    pub ratio: f64,
    /// What the ratio is below at 95 %.
    pub ratio_at_most: f64,
    /// The weight of the generated values in the best mean of both.
    pub weight: f64,
    /// The error of that mean over that of the training events.
    pub combined: f64,
    /// What follows.
    pub verdict: Demonstration,
}

impl Demonstrated {
    /// Whether there is a number of each kind for each quantity.
    pub fn is_whole(&self) -> bool {
        let size = self.quantities.len();
        let lists = [
            &self.generated,
            &self.training,
            &self.error_statistical,
            &self.error_total,
            &self.error_training,
        ];
        let pulls = self.against.as_ref().map(|against| &against.pulls);
        lists.into_iter().chain(pulls).all(|list| list.len() == size)
    }
}

/// How far the generated values are from those of further true events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgainstEvents {
    /// All quantities together.
    #[serde(flatten)]
    pub distance: Distance,
    /// Deviation over error of each.
    pub pulls: Vec<f64>,
}

/// The reference where there are no further true events: halves of the training events, each for the fit to the other.
pub const LEFT_OUT: &str = "left-out";

/// The distance of generated values from those of further true events, in units of the errors of both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Distance {
    /// `holdout`, `truth`, or [`LEFT_OUT`].
    pub reference: String,
    /// Their number, under the selection; of one half if left out.
    pub events: u64,
    /// delta' C^-1 delta, with the covariances of both.
    pub chi_squared: f64,
    /// Degrees of freedom.
    pub degrees: f64,
    /// Probability of as much, or more, if the covariances were known.
    pub p: f64,
    /// With the scatter known from a few fits only; absent where they are too few for a law.
    #[serde(default)]
    pub few_fits: Option<FewFits>,
}

/// Below this probability the generated values are called inconsistent with the true ones.
const INCONSISTENT: f64 = 0.05;

/// Hotelling's test: the covariance is itself estimated, from a few fits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FewFits {
    /// Its statistic.
    pub f: f64,
    /// Degrees of freedom of the denominator (Yao 1965); those of the numerator are those of chi-squared.
    pub degrees: f64,
    /// Probability of as much, or more.
    pub p: f64,
}

impl Distance {
    /// The probability that speaks: that of the law of an estimated covariance, if there is one.
    pub fn probability(&self) -> f64 {
        self.few_fits.map_or(self.p, |few| few.p)
    }

    /// Whether the generated values may be the true ones within their errors.
    pub fn consistent(&self) -> bool {
        self.probability() >= INCONSISTENT
    }

    /// The same in a word.
    pub fn word(&self) -> &'static str {
        if self.consistent() { "consistent" } else { "inconsistent" }
    }
}

/// What the three steps come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Demonstration {
    /// The errors are predicted, not underestimated, and below those of the training events at 95 %.
    Demonstrated,
    /// Step 2 cannot be done: there are no true events that a fit did not see.
    NotValidated,
    /// Step 2 failed: the generated values are further from the true ones than their errors allow.
    Inconsistent,
    /// Step 3 failed: at 95 % the errors may be those of the training events.
    NoImprovement,
}

impl Demonstration {
    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Demonstration::Demonstrated => {
                "demonstrated: errors predicted, validated, and smaller than those of the training events"
            }
            Demonstration::NotValidated => {
                "not demonstrated: step 2 needs true events that the generator did not see: a holdout, or halves in pairs"
            }
            Demonstration::Inconsistent => {
                "not demonstrated: step 2 failed, the generated values are inconsistent with the true ones"
            }
            Demonstration::NoImprovement => {
                "not demonstrated: step 3 failed, the errors may be as large as those of the training events"
            }
        }
    }
}
