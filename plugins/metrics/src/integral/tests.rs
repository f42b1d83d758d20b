//! The 1D Gaussian of section 3.2 in closed form: members N(mu_i, 1) with mu_i drawn from the exact posterior.

use amplicast_sdk::ndarray::Array3;
use amplicast_sdk::rand_distr::{Binomial, Distribution, Normal, StandardNormal};
use amplicast_sdk::{Curves, Extended, Seed};
use statrs::distribution::{ContinuousCDF, Normal as Law};

use super::*;
use crate::averaging::Spread;

const N_TRAIN: f64 = 1000.0;

fn integral(low: f64, high: f64, mean: f64) -> f64 {
    let law = Law::new(mean, 1.0).unwrap();
    law.cdf(high) - law.cdf(low)
}

struct Data {
    generated: Vec<u64>,
    passed: Vec<u64>,
    values: Array3<f64>,
}

impl Data {
    /// `members` members whose means are drawn from N(center, 1/n_train).
    fn draw(regions: &[(f64, f64)], center: f64, members: usize, checkpoints: &[u64], seed: Seed) -> Self {
        let mut stream = seed.stream();
        let mut values = Array3::zeros((members, checkpoints.len(), regions.len()));
        for i in 0..members {
            let mean = Normal::new(center, 1.0 / N_TRAIN.sqrt()).unwrap().sample(&mut stream);
            for (r, &(low, high)) in regions.iter().enumerate() {
                let p = integral(low, high, mean);
                let (mut so_far, mut count) = (0, 0);
                for (k, &n) in checkpoints.iter().enumerate() {
                    count += Binomial::new(n - so_far, p).unwrap().sample(&mut stream);
                    so_far = n;
                    values[[i, k, r]] = count as f64;
                }
            }
        }
        let passed = (0..members).flat_map(|_| checkpoints.iter().copied()).collect();
        Data { generated: checkpoints.to_vec(), passed, values }
    }

    fn curves(&self) -> Curves<'_> {
        Curves {
            generated: &self.generated,
            passed: &self.passed,
            values: self.values.view(),
            n_effective: self.values.shape()[0] as f64,
        }
    }
}

fn extended(regions: &[(f64, f64)]) -> Vec<(Extended, Extended)> {
    regions.iter().map(|&(low, high)| (low.into(), high.into())).collect()
}

fn compare(regions: &[(f64, f64)]) -> Box<dyn Comparison> {
    let metric =
        Integral::new(IntegralConfig { intervals: extended(regions), ..Default::default() }).unwrap();
    metric.compare(&Reference::quantiles(1, &[])).unwrap()
}

/// sigma_model^2 of Eq. 26.
fn model_variance(low: f64, high: f64) -> f64 {
    let slope = ((-low * low / 2.0).exp() - (-high * high / 2.0).exp()) / (2.0 * std::f64::consts::PI).sqrt();
    slope * slope / N_TRAIN
}

#[test]
fn the_papers_gaussian_has_g_of_70() {
    let i = integral(0.0, 0.5, 0.0);
    let analytic = i * (1.0 - i) / (N_TRAIN * model_variance(0.0, 0.5));
    assert!((analytic - 70.4).abs() < 0.05, "{analytic}");
}

/// The mean over replicas of the limit is sigma_model^2, and the curve is I(1-I)/n_gen above it (Eqs 24-28).
#[test]
fn curves_follow_the_closed_form() {
    let regions = [(0.0, 0.5)];
    let comparison = compare(&regions);
    let checkpoints = [1000, 10_000, 200_000];
    let (replicas, members) = (400, 50);
    let mut sums = [[0.0; 2]; 3];
    for replica in 0..replicas {
        let data = Data::draw(&regions, 0.0, members, &checkpoints, Seed::new(1).index(replica));
        for (k, sum) in sums.iter_mut().enumerate() {
            let measured = comparison.measure(&data.curves(), k).unwrap();
            sum[0] += measured.value / replicas as f64;
            sum[1] += measured.model.unwrap() / replicas as f64;
        }
    }
    let i = integral(0.0, 0.5, 0.0);
    let model = model_variance(0.0, 0.5);
    for (sum, n) in sums.into_iter().zip(checkpoints) {
        let total = i * (1.0 - i) / n as f64 + model;
        // A variance of 50 members over 400 replicas is known to sqrt(2 / (49 * 400)) of itself.
        let error = total * (2.0 / (49.0 * replicas as f64)).sqrt();
        assert!((sum[0] - total).abs() < 4.0 * error, "n_gen {n}: total {} expected {total}", sum[0]);
        assert!((sum[1] - model).abs() < 4.0 * error, "n_gen {n}: model {} expected {model}", sum[1]);
    }
}

