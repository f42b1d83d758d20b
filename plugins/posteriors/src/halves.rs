//! Fits to all training events, and fits to random halves of them: members that show the bias of a generator.

use amplicast_sdk::rand::seq::SliceRandom;
use amplicast_sdk::*;

use crate::fits;

config! {
    /// Fits to all events, and fits to random halves of them and to what these leave.
    pub struct HalvesConfig {
        /// Of the members, fits to all events: the generator whose G is meant. With two or more the noise of their training is known. Another one
        /// is added where the others are an odd number.
        pub full: u64 = 2,
    }
}

/// Fewest pairs of halves of which a spread can be taken.
const LEAST_PAIRS: u64 = 3;

/// Members that know their events: the training events are split at random into two halves, again and again, and each half is fitted as all
/// of them are.
///
/// A fit to a half takes half of the steps, so that it sees each event as often. From the integrals of the fits, those of their halves and
/// of all events, the host measures variance and bias of the fit to all (procedure S of "A G that covers"). A half and its rest together show
/// what halves are noisier than all events would be.
#[derive(Debug, Clone)]
pub struct Halves {
    full: u64,
}

/// What a chain is fitted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fitted {
    All,
    Half(u64),
    Rest(u64),
}

impl Halves {
    /// All events first, then each half and its rest.
    fn of_chain(&self, chain: u64, members: u64) -> Fitted {
        let pairs = members.saturating_sub(self.full) / 2;
        match chain.checked_sub(members.saturating_sub(2 * pairs)) {
            None => Fitted::All,
            Some(k) if k % 2 == 0 => Fitted::Half(k / 2),
            Some(k) => Fitted::Rest(k / 2),
        }
    }
}

impl Component for Halves {
    type Config = HalvesConfig;
    const NAME: &'static str = "halves";
    const ABOUT: &'static str =
        "Fits to all training events and to random halves: a G that includes the bias";

    fn new(config: HalvesConfig) -> Result<Self> {
        ensure_config(config.full > 0, "full", || {
            "expected at least 1: the fit to all events is the generator whose G is meant, found 0".into()
        })?;
        Ok(Halves { full: config.full })
    }
}

impl UncertaintyModel for Halves {
    fn requirements(&self) -> Requirements {
        Requirements {
            fit: true,
            least_members: (self.full + 2 * LEAST_PAIRS) as usize,
            ..Requirements::default()
        }
    }

    fn members_data(&self) -> MembersData {
        MembersData::Halves
    }

    fn chains(&self, members: u64) -> u64 {
        members
    }

    fn rows(&self, chain: u64, members: u64, n: u64, seed: Seed) -> Option<Vec<u64>> {
        let fitted = self.of_chain(chain, members);
        let (Fitted::Half(number) | Fitted::Rest(number)) = fitted else { return None };
        let mut rows: Vec<u64> = (0..n).collect();
        rows.shuffle(&mut seed.split("half").index(number).stream());
        let rest = rows.split_off(n.div_ceil(2) as usize);
        let mut rows = if fitted == Fitted::Half(number) { rows } else { rest };
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

register_uncertainty!(Halves);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaussian_model::{GaussianModel, infer_members};

    fn halves(full: u64) -> Halves {
        Halves::new(HalvesConfig { full }).unwrap()
    }

    #[test]
    fn fits_to_all_come_first() {
        use Fitted::{All, Half, Rest};
        let of =
            |full: u64, members| (0..members).map(|k| halves(full).of_chain(k, members)).collect::<Vec<_>>();
        assert_eq!(of(2, 8), [All, All, Half(0), Rest(0), Half(1), Rest(1), Half(2), Rest(2)]);
        assert_eq!(of(2, 9)[..4], [All, All, All, Half(0)]);
        assert_eq!(of(1, 7)[..3], [All, Half(0), Rest(0)]);
    }

    #[test]
    fn halves_are_random_and_rests_are_what_they_leave() {
        let rows = |chain| halves(2).rows(chain, 14, 101, Seed::new(5));
        assert_eq!((rows(0), rows(1)), (None, None));
        let (half, rest, next) = (rows(2).unwrap(), rows(3).unwrap(), rows(4).unwrap());
        assert!(half.windows(2).all(|pair| pair[0] < pair[1]) && half != next);
        assert_eq!((half.len(), rest.len()), (51, 50));
        let mut all = [half, rest].concat();
        all.sort_unstable();
        assert_eq!(all, (0..101).collect::<Vec<u64>>());
        // Each row is in half of the halves: 400 of them, a standard deviation of 10.
        let with =
            (0..400).filter(|k| halves(1).rows(1 + 2 * k, 801, 101, Seed::new(6)).unwrap().contains(&17));
        assert!((with.count() as f64 - 202.0).abs() < 50.0);
    }

    /// Half the difference of a half and its rest has the variance of a mean of n events, and their mean is that of the fit to all.
    #[test]
    fn halves_have_the_width_of_the_mean() {
        let (n, pairs) = (400, 500);
        let count = 2 * pairs + 1;
        let model = GaussianModel::new(n, 1, 2);
        let halves = halves(1);
        let settings = TrainingSettings::default();
        let chains: Vec<Chain> =
            (0..count).map(|k| infer_members(&halves, &model, &settings, k, Some(count)).unwrap()).collect();
        let members = halves.members(&chains, count, Seed::new(0)).unwrap().parameters;
        let means: Vec<f64> = members.iter().map(|p| f64::from(p[0])).collect();
        let squares = means[1..].chunks(2).map(|pair| (0.5 * (pair[0] - pair[1])).powi(2)).sum::<f64>();
        let variance = squares / pairs as f64;
        let events = model.events.column(0);
        let expected = events.var(1.0) / n as f64;
        assert!(
            (variance / expected - 1.0).abs() < 4.0 * (2.0 / pairs as f64).sqrt(),
            "{variance} {expected}"
        );
        assert!((means[0] - events.mean().unwrap()).abs() < 1e-6);
        assert!(means[1..].chunks(2).all(|pair| (0.5 * (pair[0] + pair[1]) - means[0]).abs() < 1e-5));
    }

    #[test]
    fn a_fit_to_a_half_takes_half_of_the_steps() {
        let settings =
            TrainingSettings { iterations: 2501, warmup: 100, validate_every: 1, ..Default::default() };
        let half = settings.for_part(500, 1000);
        assert_eq!((half.iterations, half.warmup, half.validate_every), (1251, 50, 1));
        assert_eq!(settings.for_part(1000, 1000), settings);
    }

    #[test]
    fn refusals() {
        let error = Halves::new(HalvesConfig { full: 0 }).unwrap_err();
        assert_eq!(error.place(), "full");
        assert_eq!((halves(2).requirements().least_members, halves(1).requirements().least_members), (8, 7));
    }
}
