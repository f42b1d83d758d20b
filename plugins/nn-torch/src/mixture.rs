//! Mixtures of Gaussians as graphs (Eq. 7 of Bahl et al. 2025).

use std::f64::consts::TAU;

use amplicast_nn::{IMAGES, SIGMA_FLOOR, Support};
use tch::{Kind, Tensor};

/// The mixtures of all columns of an event as a graph in libtorch: tensors in, tensors out.
#[derive(Debug, Clone)]
pub struct MixtureHead {
    components: i64,
    groups: Vec<Group>,
}

/// Columns of one kind of support, computed together.
#[derive(Debug, Clone)]
struct Group {
    /// `None` when the group is all columns.
    columns: Option<Vec<i64>>,
    supports: Vec<Support>,
}

impl MixtureHead {
    /// Mixtures of `components` for columns with these supports.
    pub fn new(components: usize, supports: &[Support]) -> Self {
        let mut groups: Vec<(Vec<i64>, Vec<Support>)> = Vec::new();
        for (column, support) in supports.iter().enumerate() {
            let same = |g: &&mut (Vec<i64>, Vec<Support>)| {
                std::mem::discriminant(&g.1[0]) == std::mem::discriminant(support)
            };
            match groups.iter_mut().find(same) {
                Some(group) => {
                    group.0.push(column as i64);
                    group.1.push(*support);
                }
                None => groups.push((vec![column as i64], vec![*support])),
            }
        }
        let only = groups.len() == 1;
        let groups = groups
            .into_iter()
            .map(|(columns, supports)| Group { columns: (!only).then_some(columns), supports })
            .collect();
        MixtureHead { components: components as i64, groups }
    }

    /// log p of each event: from the network's numbers (n x columns x 3 K) and the events (n x columns), n numbers.
    pub fn log_density(&self, raw: &Tensor, x: &Tensor) -> Tensor {
        let parts = self.groups.iter().map(|group| match &group.columns {
            None => self.group(group, raw, x),
            Some(columns) => {
                let columns = Tensor::from_slice(columns).to_device(raw.device());
                self.group(group, &raw.index_select(1, &columns), &x.index_select(1, &columns))
            }
        });
        parts.reduce(|a, b| a + b).expect("an event has at least one column")
    }

    fn group(&self, group: &Group, raw: &Tensor, x: &Tensor) -> Tensor {
        let parts = raw.split(self.components, 2);
        let (logits, m, a) = (&parts[0], &parts[1], &parts[2]);
        let x = x.unsqueeze(2);
        let numbers = |values: &[f64]| Tensor::from_slice(values).to_kind(raw.kind()).to_device(raw.device());
        // A number per column, shaped to meet (n x columns x components).
        let constant = |f: &dyn Fn(&Support) -> f64| {
            let values: Vec<f64> = group.supports.iter().map(f).collect();
            numbers(&values).view([-1, 1])
        };
        let bounded = || {
            let inverse_scale = constant(&|s| s.sigma_scale().map_or(0.0, f64::recip));
            ((-a).exp() + inverse_scale).reciprocal() + SIGMA_FLOOR
        };
        let terms = match group.supports[0] {
            Support::Line => {
                let sigma = a.exp() + SIGMA_FLOOR;
                let z = (x - m) / &sigma;
                logits - sigma.log() - z.square() * 0.5
            }
            Support::Circle => {
                let sigma = bounded();
                let offset = x - m;
                // The number of turns is locally constant: no gradient flows through it.
                let turns = (&offset.detach() / TAU).round();
                let nearest = offset - turns * TAU;
                let shifts: Vec<f64> = (-IMAGES..=IMAGES).map(|i| TAU * f64::from(i)).collect();
                let images = nearest.unsqueeze(-1) + numbers(&shifts);
                let z = images / sigma.unsqueeze(-1);
                logits - sigma.log() + (z.square() * -0.5).logsumexp([-1], false)
            }
            Support::Interval { .. } => {
                let center = constant(&|s| s.center().map_or(0.0, |c| c.0));
                let half = constant(&|s| s.center().map_or(1.0, |c| c.1));
                let (low, high) = (&center - &half, &center + &half);
                let sigma = bounded();
                let mean = ((m - &center) / &half).tanh() * &half + &center;
                let inside =
                    ((high - &mean) / &sigma).special_ndtr() - ((low - &mean) / &sigma).special_ndtr();
                let z = (x - mean) / &sigma;
                logits - (sigma * inside).log() - z.square() * 0.5
            }
        };
        let columns = terms.logsumexp([2], false) - logits.logsumexp([2], false) - 0.5 * TAU.ln();
        columns.sum_dim_intlist([1_i64].as_slice(), false, None::<Kind>)
    }
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::Seed;
    use amplicast_sdk::rand::RngExt;

    use super::*;

    const K: usize = 7;

    /// Random logits, m and a: widths from narrow to far wider than the support.
    fn random_raw(seed: u64) -> Vec<f64> {
        let mut stream = Seed::new(seed).stream();
        let mut uniform = |bound: f64| bound * (2.0 * stream.random::<f64>() - 1.0);
        let ranges = [2.0, 4.0, 3.0];
        ranges.iter().flat_map(|&bound| (0..K).map(|_| uniform(bound)).collect::<Vec<_>>()).collect()
    }

    /// Mixed supports, several events: the tensors in double precision equal the scalars, in single nearly.
    #[test]
    fn tensors_equal_scalars() {
        let supports = [
            Support::Interval { low: -8.0, high: 21.0 },
            Support::Circle,
            Support::Interval { low: -5.0, high: 5.0 },
            Support::Line,
            Support::Circle,
        ];
        let events = [[-1.0, 3.0, 4.9, -6.0, -3.1], [0.3, -0.2, 0.0, 2.0, 1.0]];
        let (n, d) = (events.len(), supports.len());
        let raw: Vec<Vec<f64>> = (0..n * d).map(|i| random_raw(100 + i as u64)).collect();
        let expected: Vec<f64> = (0..n)
            .map(|e| (0..d).map(|c| supports[c].log_density(&raw[e * d + c], events[e][c])).sum())
            .collect();
        for (kind, tolerance) in [(Kind::Double, 1e-12), (Kind::Float, 2e-5)] {
            let flat =
                Tensor::from_slice(&raw.concat()).to_kind(kind).view([n as i64, d as i64, 3 * K as i64]);
            let x = Tensor::from_slice(&events.concat()).to_kind(kind).view([n as i64, d as i64]);
            let found = Vec::<f64>::try_from(MixtureHead::new(K, &supports).log_density(&flat, &x)).unwrap();
            for (f, e) in found.iter().zip(&expected) {
                assert!((f - e).abs() < tolerance * (1.0 + e.abs()), "{kind:?}: {found:?} {expected:?}");
            }
        }
    }
}
