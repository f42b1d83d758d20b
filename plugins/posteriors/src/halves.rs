//! Fits to all training events, and fits to random halves of them: members that show the bias of a generator.

use amplicast_sdk::rand::seq::SliceRandom;
use amplicast_sdk::*;

use crate::fits;

config! {
    /// Fits to all events, and fits to random halves of them.
    pub struct HalvesConfig {
        /// Of the members, fits to all events: the generator whose G is meant. With two or more the noise of their starts is known.
        pub full: u64 = 2,
        /// Halves that are fitted from a second start, so that the noise of the training can be told from that of the events; a quarter of
        /// the fits to halves by default, 0 for generators whose training is not random.
        pub second_starts: Option<u64> = None,
    }
}

/// Fewest halves of which a spread can be taken.
const LEAST_HALVES: u64 = 3;

/// Members that know their events: each half of the training events, drawn at random without replacement, is fitted as all of them are.
///
/// A fit to a half takes half of the steps, so that it sees each event as often. From the integrals of the fits, those of their halves and
/// of all events, the host measures variance and bias of the fit to all (procedure S of "A G that covers").
#[derive(Debug, Clone)]
pub struct Halves {
    config: HalvesConfig,
}

/// What a chain is fitted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fitted {
    All,
    Half(u64),
}

impl Halves {
    /// Halves that are fitted twice, of so many fits to halves.
    fn second_starts(&self, fits: u64) -> u64 {
        self.config.second_starts.unwrap_or(fits / 4)
    }

    /// All events first, then each half, then second starts of the first halves.
    fn of_chain(&self, chain: u64, members: u64) -> Fitted {
        let Some(number) = chain.checked_sub(self.config.full) else { return Fitted::All };
        let fits = members.saturating_sub(self.config.full);
        let halves = fits.saturating_sub(self.second_starts(fits)).max(1);
        Fitted::Half(number % halves)
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
        Ok(Halves { config })
    }
}

impl UncertaintyModel for Halves {
    fn requirements(&self) -> Requirements {
        let halves = LEAST_HALVES + self.config.second_starts.unwrap_or(1);
        Requirements {
            fit: true,
            least_members: (self.config.full + halves) as usize,
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
        let Fitted::Half(number) = self.of_chain(chain, members) else { return None };
        let mut rows: Vec<u64> = (0..n).collect();
        let (half, _) =
            rows.partial_shuffle(&mut seed.split("half").index(number).stream(), n.div_ceil(2) as usize);
        let mut half = half.to_vec();
        half.sort_unstable();
        Some(half)
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

    fn halves(config: HalvesConfig) -> Halves {
        Halves::new(config).unwrap()
    }

    #[test]
    fn fits_to_all_come_first_and_second_starts_last() {
        let default = halves(HalvesConfig::default());
        let of: Vec<Fitted> = (0..15).map(|k| default.of_chain(k, 15)).collect();
        let expected: Vec<Fitted> =
            [Fitted::All; 2].into_iter().chain((0..10).chain(0..3).map(Fitted::Half)).collect();
        assert_eq!(of, expected);
        let without = halves(HalvesConfig { full: 1, second_starts: Some(0) });
        assert_eq!(without.of_chain(0, 11), Fitted::All);
        assert!((1..11).all(|k| without.of_chain(k, 11) == Fitted::Half(k - 1)));
    }

    #[test]
    fn halves_are_random_and_without_repetition() {
        let default = halves(HalvesConfig::default());
        let rows = |chain| default.rows(chain, 15, 101, Seed::new(5));
        assert_eq!((rows(0), rows(1)), (None, None));
        let (first, second, again) = (rows(2).unwrap(), rows(3).unwrap(), rows(12).unwrap());
        assert!(first.windows(2).all(|pair| pair[0] < pair[1]) && first.len() == 51 && first[50] < 101);
        assert!(first != second && first == again);
        // Each row is in half of the halves: 400 of them, a standard deviation of 10.
        let all = halves(HalvesConfig { full: 1, second_starts: Some(0) });
        let with = (1..401).filter(|k| all.rows(*k, 401, 101, Seed::new(6)).unwrap().contains(&17)).count();
        assert!((with as f64 - 202.0).abs() < 50.0, "{with}");
    }

    /// The variance over halves without replacement is that of a mean of n events, and the differences to the halves' own means are 0.
    #[test]
    fn halves_have_the_width_of_the_mean() {
        let (n, count) = (400, 1001);
        let model = GaussianModel::new(n, 1, 2);
        let halves = halves(HalvesConfig { full: 1, second_starts: Some(0) });
        let settings = TrainingSettings::default();
        let chains: Vec<Chain> =
            (0..count).map(|k| infer_members(&halves, &model, &settings, k, Some(count)).unwrap()).collect();
        let members = halves.members(&chains, count, Seed::new(0)).unwrap().parameters;
        let means: Vec<f64> = members[1..].iter().map(|p| f64::from(p[0])).collect();
        let average = means.iter().sum::<f64>() / 1000.0;
        let variance = means.iter().map(|m| (m - average).powi(2)).sum::<f64>() / 999.0;
        let events = model.events.column(0);
        let expected = events.var(1.0) / n as f64;
        assert!((variance / expected - 1.0).abs() < 4.0 * (2.0 / 1000_f64).sqrt(), "{variance} {expected}");
        assert!((f64::from(members[0][0]) - events.mean().unwrap()).abs() < 1e-6);
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
        let error = Halves::new(HalvesConfig { full: 0, second_starts: None }).unwrap_err();
        assert_eq!(error.place(), "full");
        assert_eq!(halves(HalvesConfig::default()).requirements().least_members, 6);
        assert_eq!(halves(HalvesConfig { full: 1, second_starts: Some(0) }).requirements().least_members, 4);
    }
}
