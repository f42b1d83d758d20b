//! A flow at fixed parameters: samples and densities.

use std::sync::{Arc, OnceLock};

use amplicast_sdk::{Chunk, Error, Layout, Member, Result, Seed, Stream};
use ndarray::{ArrayView2, ArrayViewMut2};

use super::config::{Divergence, FlowConfig};
use super::multistep::enough_calls;
use super::network::{Field, Network};
use super::probes::Probes;
use super::solver::{Solver, SolverKind};
use crate::space::{Space, base, wrap_angles};

/// Events that are integrated together.
const BATCH: usize = 512;

/// Events by which the calls are found that the solver `multistep` needs.
const FIRST_EVENTS: usize = 256;

/// Times that events which did not come out finite are drawn anew.
const REDRAWS: u64 = 8;

/// Everything of a flow but its parameters.
pub(crate) struct Flow {
    pub space: Box<dyn Space>,
    pub network: Box<dyn Network>,
    pub config: FlowConfig,
}

pub(crate) struct FlowMember {
    pub flow: Arc<Flow>,
    pub layout: Layout,
    pub parameters: Vec<f32>,
    /// The solver of samples, once it is known: where the settings say `multistep`, the first events tell how many calls they need.
    solver: OnceLock<Solver>,
}

impl FlowMember {
    pub fn new(flow: Arc<Flow>, layout: Layout, parameters: Vec<f32>) -> Self {
        FlowMember { flow, layout, parameters, solver: OnceLock::new() }
    }

    /// The solver of samples.
    fn solver(&self, field: &mut Field) -> Result<Solver> {
        let Flow { space, config, .. } = &*self.flow;
        if config.solver != SolverKind::Multistep {
            return Ok(config.solver());
        }
        if let Some(solver) = self.solver.get() {
            return Ok(*solver);
        }
        let mut start = base(&**space, FIRST_EVENTS, &mut Seed::new(0).split("multistep").stream());
        give(&**space, space.some_conditions(), &mut start);
        let mut velocity = inside(&**space, &start, field);
        let starts = (&start[..], space.dimension());
        // A flow that no such number serves changes quickly somewhere, which steps of its own are made for.
        let solver = match enough_calls((1.0, 0.0), config.tolerance, starts, &mut velocity)? {
            Some(calls) => Solver::Multistep { calls },
            None => config.solver(),
        };
        // Threads that ask at the same time find the same.
        Ok(*self.solver.get_or_init(|| solver))
    }

    /// Coordinates of `n` events at time 0, from the base, with these conditions, one event after the other.
    fn generate(
        &self,
        field: &mut Field,
        solver: Solver,
        (n, conditions): (usize, &[f64]),
        stream: &mut Stream,
    ) -> Result<Vec<f64>> {
        let space = &*self.flow.space;
        // Steps that all events of a batch decide over would make an event depend on how many are wanted.
        let drawn = if matches!(solver, Solver::Adaptive { .. }) { n.max(BATCH) } else { n };
        let mut x = base(space, drawn, stream);
        give(space, conditions, &mut x);
        let velocity = inside(space, &x, field);
        solver.solve((1.0, 0.0), &mut x, velocity)?;
        x.truncate(n * space.dimension());
        wrap_angles(space, &mut x);
        Ok(x)
    }

    /// What is given of these rows of `out`, in coordinates, one event after the other.
    fn conditions(&self, out: &ArrayViewMut2<'_, f64>, rows: &[usize]) -> Result<Vec<f64>> {
        let (coordinates, given) = (self.flow.space.coordinates(), self.flow.space.given());
        let mut conditions = vec![0.0; rows.len() * given];
        for (x, &row) in conditions.chunks_exact_mut(given.max(1)).zip(rows) {
            let event = out.row(row).to_vec();
            if !coordinates.conditions(&event, x) {
                return Err(Error::data(format!(
                    "expected finite numbers in the given columns of an event, found {event:?}"
                )));
            }
        }
        Ok(conditions)
    }

    /// Events of the rows `out`; those that are not finite are drawn anew.
    fn fill(&self, field: &mut Field, seed: Seed, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let d = out.ncols();
        let mut missing: Vec<usize> = (0..out.nrows()).collect();
        let mut event = vec![0.0; d];
        let solver = self.solver(field)?;
        for attempt in 0..REDRAWS {
            let conditions = self.conditions(&out, &missing)?;
            let wanted = (missing.len(), &conditions[..]);
            let x = self.generate(field, solver, wanted, &mut seed.index(attempt).stream())?;
            let mut again = Vec::new();
            for (x, &row) in x.chunks_exact(d).zip(&missing) {
                // With its given columns, which stay.
                event.iter_mut().zip(out.row(row)).for_each(|(e, o)| *e = *o);
                self.flow.space.coordinates().inverse(x, &mut event);
                if event.iter().all(|e| e.is_finite()) {
                    out.row_mut(row).iter_mut().zip(&event).for_each(|(o, e)| *o = *e);
                } else {
                    again.push(row);
                }
            }
            if again.is_empty() {
                return Ok(());
            }
            missing = again;
        }
        Err(Error::numeric(format!(
            "the flow gives no finite event: {} of a batch were drawn {REDRAWS} times",
            missing.len()
        )))
    }
}

