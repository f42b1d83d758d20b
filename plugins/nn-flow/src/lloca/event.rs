//! An event between the two networks: the pairs that the first one sees, the frames that its scores give, and what the
//! second one sees in these. In double precision.

use amplicast_nn::lanes::FRAME;

use super::frame::Frame;
use super::frames_net::FramesNet;
use super::vectors::{Pair, VECTORS, Vectors};
use crate::space::{Angles, Kinematics, METRIC, Particle, REFERENCES};

/// Numbers of a particle's vectors.
pub const VECTOR: usize = 4;

/// What the transformer needs of a particle: its coordinates in its frame, the frame, and the derivatives of phi and eta by
/// a vector in its frame.
pub const SEEN: usize = VECTOR + FRAME + 2 * VECTOR;

/// Where [`SEEN`] has the derivatives of phi and eta.
pub(crate) const ANGLES: usize = VECTOR + FRAME;

/// An event at its coordinates.
pub struct Event {
    particles: Vec<Particle>,
    /// Of each particle with all that it sees.
    pairs: Vec<Vec<Pair>>,
}

/// What follows from the scores of a particle's pairs.
pub struct Sight {
    vectors: Vectors,
    frame: Frame,
    /// What the particle sees: its coordinates in its frame, the frame, and the derivatives of phi and eta by a vector in it.
    pub seen: [f64; SEEN],
}

/// The gradient by the momenta and the angles' derivatives of an event's particles.
pub struct ByParticles(Vec<([f64; VECTOR], Angles<3>)>);

fn add(sum: &mut [f64; VECTOR], by: [f64; VECTOR]) {
    sum.iter_mut().zip(by).for_each(|(sum, by)| *sum += by);
}

impl Event {
    /// At coordinates, one particle after the other.
    pub fn new(kinematics: &Kinematics, x: &[f64]) -> Self {
        let particles = x.chunks_exact(VECTOR).enumerate().map(|(i, x)| kinematics.particle(i, x));
        let particles: Vec<Particle> = particles.collect();
        let momenta = || particles.iter().map(|particle| particle.momentum);
        let seen = || momenta().chain(REFERENCES);
        let pairs = momenta().map(|p| seen().map(|q| Pair::new(p, q)).collect()).collect();
        Event { particles, pairs }
    }

    /// e_ij of all pairs.
    pub fn edges<'a>(&'a self, net: &'a FramesNet) -> impl Iterator<Item = f64> + 'a {
        self.pairs.iter().flatten().map(|pair| (pair.log_square() - net.pairs[0]) / net.pairs[1])
    }

    /// What each particle sees in the frame that the scores of all pairs give.
    pub fn sights(&self, kinematics: &Kinematics, scores: &[f64]) -> Vec<Sight> {
        let seen = scores.len() / self.particles.len();
        let all = self.particles.iter().zip(&self.pairs).zip(scores.chunks_exact(seen)).enumerate();
        all.map(|(i, ((particle, pairs), scores))| {
            let vectors = Vectors::new(pairs, scores.as_chunks::<VECTORS>().0, i);
            let frame = Frame::new(vectors.values);
            let local: [f64; VECTOR] = frame.local.map(|row| dot(row, particle.momentum));
            let mut seen = [0.0; SEEN];
            seen[..VECTOR].copy_from_slice(&kinematics.coordinates(i, local));
            seen[VECTOR..ANGLES].copy_from_slice(frame.local.as_flattened());
            for (out, by_momentum) in seen[ANGLES..].chunks_exact_mut(VECTOR).zip(lowered(&particle.angles)) {
                // With L^-1 = g L^T g.
                for b in 0..VECTOR {
                    out[b] = METRIC[b] * dot(frame.local[b], by_momentum);
                }
            }
            Sight { vectors, frame, seen }
        })
        .collect()
    }

