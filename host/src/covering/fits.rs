//! From the integrals of fits and of the events that they were fitted to, to the parts of x = 1/G: procedures S and C.

use super::interval::Parts;
use super::matrix::{Symmetric, center, difference, dot};

/// The integrals of a sample of true events.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Its events.
    pub events: f64,
    /// The integrals.
    pub means: Vec<f64>,
    /// Their covariance from one event to another, row by row.
    pub covariance: Vec<f64>,
    /// Relative standard error of the trace of this covariance.
    pub trace_error: f64,
}

/// Fits to one part of the training events, from one or several starts.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The integrals of these events.
    pub own: Vec<f64>,
    /// The generated integrals, from each start.
    pub starts: Vec<Vec<f64>>,
}

/// What procedures S and C take.
#[derive(Debug, Clone, PartialEq)]
pub struct Fits {
    /// All training events.
    pub training: Sample,
    /// The generated integrals of fits to all of them.
    pub full: Vec<Vec<f64>>,
    /// Fits to parts of them.
    pub parts: Vec<Part>,
    /// Parts that are each other's rest, by their numbers; all of them or none.
    pub pairs: Vec<[usize; 2]>,
    /// The variance of one fit's integrals from the finite number of generated events, summed over the regions.
    pub finite: f64,
    /// By what the variances over parts are to be multiplied, so that they are those over training sets of the whole size.
    pub factor: f64,
}

/// How x was taken apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// Of one fit: its own training noise is in it. With members alone, of their mean.
    pub one: Parts,
    /// Of the mean of all fits to all events, where there are several.
    pub mean: Option<Parts>,
    /// In how many directions the generated integrals scatter.
    pub directions: f64,
    /// The part of v that is the noise of one fit's training, T(n), where it was measured.
    pub training_noise: Option<f64>,
}

/// Degrees of freedom of v however many members there are: the variance over parts differs from that over training sets by some
/// 20 % for reasons that more members do not cure.
const MOST_OF_V: f64 = 50.0;

/// v and k stay above this part of themselves when training noise is taken off.
const LEAST_LEFT: f64 = 0.25;

/// Degrees of freedom of k in procedure C, in units of those of the regions, and its least value for one subset.
const OF_C: f64 = 30.0;
const LEAST_OF_C: f64 = 0.02;

/// An estimate with its variance: sums of them have degrees of freedom (Satterthwaite).
#[derive(Debug, Clone, Copy)]
struct MeanSquare {
    value: f64,
    /// Of the value.
    variance: f64,
}

impl MeanSquare {
    fn new(value: f64, freedom: f64) -> Self {
        MeanSquare { value, variance: 2.0 * value * value / freedom }
    }

    fn times(self, factor: f64) -> Self {
        MeanSquare { value: factor * self.value, variance: factor * factor * self.variance }
    }

    fn plus(self, other: MeanSquare) -> Self {
        MeanSquare { value: self.value + other.value, variance: self.variance + other.variance }
    }

    fn minus(self, other: MeanSquare) -> Self {
        self.plus(other.times(-1.0))
    }

    fn without(self, known: f64) -> Self {
        MeanSquare { value: self.value - known, ..self }
    }

    fn at_least(self, least: f64) -> Self {
        MeanSquare { value: self.value.max(least), ..self }
    }

    fn freedom(self) -> f64 {
        2.0 * self.value * self.value / self.variance
    }
}

impl Fits {
    /// tr M, the variance of an event's integrals.
    pub fn unit(&self) -> f64 {
        self.events_covariance().trace()
    }

    fn events_covariance(&self) -> Symmetric {
        let size = self.training.means.len();
        Symmetric { size, entries: self.training.covariance.clone() }
    }

    /// Variance within groups of fits to the same events, and how many differences it is made of.
    fn within(groups: &[&[Vec<f64>]]) -> Option<(f64, f64)> {
        let several = groups.iter().filter(|starts| starts.len() > 1);
        let (mut sum, mut freedom) = (0.0, 0.0);
        for starts in several {
            let degrees = (starts.len() - 1) as f64;
            sum += degrees * Symmetric::covariance(starts).trace();
            freedom += degrees;
        }
        (freedom > 0.0).then(|| (sum / freedom, freedom))
    }

