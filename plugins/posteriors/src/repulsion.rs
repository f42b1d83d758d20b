//! What drives particles apart.

use amplicast_sdk::*;

/// The space in which particles keep away from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "amplicast_sdk::serde", rename_all = "kebab-case")]
#[schemars(crate = "amplicast_sdk::schemars")]
pub enum Kernel {
    /// Each parameter for itself: a kernel over every coordinate.
    Coordinates,
    /// One kernel over all uncertain parameters: for few of them.
    Joint,
}

/// Coordinates that are worked on at once.
const BLOCK: usize = 1024;

/// The repulsion of each particle at the `places`: the gradient of ln(density of the particles), with its sign turned.
///
/// The density is a sum of Gaussian kernels k_ij = exp(-d_ij^2 / 2 w^2), and the repulsion the gradient of the particles'
/// entropy under it ("blob" method: Carrillo, Craig & Patacchini 1709.09195; Liu et al. 1807.01750):
///
///   r_i = c sum_j k_ij (1 / S_i + 1 / S_j) (theta_i - theta_j),   S_i = sum_j k_ij.
///
/// D'Angelo & Fortuin 2106.11642, Eq. 13, have the first of the two terms alone; with both, repulsion never moves the
/// mean. 2 w^2 is the median heuristic, median d^2 / ln N, where the median is taken to be 0.455 of the mean (as it is for
/// normal numbers).
///
/// A kernel estimate of so few particles smooths: with c = 1 / w^2 as published, 10, 20, 30 particles of a Gaussian find
/// 0.73, 0.80, 0.82 of its variance (the first term alone; 1.00 with both), and in D dimensions about ln N / (2 D) of it
/// (ln N / D): 20 in 50 dimensions 0.03 (0.06). So c is chosen such that Stein's identity holds for the particles, as it
/// does for their true density: sum_i (theta_i - mean) . r_i = D (N - 1). Then particles that have come to rest have the
/// mean of a Gaussian, and its variance (with N - 1; over a joint kernel, the sum of its coordinates' in units of each), for
/// any N.
pub fn repulsion(
    kernel: Kernel,
    particles: &[Vec<f32>],
    places: &[usize],
    context: &dyn Context,
) -> Result<Vec<Vec<f32>>> {
    let (n, d) = (particles.len(), places.len());
    let blocks = d.div_ceil(BLOCK);
    let block = |b: usize| &places[b * BLOCK..((b + 1) * BLOCK).min(d)];
    let joint = match kernel {
        Kernel::Coordinates => None,
        Kernel::Joint => {
            let found = context.collect(blocks, |b| {
                let mut squares = vec![0.0; n * n];
                block(b).iter().for_each(|&k| add_squares(particles, k, &mut squares));
                Ok(squares)
            })?;
            let mut weights = vec![0.0; n * n];
            found.iter().for_each(|part| weights.iter_mut().zip(part).for_each(|(w, p)| *w += p));
            to_weights(&mut weights, n, d as f64);
            Some(weights)
        }
    };
    let found = context.collect(blocks, |b| {
        let places = block(b);
        let mut forces = vec![0.0_f32; n * places.len()];
        let mut own = vec![0.0; n * n];
        for (c, &k) in places.iter().enumerate() {
            let weights = joint.as_ref().unwrap_or_else(|| {
                own.fill(0.0);
                add_squares(particles, k, &mut own);
                to_weights(&mut own, n, 1.0);
                &own
            });
            for (i, row) in weights.chunks(n).enumerate() {
                let x = f64::from(particles[i][k]);
                let force: f64 = row.iter().zip(particles).map(|(w, p)| w * (x - f64::from(p[k]))).sum();
                forces[i * places.len() + c] = force as f32;
            }
        }
        Ok(forces)
    })?;
    let of = |i: usize| {
        let part = |forces: &Vec<f32>| {
            let width = forces.len() / n;
            forces[i * width..(i + 1) * width].to_vec()
        };
        found.iter().flat_map(part).collect()
    };
    Ok((0..n).map(of).collect())
}

/// Adds the squared distances of all pairs in coordinate `k`.
fn add_squares(particles: &[Vec<f32>], k: usize, squares: &mut [f64]) {
    for (row, p) in squares.chunks_mut(particles.len()).zip(particles) {
        for (s, q) in row.iter_mut().zip(particles) {
            *s += (f64::from(p[k]) - f64::from(q[k])).powi(2);
        }
    }
}

