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
    fn seed(&self, seed: Seed, _chain: u64) -> Seed {
        seed
    }

    /// What the members are, from what they should be.
    fn members(&self, right: Vec<Vec<f32>>) -> Vec<Vec<f32>> {
        right
    }

    /// The rows that it says its members are fitted to, from what they should be.
    fn named(&self, right: Vec<Vec<u16>>) -> Option<Vec<Vec<u16>>> {
        Some(right)
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

    fn infer_chain(&self, inference: &Inference<'_>) -> Result<Chain> {
        let mut stream = self.0.seed(inference.seed, inference.chain).split("rows").stream();
        let rows = self.0.rows(inference.training_rows, &mut stream);
        let Inference { settings, seed, context, .. } = *inference;
        let mut counts = vec![0.0; inference.training_rows as usize];
        rows.iter().for_each(|&row| counts[row as usize] += 1.0);
        Ok(Chain::new([("fitted", inference.model.fit(&rows, settings, seed, context)?), ("rows", counts)]))
    }

    fn members(&self, chains: &[Chain], count: u64, _: Seed) -> Result<Members> {
        if (chains.len() as u64) < count {
            return Err(Error::data(format!("expected {count} chains, found {}", chains.len())));
        }
        let vectors = |name| chains[..count as usize].iter().map(move |chain| Ok(chain.get(name)?.to_vec()));
        let fitted = vectors("fitted").collect::<Result<_>>()?;
        let counts = |list: Result<Vec<f32>>| Ok(list?.into_iter().map(|count| count as u16).collect());
        let rows = self.0.named(vectors("rows").map(counts).collect::<Result<_>>()?);
        Ok(Members { rows, ..Members::independent(self.0.members(fitted)) })
    }
}
