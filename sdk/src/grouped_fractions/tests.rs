use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use super::*;
use crate::{Seed, WeightedFractions};

/// [0, 0.4), [0.4, 1) and outside.
fn part(x: f64) -> Option<usize> {
    [0.0..0.4, 0.4..1.0].iter().position(|range| range.contains(&x))
}

fn of(x: &[f64], w: Option<&[f64]>, g: Option<&[u64]>) -> GroupedFractions {
    let mut sums = GroupedFractions::new(2);
    sums.add(Values { w, g, ..Values::single(x) }, part).unwrap();
    sums
}

fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-11 * (1.0 + a.abs()), "{a} {b}");
}

fn all_close(a: &Expectations, b: &Expectations) {
    let lists = [(&a.means, &b.means), (&a.covariance, &b.covariance), (&a.with_error, &b.with_error)];
    lists.iter().for_each(|(a, b)| a.iter().zip(*b).for_each(|(a, b)| close(*a, *b)));
    close(a.error, b.error);
    close(a.events, b.events);
}

/// Events of weights of both signs, each a group of its own: the sums of powers of the weights tell the same.
#[test]
fn groups_of_one_are_events() {
    let x: Vec<f64> = (0..200).map(|i| f64::from(i % 23) / 17.0).collect();
    let w: Vec<f64> = (0..200).map(|i| f64::from(i % 5) - 0.5).collect();
    for w in [Some(&w[..]), None] {
        let mut expected = WeightedFractions::new(2);
        expected.add(w, x.len());
        (0..2).for_each(|r| expected.add_to(r, w, x.iter().map(|x| part(*x) == Some(r))));
        let groups: Vec<u64> = (0..200).collect();
        all_close(&of(&x, w, Some(&groups)).expectations(), &expected.expectations());
        all_close(&of(&x, w, None).expectations(), &expected.expectations());
    }
    let mut counted = GroupedFractions::new(2);
    let inside = |r: usize| x.iter().filter(|x| part(**x) == Some(r)).count() as u64;
    counted.add_counts(&[inside(0), inside(1)], 200);
    counted.numbers().iter().zip(of(&x, None, None).numbers()).for_each(|(a, b)| close(*a, b));
}

/// Five times the same event is one of five times the weight: the same fractions, of a fifth of the events.
#[test]
fn a_group_of_equal_events_is_one() {
    let x: Vec<f64> = (0..100).map(|i| f64::from(i % 23) / 17.0).collect();
    let five: Vec<f64> = x.iter().flat_map(|x| [*x; 5]).collect();
    let groups: Vec<u64> = (0..100).flat_map(|i| [1000 - i; 5]).collect();
    let (found, expected) =
        (of(&five, None, Some(&groups)).expectations(), of(&x, None, None).expectations());
    close(expected.events, 100.0);
    all_close(&found, &expected);
}

/// Groups of one to six events that are alike, some of negative weight, again and again: the covariance of the fractions, the error of their variance,
/// and how both go together.
#[test]
fn errors_are_those_of_repeated_samples() {
    let (groups, samples) = (150, 4000);
    let mut all = Vec::new();
    for sample in 0..samples {
        let mut stream = Seed::new(3).index(sample).stream();
        let (mut x, mut w, mut g) = (Vec::new(), Vec::new(), Vec::new());
        for group in 0..groups {
            let center: f64 = StandardNormal.sample(&mut stream);
            for _ in 0..stream.random_range(1..7) {
                let own: f64 = StandardNormal.sample(&mut stream);
                x.push(0.5 + 0.6 * center + 0.3 * own);
                w.push(if stream.random::<f64>() < 0.1 { -1.0 } else { 1.0 + center.abs() });
                g.push(group);
            }
        }
        all.push(of(&x, Some(&w), Some(&g)).expectations());
    }
    let n = samples as f64;
    let mean = |f: &dyn Fn(&Expectations) -> f64| all.iter().map(f).sum::<f64>() / n;
    let covariance = |f: &dyn Fn(&Expectations) -> f64, g: &dyn Fn(&Expectations) -> f64| {
        let (a, b) = (mean(f), mean(g));
        mean(&|e| (f(e) - a) * (g(e) - b))
    };
    // To first order in 1 / 150, and within 4 sqrt(2 / 4000) of chance.
    for r in 0..2 {
        for s in r..2 {
            let found = covariance(&|e| e.means[r], &|e| e.means[s]);
            let stated = mean(&|e| e.covariance[2 * r + s] / e.events);
            let size = mean(&|e| (e.covariance[3 * r] * e.covariance[3 * s]).sqrt() / e.events);
            assert!((found - stated).abs() < 0.12 * size, "{r} {s}: {found} {stated}");
        }
    }
    let logarithm = |e: &Expectations| ((e.covariance[0] + e.covariance[3]) / e.events).ln();
    let (found, stated) = (covariance(&logarithm, &logarithm).sqrt(), mean(&|e| e.error));
    assert!((found / stated - 1.0).abs() < 0.12, "{found} {stated}");
    for r in 0..2 {
        let found = covariance(&|e| e.means[r], &logarithm);
        let stated = mean(&|e| e.with_error[r] / e.events);
        let size = mean(&|e| (e.covariance[3 * r] / e.events).sqrt() * e.error);
        assert!((found - stated).abs() < 0.12 * size, "{r}: {found} {stated}");
    }
}

#[test]
fn parts_of_a_stream_are_added() {
    let x: Vec<f64> = (0..100).map(|i| f64::from(i) / 80.0).collect();
    let groups: Vec<u64> = (0..100).map(|i| i / 3).collect();
    let whole = of(&x, None, Some(&groups));
    let mut first = of(&x[..30], None, Some(&groups[..30]));
    first.merge(&of(&x[30..], None, Some(&groups[30..])).numbers()).unwrap();
    first.numbers().iter().zip(whole.numbers()).for_each(|(a, b)| close(*a, b));
    let (sum, found) = GroupedFractions::read_summary(&whole.summary(), 2).unwrap();
    assert_eq!((sum, found), (100.0, whole.expectations()));
    assert!(first.merge(&[0.0; 3]).is_err() && GroupedFractions::read_summary(&[0.0; 3], 2).is_err());
    // Nothing is known of no event, or of weights that cancel.
    assert_eq!(GroupedFractions::new(2).summary(), vec![0.0; GroupedFractions::len_of(2)]);
    assert_eq!(of(&[0.5, 0.5], Some(&[1.0, -3.0]), None).summary()[..3], [-2.0, 0.0, 0.0]);
}
