//! The streaming pass: events flow in chunks through summaries and cuts into accumulators.
//!
//! One pass serves all checkpoints, summaries and metrics; memory does not depend on the number of events. A stream is
//! cut into blocks of chunks that are processed in any order and merged in theirs, so that results do not depend on the
//! number of threads.

use std::ops::Range;

use amplicast_sdk::ndarray::ArrayViewMut2;
use amplicast_sdk::{Accumulator, Batch, Member, Origin, Result, Seed, chunk_events};
use rayon::prelude::*;

use super::curve::MemberCurve;
use crate::config::ReferenceName;
use crate::inspection::{Glance, Known, Rounding, RowHashes};
use crate::pipeline::events::{Beside, Stream, TrueEvents};
use crate::pipeline::observe::{Column, Kept, Observables, Observed};
use crate::session::Session;

/// Chunks in a block: enough to make merging cheap, few enough to keep threads busy.
const BLOCK_CHUNKS: u64 = 16;

/// Where events come from.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    /// A member, whose events are brought to the precision of true ones; training events are recognized.
    Member {
        /// The member.
        member: &'a dyn Member,
        /// Its randomness.
        seed: Seed,
        /// The precision.
        rounding: &'a Rounding,
        /// The training events.
        known: &'a Known,
    },
    /// A stream of true events.
    True(&'a TrueEvents<'a>, ReferenceName),
}

/// A pass over the events of a source.
pub struct Pass<'a> {
    /// The source.
    pub source: Source<'a>,
    /// Numbers in an event.
    pub dimension: usize,
    /// Sizes at which the accumulators are recorded, increasing.
    pub checkpoints: &'a [u64],
    /// All summaries and selections.
    pub observables: Observables<'a>,
    /// What is accumulated.
    pub columns: &'a [Column<'a>],
}

/// What a pass gives.
pub struct Streamed {
    /// The curves, column by column.
    pub curves: Vec<Result<MemberCurve>>,
    /// A glance at a member's events.
    pub glance: Glance,
}

/// What a block found at one place of the stream, column by column.
enum Piece {
    /// A checkpoint in the first block: the accumulators' values are final.
    Reached(Vec<Result<(Vec<f64>, u64)>>),
    /// What was added since the last place: the accumulators' states and events counted.
    Added {
        /// Whether a checkpoint is here.
        checkpoint: bool,
        columns: Vec<Result<(Vec<f64>, Counted)>>,
    },
}

/// Events under a selection.
#[derive(Debug, Clone, Copy, Default)]
struct Counted {
    /// Those with the summary.
    passed: u64,
    /// Those without it.
    without: u64,
}

/// The accumulators of a block; a column whose summary or metric failed holds the reason and is left alone.
type Running = Vec<RunningColumn>;
type RunningColumn = Result<(Box<dyn Accumulator>, Counted)>;

/// The values of all accumulators.
fn values_of(running: &Running) -> Vec<Result<(Vec<f64>, u64)>> {
    let one = |column: &RunningColumn| {
        let (accumulator, counted) = column.as_ref().map_err(Clone::clone)?;
        Ok((accumulator.values()?, counted.passed))
    };
    running.iter().map(one).collect()
}

