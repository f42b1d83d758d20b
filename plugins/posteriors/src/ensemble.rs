//! Independent fits, each to its own bootstrap of the training events.

use amplicast_sdk::rand::RngExt;
use amplicast_sdk::*;

use crate::fits;

/// What the fits of an ensemble are made to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "amplicast_sdk::serde", rename_all = "kebab-case")]
#[schemars(crate = "amplicast_sdk::schemars")]
pub enum EnsembleData {
    /// Each fit to as many events as there are, drawn with replacement.
    Bootstrap,
    /// Each fit to the same events from another start: the members share the training set's own fluctuation, so that
    /// their spread is too small.
    Same,
}

config! {
    /// Independent fits, one a member.
    pub struct EnsembleConfig {
        /// What each fit is made to: `bootstrap` or `same`.
        pub data: EnsembleData = EnsembleData::Bootstrap,
    }
}

/// Said of fits to the same events.
const SHARED: &str = "with `data = \"same\"` all members share the training set's own fluctuation: their spread shows the \
                      training's alone, and G can come out too large; `bootstrap` shows both";

/// Independent fits, one a member and chain.
#[derive(Debug, Clone)]
pub struct Ensemble {
    data: EnsembleData,
}

impl Component for Ensemble {
    type Config = EnsembleConfig;
    const NAME: &'static str = "ensemble";
    const ABOUT: &'static str = "Independent fits, each to a bootstrap of the training events";

    fn new(config: EnsembleConfig) -> Result<Self> {
        Ok(Ensemble { data: config.data })
    }
}

impl UncertaintyModel for Ensemble {
    fn requirements(&self) -> Requirements {
        Requirements { fit: true, least_members: 2, ..Requirements::default() }
    }

    fn members_data(&self) -> MembersData {
        match self.data {
            EnsembleData::Bootstrap => MembersData::Bootstrap,
            EnsembleData::Same => MembersData::Same,
        }
    }

    fn chains(&self, members: u64) -> u64 {
        members
    }

    /// As many as there are, drawn with replacement.
    fn rows(&self, chain: u64, _members: u64, n: u64, seed: Seed) -> Option<Vec<u64>> {
        if self.data == EnsembleData::Same {
            return None;
        }
        let mut stream = seed.index(chain).split("bootstrap").stream();
        Some((0..n).map(|_| stream.random_range(0..n)).collect())
    }

    fn infer_chain(&self, inference: &Inference<'_>) -> Result<Chain> {
        fits::fit(inference, inference.settings)
    }

    fn members(&self, chains: &[Chain], count: u64, _seed: Seed) -> Result<Members> {
        let mut members = fits::members(chains, count)?;
        if self.data == EnsembleData::Same {
            members.diagnostics.warnings.push(SHARED.into());
        }
        Ok(members)
    }
}

register_uncertainty!(Ensemble);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaussian_model::{GaussianModel, infer};

    fn ensemble(data: EnsembleData) -> Ensemble {
        Ensemble::new(EnsembleConfig { data }).unwrap()
    }

    fn members(data: EnsembleData, model: &GaussianModel, count: u64) -> Members {
        let ensemble = ensemble(data);
        let settings = TrainingSettings::default();
        let chains: Vec<Chain> = (0..count).map(|k| infer(&ensemble, model, &settings, k).unwrap()).collect();
        ensemble.members(&chains, count, Seed::new(0)).unwrap()
    }

    /// The bootstrap's spread of a mean is s / sqrt(n), s^2 the variance of the events (with n, not n - 1).
    #[test]
    fn a_bootstrap_has_the_width_of_the_mean() {
        let (n, count) = (400, 1000);
        let model = GaussianModel::new(n, 1, 2);
        let members = members(EnsembleData::Bootstrap, &model, count);
        assert_eq!((members.parameters.len(), members.n_effective), (1000, 1000.0));
        assert!(members.diagnostics.warnings.is_empty());
        let means: Vec<f64> = members.parameters.iter().map(|p| f64::from(p[0])).collect();
        let average = means.iter().sum::<f64>() / count as f64;
        let variance = means.iter().map(|m| (m - average).powi(2)).sum::<f64>() / (count - 1) as f64;
        let events = model.events.column(0);
        let expected = events.mapv(|x| (x - events.mean().unwrap()).powi(2)).mean().unwrap() / n as f64;
        // Four standard errors of a variance from `count` members; against the truth 1 / n also the events' own.
        assert!(
            (variance / expected - 1.0).abs() < 4.0 * (2.0 / count as f64).sqrt(),
            "{variance} {expected}"
        );
        let both = (2.0 / count as f64 + 2.0 / n as f64).sqrt();
        assert!((variance * n as f64 - 1.0).abs() < 4.0 * both, "{variance}");
        // And they scatter around the fit to all events.
        assert!(
            (average - events.mean().unwrap()).abs() < 4.0 * (expected / count as f64).sqrt(),
            "{average}"
        );
    }

    #[test]
    fn a_bootstrap_has_as_many_rows_and_repeats_some() {
        let of =
            |chain, seed| ensemble(EnsembleData::Bootstrap).rows(chain, 3, 500, Seed::new(seed)).unwrap();
        let mut rows = of(1, 7);
        assert_eq!(
            (rows.len(), of(1, 7) == rows, of(2, 7) == rows, of(1, 8) == rows),
            (500, true, false, false)
        );
        rows.sort_unstable();
        rows.dedup();
        // 1 - 1/e of them, with a standard deviation of 7.
        assert!((rows.len() as f64 - 316.0).abs() < 35.0, "{}", rows.len());
        assert_eq!(ensemble(EnsembleData::Same).rows(1, 3, 500, Seed::new(7)), None);
    }

    #[test]
    fn the_same_data_give_the_same_closed_form() {
        let members = members(EnsembleData::Same, &GaussianModel::new(50, 1, 3), 3);
        assert!(members.parameters.iter().all(|p| *p == members.parameters[0]));
        assert_eq!(members.diagnostics.warnings, vec![SHARED.to_string()]);
    }

    #[test]
    fn configuration_and_refusals() {
        let config = read_config::<EnsembleConfig>(r#"{"data": "same"}"#).unwrap();
        assert_eq!(config.data, EnsembleData::Same);
        let error = read_config::<EnsembleConfig>(r#"{"data": "all"}"#).unwrap_err().to_string();
        assert_eq!(error, "data: unknown variant `all`, expected `bootstrap` or `same`");
        let error = ensemble(EnsembleData::Same).members(&[], 2, Seed::new(0)).unwrap_err().to_string();
        assert_eq!(error, "expected a chain for each of 2 members, found 0");
    }
}
