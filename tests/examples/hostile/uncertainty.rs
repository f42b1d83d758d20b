//! The uncertainty model `hostile-uncertainty`: an ensemble of fits to halves of the rows.

use amplicast_sdk::rand::RngExt;
use amplicast_sdk::*;

use crate::{hang, never_the_same};

crate::misbehaviours! {
    PanicInInfer, ExitInInfer, HangInInfer, NanInChain, InferAtRandom, IgnoresStop, PanicInMembers, WrongNumber, WrongLength, NanInMember,
    MembersAtRandom, NoEffectiveMembers, OrderOfVectors, InventsMembers, ImpossibleNumber, DivergesOnce, DivergesButOnce, Joint, AllAlike,
    RowsBeyond, RowsAtRandom,
}

config! {
    /// Fits to halves of the rows.
    pub struct HostileConfig {
        /// What it does wrong.
        pub misbehave: Misbehaviour = M::None,
    }
}

struct Hostile(Misbehaviour);

impl Component for Hostile {
    type Config = HostileConfig;
    const NAME: &'static str = "hostile-uncertainty";
    const ABOUT: &'static str = "Fits to halves of the rows, misbehaving on request";
    fn new(config: HostileConfig) -> Result<Self> {
        Ok(Hostile(config.misbehave))
    }
}

impl UncertaintyModel for Hostile {
    fn requirements(&self) -> Requirements {
        let most_members = (self.0 == M::ImpossibleNumber).then_some(1);
        let joint = self.0 == M::Joint;
        Requirements { fit: true, least_members: 2, most_members, joint, ..Requirements::default() }
    }
    fn chains(&self, members: u64) -> u64 {
        members
    }
    fn rows(&self, chain: u64, _: u64, training_rows: u64, seed: Seed) -> Option<Vec<u64>> {
        let seed =
            if self.0 == M::RowsAtRandom { Seed::new(never_the_same() as u64) } else { seed.index(chain) };
        let mut stream = seed.split("rows").stream();
        let mut rows: Vec<u64> = (0..training_rows).filter(|_| stream.random::<bool>()).collect();
        if self.0 == M::RowsBeyond {
            rows.push(training_rows);
        }
        Some(rows)
    }
    fn infer_chain(&self, inference: &Inference<'_>) -> Result<Chain> {
        match self.0 {
            M::PanicInInfer => panic!("hostile in infer_chain"),
            M::ExitInInfer => std::process::exit(0),
            M::HangInInfer => hang(),
            M::DivergesOnce if inference.chain == 2 => check_finite(120, f64::NAN, 1.0)?,
            M::DivergesButOnce if inference.chain != 2 => check_finite(120, f64::NAN, 1.0)?,
            _ => {}
        }
        let context: &dyn Context = if self.0 == M::IgnoresStop { &Alone } else { inference.context };
        let mut fitted = inference.model.fit(inference.rows, inference.settings, inference.seed, context)?;
        match self.0 {
            M::NanInChain => fitted[0] = f32::NAN,
            M::InferAtRandom => fitted[0] += never_the_same() as f32,
            _ => {}
        }
        Ok(Chain::new([("fitted", fitted), ("unused", vec![7.0])]))
    }
    fn members(&self, chains: &[Chain], count: u64, _: Seed) -> Result<Members> {
        if self.0 == M::PanicInMembers {
            panic!("hostile in members");
        }
        if self.0 == M::InventsMembers {
            return Ok(Members::independent(vec![vec![0.0; 3]; count as usize]));
        }
        if (chains.len() as u64) < count {
            return Err(Error::data(format!("expected {count} chains, found {}", chains.len())));
        }
        let mut parameters = Vec::new();
        for chain in &chains[..count as usize] {
            let mut member = chain.get("fitted")?.to_vec();
            match self.0 {
                M::OrderOfVectors => member[0] += chain.vectors[0].1.len() as f32,
                M::MembersAtRandom => member[0] += never_the_same() as f32,
                M::NanInMember => member[0] = f32::NAN,
                M::WrongLength => member.push(0.0),
                M::AllAlike => member = chains[0].get("fitted")?.to_vec(),
                _ => {}
            }
            parameters.push(member);
        }
        if self.0 == M::WrongNumber {
            parameters.pop();
        }
        let n_effective = if self.0 == M::NoEffectiveMembers { 0.0 } else { count as f64 };
        Ok(Members { n_effective, ..Members::independent(parameters) })
    }
}

register_uncertainty!(Hostile);