    /// Procedure S: G at the number of training events.
    pub fn taken(&self) -> Taken {
        let m = self.events_covariance();
        let scale = self.training.events / m.trace();
        let count = self.parts.len() as f64;
        let centers: Vec<Vec<f64>> = self.parts.iter().map(|part| center(&part.starts)).collect();
        let gaps: Vec<Vec<f64>> =
            self.parts.iter().zip(&centers).map(|(part, g)| difference(g, &part.own)).collect();
        let covariance = Symmetric::covariance(&centers);
        let nu = m.freedom();
        let nu_g = covariance.freedom_estimated(count - 1.0);
        let squares = |value: f64, each: f64, of: f64| MeanSquare::new(scale * value, each * of);
        let between = squares(self.factor * covariance.trace(), nu_g, count - 1.0);
        let between_gaps = squares(self.factor * Symmetric::covariance(&gaps).trace(), nu, count - 1.0);
        let finite = scale * self.finite;
        if !self.pairs.is_empty() {
            return self.taken_of_pairs(&m, &centers, &gaps);
        }

        let starts: Vec<&[Vec<f64>]> = self.parts.iter().map(|part| &part.starts[..]).collect();
        let of_parts = Fits::within(&starts).map(|(w, freedom)| squares(w, nu_g, freedom));
        let of_full = Fits::within(&[&self.full]).map(|(w, freedom)| squares(w, nu_g, freedom));
        // What a start has to do with a center of several of them.
        let share = starts.iter().map(|starts| 1.0 / starts.len() as f64).sum::<f64>() / count;

        let full = self.full.len();
        let u =
            difference(&if full > 0 { center(&self.full) } else { center(&centers) }, &self.training.means);
        let u2 = scale * dot(&u, &u);
        let parts = |v: MeanSquare, k: MeanSquare| {
            let nu_v = 1.0 / (1.0 / v.freedom() + 1.0 / MOST_OF_V);
            self.parts_of(&m, &u, u2, [v, k], [nu_v, k.freedom()])
        };
        match of_parts {
            // The training's own noise is measured: that of fits to parts is taken off, and that of fits to all put in its place.
            Some(noise) if full > 0 => {
                let of_full = of_full.unwrap_or(noise);
                let part = noise.times(self.factor * share);
                let [v, k] = [between, between_gaps].map(|square| {
                    let without = square.minus(part);
                    without.at_least(LEAST_LEFT * square.value)
                });
                let of_one = of_full.without(finite).at_least(0.0);
                let several = 1.0 / full as f64;
                let k = k.plus(of_full.times(several));
                Taken {
                    one: parts(v.plus(of_one), k),
                    mean: (full > 1).then(|| parts(v.plus(of_one.times(several)), k)),
                    directions: nu_g,
                    training_noise: Some(of_one.value),
                }
            }
            _ => {
                let v = between.without(self.factor * share * finite).at_least(LEAST_LEFT * between.value);
                // Of several full fits the mean has less noise; how much of v that is, second starts would have to tell.
                let members = if full > 0 { 0.0 } else { 1.0 / count };
                let k = MeanSquare::new(between_gaps.value + members * v.value, between_gaps.freedom());
                let taken = parts(v.times(1.0 + members), k);
                Taken { one: taken, mean: None, directions: nu_g, training_noise: None }
            }
        }
    }

