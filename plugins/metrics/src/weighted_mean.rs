//! The mean of a summary over events with weights, or some of which belong together.

use std::ops::Range;

use amplicast_sdk::moments::quotient;
use amplicast_sdk::ndarray::{ArrayView1, ArrayView2};
use amplicast_sdk::{Accumulator, Error, Expectations, Result, Values, expect_length};

use crate::averaging::Quantities;
use crate::numbers::{WITHOUT_VARIANCE, names, places, units};

/// The mean of each number, sum w x / sum w, of samples that may have weights and groups.
///
/// To first order its error squared is sum u^2 / (sum w)^2 over groups, u = sum w (x - mean) over the events of a group, or of one that is by
/// itself; events that all count alike would have the variance of x, sum w (x - mean)^2 / sum w, over their number.
pub struct WeightedMean {
    pub numbers: usize,
}

impl Quantities for WeightedMean {
    fn value_names(&self) -> Vec<String> {
        let each = |what: &str| (1..=self.numbers).map(|j| format!("{what} {j}")).collect::<Vec<_>>();
        // W is the weight of a group, u the sum of w dx over its events.
        let sums = ["sum w", "sum W^2", "sum W^4"].map(String::from).to_vec();
        let centers = ["center", "sum w dx", "sum w dx^2"].map(each).concat();
        let products = places(self.numbers).map(|(j, k)| format!("sum u u {} {}", j + 1, k + 1));
        [sums, centers, products.collect()].concat()
    }

    fn names(&self) -> Vec<String> {
        names(self.numbers)
    }

    fn accumulator(&self) -> Box<dyn Accumulator> {
        Box::new(Sums::new(self.numbers))
    }

    fn means(&self, values: &[f64], _events: u64) -> Vec<f64> {
        Sums::read(self.numbers, values).map(|sums| sums.means()).unwrap_or_default()
    }

    fn event_variances(&self, _means: &[f64], samples: ArrayView2<'_, f64>) -> Vec<f64> {
        let of_samples: Vec<Vec<f64>> = samples
            .rows()
            .into_iter()
            .filter_map(|row| Some(Sums::read(self.numbers, &row.to_vec()).ok()?.variances()))
            .collect();
        let count = of_samples.len().max(1) as f64;
        (0..self.numbers)
            .map(|j| of_samples.iter().map(|variances| variances[j]).sum::<f64>() / count)
            .collect()
    }

    fn units(&self, event_variances: &[f64]) -> Vec<f64> {
        units(event_variances)
    }

    fn expectations(&self, values: &[f64], _events: u64) -> Result<Expectations> {
        let sums = Sums::read(self.numbers, values)?;
        if sums.weight <= 0.0 {
            return Err(Error::data("expected events with a positive sum of weights, found one that is not"));
        }
        let (d, means, alike) = (self.numbers, sums.means(), sums.variances());
        let off: Vec<f64> = sums.centers.iter().zip(&means).map(|(center, mean)| center - mean).collect();
        let mut of_means = vec![0.0; d * d];
        for ((j, k), product) in places(d).zip(&sums.products) {
            let entry = (product + sums.square * off[j] * off[k]) / sums.weight.powi(2);
            of_means[j * d + k] = entry;
            of_means[k * d + j] = entry;
        }
        // Negative weights may leave no variance to compare with.
        let by_weights = quotient(sums.weight.powi(2), sums.square);
        let known = alike.iter().enumerate().all(|(j, v)| *v > 0.0 || of_means[j * (d + 1)] == 0.0);
        let scale =
            if known { alike } else { of_means.iter().step_by(d + 1).map(|c| by_weights * c).collect() };
        let units = self.units(&scale);
        let in_units = |c: &f64, j: usize, k: usize| c / (units[j] * units[k]);
        let trace: f64 = (0..d).map(|j| in_units(&of_means[j * (d + 1)], j, j)).sum();
        let whole: f64 = scale.iter().zip(&units).map(|(v, unit)| v / (unit * unit)).sum();
        let events = if trace > 0.0 && whole > 0.0 { whole / trace } else { by_weights };
        let squares: f64 = of_means.iter().enumerate().map(|(i, c)| in_units(c, i / d, i % d).powi(2)).sum();
        // Of normal numbers, one a group, of which a variance with the weights W^2 is worth so many.
        let worth = quotient(sums.square.powi(2), sums.fourth);
        let error = if trace > 0.0 { (2.0 * squares / worth).sqrt() / trace } else { 0.0 };
        let covariance = of_means.iter().map(|c| events * c).collect();
        Ok(Expectations { means, covariance, units, error, with_error: vec![0.0; d], events })
    }

