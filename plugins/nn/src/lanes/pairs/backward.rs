//! The backward pass.

use pulp::{Simd, WithSimd};

use super::forward::{PairShape, PairWeights, PairWorkspace, Pairs};
use crate::lanes::layers::{Dense, LayerGradient, Segments, SegmentsMut, Transposed};
use crate::lanes::rows::functions::{add, mul, mul_add, splat};
use crate::lanes::rows::special::exact_gelu_and_slope;
use crate::lanes::rows::{Rows, Slots};

/// The transposed weights of a perceptron over pairs, and the gradient summed so far.
pub struct PairsBackward {
    shape: PairShape,
    own: LayerGradient,
    other: LayerGradient,
    /// A register for each row of the hidden layer, to be added up, if anybody asks for it.
    edge: Option<Rows>,
    hidden: LayerGradient,
    scores: LayerGradient,
}

/// Gradients with respect to the activations of one block of events.
pub struct PairsBackwardWorkspace {
    /// With respect to the first layer of s_i, and of s_j.
    own: Slots,
    other: Slots,
    /// With respect to a hidden layer.
    hidden: Rows,
    /// With respect to a layer's inputs.
    inputs: Rows,
    active: Rows,
    slopes: Rows,
    transposed: Transposed,
}

impl PairsBackwardWorkspace {
    /// Memory for blocks of `events`.
    pub fn new<S: Simd>(shape: &PairShape, events: usize) -> Self {
        let rows = || Rows::new(shape.width, events);
        let slots = || Slots::new(shape.tokens, shape.width, events);
        PairsBackwardWorkspace {
            own: slots(),
            other: slots(),
            hidden: rows(),
            inputs: Rows::new(shape.width.max(shape.features), events),
            active: rows(),
            slopes: rows(),
            transposed: Transposed::new::<S>(shape.width.max(shape.features), events),
        }
    }
}

impl PairsBackward {
    /// A perceptron from the next segments, and its backward pass.
    pub fn new<S: Simd>(shape: &PairShape, segments: &mut Segments<'_>) -> (Pairs, PairsBackward) {
        let edge = Rows::new(shape.width, S::F32_LANES);
        PairsBackward::with(shape, segments, (LayerGradient::new::<S>, Some(edge)))
    }

    /// The same, for the gradient of the features and of the pairs' numbers alone: the parameters' is not summed.
    pub fn of_inputs(shape: &PairShape, segments: &mut Segments<'_>) -> (Pairs, PairsBackward) {
        PairsBackward::with(shape, segments, (LayerGradient::of_inputs, None))
    }

    fn with(
        shape: &PairShape,
        segments: &mut Segments<'_>,
        (layer, edge): (fn(&Dense) -> LayerGradient, Option<Rows>),
    ) -> (Pairs, PairsBackward) {
        let weights = PairWeights::new(shape, segments);
        let PairWeights { own, other, hidden, scores, .. } = &weights;
        let [own, other, hidden, scores] = [own, other, hidden, scores].map(layer);
        let backward = PairsBackward { shape: shape.clone(), own, other, edge, hidden, scores };
        (Pairs::packed(shape, &weights), backward)
    }

