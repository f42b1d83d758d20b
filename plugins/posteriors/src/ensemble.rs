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

/// The vectors of a chain: the fit, and from what its bootstrap is drawn.
const PARAMETERS: &str = "parameters";
const BOOTSTRAP: &str = "bootstrap";

/// `n` rows of the training set, drawn with replacement.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bootstrap {
    seed: Seed,
    n: u64,
}

impl Bootstrap {
    fn rows(&self) -> Vec<u64> {
        let mut stream = self.seed.stream();
        (0..self.n).map(|_| stream.random_range(0..self.n)).collect()
    }

    /// How often each row is drawn.
    fn counts(&self) -> Vec<u16> {
        let mut counts = vec![0_u16; self.n as usize];
        self.rows().into_iter().for_each(|row| counts[row as usize] = counts[row as usize].saturating_add(1));
        counts
    }

    /// Seed and number as a vector of their bytes: a chain of its rows would be larger than most networks.
    fn written(&self) -> Vec<f32> {
        self.seed.bytes().into_iter().chain(self.n.to_le_bytes()).map(f32::from).collect()
    }

    fn read(bytes: &[f32]) -> Result<Self> {
        expect_length("bytes of a bootstrap", 40, bytes.len())?;
        let byte = |i: usize| bytes[i] as u8;
        let seed = Seed::from_bytes(std::array::from_fn(byte));
        Ok(Bootstrap { seed, n: u64::from_le_bytes(std::array::from_fn(|i| byte(32 + i))) })
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

    fn infer_chain(&self, inference: &Inference<'_>) -> Result<Chain> {
        let n = inference.training_rows;
        if n == 0 {
            return Err(Error::data("expected at least one training event, found none"));
        }
        let bootstrap = Bootstrap { seed: inference.seed.split("bootstrap"), n };
        let rows = match self.data {
            EnsembleData::Same => (0..n).collect(),
            EnsembleData::Bootstrap => bootstrap.rows(),
        };
        let seed = inference.seed.split("fit");
        let fitted = inference.model.fit(&rows, inference.settings, seed, inference.context)?;
        let mut vectors = vec![(PARAMETERS, fitted)];
        if self.data == EnsembleData::Bootstrap {
            vectors.push((BOOTSTRAP, bootstrap.written()));
        }
        Ok(Chain::new(vectors))
    }

    fn members(&self, chains: &[Chain], count: u64, _seed: Seed) -> Result<Members> {
        let found = chains.len() as u64;
        if found < count {
            return Err(Error::data(format!("expected a chain for each of {count} members, found {found}")));
        }
        let chains = &chains[..count as usize];
        let vectors = |name| chains.iter().map(move |chain| chain.get(name));
        let parameters = vectors(PARAMETERS).map(|v| Ok(v?.to_vec())).collect::<Result<_>>()?;
        let mut members = Members::independent(parameters);
        match self.data {
            EnsembleData::Same => members.diagnostics.warnings.push(SHARED.into()),
            EnsembleData::Bootstrap => {
                let counts = |v: Result<&[f32]>| Ok(Bootstrap::read(v?)?.counts());
                members.rows = Some(vectors(BOOTSTRAP).map(counts).collect::<Result<_>>()?);
            }
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
        // As many rows as there are events, and no fit to another sample than the one that is named.
        for (counts, fitted) in members.rows.as_ref().unwrap().iter().zip(&members.parameters) {
            assert_eq!((counts.len(), counts.iter().map(|c| usize::from(*c)).sum::<usize>()), (n, n));
            let rows: Vec<u64> =
                (0..n).flat_map(|i| std::iter::repeat_n(i as u64, counts[i].into())).collect();
            assert!((model.mean(&rows)[0] - f64::from(fitted[0])).abs() < 1e-6);
        }
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
    fn a_bootstrap_is_drawn_again_from_its_bytes() {
        let bootstrap = Bootstrap { seed: Seed::new(9).split("x"), n: 70_000 };
        assert_eq!(Bootstrap::read(&bootstrap.written()).unwrap(), bootstrap);
        assert!(Bootstrap::read(&bootstrap.written()[1..]).is_err());
    }

    #[test]
    fn the_same_data_give_the_same_closed_form() {
        let members = members(EnsembleData::Same, &GaussianModel::new(50, 1, 3), 3);
        assert!(members.parameters.iter().all(|p| *p == members.parameters[0]));
        assert_eq!((members.diagnostics.warnings, members.rows), (vec![SHARED.to_string()], None));
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