    /// The gradients by all scores and by the particles from that by what each particle sees.
    pub fn gradient(
        &self,
        kinematics: &Kinematics,
        sights: &[Sight],
        by_seen: &[f64],
    ) -> (Vec<f64>, ByParticles) {
        let n = self.particles.len();
        let mut by_scores = Vec::new();
        let mut by_momenta = vec![[0.0; VECTOR]; n];
        let mut by_angles = Vec::with_capacity(n);
        for (i, (sight, by_seen)) in sights.iter().zip(by_seen.chunks_exact(SEEN)).enumerate() {
            let (particle, local) = (&self.particles[i], &sight.frame.local);
            let mut by_local = [[0.0; VECTOR]; VECTOR];
            by_local.as_flattened_mut().copy_from_slice(&by_seen[VECTOR..ANGLES]);
            let by_coordinates = std::array::from_fn(|k| by_seen[k]);
            let p = local.map(|row| dot(row, particle.momentum));
            let by_p = kinematics.coordinates_gradient(i, p, by_coordinates);
            for (a, by_row) in by_local.iter_mut().enumerate() {
                add(by_row, particle.momentum.map(|p| by_p[a] * p));
                add(&mut by_momenta[i], local[a].map(|l| by_p[a] * l));
            }
            let mut by_rows = [[0.0; VECTOR]; 2];
            let rows = lowered(&particle.angles).into_iter().zip(&mut by_rows);
            for (by_seen, (row, by_row)) in by_seen[ANGLES..].chunks_exact(VECTOR).zip(rows) {
                for b in 0..VECTOR {
                    let by = METRIC[b] * by_seen[b];
                    add(&mut by_local[b], row.map(|row| by * row));
                    add(by_row, local[b].map(|l| by * l));
                }
            }
            let [phi, eta] = by_rows.map(|[_, x, y, z]| [-x, -y, -z]);
            by_angles.push(Angles { phi, eta });
            let by_vectors = sight.frame.gradient(&by_local);
            let (by_scores_of, by_sums) = sight.vectors.gradient(&self.pairs[i], &by_vectors);
            by_scores.extend(by_scores_of.into_flattened());
            self.add_pairs(i, &by_sums, &mut by_momenta);
        }
        (by_scores, ByParticles(by_momenta.into_iter().zip(by_angles).collect()))
    }

    /// Adds to the gradient by the momenta that by the sums of a particle's pairs.
    fn add_pairs(&self, i: usize, by_sums: &[[f64; VECTOR]], by_momenta: &mut [[f64; VECTOR]]) {
        for (j, by) in by_sums.iter().enumerate() {
            add(&mut by_momenta[i], *by);
            if let Some(by_other) = by_momenta.get_mut(j) {
                add(by_other, *by);
            }
        }
    }

    /// The gradient by the coordinates from that by the particles, and by e_ij of all pairs, those of a particle with itself
    /// zero.
    pub fn by_coordinates(&self, net: &FramesNet, by: ByParticles, by_edges: &[f64]) -> Vec<f64> {
        let n = self.particles.len();
        let (mut by_momenta, by_angles): (Vec<_>, Vec<_>) = by.0.into_iter().unzip();
        let rows = self.pairs.iter().zip(by_edges.chunks_exact(by_edges.len() / n));
        for (i, (pairs, by_edges)) in rows.enumerate() {
            let by_sums =
                pairs.iter().zip(by_edges).map(|(pair, by)| pair.log_square_gradient(by / net.pairs[1]));
            self.add_pairs(i, &Vec::from_iter(by_sums), &mut by_momenta);
        }
        let particles = self.particles.iter().zip(by_momenta.into_iter().zip(&by_angles));
        particles.flat_map(|(particle, (momentum, angles))| particle.gradient(momentum, angles)).collect()
    }
}

fn dot(a: [f64; VECTOR], b: [f64; VECTOR]) -> f64 {
    (0..VECTOR).map(|k| a[k] * b[k]).sum()
}

/// g times the derivatives of phi, and of eta, by a momentum.
fn lowered(angles: &Angles<3>) -> [[f64; VECTOR]; 2] {
    [angles.phi, angles.eta].map(|[x, y, z]| [0.0, -x, -y, -z])
}
