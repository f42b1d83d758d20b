//! Fits to disjoint subsets of the training events: G at a smaller number of events, with all of them as the reference.

use amplicast_sdk::rand::seq::SliceRandom;
use amplicast_sdk::*;

use crate::fits;

config! {
    /// Fits to disjoint subsets of the training events, one a member.
    pub struct SubsetsConfig {
        /// How many subsets the events are split into.
        pub subsets: u64 = 8,
    }
}

/// Each member is fitted to a subset of n / J events, none of which another one saw, in as many passes over them as a fit to all takes.
///
/// Its G is that of a generator of n / J events, bias included: a large G can be shown at a smaller number of events than there are
/// (procedure C of "A G that covers"). What carries it to n is an assumption.
#[derive(Debug, Clone)]
pub struct Subsets {
    number: u64,
}

impl Component for Subsets {
    type Config = SubsetsConfig;
    const NAME: &'static str = "subsets";
    const ABOUT: &'static str =
        "Fits to disjoint subsets of the training events: G at a smaller number of events";

    fn new(config: SubsetsConfig) -> Result<Self> {
        ensure_config(config.subsets >= 4, "subsets", || {
            format!("expected at least 4, of which a covariance can be taken, found {}", config.subsets)
        })?;
        Ok(Subsets { number: config.subsets })
    }
}

impl UncertaintyModel for Subsets {
    fn requirements(&self) -> Requirements {
        Requirements {
            fit: true,
            least_members: self.number as usize,
            most_members: Some(self.number),
            ..Requirements::default()
        }
    }

    fn members_data(&self) -> MembersData {
        MembersData::Subsets
    }

    fn chains(&self, members: u64) -> u64 {
        members
    }

    /// The events in random order, cut into equal parts; what is left over by the division is in none.
    fn rows(&self, chain: u64, members: u64, n: u64, seed: Seed) -> Option<Vec<u64>> {
        let mut rows: Vec<u64> = (0..n).collect();
        rows.shuffle(&mut seed.split("subsets").stream());
        let size = n / members.max(1);
        let mut rows = rows[(chain * size) as usize..((chain + 1) * size) as usize].to_vec();
        rows.sort_unstable();
        Some(rows)
    }

    fn infer_chain(&self, inference: &Inference<'_>) -> Result<Chain> {
        let rows = inference.rows.len() as u64;
        fits::fit(inference, &inference.settings.for_part(rows, inference.training_rows))
    }

    fn members(&self, chains: &[Chain], count: u64, _seed: Seed) -> Result<Members> {
        fits::members(chains, count)
    }
}

register_uncertainty!(Subsets);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subsets_are_disjoint_and_of_one_size() {
        let subsets = Subsets::new(SubsetsConfig::default()).unwrap();
        let mut all: Vec<u64> =
            (0..8).flat_map(|k| subsets.rows(k, 8, 1003, Seed::new(3)).unwrap()).collect();
        assert_eq!((all.len(), subsets.rows(2, 8, 1003, Seed::new(3)).unwrap().len()), (1000, 125));
        all.sort_unstable();
        all.dedup();
        assert!(all.len() == 1000 && all[999] < 1003);
        assert_eq!(Subsets::new(SubsetsConfig { subsets: 3 }).unwrap_err().place(), "subsets");
    }
}
