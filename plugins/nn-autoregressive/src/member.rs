//! The network at fixed parameters: samples and densities, without libtorch.

use amplicast_nn::Support;
use amplicast_nn::lanes::{self, Decoder, Row, Rows, VECTORS, Workspace};
use amplicast_nn::pulp::{Simd, WithSimd};
use amplicast_sdk::momenta::wrap_angle;
use amplicast_sdk::ndarray::{ArrayView2, ArrayViewMut2};
use amplicast_sdk::rand::{RngExt, SeedableRng};
use amplicast_sdk::rand_distr::{Distribution, StandardNormal};
use amplicast_sdk::{Chunk, Error, Layout, Member, Result, Seed, Stream};

use crate::network::Network;

/// One draw of a posterior over the network's parameters.
pub struct AutoregressiveMember {
    network: Network,
    decoder: Decoder,
}

impl AutoregressiveMember {
    pub(crate) fn new(network: Network, layout: &Layout, parameters: &[f32]) -> Self {
        let decoder = Decoder::new(&network.shape, layout, parameters);
        AutoregressiveMember { network, decoder }
    }

    fn check_columns(&self, found: usize) -> Result<()> {
        let expected = self.network.columns.dimension();
        if found == expected {
            return Ok(());
        }
        Err(Error::data(format!("expected events of {expected} columns, found {found}")))
    }

    fn needs_density(&self) -> Result<()> {
        match self.network.coordinates.given() {
            0 => Ok(()),
            _ => Err(Error::unsupported("a conditional generator has no density of whole events")),
        }
    }
}

impl Member for AutoregressiveMember {
    fn sample(&self, chunk: Chunk, out: ArrayViewMut2<'_, f64>) -> Result<()> {
        self.check_columns(out.ncols())?;
        lanes::dispatch(Sampling { member: self, seed: chunk.seed, out, log_density: None })
    }

    fn sample_with_log_density(
        &self,
        chunk: Chunk,
        out: ArrayViewMut2<'_, f64>,
        log_density: &mut [f64],
    ) -> Result<()> {
        self.check_columns(out.ncols())?;
        self.needs_density()?;
        lanes::dispatch(Sampling { member: self, seed: chunk.seed, out, log_density: Some(log_density) })
    }

    fn log_density(&self, events: ArrayView2<'_, f64>, _seed: Seed, out: &mut [f64]) -> Result<()> {
        self.check_columns(events.ncols())?;
        self.needs_density()?;
        lanes::dispatch(Evaluation { member: self, events, out });
        Ok(())
    }
}

/// The memory for a block of events.
struct Scratch {
    work: Workspace,
    features: Rows,
    /// The start token's outputs, the same in all lanes.
    start: Rows,
    raw: Rows,
    sums: Rows,
    /// Two rows that go between lanes and scalars.
    pair: Rows,
    /// The block's events in network coordinates, event by event.
    x: Vec<f64>,
    log_density: Vec<f64>,
}

impl AutoregressiveMember {
    #[inline(always)]
    fn scratch<S: Simd>(&self, simd: S) -> Scratch {
        let lanes = lanes::block_events::<S>();
        let mut scratch = Scratch {
            work: Workspace::of_last(&self.network.shape, lanes),
            features: Rows::new(self.network.columns.features(), lanes),
            start: Rows::new(self.network.shape.outputs, lanes),
            raw: Rows::new(self.network.shape.outputs, lanes),
            sums: Rows::new(2 * self.network.components, lanes),
            pair: Rows::new(2, lanes),
            x: vec![0.0; lanes * self.network.columns.dimension()],
            log_density: vec![0.0; lanes],
        };
        // The features of the start token are zero. Its keys and values stay in the cache for all blocks.
        let Scratch { work, features, start, .. } = &mut scratch;
        self.decoder.step::<S, VECTORS>(simd, 0, features.numbers(), work, start.numbers_mut());
        scratch
    }

