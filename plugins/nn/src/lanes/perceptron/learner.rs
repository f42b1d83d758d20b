//! The forward and backward pass of a [`Perceptron`] with one output.

use std::ops::Range;

use amplicast_sdk::Layout;
use pulp::{Simd, WithSimd};

use super::forward::dense;
use crate::Perceptron;
use crate::lanes::layers::{Dense, Linear, SegmentsMut, Transposed, WeightSums};
use crate::lanes::rows::functions::mul;
use crate::lanes::rows::special::{gelu, gelu_and_slope};
use crate::lanes::rows::{Rows, VECTORS, Work, block_events, dispatch, over_blocks};

/// A loss of one event and its derivative by the output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope {
    /// The loss.
    pub loss: f64,
    /// Its derivative by the network's output.
    pub slope: f32,
}

/// Sums losses over events, with their gradient by the parameters; keeps its memory from step to step.
pub struct Learner<'a> {
    shape: &'a Perceptron,
    layout: &'a Layout,
    memory: Option<Memory>,
}

/// Activations and their gradients for a block of events.
struct Memory {
    /// What goes into the first layer.
    inputs: Rows,
    /// What comes out of each layer.
    outputs: Vec<Rows>,
    /// GELU of a hidden layer.
    active: Rows,
    /// Gradients with respect to what comes out of a layer, and to what goes into it.
    gradients: [Rows; 2],
    transposed: Transposed,
}

impl Memory {
    fn new<S: Simd>(shape: &Perceptron, events: usize) -> Self {
        let widest = shape.widths.iter().copied().max().unwrap_or(1);
        let rows = |width: usize| Rows::new(width, events);
        Memory {
            inputs: rows(shape.widths[0]),
            outputs: shape.widths[1..].iter().map(|w| rows(*w)).collect(),
            active: rows(widest),
            gradients: [rows(widest), rows(widest)],
            transposed: Transposed::new::<S>(widest, events),
        }
    }
}

impl<'a> Learner<'a> {
    /// For a perceptron with one output.
    pub fn new(shape: &'a Perceptron, layout: &'a Layout) -> Self {
        Learner { shape, layout, memory: None }
    }

    /// The sum over events of `loss(event, output)`, and its gradient by the parameters; `x` holds one event after the
    /// other.
    pub fn loss_and_gradient(
        &mut self,
        parameters: &[f32],
        x: &[f32],
        loss: impl FnMut(usize, f32) -> Slope,
        gradient: &mut [f32],
    ) -> f64 {
        let Learner { shape, layout, memory } = self;
        dispatch(Step { shape, layout, memory, parameters, x, loss, gradient })
    }
}

struct Step<'a, F> {
    shape: &'a Perceptron,
    layout: &'a Layout,
    memory: &'a mut Option<Memory>,
    parameters: &'a [f32],
    x: &'a [f32],
    loss: F,
    gradient: &'a mut [f32],
}

impl<F: FnMut(usize, f32) -> Slope> WithSimd for Step<'_, F> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let Step { shape, layout, memory, parameters, x, loss, gradient } = self;
        let memory = memory.get_or_insert_with(|| Memory::new::<S>(shape, block_events::<S>()));
        let layers: Vec<Dense> = dense(shape, layout, parameters);
        let pass = Pass {
            forward: layers.iter().map(Linear::new).collect(),
            back: layers.iter().map(Linear::transposed).collect(),
            sums: layers.iter().map(|l| WeightSums::new::<S>(l.inputs, l.outputs)).collect(),
            widths: &shape.widths,
        };
        let mut events = Events { pass, memory, x, loss, sum: 0.0 };
        over_blocks(simd, &mut events, x.len() / shape.widths[0]);
        let mut gradient = SegmentsMut::new(layout, gradient);
        for sums in &events.pass.sums {
            gradient.dense(&sums.totals(simd));
        }
        events.sum
    }
}

/// The network's two passes, and the gradient summed so far.
struct Pass<'a> {
    forward: Vec<Linear>,
    back: Vec<Linear>,
    sums: Vec<WeightSums>,
    widths: &'a [usize],
}

struct Events<'a, F> {
    pass: Pass<'a>,
    memory: &'a mut Memory,
    x: &'a [f32],
    loss: F,
    sum: f64,
}