/// Coverage of the interval for sigma_model^2 at N = 10 and 50, for one region and for correlated regions together.
#[test]
fn intervals_cover() {
    let replicas = 400;
    let wide: Vec<(f64, f64)> = (-4..4).map(|k| (f64::from(k) / 2.0, f64::from(k + 1) / 2.0)).collect();
    let cases: [(&[(f64, f64)], usize); 4] =
        [(&[(0.0, 0.5)], 10), (&[(0.0, 0.5)], 50), (&wide, 10), (&wide, 50)];
    for (case, (regions, members)) in cases.into_iter().enumerate() {
        let comparison = compare(regions);
        let truth: f64 = regions.iter().map(|&(a, b)| model_variance(a, b)).sum();
        let mut inside = [0.0; 2];
        for replica in 0..replicas {
            let seed = Seed::new(2).index(case as u64).index(replica);
            let data = Data::draw(regions, 0.0, members, &[200_000], seed);
            for (count, level) in inside.iter_mut().zip([0.68, 0.95]) {
                let limit = comparison.limit(&data.curves(), level).unwrap();
                *count += f64::from(u8::from(limit.low <= truth && truth <= limit.high)) / replicas as f64;
            }
        }
        for (fraction, level) in inside.into_iter().zip([0.68_f64, 0.95]) {
            let error = (level * (1.0 - level) / replicas as f64).sqrt();
            assert!(
                (fraction - level).abs() < 3.0 * error,
                "case {case}, level {level}: {fraction} +- {error}"
            );
        }
    }
}

/// Over training sets: the posterior mean's squared error is sigma_model^2, a single member's twice that,
/// and the pull follows Student's t.
#[test]
fn deviations_from_the_truth() {
    let regions = [(0.0, 0.5)];
    let comparison = compare(&regions);
    let (replicas, members, n_truth) = (2000, 10, 1_000_000_u64);
    let truth = [integral(0.0, 0.5, 0.0) * n_truth as f64];
    let (mut posterior, mut single) = (0.0, 0.0);
    let mut pulls = Vec::new();
    for replica in 0..replicas {
        let seed = Seed::new(3).index(replica);
        let shift: f64 = StandardNormal.sample(&mut seed.split("training").stream());
        let data = Data::draw(&regions, shift / N_TRAIN.sqrt(), members, &[200_000], seed);
        let deviation = comparison.deviation(&data.curves(), &truth, n_truth).unwrap().unwrap();
        posterior += deviation.posterior_mean / replicas as f64;
        single += deviation.single_member / replicas as f64;
        pulls.extend(deviation.pulls.into_iter().filter(|p| p.is_finite()));
    }
    // The mean over members carries their spread / N as well.
    let model = model_variance(0.0, 0.5);
    let expected = [model * (1.0 + 1.0 / members as f64), 2.0 * model];
    for (found, expected) in [posterior, single].into_iter().zip(expected) {
        // A squared normal deviate has a relative spread of sqrt(2).
        let error = expected * (2.0 / replicas as f64).sqrt() + 1.5e-7;
        assert!((found - expected).abs() < 4.0 * error, "{found} expected {expected} +- {error}");
    }
    // Student's t with 9 degrees of freedom: 68 % within 1.053 (2.26 for 95 %).
    let law = statrs::distribution::StudentsT::new(0.0, 1.0, members as f64 - 1.0).unwrap();
    for level in [0.68_f64, 0.95] {
        let edge = law.inverse_cdf(0.5 + level / 2.0);
        let fraction = pulls.iter().filter(|p| p.abs() < edge).count() as f64 / pulls.len() as f64;
        let error = (level * (1.0 - level) / replicas as f64).sqrt();
        // The subtraction of the binomial part widens the pull a little: a tenth of the total here.
        assert!((fraction - level).abs() < 4.0 * error + 0.01, "level {level}: {fraction}");
    }
}