    /// Computes the mixtures of `column` from the numbers before it in `scratch.x`.
    #[inline(always)]
    fn advance<S: Simd>(&self, simd: S, column: usize, scratch: &mut Scratch) {
        let Scratch { work, features, raw, x, .. } = scratch;
        let (d, lanes) = (self.network.columns.dimension(), lanes::block_events::<S>());
        let columns = &self.network.columns;
        for (lane, event) in x.chunks_exact(d).enumerate() {
            columns.write(column - 1, event[column - 1], &mut features.numbers_mut()[lane..], lanes);
        }
        self.decoder.step::<S, VECTORS>(simd, column, features.numbers(), work, raw.numbers_mut());
    }

    /// Adds the log density of `column` to that of each event of the block.
    #[inline(always)]
    fn add_log_density<S: Simd>(&self, simd: S, column: usize, scratch: &mut Scratch) {
        let Scratch { start, raw, sums, pair, x, log_density, .. } = scratch;
        let raw = if column == 0 { start } else { raw };
        let support = self.network.columns.supports()[column];
        let d = self.network.columns.dimension();
        let lanes = lanes::block_events::<S>();
        for (value, event) in pair.numbers_mut().iter_mut().zip(x.chunks_exact(d)) {
            *value = event[column] as f32;
        }
        let value = pair.rows::<S, VECTORS>()[0];
        let (exponent, factor) = lanes::log_density(
            simd,
            &support,
            &raw.rows::<S, VECTORS>()[..3 * self.network.components],
            value,
            sums.rows_mut::<S, VECTORS>(),
        );
        pair.rows_mut::<S, VECTORS>().copy_from_slice(&[exponent, factor]);
        let (exponents, factors) = pair.numbers().split_at(lanes);
        for ((sum, exponent), factor) in log_density.iter_mut().zip(exponents).zip(factors) {
            *sum += lanes::log_of(*exponent, *factor);
        }
    }
}

struct Sampling<'a> {
    member: &'a AutoregressiveMember,
    seed: Seed,
    out: ArrayViewMut2<'a, f64>,
    log_density: Option<&'a mut [f64]>,
}

impl WithSimd for Sampling<'_> {
    type Output = Result<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) -> Result<()> {
        let member = self.member;
        let (d, lanes) = (member.network.columns.dimension(), lanes::block_events::<S>());
        let given = member.network.coordinates.given();
        let mut stream = self.seed.stream();
        let mut scratch = member.scratch(simd);
        let mut uniforms = Rows::new(d, lanes);
        let mut normals = vec![0.0; lanes * d];
        let mut event = vec![0.0; d];
        for first in (0..self.out.nrows()).step_by(lanes) {
            let n = lanes.min(self.out.nrows() - first);
            // Event by event, so that the events do not depend on the width of the registers.
            for lane in 0..n {
                for column in given..d {
                    uniforms.numbers_mut()[column * lanes + lane] = stream.random();
                    normals[lane * d + column] = StandardNormal.sample(&mut stream);
                }
            }
            if given > 0 {
                self.conditions(first, &mut event, &mut scratch.x[..n * d])?;
            }
            scratch.log_density.fill(0.0);
            for column in 0..d {
                if column > 0 {
                    member.advance(simd, column, &mut scratch);
                }
                if column < given {
                    continue;
                }
                member.draw(simd, column, uniforms.rows::<S, VECTORS>()[column], &normals, &mut scratch);
                if self.log_density.is_some() {
                    member.add_log_density(simd, column, &mut scratch);
                }
            }
            for (lane, x) in scratch.x.chunks_exact(d).take(n).enumerate() {
                if given > 0 {
                    self.read(first + lane, &mut event);
                }
                let log_jacobian = member.network.coordinates.inverse(x, &mut event);
                self.out.row_mut(first + lane).iter_mut().zip(&event).for_each(|(o, e)| *o = *e);
                if let Some(log_density) = &mut self.log_density {
                    log_density[first + lane] = scratch.log_density[lane] + log_jacobian;
                }
            }
        }
        Ok(())
    }
}