    fn without_variance(&self) -> &'static str {
        WITHOUT_VARIANCE
    }
}

/// Sums over events, or groups of them, of differences from centers. A center is such that W, the weight of a group, has no correlation with
/// u, the sum of w dx over its events: of single events the mean with the weights w^2, which are never negative.
#[derive(Debug, Clone, PartialEq)]
struct Sums {
    weight: f64,
    /// Sums of W^2, and of W^4.
    square: f64,
    fourth: f64,
    centers: Vec<f64>,
    /// Sums of w dx, and of w dx^2.
    first: Vec<f64>,
    second: Vec<f64>,
    /// Sums of u u: squares of each number, then products of pairs.
    products: Vec<f64>,
}

impl Sums {
    fn new(numbers: usize) -> Self {
        let each = vec![0.0; numbers];
        Sums {
            weight: 0.0,
            square: 0.0,
            fourth: 0.0,
            centers: each.clone(),
            first: each.clone(),
            second: each,
            products: vec![0.0; places(numbers).count()],
        }
    }

    fn numbers(&self) -> Vec<f64> {
        let sums = [self.weight, self.square, self.fourth];
        let lists = [&self.centers, &self.first, &self.second, &self.products];
        sums.iter().chain(lists.into_iter().flatten()).copied().collect()
    }

    fn read(numbers: usize, list: &[f64]) -> Result<Self> {
        let mut sums = Sums::new(numbers);
        expect_length("weighted moments", sums.numbers().len(), list.len())?;
        let (own, mut rest) = list.split_at(3);
        (sums.weight, sums.square, sums.fourth) = (own[0], own[1], own[2]);
        for part in [&mut sums.centers, &mut sums.first, &mut sums.second, &mut sums.products] {
            let (taken, left) = rest.split_at(part.len());
            part.copy_from_slice(taken);
            rest = left;
        }
        Ok(sums)
    }

    fn of(values: Values<'_>) -> Self {
        let x = values.x;
        let mut sums = Sums::new(x.ncols());
        if x.nrows() == 0 {
            return sums;
        }
        let weight = |i: usize| values.w.map_or(1.0, |w| w[i]);
        // Of whole groups: their weight, and the sum of their weights times differences from some place.
        let whole = |group: Range<usize>| group.map(weight).sum::<f64>();
        for group in values.together() {
            let weight = whole(group);
            let square = weight.powi(2);
            sums.weight += weight;
            sums.square += square;
            sums.fourth += square * square;
        }
        let from = |x: ArrayView1<'_, f64>, place: f64, group: Range<usize>| {
            group.map(|i| weight(i) * (x[i] - place)).sum::<f64>()
        };
        for (center, x) in sums.centers.iter_mut().zip(x.columns()) {
            let together =
                values.together().map(|group| whole(group.clone()) * from(x, x[0], group)).sum::<f64>();
            *center = x[0] + quotient(together, sums.square);
        }
        for (j, x) in x.columns().into_iter().enumerate() {
            for (i, x) in x.iter().enumerate() {
                let off = x - sums.centers[j];
                sums.first[j] += weight(i) * off;
                sums.second[j] += weight(i) * off * off;
            }
        }
        let centers = &sums.centers;
        for (product, (j, k)) in sums.products.iter_mut().zip(places(x.ncols())) {
            let (a, b) = (x.column(j), x.column(k));
            let both = |group: Range<usize>| from(a, centers[j], group.clone()) * from(b, centers[k], group);
            *product = values.together().map(both).sum();
        }
        sums
    }

    /// Of both together.
    fn add(&mut self, other: &Sums) {
        let square = self.square + other.square;
        // Its centers may be anywhere.
        if *self == Sums::new(self.centers.len()) {
            *self = other.clone();
            return;
        }
        let part = quotient(other.square, square);
        let apart: Vec<f64> = other.centers.iter().zip(&self.centers).map(|(b, a)| b - a).collect();
        for (j, apart) in apart.iter().enumerate() {
            let [mine, theirs] = [-apart * part, apart * (1.0 - part)];
            let moved = |sums: &Sums, by: f64| {
                let (first, second) = (sums.first[j], sums.second[j]);
                [first + by * sums.weight, second + by * (2.0 * first + by * sums.weight)]
            };
            let ([a1, a2], [b1, b2]) = (moved(self, mine), moved(other, theirs));
            (self.first[j], self.second[j]) = (a1 + b1, a2 + b2);
            self.centers[j] += apart * part;
        }
        for ((product, add), (j, k)) in self.products.iter_mut().zip(&other.products).zip(places(apart.len()))
        {
            *product += add + apart[j] * apart[k] * self.square * part;
        }
        (self.weight, self.square) = (self.weight + other.weight, square);
        self.fourth += other.fourth;
    }

    fn means(&self) -> Vec<f64> {
        self.centers
            .iter()
            .zip(&self.first)
            .map(|(center, first)| center + quotient(*first, self.weight))
            .collect()
    }

    /// Of each number, of events that all count alike.
    fn variances(&self) -> Vec<f64> {
        let off = |first: &f64| quotient(*first, self.weight);
        self.second
            .iter()
            .zip(&self.first)
            .map(|(second, first)| quotient(*second, self.weight) - off(first).powi(2))
            .collect()
    }
}

