//! A single fit, without an uncertainty.

use amplicast_sdk::*;

config! {
    /// A single fit to all training events.
    pub struct PointConfig {}
}

/// A single fit to all training events: one member, no spread.
#[derive(Debug, Clone)]
pub struct Point;

impl Component for Point {
    type Config = PointConfig;
    const NAME: &'static str = "point";
    const ABOUT: &'static str = "A single fit to all training events: one member, no uncertainty";

    fn new(_config: PointConfig) -> Result<Self> {
        Ok(Point)
    }
}

impl UncertaintyModel for Point {
    fn requirements(&self) -> Requirements {
        Requirements { fit: true, least_members: 1, most_members: Some(1), ..Requirements::default() }
    }

    fn members_data(&self) -> MembersData {
        MembersData::Same
    }

    fn chains(&self, _members: u64) -> u64 {
        1
    }

    fn infer_chain(&self, inference: &Inference<'_>) -> Result<Chain> {
        let Inference { model, rows, settings, seed, context, .. } = *inference;
        let fitted = model.fit(rows, settings, seed, context)?;
        Ok(Chain::new([("parameters", fitted)]))
    }

    fn members(&self, chains: &[Chain], count: u64, _seed: Seed) -> Result<Members> {
        if count != 1 {
            return Err(Error::config(
                "",
                format!("`point` has 1 member: expected members = 1, found {count}"),
            ));
        }
        let chain = chains.first().ok_or_else(|| Error::data("expected 1 chain, found none"))?;
        Ok(Members::independent(vec![chain.get("parameters")?.to_vec()]))
    }
}

register_uncertainty!(Point);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaussian_model::{GaussianModel, infer};

    #[test]
    fn one_member_at_the_fit() {
        let model = GaussianModel::new(100, 2, 1);
        let chain = infer(&Point, &model, &TrainingSettings::default(), 0).unwrap();
        let chains = [chain];
        let members = Point.members(&chains, 1, Seed::new(0)).unwrap();
        let rows: Vec<u64> = (0..100).collect();
        assert_eq!(members.parameters[0], model.mean(&rows).iter().map(|&m| m as f32).collect::<Vec<_>>());
        let error = Point.members(&chains, 5, Seed::new(0)).unwrap_err().to_string();
        assert_eq!(error, "`point` has 1 member: expected members = 1, found 5");
    }
}