/// Writes conditions, again and again if they are fewer, to the given coordinates of events.
fn give(space: &dyn Space, conditions: &[f64], x: &mut [f64]) {
    let given = space.given();
    if given > 0 {
        let events = x.chunks_exact_mut(space.dimension());
        events.zip(conditions.chunks_exact(given).cycle()).for_each(|(x, c)| x[..given].copy_from_slice(c));
    }
}

/// The velocities of events like these, whose angles are wrapped before the network sees them, and whose given coordinates stay.
fn inside<'a>(
    space: &'a dyn Space,
    like: &[f64],
    field: &'a mut Field,
) -> impl FnMut(f64, &[f64], &mut [f64]) -> Result<()> + use<'a> {
    let mut wrapped = like.to_vec();
    move |t, x, v| {
        wrapped.copy_from_slice(x);
        wrap_angles(space, &mut wrapped);
        field(t, &wrapped, v)?;
        let given = space.given();
        v.chunks_exact_mut(space.dimension()).for_each(|v| v[..given].fill(0.0));
        Ok(())
    }
}

impl Member for FlowMember {
    fn sample(&self, chunk: Chunk, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let mut field = self.flow.network.field((&self.layout, &self.parameters))?;
        let batches = out.axis_chunks_iter_mut(ndarray::Axis(0), BATCH);
        for (batch, out) in batches.enumerate() {
            self.fill(&mut field, chunk.seed.index(batch as u64), out)?;
        }
        Ok(())
    }

    /// log p(x_0) = log p_base(x_1) + the integral of the divergence from t = 0 to 1, and log|dx/d(event)|.
    fn log_density(&self, events: ArrayView2<'_, f64>, seed: Seed, out: &mut [f64]) -> Result<()> {
        let (space, config) = (&*self.flow.space, &self.flow.config);
        if space.given() > 0 {
            return Err(Error::unsupported("a conditional generator has no density of whole events"));
        }
        let mut field = self.flow.network.divergence((&self.layout, &self.parameters))?;
        let d = events.ncols();
        for (batch, out) in out.chunks_mut(BATCH).enumerate() {
            let first = batch * BATCH;
            // The events in the domain, with log|dx/d(event)|; then their coordinates, and a log density each.
            let mut inside = Vec::new();
            let mut state = Vec::new();
            let mut x = vec![0.0; d];
            for (i, out) in out.iter_mut().enumerate() {
                *out = f64::NEG_INFINITY;
                if let Some(log_jacobian) =
                    space.coordinates().forward(&events.row(first + i).to_vec(), &mut x)
                {
                    inside.push((i, log_jacobian));
                    state.extend_from_slice(&x);
                }
            }
            let n = inside.len();
            if n == 0 {
                continue;
            }
            state.resize(n * (d + 1), 0.0);
            let mut stream = seed.index(batch as u64).stream();
            let mut wrapped = vec![0.0; n * d];
            config.solver().solve((0.0, 1.0), &mut state, |t, state, slope| {
                wrapped.copy_from_slice(&state[..n * d]);
                wrap_angles(space, &mut wrapped);
                let probes = match config.divergence {
                    Divergence::Exact => Probes::Units(d),
                    Divergence::Hutchinson => Probes::random(config.probes as usize, n * d, &mut stream),
                };
                let (velocity, divergences) = slope.split_at_mut(n * d);
                divergences.fill(0.0);
                field(t, &wrapped, &probes, (velocity, divergences))?;
                divergences.iter_mut().for_each(|sum| *sum = probes.divergence(*sum));
                Ok(())
            })?;
            let (x, traces) = state.split_at_mut(n * d);
            wrap_angles(space, x);
            for (((i, log_jacobian), x), trace) in inside.into_iter().zip(x.chunks_exact(d)).zip(traces) {
                out[i] = space.base_log_density(x) + *trace + log_jacobian;
                if out[i].is_nan() || out[i] == f64::INFINITY {
                    return Err(Error::numeric(format!(
                        "the log density of event {} is {}: the flow took it to {x:?} in its base; more `steps` may help",
                        first + i,
                        out[i]
                    )));
                }
            }
        }
        Ok(())
    }
}