    /// Procedure S with halves in pairs, each the other's rest.
    ///
    /// Of a fit to m events take the expansion in what single events and pairs of them contribute, with variances A / m and B / m^2 of the
    /// integrals, and T_m for the noise of the training. Over random splits of the given n events, in units of V / n,
    ///
    /// ```text
    /// half their difference:            a^2 = A + 2 B + T_half / 2
    /// their mean less the fit to all:   d^2 =     B   + T_half / 2 + T_n / F
    /// ```
    ///
    /// for F fits to all events, so that v = A + B + T_n = a^2 - d^2 + (1 + 1/F) T_n: what halves are noisier than all events would be, and the
    /// noise of their training, falls out. Of the gaps between generator and own events likewise k = a^2 - d^2 + 2 T_n / F.
    fn taken_of_pairs(&self, m: &Symmetric, centers: &[Vec<f64>], gaps: &[Vec<f64>]) -> Taken {
        let scale = self.training.events / m.trace();
        let (count, full) = (self.pairs.len() as f64, self.full.len() as f64);
        let generated = if self.full.is_empty() { center(centers) } else { center(&self.full) };
        let half = |of: &[Vec<f64>]| -> Vec<Vec<f64>> {
            let differences = self.pairs.iter().map(|[a, b]| difference(&of[*a], &of[*b]));
            differences.map(|d| d.into_iter().map(|x| 0.5 * x).collect()).collect()
        };
        let means = self.pairs.iter().map(|[a, b]| center(&[centers[*a].clone(), centers[*b].clone()]));
        let distances: Vec<Vec<f64>> = means.map(|mean| difference(&mean, &generated)).collect();
        let second = |list: &[Vec<f64>]| Symmetric::second_moments(list);
        let of_halves = second(&half(centers));
        let nu = m.freedom();
        let directions = of_halves.freedom_estimated(count);
        let square = |value: f64, each: f64, of: f64| MeanSquare::new(scale * value, each * of);
        let a = square(of_halves.trace(), directions, count);
        let a_of_gaps = square(second(&half(gaps)).trace(), nu, count);
        let d = square(second(&distances).trace(), directions, count);
        let noise = Fits::within(&[&self.full]).map(|(w, freedom)| square(w, directions, freedom));
        let finite = scale * self.finite;
        let u = difference(&generated, &self.training.means);
        let u2 = scale * dot(&u, &u);
        let parts = |v: MeanSquare, k: MeanSquare| {
            let nu_v = 1.0 / (1.0 / v.freedom() + 1.0 / MOST_OF_V);
            self.parts_of(m, &u, u2, [v, k], [nu_v, k.freedom()])
        };
        let Some(noise) = noise else {
            // With one fit to all events, or none, the noise of its training is not known: halves as they are have more.
            let v = a.without(0.5 * finite).at_least(LEAST_LEFT * a.value);
            return Taken { one: parts(v, a_of_gaps), mean: None, directions, training_noise: None };
        };
        let v = |share: f64| {
            let v = a.minus(d).plus(noise.times(share + 1.0 / full)).without(share * finite);
            v.at_least(LEAST_LEFT * a.value)
        };
        let k = a_of_gaps.minus(d).plus(noise.times(2.0 / full)).at_least(LEAST_LEFT * a_of_gaps.value);
        Taken {
            one: parts(v(1.0), k),
            mean: (full > 1.0).then(|| parts(v(1.0 / full), k)),
            directions,
            training_noise: Some(noise.without(finite).at_least(0.0).value),
        }
    }

    /// Procedure C: G of a fit to one of several disjoint subsets, with all events as the reference. `factor` has no part in it.
    pub fn taken_of_subsets(&self) -> Taken {
        let m = self.events_covariance();
        let count = self.parts.len() as f64;
        let scale = self.training.events / count / m.trace();
        let generated: Vec<Vec<f64>> = self.parts.iter().map(|part| center(&part.starts)).collect();
        let own: Vec<Vec<f64>> = self.parts.iter().map(|part| part.own.clone()).collect();
        let covariance = Symmetric::covariance(&generated);
        let u = difference(&center(&generated), &self.training.means);
        // Cov(u) = M / n - (C + C') / J + S / J, C the covariance of a generator and its own subset.
        let of_u = m.trace() / self.training.events
            - 2.0 * Symmetric::cross(&generated, &own).trace() / count
            + covariance.trace() / count;
        let nu = m.freedom();
        let directions = covariance.freedom_estimated(count - 1.0);
        let nu_v = directions * (count - 1.0);
        let v = (scale * (covariance.trace() - self.finite)).max(LEAST_LEFT * scale * covariance.trace());
        let k = (scale * of_u).max(LEAST_OF_C / count);
        let one = self.parts_of(
            &m,
            &u,
            scale * dot(&u, &u),
            [MeanSquare::new(v, nu_v), MeanSquare::new(k, OF_C * nu)],
            [nu_v, OF_C * nu],
        );
        Taken { one, mean: None, directions, training_noise: None }
    }