#[test]
fn degrees_of_freedom_lie_between_one_region_and_all() {
    let data = Data::draw(&[(0.0, 0.5)], 0.0, 10, &[10_000], Seed::new(5));
    let regions = RegionIntegrals { regions: Regions::new(vec![(0.0, 0.5)]).unwrap() };
    let one = Spread::new(&regions, &data.curves(), 0).unwrap();
    assert!((one.total_freedom() - 9.0).abs() < 1e-9);
}

#[test]
fn bad_configurations_are_refused() {
    let new = |config| Integral::new(config).err().map(|e| e.to_string()).unwrap_or_default();
    assert!(new(IntegralConfig::default()).starts_with("intervals: expected"));
    let both = IntegralConfig { intervals: extended(&[(0.0, 1.0)]), quantiles: 20, regions: "2".into() };
    assert!(new(both).contains("found both"));
    let range = IntegralConfig { quantiles: 20, regions: "21".into(), ..Default::default() };
    assert!(
        new(range).contains("from 1 to 20"),
        "{}",
        new(IntegralConfig { quantiles: 20, regions: "21".into(), ..Default::default() })
    );
}

#[test]
fn an_empty_region_is_named() {
    let data = Data::draw(&[(50.0, 60.0)], 0.0, 5, &[1000], Seed::new(6));
    let error = compare(&[(50.0, 60.0)]).limit(&data.curves(), 0.68).unwrap_err();
    assert!(error.to_string().contains("inside and outside"), "{error}");
}

/// I(0.5, inf) of a standard normal: 0.308538; (-inf, inf) is everything.
#[test]
fn a_tail_is_a_region() {
    let tail = compare(&[(0.5, f64::INFINITY)]);
    let mut accumulator = tail.accumulator();
    accumulator.update(Values::single(&[0.4, 0.5, 7.0, 1e300])).unwrap();
    assert_eq!(accumulator.values().unwrap(), [3.0]);
    let read = amplicast_sdk::read_config::<IntegralConfig>(r#"{"intervals": [["-inf", 0], [0, "inf"]]}"#);
    assert_eq!(read.unwrap().intervals, extended(&[(f64::NEG_INFINITY, 0.0), (0.0, f64::INFINITY)]));
    let all = extended(&[(f64::NEG_INFINITY, f64::INFINITY)]);
    let error =
        Integral::new(IntegralConfig { intervals: all, ..Default::default() }).err().unwrap().to_string();
    assert!(error.starts_with("intervals[0]: expected a part of the summary's range"), "{error}");
}

/// The multinomial covariance; V = 2 x 0.09 has the error of "A G that covers", step 9: 0.13 of one region of 5 % at n = 1000.
#[test]
fn expectations_of_regions() {
    let found = compare(&[(0.0, 0.1), (0.1, 0.2)]).expectations(&[100.0, 100.0], 1000).unwrap().unwrap();
    assert_eq!(found.means, [0.1, 0.1]);
    for (found, expected) in found.covariance.iter().zip([0.09, -0.01, -0.01, 0.09]) {
        assert!((found - expected).abs() < 1e-15);
    }
    assert_eq!(found.units, [1.0, 1.0]);
    let one = compare(&[(0.0, 0.1)]).expectations(&[50.0], 1000).unwrap().unwrap();
    assert!((one.error - 0.9 / (0.05 * 0.95 * 1000.0_f64).sqrt()).abs() < 1e-12, "{}", one.error);
    let none = compare(&[(0.0, 0.1)]).expectations(&[0.0], 1000).unwrap().unwrap();
    assert_eq!((none.covariance, none.error), (vec![0.0], 0.0));
    assert!(compare(&[(0.0, 0.1)]).expectations(&[0.0], 0).is_err());
}
