//! Fits to halves of the rows, drawn anew for each member.

use amplicast_sdk::rand::RngExt;
use amplicast_sdk::*;

/// What may be wrong in it.
pub trait PosteriorFault: Clone + Default + Send + Sync + 'static {
    const NAME: &'static str;
    const ABOUT: &'static str;

    /// What the members are fitted to.
    fn data(&self) -> MembersData {
        MembersData::Halves
    }

    /// The seed of the rows of a chain.
    fn seed(&self, seed: Seed, chain: u64) -> Seed {
        seed.index(chain)
    }

    /// What the members are, from what they should be.
    fn members(&self, right: Vec<Vec<f32>>) -> Vec<Vec<f32>> {
        right
    }

    /// The rows that it says a chain is fitted to, from what they should be.
    fn named(&self, right: Vec<u64>) -> Option<Vec<u64>> {
        Some(right)
    }

    /// The rows that a chain is fitted to, from those that it is given.
    fn fitted(&self, given: &[u64]) -> Vec<u64> {
        given.to_vec()
    }

    /// The rows of one member; all if none were drawn.
    fn rows(&self, n: u64, stream: &mut Stream) -> Vec<u64> {
        let some: Vec<u64> = (0..n).filter(|_| stream.random::<bool>()).collect();
        if some.is_empty() { (0..n).collect() } else { some }
    }
}

pub struct Halves<F>(pub F);

super::component!(Halves, PosteriorFault);

impl<F: PosteriorFault> UncertaintyModel for Halves<F> {
    fn requirements(&self) -> Requirements {
        Requirements { fit: true, least_members: 2, ..Requirements::default() }
    }

    fn members_data(&self) -> MembersData {
        self.0.data()
    }

    fn chains(&self, members: u64) -> u64 {
        members
    }

    fn rows(&self, chain: u64, _: u64, training_rows: u64, seed: Seed) -> Option<Vec<u64>> {
        let mut stream = self.0.seed(seed, chain).split("rows").stream();
        self.0.named(self.0.rows(training_rows, &mut stream))
    }

    fn infer_chain(&self, inference: &Inference<'_>) -> Result<Chain> {
        let Inference { model, rows, settings, seed, context, .. } = *inference;
        Ok(Chain::new([
            ("fitted", model.fit(&self.0.fitted(rows), settings, seed, context)?),
            ("unused", vec![0.0]),
        ]))
    }

    fn members(&self, chains: &[Chain], count: u64, _: Seed) -> Result<Members> {
        if (chains.len() as u64) < count {
            return Err(Error::data(format!("expected {count} chains, found {}", chains.len())));
        }
        let fitted = chains[..count as usize].iter().map(|chain| Ok(chain.get("fitted")?.to_vec()));
        Ok(Members::independent(self.0.members(fitted.collect::<Result<_>>()?)))
    }
}