/// From squared distances in `dimension` coordinates to the weights c k_ij (1 / S_i + 1 / S_j).
fn to_weights(squares: &mut [f64], n: usize, dimension: f64) {
    let pairs = (n * (n - 1)) as f64;
    let mean = squares.iter().sum::<f64>() / pairs;
    if mean <= 0.0 {
        // All at one place: no direction is away.
        return squares.fill(0.0);
    }
    let rate = (n as f64).ln() / (0.455 * mean);
    // Each pair once: exponentials are what this costs.
    let mut kernels = vec![1.0; n * n];
    for i in 0..n {
        for j in 0..i {
            let kernel = (-rate * squares[i * n + j]).exp();
            (kernels[i * n + j], kernels[j * n + i]) = (kernel, kernel);
        }
    }
    let inverse: Vec<f64> = kernels.chunks(n).map(|row| 1.0 / row.iter().sum::<f64>()).collect();
    let mut virial = 0.0;
    for i in 0..n {
        for j in 0..n {
            let weight = kernels[i * n + j] * (inverse[i] + inverse[j]);
            virial += 0.5 * weight * squares[i * n + j];
            squares[i * n + j] = weight;
        }
    }
    let scale = dimension * (n - 1) as f64 / virial.max(f64::MIN_POSITIVE);
    squares.iter_mut().for_each(|w| *w *= scale);
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::rand_distr::{Distribution, StandardNormal};

    use super::*;

    /// Particles of four parameters, the third of which is 1000 times as wide.
    fn particles(n: usize) -> Vec<Vec<f32>> {
        let mut stream = Seed::new(3).stream();
        let mut particle = |_| -> Vec<f32> {
            let mut z = || -> f32 { StandardNormal.sample(&mut stream) };
            vec![z(), 0.3 + z(), 1000.0 * z(), z()]
        };
        (0..n).map(&mut particle).collect()
    }

    #[test]
    fn no_net_force_and_steins_identity() {
        let places = [0, 2, 3];
        for n in [2, 5, 40] {
            let particles = particles(n);
            for kernel in [Kernel::Coordinates, Kernel::Joint] {
                let forces = repulsion(kernel, &particles, &places, &Alone).unwrap();
                let mut virials = Vec::new();
                for (c, &k) in places.iter().enumerate() {
                    let net: f64 = forces.iter().map(|f| f64::from(f[c])).sum();
                    let size: f64 = forces.iter().map(|f| f64::from(f[c]).abs()).sum();
                    assert!(net.abs() < 1e-5 * size, "{kernel:?}: {net} of {size}");
                    let virial: f64 =
                        forces.iter().zip(&particles).map(|(f, p)| f64::from(f[c] * p[k])).sum();
                    virials.push(virial);
                }
                let expected = (n - 1) as f64;
                match kernel {
                    Kernel::Coordinates => {
                        assert!(virials.iter().all(|v| (v / expected - 1.0).abs() < 1e-4), "{virials:?}");
                    }
                    Kernel::Joint => {
                        let all: f64 = virials.iter().sum();
                        assert!((all / (3.0 * expected) - 1.0).abs() < 1e-4, "{virials:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn particles_at_one_place_stay() {
        let forces = repulsion(Kernel::Coordinates, &vec![vec![1.0, 2.0]; 3], &[0, 1], &Alone).unwrap();
        assert_eq!(forces, vec![vec![0.0; 2]; 3]);
    }

    #[test]
    fn blocks_and_threads_change_nothing() {
        let mut stream = Seed::new(4).stream();
        let d = 2 * BLOCK + 5;
        let particles: Vec<Vec<f32>> =
            (0..3).map(|_| (0..d).map(|_| StandardNormal.sample(&mut stream)).collect()).collect();
        let places: Vec<usize> = (0..d).collect();
        for kernel in [Kernel::Coordinates, Kernel::Joint] {
            let alone = repulsion(kernel, &particles, &places, &Alone).unwrap();
            assert!(alone == repulsion(kernel, &particles, &places, &testing::Threads).unwrap());
            assert!(alone.iter().all(|f| f.len() == d));
        }
        let last = repulsion(Kernel::Coordinates, &particles, &[d - 1], &Alone).unwrap();
        assert_eq!(
            last[1][0],
            repulsion(Kernel::Coordinates, &particles, &places, &Alone).unwrap()[1][d - 1]
        );
    }
}
