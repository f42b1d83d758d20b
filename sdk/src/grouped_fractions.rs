//! Fractions of events in parts of a range where some events belong together, and how well they are known.

use crate::moments::quotient;
use crate::{Expectations, Result, Values, expect_length};

/// Sums over groups of events: in disjoint parts of a range, and of all. A stream's state: they are added up.
///
/// With S_r the sum of the weights of a group's events in part r, and W that of all its events, the fraction in a part is
/// I_r = sum S_r / sum W. To first order its error is sum u_r / sum W with u_r = S_r - I_r W, of which groups are independent: the covariance
/// of the fractions is sum u_r u_s / (sum W)^2. Of groups of one event each it is that of [`WeightedFractions`](crate::WeightedFractions).
#[derive(Debug, Clone, PartialEq)]
pub struct GroupedFractions {
    parts: usize,
    /// How many groups.
    groups: f64,
    /// Sum of |S|^4, |S|^2 being the sum over parts of S_r^2.
    fourth: f64,
    /// With X = (S_1, S_2, ..., W): sums of X.
    sums: Vec<f64>,
    /// Sums of X X^T W^k, k from 0 to 2: upper triangles, row by row. The higher ones are in the error of an error.
    products: [Vec<f64>; 3],
    /// Sums of |S|^2 X W^k, k from 0 to 1.
    along: [Vec<f64>; 2],
}

impl GroupedFractions {
    /// No group, in so many parts.
    pub fn new(parts: usize) -> Self {
        let size = parts + 1;
        GroupedFractions {
            parts,
            groups: 0.0,
            fourth: 0.0,
            sums: vec![0.0; size],
            products: std::array::from_fn(|_| vec![0.0; size * (size + 1) / 2]),
            along: std::array::from_fn(|_| vec![0.0; size]),
        }
    }

    /// Adds events of one number, whole groups of them; `part` is that of a number, if it is in one.
    pub fn add(&mut self, events: Values<'_>, part: impl Fn(f64) -> Option<usize>) -> Result<()> {
        let list = events.list()?;
        let mut inside: Vec<(usize, f64)> = Vec::new();
        for group in events.together() {
            inside.clear();
            let mut whole = 0.0;
            for event in group {
                let weight = events.w.map_or(1.0, |weights| weights[event]);
                whole += weight;
                let Some(part) = part(list[event]) else { continue };
                match inside.iter_mut().find(|(other, _)| *other == part) {
                    Some((_, sum)) => *sum += weight,
                    None => inside.push((part, weight)),
                }
            }
            self.add_group(&mut inside, whole);
        }
        Ok(())
    }

    /// Adds a group with these sums of weights in some parts, and of all.
    fn add_group(&mut self, inside: &mut Vec<(usize, f64)>, whole: f64) {
        let square: f64 = inside.iter().map(|(_, s)| s * s).sum();
        self.groups += 1.0;
        self.fourth += square * square;
        inside.push((self.parts, whole));
        for (i, &(a, x)) in inside.iter().enumerate() {
            self.sums[a] += x;
            self.along[0][a] += square * x;
            self.along[1][a] += square * x * whole;
            for &(b, y) in &inside[i..] {
                let place = self.place(a, b);
                let powers = [x * y, x * y * whole, x * y * whole * whole];
                self.products.iter_mut().zip(powers).for_each(|(sums, product)| sums[place] += product);
            }
        }
    }

    /// Adds so many events of weight 1, each by itself, of which so many are in each part.
    pub fn add_counts(&mut self, counts: &[u64], events: u64) {
        let events = events as f64;
        for (part, count) in counts.iter().map(|count| *count as f64).enumerate() {
            self.fourth += count;
            for place in [self.place(part, part), self.place(part, self.parts)] {
                self.products.iter_mut().for_each(|sums| sums[place] += count);
            }
            for sums in &mut self.along {
                sums[part] += count;
                sums[self.parts] += count;
            }
            self.sums[part] += count;
        }
        let all = self.place(self.parts, self.parts);
        self.products.iter_mut().for_each(|sums| sums[all] += events);
        self.sums[self.parts] += events;
        self.groups += events;
    }

    /// Where a product is.
    fn place(&self, a: usize, b: usize) -> usize {
        let (a, b) = (a.min(b), a.max(b));
        a * (2 * self.parts + 3 - a) / 2 + b - a
    }

    /// All sums.
    pub fn numbers(&self) -> Vec<f64> {
        let mut numbers = vec![self.groups, self.fourth];
        let lists = [&self.sums].into_iter().chain(&self.products).chain(&self.along);
        lists.for_each(|list| numbers.extend(list));
        numbers
    }

    /// Adds the numbers of other groups.
    pub fn merge(&mut self, numbers: &[f64]) -> Result<()> {
        expect_length("sums of groups", self.numbers().len(), numbers.len())?;
        let lists = [&mut self.sums].into_iter().chain(&mut self.products).chain(&mut self.along);
        let own = [&mut self.groups, &mut self.fourth].into_iter().chain(lists.flatten());
        own.zip(numbers).for_each(|(own, other)| *own += other);
        Ok(())
    }

    /// The sum of all weights.
    pub fn whole(&self) -> f64 {
        self.sums[self.parts]
    }

    /// A row of the sums of X X^T W^k.
    fn row(&self, k: usize, a: usize) -> impl Iterator<Item = f64> {
        (0..=self.parts).map(move |b| self.products[k][self.place(a, b)])
    }