impl<F: FnMut(usize, f32) -> Slope> Work for Events<'_, F> {
    #[inline(always)]
    fn run<S: Simd>(&mut self, simd: S, events: Range<usize>) {
        let Events { pass, memory, x, loss, .. } = self;
        let (d, lanes) = (pass.widths[0], block_events::<S>());
        let mut sum = 0.0;
        for (block, x) in x[events.start * d..events.end * d].chunks(lanes * d).enumerate() {
            let numbers = memory.inputs.numbers_mut();
            for (lane, event) in x.chunks_exact(d).enumerate() {
                for (column, x) in event.iter().enumerate() {
                    numbers[column * lanes + lane] = *x;
                }
            }
            pass.forward(simd, memory);
            let (outputs, count) = (memory.outputs.last().expect("a layer").numbers(), x.len() / d);
            let gradient = memory.gradients[0].numbers_mut();
            // Lanes without an event count for nothing.
            gradient[..lanes].fill(0.0);
            for lane in 0..count {
                let found = loss(events.start + block * lanes + lane, outputs[lane]);
                sum += found.loss;
                gradient[lane] = found.slope;
            }
            pass.backward(simd, memory, count);
        }
        self.sum += sum;
    }
}

impl Pass<'_> {
    #[inline(always)]
    fn forward<S: Simd>(&self, simd: S, memory: &mut Memory) {
        let Memory { inputs, outputs, active, .. } = memory;
        for (l, layer) in self.forward.iter().enumerate() {
            let (before, from) = outputs.split_at_mut(l);
            let y = from[0].rows_mut::<S, VECTORS>();
            match before.last() {
                None => layer.apply::<S, VECTORS, false>(simd, inputs.rows::<S, VECTORS>(), y),
                Some(before) => {
                    let active = active.rows_mut::<S, VECTORS>();
                    for (active, before) in active.iter_mut().zip(before.rows::<S, VECTORS>()) {
                        *active = gelu(simd, *before);
                    }
                    layer.apply::<S, VECTORS, false>(simd, active, y);
                }
            }
        }
    }

    #[inline(always)]
    fn backward<S: Simd>(&mut self, simd: S, memory: &mut Memory, events: usize) {
        let Memory { inputs, outputs, active, gradients, transposed } = memory;
        let [mut from, mut to] = gradients.each_mut();
        for l in (1..self.sums.len()).rev() {
            let gradient = &from.rows::<S, VECTORS>()[..self.widths[l + 1]];
            let next = to.rows_mut::<S, VECTORS>();
            self.back[l].apply::<S, VECTORS, false>(simd, gradient, next);
            let active = active.rows_mut::<S, VECTORS>();
            let before = outputs[l - 1].rows::<S, VECTORS>();
            for ((next, active), before) in next.iter_mut().zip(&mut *active).zip(before) {
                let (value, slope) = gelu_and_slope(simd, *before);
                *active = value;
                *next = mul(simd, *next, slope);
            }
            transposed.set(simd, &active[..self.widths[l]]);
            self.sums[l].add(simd, gradient, transposed, events);
            std::mem::swap(&mut from, &mut to);
        }
        transposed.set(simd, &inputs.rows::<S, VECTORS>()[..self.widths[0]]);
        let gradient = &from.rows::<S, VECTORS>()[..self.widths[1]];
        self.sums[0].add(simd, gradient, transposed, events);
    }
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::Seed;

    use super::*;
    use crate::{initial_parameters, layout};

    /// Half of the squared distance of the output from 0.1 times the event's number.
    fn square(event: usize, output: f32) -> Slope {
        let off = output - 0.1 * event as f32;
        Slope { loss: 0.5 * f64::from(off).powi(2), slope: off }
    }

    fn inputs(n: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 37 % 101) as f32 - 50.0) / 20.0).collect()
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let shape = Perceptron { widths: vec![2, 5, 3, 1] };
        let parameters = shape.parameters();
        let layout = layout(&parameters);
        let theta = initial_parameters(&parameters, Seed::new(2));
        let x = inputs(20);
        let mut learner = Learner::new(&shape, &layout);
        let mut gradient = vec![0.0; theta.len()];
        let mut unused = gradient.clone();
        learner.loss_and_gradient(&theta, &x, square, &mut gradient);
        for i in 0..theta.len() {
            let mut at = |by: f32| {
                let mut moved = theta.clone();
                moved[i] += by;
                learner.loss_and_gradient(&moved, &x, square, &mut unused)
            };
            let slope = (at(1e-2) - at(-1e-2)) / 2e-2;
            assert!((slope - f64::from(gradient[i])).abs() < 2e-3 * (1.0 + slope.abs()), "parameter {i}");
        }
    }
}