    /// Adds the gradient of a block of events, `events` of which count, from that of its outputs, which is zero in the
    /// other lanes; writes that of the features, and that of the pairs' numbers into the second of `gradients`, if there is one.
    /// `work` holds what the forward pass of `pairs` left.
    #[inline(always)]
    pub fn apply<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        inputs: (&Pairs, &Slots, &Slots, usize),
        outputs: &Slots,
        work: (&PairWorkspace, &mut PairsBackwardWorkspace),
        gradients: (&mut Slots, Option<&mut Slots>),
    ) {
        simd.vectorize(Apply::<V> { backward: self, inputs, outputs, work, gradients });
    }

    #[inline(always)]
    fn back<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        (pairs, features, edges, events): (&Pairs, &Slots, &Slots, usize),
        outputs: &Slots,
        (work, back): (&PairWorkspace, &mut PairsBackwardWorkspace),
        (features_gradient, mut edges_gradient): (&mut Slots, Option<&mut Slots>),
    ) {
        let width = self.shape.width;
        let PairsBackwardWorkspace { own, other, hidden, inputs, active, slopes, transposed } = back;
        let (hidden, inputs) = (hidden.rows_mut::<S, V>(), inputs.rows_mut::<S, V>());
        let (active, slopes) = (active.rows_mut::<S, V>(), slopes.rows_mut::<S, V>());
        own.clear();
        other.clear();
        for (i, j, slot) in self.shape.list() {
            let before = work.hidden.at::<S, V>(slot);
            for ((active, slope), before) in active.iter_mut().zip(&mut *slopes).zip(before) {
                (*active, *slope) = exact_gelu_and_slope(simd, *before);
            }
            let read = (&active[..width], &mut *transposed, events);
            self.scores.step(simd, outputs.at::<S, V>(slot), read, hidden);
            for (gradient, slope) in hidden.iter_mut().zip(&*slopes) {
                *gradient = mul(simd, *gradient, *slope);
            }
            let number = edges.at::<S, V>(slot)[0];
            pairs.first::<S, V>(simd, (i, j), number, (&work.own, &work.other), active);
            for (active, slope) in active.iter_mut().zip(&mut *slopes) {
                (*active, *slope) = exact_gelu_and_slope(simd, *active);
            }
            self.hidden.step(simd, hidden, (&active[..width], transposed, events), inputs);
            for (gradient, slope) in inputs[..width].iter_mut().zip(&*slopes) {
                *gradient = mul(simd, *gradient, *slope);
            }
            for (sum, gradient) in own.at_mut::<S, V>(i).iter_mut().zip(&inputs[..width]) {
                *sum = add(simd, *sum, *gradient);
            }
            if j < self.shape.tokens {
                for (sum, gradient) in other.at_mut::<S, V>(j).iter_mut().zip(&inputs[..width]) {
                    *sum = add(simd, *sum, *gradient);
                }
            }
            if let Some(edge) = &mut self.edge {
                for (sum, gradient) in edge.rows_mut::<S, 1>().iter_mut().zip(&inputs[..width]) {
                    for v in 0..V {
                        *sum = mul_add(simd, [gradient[v]], [number[v]], *sum);
                    }
                }
            }
            if let Some(edges_gradient) = &mut edges_gradient {
                let mut sum = splat(simd, 0.0);
                for (weight, gradient) in pairs.edge.iter().zip(&inputs[..width]) {
                    sum = mul_add(simd, splat(simd, *weight), *gradient, sum);
                }
                edges_gradient.at_mut::<S, V>(slot)[0] = sum;
            }
        }
        for token in 0..self.shape.tokens {
            let features = &features.at::<S, V>(token)[..self.shape.features];
            let out = features_gradient.at_mut::<S, V>(token);
            self.own.step(simd, own.at::<S, V>(token), (features, transposed, events), out);
            self.other.step(simd, other.at::<S, V>(token), (features, transposed, events), inputs);
            for (out, gradient) in out.iter_mut().zip(&*inputs) {
                *out = add(simd, *out, *gradient);
            }
        }
    }

    /// Writes the gradient of the perceptron's parameters as the next segments.
    #[inline(always)]
    pub fn finish<S: Simd>(self, simd: S, gradient: &mut SegmentsMut<'_>) {
        let mut edge = Vec::with_capacity(self.shape.width);
        for [sum] in self.edge.as_ref().expect("the gradient of the weights was summed").rows::<S, 1>() {
            edge.push(simd.reduce_sum_f32s(*sum));
        }
        let weights = PairWeights {
            own: self.own.totals(simd),
            other: self.other.totals(simd),
            edge,
            hidden: self.hidden.totals(simd),
            scores: self.scores.totals(simd),
        };
        weights.unfold(&self.shape, gradient);
    }
}

/// Compiled once for all who call it.
struct Apply<'a, const V: usize> {
    backward: &'a mut PairsBackward,
    inputs: (&'a Pairs, &'a Slots, &'a Slots, usize),
    outputs: &'a Slots,
    work: (&'a PairWorkspace, &'a mut PairsBackwardWorkspace),
    gradients: (&'a mut Slots, Option<&'a mut Slots>),
}

impl<const V: usize> WithSimd for Apply<'_, V> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Apply { backward, inputs, outputs, work, gradients } = self;
        backward.back::<S, V>(simd, inputs, outputs, work, gradients);
    }
}