    /// The fractions with their covariance; `events` are as many as know the sum of their variances as well, each by itself and all alike.
    ///
    /// Where that is not known, since no event is inside or outside or since negative weights make a fraction negative, it is
    /// (sum W)^2 / sum W^2 (Kish 1965). The sum of weights must be positive.
    pub fn expectations(&self) -> Expectations {
        let (size, whole) = (self.parts, self.whole());
        let means: Vec<f64> = self.sums[..size].iter().map(|sum| quotient(*sum, whole)).collect();
        let squares = self.products[0][self.place(size, size)];
        let mixed: Vec<f64> = (0..size).map(|r| self.products[0][self.place(r, size)]).collect();
        // Of the means themselves.
        let of_means = |r: usize, s: usize| {
            let inside = self.products[0][self.place(r, s)];
            (inside - means[s] * mixed[r] - means[r] * mixed[s] + means[r] * means[s] * squares)
                / (whole * whole)
        };
        let of_means: Vec<f64> = (0..size * size).map(|i| of_means(i / size, i % size)).collect();
        let variance: f64 = of_means.iter().step_by(size + 1).sum();
        let alike: f64 = means.iter().map(|i| i * (1.0 - i)).sum();
        let known = variance > 0.0 && alike > 0.0;
        let events = if known { alike / variance } else { quotient(whole * whole, squares) };
        let (error, with_error) = match known {
            true => self.errors(&means, &of_means),
            false => (0.0, vec![0.0; size]),
        };
        Expectations {
            units: vec![1.0; size],
            error,
            with_error: with_error.iter().map(|x| events * x).collect(),
            events,
            covariance: of_means.iter().map(|c| events * c).collect(),
            means,
        }
    }

    /// The relative error of the sum of the variances, and its covariance with each fraction.
    ///
    /// A group changes ln(sum of variances) by L = |u|^2 / T + a'u / (T sum W) - 2 W / sum W, where T = sum |u|^2 and a is the derivative of T
    /// by the fractions. More groups alone make the variance smaller, which is no error.
    fn errors(&self, means: &[f64], of_means: &[f64]) -> (f64, Vec<f64>) {
        let (size, whole) = (self.parts, self.whole());
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let square = dot(means, means);
        let total = of_means.iter().step_by(size + 1).sum::<f64>() * whole * whole;
        let weights: Vec<f64> = self.row(0, size).collect();
        let slopes: Vec<f64> =
            means.iter().zip(&weights).map(|(mean, mixed)| 2.0 * (mean * weights[size] - mixed)).collect();
        // Sums of |u|^2 X W^k: |u|^2 = |S|^2 - 2 I'S W + |I|^2 W^2.
        let of_squares = |k: usize| -> Vec<f64> {
            let one = |a: usize| {
                let row: Vec<f64> = self.row(k + 1, a).collect();
                self.along[k][a] - 2.0 * dot(means, &row) + square * row[size]
            };
            (0..=size).map(one).collect()
        };
        let (squares, squares_w) = (of_squares(0), of_squares(1));
        let with_inside = self.fourth - 2.0 * dot(means, &self.along[1]) + square * self.along[1][size];
        let fourth = with_inside - 2.0 * dot(means, &squares_w) + square * squares_w[size];
        // Sums of |u|^2 u, and the covariance of the fractions along the slopes.
        let third: Vec<f64> = (0..size).map(|r| squares[r] - means[r] * squares[size]).collect();
        let along: Vec<f64> = of_means.chunks(size).map(|row| dot(row, &slopes)).collect();

        let of_variance = fourth / total + 2.0 * dot(&slopes, &third) / (whole * total)
            - 4.0 * squares[size] / whole
            + dot(&slopes, &along) / total
            + 2.0 * dot(&slopes, &slopes) / (whole * whole);
        let squared = of_variance / total + 4.0 * weights[size] / (whole * whole);
        let with = |r: usize| (third[r] / whole + along[r]) / total + slopes[r] / (whole * whole);
        ((squared - 1.0 / self.groups).max(0.0).sqrt(), (0..size).map(with).collect())
    }

    /// The expectation values as numbers, with the sum of weights: fewer than the sums that they are made of. All zero where the sum of weights is not
    /// positive, but for itself.
    pub fn summary(&self) -> Vec<f64> {
        let size = self.parts;
        let mut numbers = vec![0.0; GroupedFractions::len_of(size)];
        numbers[0] = self.whole();
        if numbers[0] > 0.0 {
            let found = self.expectations();
            (numbers[1], numbers[2]) = (found.events, found.error);
            let triangle = (0..size).flat_map(|r| found.covariance[r * size + r..(r + 1) * size].iter());
            let lists = found.means.iter().chain(&found.with_error).chain(triangle);
            numbers[3..].iter_mut().zip(lists).for_each(|(number, x)| *number = *x);
        }
        numbers
    }

    /// How many numbers the summary of so many parts has.
    pub fn len_of(parts: usize) -> usize {
        3 + 2 * parts + parts * (parts + 1) / 2
    }

    /// The sum of weights, and the expectation values in so many parts, of a [`summary`](GroupedFractions::summary).
    pub fn read_summary(numbers: &[f64], parts: usize) -> Result<(f64, Expectations)> {
        expect_length("fractions of groups", GroupedFractions::len_of(parts), numbers.len())?;
        let (means, rest) = numbers[3..].split_at(parts);
        let (with_error, mut triangle) = rest.split_at(parts);
        let mut covariance = vec![0.0; parts * parts];
        for r in 0..parts {
            let (row, others) = triangle.split_at(parts - r);
            for (s, x) in (r..parts).zip(row) {
                (covariance[r * parts + s], covariance[s * parts + r]) = (*x, *x);
            }
            triangle = others;
        }
        let found = Expectations {
            means: means.to_vec(),
            covariance,
            units: vec![1.0; parts],
            error: numbers[2],
            with_error: with_error.to_vec(),
            events: numbers[1],
        };
        Ok((numbers[0], found))
    }
}

#[cfg(test)]
mod tests;
