//! Events through both networks and, between them, libtorch.

use amplicast_nn::lanes::{
    self, Encoder, EncoderBackward, EncoderShape, PairShape, Pairs, PairsBackward, Segments, SegmentsMut,
    dispatch_over_blocks, over_blocks,
};
use amplicast_nn::pulp::{Simd, WithSimd};
use amplicast_nn::single_threaded;
use tch::{Kind, Tensor};

use super::super::frames_net::{self, FramesNet};
use super::pairs::{BackScores, Scores};
use super::tokens::{Learn, Move, VECTOR};
use crate::lanes::{LaneField, LaneNetwork, Loss, TimeLayer, TimeSums};
use crate::space::{Kinematics, Lines, Particles, references};
use crate::time::{self, FEATURES};
use crate::transformer::Frames;

/// Events that go through libtorch together: what it and the lanes keep of them is some 30 MB.
const CHUNK: usize = 512;

#[derive(Debug, Clone)]
pub(crate) struct LaneLloca {
    pub kinematics: Kinematics,
    pub frames: FramesNet,
    pub pairs: PairShape,
    pub encoder: EncoderShape,
}

/// Events as libtorch sees them, none of it with a gradient.
struct Scene {
    particles: Particles,
    momenta: Tensor,
    pairs: frames_net::Pairs,
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    let mut out = vec![0.0; tensor.numel()];
    tensor.contiguous().copy_data(&mut out, tensor.numel());
    out
}

impl LaneLloca {
    fn particles(&self) -> usize {
        self.encoder.tokens
    }

    /// Of events' coordinates.
    fn scene(&self, x: &[f64]) -> Scene {
        let particles = self.kinematics.particles_at(&Tensor::from_slice(x).view([-1, self.dimension()]));
        let momenta = particles.momenta();
        let pairs = self.frames.pairs(&momenta, &references(&momenta));
        Scene { particles, momenta, pairs }
    }

    fn dimension(&self) -> i64 {
        (VECTOR * self.particles()) as i64
    }

    /// The pairs' scores as a tensor, B x n x (n + 3) x 3.
    fn scores(&self, scores: &[f64]) -> Tensor {
        let n = self.particles() as i64;
        Tensor::from_slice(scores).view([-1, n, n + self.pairs.others as i64, self.pairs.outputs as i64])
    }

    /// B x n x [`SEEN`](super::tokens::SEEN), from the pairs' scores.
    fn seen(&self, scene: &Scene, scores: &Tensor) -> Tensor {
        let frames = Frames::new(&scene.pairs.vectors(scores));
        let coordinates = self.kinematics.coordinates(&frames.momenta_to_local(&scene.momenta));
        let angles = scene.particles.angles_by_momentum().matmul(&frames.global);
        Tensor::cat(&[coordinates, frames.local.flatten(2, 3), angles.flatten(2, 3)], 2)
    }
}

impl LaneNetwork for LaneLloca {
    fn field(&self, mut parameters: Segments<'_>) -> LaneField {
        let time = TimeLayer::new(&mut parameters);
        let pairs = Pairs::new(&self.pairs, &mut parameters);
        let encoder = Encoder::new(&self.encoder, &mut parameters);
        let network = self.clone();
        Box::new(move |t, x, out| {
            network.velocity((&pairs, &encoder), time.features(&time::waves(t)), x, out);
        })
    }

    fn loss_and_gradient(
        &self,
        parameters: Segments<'_>,
        lines: &Lines,
        weights: &[f64],
        gradient: SegmentsMut<'_>,
    ) -> f64 {
        single_threaded();
        lanes::dispatch(Step { network: self, parameters, lines, weights, gradient })
    }
}

struct Step<'a> {
    network: &'a LaneLloca,
    parameters: Segments<'a>,
    lines: &'a Lines,
    weights: &'a [f64],
    gradient: SegmentsMut<'a>,
}

/// The networks with their backward passes.
struct Learner {
    pairs: Pairs,
    pairs_backward: PairsBackward,
    encoder: Encoder,
    encoder_backward: EncoderBackward,
}

