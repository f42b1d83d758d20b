//! A posterior: each member is fitted to a bootstrap of the training events.

use amplicast_sdk::rand::RngExt;
use amplicast_sdk::*;

config! {
    /// Fits to bootstraps of the training events.
    pub struct BootstrapConfig {}
}

struct Bootstrap;

impl Component for Bootstrap {
    type Config = BootstrapConfig;
    const NAME: &'static str = "my-plugin";
    const ABOUT: &'static str = "Fits to as many training events, drawn with replacement";

    fn new(_: BootstrapConfig) -> Result<Self> {
        Ok(Bootstrap)
    }
}

impl UncertaintyModel for Bootstrap {
    /// What it asks of a generator: a fit, and no gradients.
    fn requirements(&self) -> Requirements {
        Requirements {
            fit: true,
            least_members: 2,
            ..Requirements::default()
        }
    }

    /// What members are fitted to: the report says what their spread is worth.
    fn members_data(&self) -> MembersData {
        MembersData::Bootstrap
    }

    /// One chain a member: each is stored when it is done, and may run anywhere.
    fn chains(&self, members: u64) -> u64 {
        members
    }

    /// The rows that a chain is fitted to, from the seed and the chain's number alone.
    fn rows(&self, chain: u64, _members: u64, training_rows: u64, seed: Seed) -> Option<Vec<u64>> {
        let mut stream = seed.index(chain).stream();
        Some(
            (0..training_rows)
                .map(|_| stream.random_range(0..training_rows))
                .collect(),
        )
    }

    /// Fits the generator to the chain's rows; any generator, over one vector of parameters.
    fn infer_chain(&self, inference: &Inference<'_>) -> Result<Chain> {
        let Inference {
            model,
            rows,
            settings,
            seed,
            context,
            ..
        } = *inference;
        let fitted = model.fit(rows, settings, seed, context)?;
        Ok(Chain::new([("fitted", fitted)]))
    }

    /// Members from all chains that did not diverge.
    fn members(&self, chains: &[Chain], count: u64, _seed: Seed) -> Result<Members> {
        let found = chains.len() as u64;
        if found < count {
            return Err(Error::data(format!(
                "expected {count} chains, found {found}"
            )));
        }
        let fitted = chains[..count as usize]
            .iter()
            .map(|chain| Ok(chain.get("fitted")?.to_vec()));
        Ok(Members::independent(fitted.collect::<Result<_>>()?))
    }
}

register_uncertainty!(Bootstrap);
export_plugin!();

/// The conformance suite.
#[test]
fn conforms() {
    testing::check_all(&[]);
}