impl Accumulator for Sums {
    fn update(&mut self, values: Values<'_>) -> Result<()> {
        expect_length("numbers of an event", self.centers.len(), values.numbers())?;
        self.add(&Sums::of(values));
        Ok(())
    }

    fn state(&self) -> Result<Vec<f64>> {
        Ok(self.numbers())
    }

    fn merge(&mut self, state: &[f64]) -> Result<()> {
        self.add(&Sums::read(self.centers.len(), state)?);
        Ok(())
    }

    fn values(&self) -> Result<Vec<f64>> {
        Ok(self.numbers())
    }
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
    use amplicast_sdk::{Metric, Reference, Seed};

    use super::*;
    use crate::Mean;

    fn expectations(x: &[f64], d: usize, weights: Option<&[f64]>) -> Expectations {
        of_groups(x, d, weights, None)
    }

    fn of_groups(x: &[f64], d: usize, weights: Option<&[f64]>, groups: Option<&[u64]>) -> Expectations {
        let x = ArrayView2::from_shape((x.len() / d, d), x).unwrap();
        let mut sums = Sums::new(d);
        // In parts, one of them empty.
        for range in [0..3, 3..3, 3..x.nrows()] {
            let part = x.slice(amplicast_sdk::ndarray::s![range.clone(), ..]);
            let mut other = Sums::new(d);
            let (w, g) = (weights.map(|w| &w[range.clone()]), groups.map(|g| &g[range]));
            other.update(Values { x: part, w, g }).unwrap();
            sums.merge(&other.state().unwrap()).unwrap();
        }
        WeightedMean { numbers: d }.expectations(&sums.values().unwrap(), x.nrows() as u64).unwrap()
    }

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9 * (1.0 + a.abs()), "{a} {b}");
    }

    /// A weight of 2 is not two events: it knows less. The mean and the spread are those of the events twice.
    #[test]
    fn means_of_weights_and_of_repeated_events() {
        let x = [1.0, 5.0, 2.0, -3.0, 4.0, 0.5, 7.0, 2.5];
        let found = expectations(&x, 2, Some(&[1.0, 2.0, 1.0, 3.0]));
        let twice = [1.0, 5.0, 2.0, -3.0, 2.0, -3.0, 4.0, 0.5, 7.0, 2.5, 7.0, 2.5, 7.0, 2.5];
        let repeated = expectations(&twice, 2, None);
        (0..2).for_each(|j| close(found.means[j], repeated.means[j]));
        (0..2).for_each(|j| close(found.units[j], repeated.units[j]));
        close(repeated.events, 7.0);
        assert!(found.events < 4.0, "{}", found.events);
        // The covariance of both means: sum w^2 (x - <x>)(y - <y>) / (sum w)^2.
        let w = [1.0_f64, 2.0, 1.0, 3.0];
        let term = |i: usize| w[i].powi(2) * (x[2 * i] - found.means[0]) * (x[2 * i + 1] - found.means[1]);
        close(found.covariance[1] / found.events, (0..4).map(term).sum::<f64>() / 49.0);
    }

    /// Without weights it is the mean of events that all count alike, but for the n - 1 of a variance.
    #[test]
    fn equal_weights_change_nothing() {
        let mut stream = Seed::new(5).stream();
        let x: Vec<f64> = (0..300)
            .map(|_| {
                1e6 + {
                    let z: f64 = StandardNormal.sample(&mut stream);
                    z
                }
            })
            .collect();
        for weights in [None, Some(vec![0.25; 300])] {
            let found = expectations(&x, 1, weights.as_deref());
            let comparison = Mean.compare(&Reference::quantiles(1, &[])).unwrap();
            let mut plain = comparison.accumulator();
            plain.update(Values::single(&x)).unwrap();
            let expected = comparison.expectations(&plain.values().unwrap(), 300).unwrap().unwrap();
            close(found.means[0], expected.means[0]);
            assert!((found.covariance[0] / expected.covariance[0] * 300.0 / 299.0 - 1.0).abs() < 1e-6);
            assert!(
                (found.events / 300.0 - 1.0).abs() < 1e-6
                    && (found.error / expected.error - 1.0).abs() < 1e-6
            );
        }
    }

    /// Weights p / q of draws from q = N(0, 2^2) for p = N(0, 1): the mean of many samples is that of p, and scatters by the stated errors.
    #[test]
    fn errors_are_those_of_repeated_samples() {
        let (samples, n) = (2000, 300);
        let (mut square, mut stated) = (0.0, 0.0);
        for sample in 0..samples {
            let mut stream = Seed::new(6).index(sample).stream();
            let x: Vec<f64> = (0..n)
                .map(|_| {
                    2.0 * {
                        let z: f64 = StandardNormal.sample(&mut stream);
                        z
                    }
                })
                .collect();
            let weights: Vec<f64> = x.iter().map(|x| (-0.375 * x * x).exp()).collect();
            let found = expectations(&x, 1, Some(&weights));
            square += found.means[0].powi(2) / samples as f64;
            stated += found.covariance[0] / found.events / samples as f64;
        }
        // A variance of so many has the relative error sqrt(2 / samples); the stated one is of first order in 1 / n.
        assert!(
            (square / stated - 1.0).abs() < 4.0 * (2.0 / samples as f64).sqrt() + 0.02,
            "{square} {stated}"
        );
    }

    /// A group of equal events is one of the weight of all; the errors of groups are those of repeated samples, far from zero and with weights that
    /// cancel within a group.
    #[test]
    fn groups_are_what_is_independent() {
        let x = [1.0, 5.0, 2.0, -3.0, 4.0, 0.5, 7.0, 2.5];
        let three: Vec<f64> = x.chunks(2).flat_map(|event| event.repeat(3)).collect();
        let groups: Vec<u64> = (0..4).flat_map(|i| [9 - i; 3]).collect();
        let (found, expected) = (of_groups(&three, 2, None, Some(&groups)), expectations(&x, 2, None));
        (0..2).for_each(|j| close(found.means[j], expected.means[j]));
        (0..4).for_each(|i| close(found.covariance[i], expected.covariance[i]));
        close(found.events, 4.0);
        close(found.error, expected.error);

        let (samples, count) = (2000, 200);
        let (mut mean, mut square, mut stated) = (0.0, 0.0, 0.0);
        for sample in 0..samples {
            let mut stream = Seed::new(9).index(sample).stream();
            let (mut x, mut w, mut g) = (Vec::new(), Vec::new(), Vec::new());
            for group in 0..count {
                let center: f64 = StandardNormal.sample(&mut stream);
                for k in 0..1 + group % 4 {
                    let own: f64 = StandardNormal.sample(&mut stream);
                    x.push(1e6 + center + 0.5 * own);
                    w.push(if k == 3 { -1.0 } else { 1.0 });
                    g.push(group);
                }
            }
            let found = of_groups(&x, 1, Some(&w), Some(&g));
            let off = found.means[0] - 1e6;
            mean += off / samples as f64;
            square += off * off / samples as f64;
            stated += found.covariance[0] / found.events / samples as f64;
        }
        let variance = square - mean * mean;
        assert!(
            (variance / stated - 1.0).abs() < 4.0 * (2.0 / samples as f64).sqrt() + 0.02,
            "{variance} {stated}"
        );
    }
}