/// Takes the states out, and starts afresh.
fn take(running: &mut Running, columns: &[Column<'_>]) -> Vec<Result<(Vec<f64>, Counted)>> {
    let one = |(column, spec): (&mut RunningColumn, &Column<'_>)| {
        let (accumulator, counted) = column.as_mut().map_err(|error| error.clone())?;
        let state = (accumulator.state()?, *counted);
        (*accumulator, *counted) = (spec.accumulator(), Counted::default());
        Ok(state)
    };
    running.iter_mut().zip(columns).map(one).collect()
}

impl Pass<'_> {
    /// Runs the pass; `each` is told after every chunk how many events it had.
    ///
    /// The outer error is the source's; a summary or metric that fails spoils only its own columns.
    pub fn run(&self, session: &Session, each: &(dyn Fn(u64) + Sync)) -> Result<Streamed> {
        let n_gen = self.checkpoints.last().copied().unwrap_or(0);
        let block = BLOCK_CHUNKS * chunk_events(self.dimension) as u64;
        let stage = session.journal.current_stage();
        let blocks: Vec<Result<(Vec<Piece>, Glance)>> = (0..n_gen.div_ceil(block))
            .into_par_iter()
            .map(|b| {
                let range = b * block..((b + 1) * block).min(n_gen);
                session.journal.stage(&stage, || self.block(session, range, each))
            })
            .collect();
        let (mut pieces, mut glance) = (Vec::new(), Glance::default());
        for block in blocks {
            let (more, next) = block?;
            pieces.extend(more);
            glance.append(&next, self.dimension);
        }
        Ok(Streamed { curves: (0..self.columns.len()).map(|c| self.merge(c, &pieces)).collect(), glance })
    }

    /// Merges the pieces of one column in the order of the stream.
    fn merge(&self, column: usize, pieces: &[Piece]) -> Result<MemberCurve> {
        let mut accumulator = self.columns[column].accumulator();
        let mut total = 0;
        let mut curve = MemberCurve::default();
        let mut record = |values: Vec<f64>, passed: u64| {
            curve.values.push(values);
            curve.passed.push(passed);
        };
        let mut without = 0;
        for piece in pieces {
            match piece {
                Piece::Reached(columns) => {
                    let (values, passed) = columns[column].as_ref().map_err(Clone::clone)?;
                    record(values.clone(), *passed);
                }
                Piece::Added { checkpoint, columns } => {
                    let (state, counted) = columns[column].as_ref().map_err(Clone::clone)?;
                    accumulator.merge(state)?;
                    total += counted.passed;
                    without += counted.without;
                    if *checkpoint {
                        record(accumulator.values()?, total);
                    }
                }
            }
        }
        curve.without = without;
        Ok(curve)
    }

    fn block(
        &self,
        session: &Session,
        events: Range<u64>,
        each: &(dyn Fn(u64) + Sync),
    ) -> Result<(Vec<Piece>, Glance)> {
        let mut running: Running =
            self.columns.iter().map(|c| Ok((c.accumulator(), Counted::default()))).collect();
        let mut pieces = Vec::new();
        let in_first_block = events.start == 0;
        let (mut glance, mut hashes) = (Glance::default(), RowHashes::default());
        let mut feed = |batch: &Batch<'_>| {
            if let Source::Member { known, .. } = self.source {
                glance.add(batch.values, known, &mut hashes);
            }
            let observed = self.observables.on(*batch);
            self.chunk(batch.rows[0], &observed, in_first_block, &mut running, &mut pieces);
            each(batch.rows.len() as u64);
            session.check_stop()
        };
        match self.source {
            Source::True(true_events, reference) => true_events.stream_part(reference, events, &mut feed)?,
            Source::Member { member, seed, rounding, .. } => {
                let stream = Stream { dimension: self.dimension, seed, origin: Origin::Generated, rounding };
                let with_density = self.with_density();
                // That the numbers are finite is checked where they cross the boundary.
                let sample = |chunk, out: ArrayViewMut2<'_, f64>| {
                    if !with_density {
                        return member.sample(chunk, out).map(|()| Beside::default());
                    }
                    let mut log_density = vec![0.0; out.nrows()];
                    member.sample_with_log_density(chunk, out, &mut log_density)?;
                    Ok(Beside { log_density: Some(log_density), ..Beside::default() })
                };
                session.check_stop()?;
                stream.read(events, sample, &mut feed)?;
            }
        }
        pieces.push(Piece::Added { checkpoint: false, columns: take(&mut running, self.columns) });
        Ok((pieces, glance))
    }

    /// Whether a summary that is used is a function of the member's density.
    fn with_density(&self) -> bool {
        let used = |summary: usize| {
            let cuts =
                |c: &Column<'_>| self.observables.cuts[c.selection].as_ref().is_ok_and(|s| s.uses(summary));
            self.columns.iter().any(|c| c.summary == summary || cuts(c))
        };
        let mut summaries = self.observables.summaries.iter().enumerate();
        summaries.any(|(i, summary)| summary.needs.log_density && used(i))
    }

    /// Feeds the chunk whose first event has number `first` to the accumulators, cut at the checkpoints that lie in it.
    fn chunk(
        &self,
        first: u64,
        observed: &Observed<'_, '_>,
        in_first_block: bool,
        running: &mut Running,
        pieces: &mut Vec<Piece>,
    ) {
        let length = observed.events();
        let inside = |&&n: &&u64| n > first && n <= first + length as u64;
        let ends = self.checkpoints.iter().filter(inside).map(|n| (n - first) as usize);
        let mut memory = Kept::default();
        let mut start = 0;
        for (end, checkpoint) in ends.map(|e| (e, true)).chain([(length, false)]) {
            for (spec, column) in self.columns.iter().zip(running.iter_mut()) {
                let Ok((accumulator, counted)) = column else { continue };
                let mut update = || -> Result<()> {
                    let kept = observed.kept(spec.summary, spec.selection, start..end, &mut memory)?;
                    counted.passed += kept.events() as u64;
                    counted.without += observed.without(spec.summary, spec.selection, start..end)?;
                    accumulator.update(kept)
                };
                if let Err(error) = update() {
                    *column = Err(error);
                }
            }
            if checkpoint {
                // Most checkpoints lie in the first block, where no state has to be handed on to be merged.
                pieces.push(if in_first_block {
                    Piece::Reached(values_of(running))
                } else {
                    Piece::Added { checkpoint: true, columns: take(running, self.columns) }
                });
            }
            start = end;
        }
    }
}

/// Checkpoints evenly spaced in log n from 100 (or less) to `n_gen`.
pub fn checkpoints(n_gen: u64, count: usize) -> Vec<u64> {
    let first = 100.min(n_gen) as f64;
    let mut list: Vec<u64> = (0..count)
        .map(|k| {
            let part = if count == 1 { 1.0 } else { k as f64 / (count - 1) as f64 };
            (first * (n_gen as f64 / first).powf(part)).round() as u64
        })
        .collect();
    if let Some(last) = list.last_mut() {
        *last = n_gen;
    }
    list.dedup();
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_rise_to_n_gen() {
        assert_eq!(checkpoints(1_000_000, 5), vec![100, 1000, 10_000, 100_000, 1_000_000]);
        assert_eq!(checkpoints(50, 20), vec![50]);
        assert_eq!(checkpoints(12_345, 1), vec![12_345]);
        let many = checkpoints(300, 100);
        assert!(many.windows(2).all(|w| w[0] < w[1]) && many.last() == Some(&300));
    }
}