impl WithSimd for Step<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let Step { network, mut parameters, lines, weights, mut gradient } = self;
        let (time, mut by_time) = (TimeLayer::new(&mut parameters), TimeSums::default());
        let (pairs, pairs_backward) = PairsBackward::new::<S>(&network.pairs, &mut parameters);
        let (encoder, encoder_backward) = EncoderBackward::new::<S>(&network.encoder, &mut parameters);
        let mut learner = Learner { pairs, pairs_backward, encoder, encoder_backward };
        let d = network.dimension() as usize;
        let mut loss = 0.0;
        for first in (0..weights.len()).step_by(CHUNK) {
            let events = first..weights.len().min(first + CHUNK);
            let waves: Vec<_> = lines.t[events.clone()].iter().map(|t| time::waves(*t)).collect();
            let times: Vec<_> = waves.iter().map(|waves| time.features(waves)).collect();
            let numbers = events.start * d..events.end * d;
            let lines = (&lines.x[numbers.clone()], &lines.v[numbers]);
            let mut by_features = vec![[0.0; FEATURES]; events.len()];
            loss += network.learn(simd, &mut learner, &times, lines, &weights[events], &mut by_features);
            waves.iter().zip(by_features).for_each(|(waves, features)| by_time.add(waves, features));
        }
        by_time.write(&mut gradient);
        learner.pairs_backward.finish(simd, &mut gradient);
        learner.encoder_backward.finish(simd, &mut gradient);
        loss
    }
}

impl LaneLloca {
    /// Adds the gradient of events, and returns their loss: the lanes' scores of pairs, libtorch's frames from these, the
    /// lanes' loss in these frames, and all the way back.
    fn learn<S: Simd>(
        &self,
        simd: S,
        learner: &mut Learner,
        times: &[[f32; FEATURES]],
        (x, v): (&[f64], &[f64]),
        weights: &[f64],
        by_times: &mut [[f32; FEATURES]],
    ) -> f64 {
        let scene = self.scene(x);
        let edges = numbers(&scene.pairs.edges);
        let mut kept = Vec::new();
        let mut scores = vec![0.0; edges.len() * self.pairs.outputs];
        let shape = &self.pairs;
        let mut work = Scores {
            shape,
            pairs: &learner.pairs,
            times,
            edges: &edges,
            kept: Some(&mut kept),
            scores: &mut scores,
        };
        over_blocks(simd, &mut work, times.len());
        let scores = self.scores(&scores).set_requires_grad(true);
        let seen = self.seen(&scene, &scores);
        let values = numbers(&seen.detach());
        let mut by_seen = vec![0.0; values.len()];
        let mut work = Learn {
            shape: &self.encoder,
            encoder: &learner.encoder,
            backward: &mut learner.encoder_backward,
            times,
            seen: &values,
            v,
            loss: Loss::new(weights, v.len() / times.len()),
            by_seen: &mut by_seen,
            by_times,
        };
        over_blocks(simd, &mut work, times.len());
        let loss = work.loss.sum;
        let product = (&seen * Tensor::from_slice(&by_seen).view_as(&seen)).sum(Kind::Double);
        let by_scores = numbers(&Tensor::run_backward(&[&product], &[&scores], false, false)[0]);
        let mut work = BackScores {
            shape,
            pairs: &learner.pairs,
            backward: &mut learner.pairs_backward,
            times,
            edges: &edges,
            kept: kept.into_iter(),
            by_scores: &by_scores,
            by_times,
        };
        over_blocks(simd, &mut work, times.len());
        loss
    }

    /// Writes the velocities of events at a time with these features.
    fn velocity(
        &self,
        (pairs, encoder): (&Pairs, &Encoder),
        time: [f32; FEATURES],
        x: &[f64],
        out: &mut [f64],
    ) {
        let d = self.dimension() as usize;
        let chunks = x.chunks(CHUNK * d).zip(out.chunks_mut(CHUNK * d));
        tch::no_grad(|| {
            for (x, velocity) in chunks {
                let times = vec![time; x.len() / d];
                let scene = self.scene(x);
                let edges = numbers(&scene.pairs.edges);
                let mut scores = vec![0.0; edges.len() * self.pairs.outputs];
                let (shape, edges, kept) = (&self.pairs, &edges, None);
                let mut work = Scores { shape, pairs, times: &times, edges, kept, scores: &mut scores };
                dispatch_over_blocks(&mut work, times.len());
                let seen = numbers(&self.seen(&scene, &self.scores(&scores)));
                let mut work = Move { shape: &self.encoder, encoder, times: &times, seen: &seen, velocity };
                dispatch_over_blocks(&mut work, times.len());
            }
        });
    }
}