    fn parts_of(
        &self,
        m: &Symmetric,
        u: &[f64],
        u2: f64,
        [v, k]: [MeanSquare; 2],
        [nu_v, nu_k]: [f64; 2],
    ) -> Parts {
        let nu = m.freedom();
        let square = dot(u, u);
        let eta = if square > 0.0 { m.quadratic(u) / (square * self.unit()) } else { 0.0 };
        let (v, k) = (v.value, k.value);
        let bias = (u2 - k).max(0.0);
        // A bias that sits in few regions: u2 has the variance 2 tr S^2 + 4 b'Sb.
        let scatter = 2.0 * k / nu + 4.0 * bias * eta.max(1.0 / nu);
        let anisotropic = if scatter > 0.0 { (2.0 * k + 4.0 * bias) / scatter } else { nu };
        Parts { v, nu_v, u2, k, nu: anisotropic, nu_null: nu, nu_k, s_v: self.training.trace_error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::covering::interval::Intervals;

    const F: [f64; 3] = [0.052, 0.047, 0.055];
    const G: [f64; 3] = [0.049, 0.050, 0.051];

    fn training() -> Sample {
        let entry = |(r, s): (usize, usize)| if r == s { F[r] * (1.0 - F[r]) } else { -F[r] * F[s] };
        let covariance: Vec<f64> = (0..9).map(|i| entry((i / 3, i % 3))).collect();
        let m = Symmetric { size: 3, entries: covariance.clone() };
        let slopes: Vec<f64> = F.iter().map(|f| 1.0 - 2.0 * f).collect();
        let trace_error = (m.quadratic(&slopes) / 1000.0).sqrt() / m.trace();
        Sample { events: 1000.0, means: F.to_vec(), covariance, trace_error }
    }

    fn three(of: impl Fn(usize, f64) -> f64) -> Vec<f64> {
        (0..3).map(|r| of(r, r as f64)).collect()
    }

    /// The worked example of the method's page: 20 parts of three regions, written out.
    fn written_out(full: Vec<Vec<f64>>) -> Fits {
        let part = |b: f64| Part {
            own: three(|r, x| F[r] + 0.007 * (3.0 * b + x).sin()),
            starts: vec![three(|r, x| {
                G[r] + 0.003 * (0.8 * (3.0 * b + x).sin() + (5.0 * b + 2.0 * x).cos())
            })],
        };
        let parts = (0..20).map(|b| part(f64::from(b))).collect();
        Fits { training: training(), full, parts, pairs: Vec::new(), finite: 0.0, factor: 1.0 }
    }

    fn holds(found: &Parts, parts: [f64; 8], expected: [f64; 6]) {
        let of = [
            found.v,
            found.u2,
            found.k,
            found.nu_null,
            found.nu_v,
            found.nu_k,
            found.s_v,
            found.intervals().p_bias,
        ];
        for (found, expected) in of.into_iter().zip(parts) {
            assert!((found - expected).abs() < 1e-4, "{of:?}: {found}, expected {expected}");
        }
        let Intervals { g, inner, outer, bound, .. } = found.intervals();
        let ends = [g, inner[0], inner[1], outer[0], outer[1], bound];
        for (found, expected) in ends.into_iter().zip(expected) {
            assert!((found / expected - 1.0).abs() < 0.01, "{ends:?}: {found}, expected {expected}");
        }
    }

    #[test]
    fn procedure_s() {
        holds(
            &written_out(vec![G.to_vec()]).taken().one,
            [0.1553, 0.2328, 0.3316, 2.9716, 26.2358, 56.4599, 0.0701, 0.5535],
            [6.4404, 1.9023, 8.2673, 0.8933, 10.5685, 1.0818],
        );
        holds(
            &written_out(Vec::new()).taken().one,
            [0.1630, 0.2280, 0.3393, 2.9716, 26.2358, 56.4599, 0.0701, 0.5715],
            [6.1337, 1.9172, 7.8736, 0.8908, 10.0652, 1.0793],
        );
    }

    #[test]
    fn procedure_c() {
        let mut own: Vec<Vec<f64>> =
            (0..8).map(|j| three(|r, x| F[r] + 0.02 * (3.0 * f64::from(j) + x).cos())).collect();
        let shift = difference(&F, &center(&own));
        own.iter_mut().for_each(|own| own.iter_mut().zip(&shift).for_each(|(f, shift)| *f += shift));
        let part = |(j, own): (usize, Vec<f64>)| Part {
            own,
            starts: vec![three(|_, x| 0.05 + 0.01 * (j as f64 + 2.0 * x).sin())],
        };
        let parts = own.into_iter().enumerate().map(part).collect();
        let pairs = Vec::new();
        let fits = Fits { training: training(), full: Vec::new(), parts, pairs, finite: 0.0, factor: 0.125 };
        holds(
            &fits.taken_of_subsets().one,
            [0.1410, 0.0581, 0.1419, 2.9716, 20.9235, 89.1472, 0.0701, 0.7446],
            [7.092, 3.8936, 9.3204, 2.2943, 12.2054, 2.6012],
        );
    }

    /// Normal integrals with known parts: variances D over halves, W of the starts at a half, and T of them at all events.
    #[test]
    fn the_noise_of_the_training_is_taken_off() {
        use amplicast_sdk::Seed;
        use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
        const R: usize = 18;
        let (n, trials) = (1000_u16, 2000);
        // In units of V / n a region, summed over the regions: v = D + T of one fit, D + T / 2 of the mean of two.
        let (data, half, full, finite) = (0.2_f64, 0.3_f64, 0.1_f64, 0.05_f64);
        let v_of_event = 0.05 * 0.95;
        let scale = (v_of_event / f64::from(n)).sqrt();
        let covariance: Vec<f64> =
            (0..R * R).map(|i| if i / R == i % R { v_of_event } else { -0.0025 }).collect();
        let (mut one, mut mean, mut noise) = (0.0, 0.0, 0.0);
        for trial in 0..trials {
            let mut stream = Seed::new(3).index(trial).stream();
            let mut normal = |x: f64| -> Vec<f64> {
                (0..R)
                    .map(|_| {
                        let z: f64 = StandardNormal.sample(&mut stream);
                        scale * x.sqrt() * z
                    })
                    .collect()
            };
            let sum = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a + b).collect::<Vec<f64>>();
            let common = normal(data);
            let fits = Fits {
                training: Sample {
                    events: n.into(),
                    means: vec![0.0; R],
                    covariance: covariance.clone(),
                    trace_error: 0.0,
                },
                full: (0..2).map(|_| sum(&common, &normal(full + finite))).collect(),
                parts: (0..10)
                    .map(|h| {
                        let of_half = normal(data);
                        let starts = if h < 3 { 2 } else { 1 };
                        let starts = (0..starts).map(|_| sum(&of_half, &normal(half + finite))).collect();
                        Part { own: normal(1.0), starts }
                    })
                    .collect(),
                pairs: Vec::new(),
                finite: finite * v_of_event * R as f64 / f64::from(n),
                factor: 1.0,
            };
            let taken = fits.taken();
            one += taken.one.v / trials as f64;
            mean += taken.mean.unwrap().v / trials as f64;
            noise += taken.training_noise.unwrap() / trials as f64;
        }
        // The scatter of one trial is that of sums of squares with 18 x 9, 18 x 3 and 18 degrees of freedom: 0.09 together.
        let error = 4.0 * 0.09 / (trials as f64).sqrt();
        assert!((one - data - full).abs() < error, "{one}");
        assert!((mean - data - full / 2.0).abs() < error, "{mean}");
        // Values below zero count as zero: a little more.
        assert!((noise - full).abs() < error + 0.01, "{noise}");
    }

    /// A fit that single events and pairs of them make up: A = 0.1, B = 0.2, with noise of each training. Halves as they are have A + 3 B.
    #[test]
    fn pairs_of_halves_show_what_halves_are_noisier() {
        use amplicast_sdk::Seed;
        use amplicast_sdk::rand::seq::SliceRandom;
        use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
        const N: usize = 64;
        let (one, both, noise) = (0.1_f64, 0.2_f64, 0.05_f64);
        let v_of_event = 0.25;
        let (sets, mut found, mut simple) = (1500, 0.0, 0.0);
        for set in 0..sets {
            let mut stream = Seed::new(8).index(set).stream();
            let mut normal = || -> f64 { StandardNormal.sample(&mut stream) };
            // What an event contributes, and two coordinates of it whose products contribute.
            let events: Vec<[f64; 3]> = (0..N).map(|_| [normal(), normal(), normal()]).collect();
            let unit = v_of_event / N as f64;
            let fit = |rows: &[usize], start: f64| {
                let m = rows.len() as f64;
                let sum = |k: usize| rows.iter().map(|i| events[*i][k]).sum::<f64>();
                let same: f64 = rows.iter().map(|i| events[*i][1] * events[*i][2]).sum();
                // Of a pair (x_i y_j + x_j y_i) / sqrt 2, so that the mean over pairs has the variance 1 / m^2 but for 1 / m^3.
                let pairs = (sum(1) * sum(2) - same) / (m * m);
                let linear = (one * v_of_event).sqrt() * sum(0) / m;
                let quadratic = (both * v_of_event * N as f64).sqrt() * pairs;
                vec![linear + quadratic + (noise * unit).sqrt() * start]
            };
            let all: Vec<usize> = (0..N).collect();
            let starts: Vec<f64> = (0..14).map(|_| normal()).collect();
            let full = vec![fit(&all, starts[0]), fit(&all, starts[1])];
            let mut parts = Vec::new();
            for pair in 0..6 {
                let mut rows = all.clone();
                rows.shuffle(&mut stream);
                for (side, rows) in rows.chunks(N / 2).enumerate() {
                    let starts = vec![fit(rows, starts[2 + 2 * pair + side])];
                    parts.push(Part { own: vec![0.5], starts });
                }
            }
            let training =
                Sample { events: N as f64, means: vec![0.5], covariance: vec![v_of_event], trace_error: 0.0 };
            let pairs = (0..6).map(|p| [2 * p, 2 * p + 1]).collect();
            let fits = Fits { training, full, parts, pairs, finite: 0.0, factor: 1.0 };
            let scale = N as f64 / v_of_event;
            let centers: Vec<Vec<f64>> = fits.parts.iter().map(|part| part.starts[0].clone()).collect();
            simple += scale * Symmetric::covariance(&centers).trace() / sets as f64;
            // Without the floor, which would make the mean larger.
            let half = |of: &[Vec<f64>], p: usize, sign: f64| 0.5 * (of[2 * p][0] + sign * of[2 * p + 1][0]);
            let generated = center(&fits.full)[0];
            let squares = |of: &dyn Fn(usize) -> f64| (0..6).map(|p| of(p).powi(2)).sum::<f64>() / 6.0;
            let a = squares(&|p| half(&centers, p, -1.0));
            let d = squares(&|p| half(&centers, p, 1.0) - generated);
            let w = (fits.full[0][0] - fits.full[1][0]).powi(2) / 2.0;
            let expected = scale * (a - d + 1.5 * w);
            let taken = fits.taken();
            assert!((taken.one.v - expected.max(LEAST_LEFT * scale * a)).abs() < 1e-9);
            found += expected / sets as f64;
        }
        let truth = one + both + noise;
        assert!((found - truth).abs() < 0.04, "{found}, expected {truth}");
        assert!(simple > truth + 0.25, "{simple}");
    }
}