impl Sampling<'_> {
    /// Writes what is given of the events from row `first` on, in the network's coordinates.
    fn conditions(&self, first: usize, event: &mut [f64], x: &mut [f64]) -> Result<()> {
        let coordinates = &self.member.network.coordinates;
        for (row, x) in (first..).zip(x.chunks_exact_mut(event.len())) {
            self.read(row, event);
            if !coordinates.conditions(event, &mut x[..coordinates.given()]) {
                return Err(Error::data(format!(
                    "event {row}: expected finite numbers in its given columns, found {event:?}"
                )));
            }
        }
        Ok(())
    }

    /// Copies an event with its given columns, which the coordinates' inverse leaves as they are.
    fn read(&self, row: usize, event: &mut [f64]) {
        event.iter_mut().zip(self.out.row(row)).for_each(|(e, o)| *e = *o);
    }
}

impl AutoregressiveMember {
    /// Draws `column` of each event of the block from its mixture.
    #[inline(always)]
    fn draw<S: Simd>(&self, simd: S, column: usize, uniform: Row<S>, normals: &[f64], scratch: &mut Scratch) {
        let Scratch { start, raw, sums, pair, x, .. } = scratch;
        let raw = if column == 0 { start } else { raw };
        let d = self.network.columns.dimension();
        let support = self.network.columns.supports()[column];
        let sums = &mut sums.rows_mut::<S, VECTORS>()[..self.network.components];
        let (m, a) = lanes::choose(simd, raw.rows::<S, VECTORS>(), uniform, sums);
        pair.rows_mut::<S, VECTORS>().copy_from_slice(&[m, lanes::sigma(simd, &support, a)]);
        let (means, sigmas) = pair.numbers().split_at(lanes::block_events::<S>());
        let gaussians = means.iter().zip(sigmas);
        for ((event, (m, sigma)), normals) in
            x.chunks_exact_mut(d).zip(gaussians).zip(normals.chunks_exact(d))
        {
            event[column] = place(&support, f64::from(*m), f64::from(*sigma), normals[column]);
        }
    }
}

/// A number of the component with mean m (before bounds) and standard deviation `sigma`, from a standard normal number.
#[inline(always)]
fn place(support: &Support, m: f64, sigma: f64, normal: f64) -> f64 {
    match *support {
        Support::Line => m + sigma * normal,
        Support::Circle => wrap_angle(m + sigma * normal),
        Support::Interval { low, high } => {
            let mean = support.mean(m);
            let x = mean + sigma * normal;
            if (low..=high).contains(&x) {
                return x;
            }
            // Redraws come from a stream that the refused number itself seeds: it is random and used for nothing else,
            // and so the events after this one keep their numbers.
            let mut stream = Stream::seed_from_u64(normal.to_bits());
            loop {
                let normal: f64 = StandardNormal.sample(&mut stream);
                let x = mean + sigma * normal;
                // Means are inside and widths bounded: more than a third of the draws is kept. Not a number, if the
                // parameters are not finite.
                if (low..=high).contains(&x) || x.is_nan() {
                    return x;
                }
            }
        }
    }
}

struct Evaluation<'a> {
    member: &'a AutoregressiveMember,
    events: ArrayView2<'a, f64>,
    out: &'a mut [f64],
}

impl WithSimd for Evaluation<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let member = self.member;
        let (d, lanes) = (member.network.columns.dimension(), lanes::block_events::<S>());
        let mut scratch = member.scratch(simd);
        let mut event = vec![0.0; d];
        for (block, out) in self.out.chunks_mut(lanes).enumerate() {
            // log|dx/d(event)|, or minus infinity outside the domain.
            let mut log_jacobian = vec![f64::NEG_INFINITY; out.len()];
            for (lane, jacobian) in log_jacobian.iter_mut().enumerate() {
                event.iter_mut().zip(self.events.row(block * lanes + lane)).for_each(|(e, v)| *e = *v);
                let x = &mut scratch.x[lane * d..(lane + 1) * d];
                match member.network.coordinates.forward(&event, x) {
                    Some(value) => *jacobian = value,
                    None => x.fill(0.0),
                }
            }
            scratch.log_density.fill(0.0);
            for column in 0..d {
                if column > 0 {
                    member.advance(simd, column, &mut scratch);
                }
                member.add_log_density(simd, column, &mut scratch);
            }
            for ((out, jacobian), log_density) in out.iter_mut().zip(log_jacobian).zip(&scratch.log_density) {
                *out = if jacobian == f64::NEG_INFINITY { jacobian } else { log_density + jacobian };
            }
        }
    }
}
