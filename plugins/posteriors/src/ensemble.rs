//! Independent fits, each to its own bootstrap of the training events.

use amplicast_sdk::rand::RngExt;
use amplicast_sdk::*;

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

    fn chains(&self, members: u64) -> u64 {
        members
    }

    fn infer_chain(&self, inference: &Inference<'_>) -> Result<Chain> {
        let n = inference.training_rows;
        if n == 0 {
            return Err(Error::data("expected at least one training event, found none"));
        }
        let rows: Vec<u64> = match self.data {
            EnsembleData::Same => (0..n).collect(),
            EnsembleData::Bootstrap => {
                let mut stream = inference.seed.split("bootstrap").stream();
                (0..n).map(|_| stream.random_range(0..n)).collect()
            }
        };
        let seed = inference.seed.split("fit");
        let fitted = inference.model.fit(&rows, inference.settings, seed, inference.context)?;
        Ok(Chain::new([("parameters", fitted)]))
    }

    fn members(&self, chains: &[Chain], count: u64, _seed: Seed) -> Result<Members> {
        let found = chains.len() as u64;
        if found < count {
            return Err(Error::data(format!("expected a chain for each of {count} members, found {found}")));
        }
        let parameters = chains[..count as usize]
            .iter()
            .map(|chain| Ok(chain.get("parameters")?.to_vec()))
            .collect::<Result<_>>()?;
        Ok(Members { parameters, n_effective: count as f64 })
    }
}

register_uncertainty!(Ensemble);
