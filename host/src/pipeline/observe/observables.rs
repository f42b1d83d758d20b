//! The summaries and selections of one training set, evaluated on a batch: each at most once, and only when asked for.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use amplicast_sdk::{Batch, Density, Error, FitNeeds, Member, Result, Seed, Summary, SummaryNeeds, Values};

use super::cuts::{Cuts, Thinned};
use super::gradient::gradient;
use super::kept::{Kept, events_of};
use crate::pipeline::events::TrueEvents;

/// A summary that is ready to be evaluated, or the reason why it cannot be.
#[derive(Clone)]
pub struct Observable {
    /// The function.
    pub summary: Result<Arc<dyn Summary>>,
    /// What it is a function of, besides the event.
    pub needs: SummaryNeeds,
    /// What it is fitted to, if it is.
    pub fit: Option<FitNeeds>,
    /// Numbers of an event.
    pub numbers: usize,
    /// What metrics made of pseudo-experiments, where the summaries of training events are not independent.
    pub simulated: Simulated,
}

/// What each metric, by its number, made of pseudo-experiments.
pub type Simulated = BTreeMap<usize, Result<Arc<[f64]>>>;

impl Observable {
    /// A summary of so many numbers that is not fitted.
    pub fn fixed(summary: Result<Arc<dyn Summary>>, needs: SummaryNeeds, numbers: usize) -> Self {
        Observable { summary, needs, fit: None, numbers, simulated: Simulated::new() }
    }
}

/// All summaries and selections of one training set, by their numbers; one that cannot be used holds the reason.
#[derive(Clone, Copy)]
pub struct Observables<'a> {
    /// The summaries.
    pub summaries: &'a [Observable],
    /// The selections, their quantiles resolved.
    pub cuts: &'a [Result<Cuts>],
    /// The density of the truth, where it is known.
    pub truth: Option<&'a dyn Density>,
    /// The member that the densities are of, and the seed of their noise; none before there are members.
    pub member: Option<(&'a dyn Member, Seed)>,
}

impl Observables<'_> {
    /// How many of the first training events a summary must not be evaluated on, since it, or what is cut on, was fitted
    /// to them.
    pub fn fitted(&self, events: &TrueEvents<'_>, summary: Option<usize>, selection: usize) -> usize {
        let cuts = self.cuts[selection].as_ref().map_or(&[][..], |cuts| &cuts.cuts);
        let used = cuts.iter().map(|cut| cut.summary).chain(summary);
        let fitted = |s: usize| self.summaries[s].fit.map_or(0, |needs| events.fitted(&needs));
        used.map(fitted).max().unwrap_or(0)
    }
}

impl<'a> Observables<'a> {
    /// The observables of the events of a batch.
    pub fn on<'b>(&self, batch: Batch<'b>) -> Observed<'a, 'b> {
        Observed {
            observables: *self,
            batch,
            values: self.summaries.iter().map(|_| OnceCell::new()).collect(),
            defined: self.summaries.iter().map(|_| OnceCell::new()).collect(),
            masks: self.cuts.iter().map(|_| OnceCell::new()).collect(),
            log_density: OnceCell::new(),
            true_log_density: OnceCell::new(),
            true_gradient: OnceCell::new(),
        }
    }
}

/// The observables of one batch, so far as they were asked for.
pub struct Observed<'a, 'b> {
    observables: Observables<'a>,
    batch: Batch<'b>,
    values: Vec<OnceCell<Result<Vec<f64>>>>,
    /// `None` where every event has the summary.
    defined: Vec<OnceCell<Result<Option<Vec<bool>>>>>,
    /// `None` where every event passes.
    masks: Vec<OnceCell<Result<Option<Vec<bool>>>>>,
    log_density: OnceCell<Result<Vec<f64>>>,
    true_log_density: OnceCell<Result<Vec<f64>>>,
    true_gradient: OnceCell<Result<Vec<f64>>>,
}

impl Observed<'_, '_> {
    /// Events in the batch.
    pub fn events(&self) -> usize {
        self.batch.values.nrows()
    }

    /// A summary of all events, whether they have it or not, one event after the other; that it is finite is checked where it
    /// crosses the boundary.
    pub fn values(&self, summary: usize) -> Result<&[f64]> {
        let evaluate = || {
            let (function, batch) = self.call(summary)?;
            let mut values = vec![0.0; self.numbers(summary) * self.events()];
            function.evaluate(&batch, &mut values)?;
            Ok(values)
        };
        self.values[summary].get_or_init(evaluate).as_deref().map_err(Clone::clone)
    }

    /// Numbers that an event has of a summary.
    pub fn numbers(&self, summary: usize) -> usize {
        self.observables.summaries[summary].numbers
    }

    /// Which events have a summary; `None` if all have.
    pub fn defined(&self, summary: usize) -> Result<Option<&[bool]>> {
        let evaluate = || {
            let (function, batch) = self.call(summary)?;
            function.defined(&batch)
        };
        self.defined[summary].get_or_init(evaluate).as_ref().map(Option::as_deref).map_err(Clone::clone)
    }

    /// A summary, and the batch with what it is a function of.
    fn call(&self, summary: usize) -> Result<(&dyn Summary, Batch<'_>)> {
        let Observable { summary, needs, .. } = &self.observables.summaries[summary];
        let function = summary.as_ref().map_err(Clone::clone)?;
        let batch = Batch {
            log_density: needs.log_density.then(|| self.log_density()).transpose()?,
            true_log_density: needs.true_log_density.then(|| self.true_log_density()).transpose()?,
            true_gradient: needs.true_gradient.then(|| self.true_gradient()).transpose()?,
            ..self.batch
        };
        Ok((&**function, batch))
    }

    /// log p under the member: known since the events were drawn, or computed.
    fn log_density(&self) -> Result<&[f64]> {
        if let Some(known) = self.batch.log_density {
            return Ok(known);
        }
        let evaluate = || {
            let (member, seed) = self
                .observables
                .member
                .ok_or_else(|| Error::data("expected a member with a density, found none"))?;
            let mut out = vec![0.0; self.events()];
            let seed = seed
                .split(&format!("{:?}", self.batch.origin))
                .index(self.batch.rows.first().copied().unwrap_or(0));
            member.log_density(self.batch.values, seed, &mut out)?;
            Ok(out)
        };
        self.log_density.get_or_init(evaluate).as_deref().map_err(Clone::clone)
    }

    /// log p under the truth.
    fn true_log_density(&self) -> Result<&[f64]> {
        let evaluate = || {
            let mut out = vec![0.0; self.events()];
            self.truth()?.log_density(self.batch.values, &mut out)?;
            Ok(out)
        };
        self.true_log_density.get_or_init(evaluate).as_deref().map_err(Clone::clone)
    }

    /// The gradient of that.
    fn true_gradient(&self) -> Result<&[f64]> {
        let evaluate = || gradient(self.truth()?, self.batch.values);
        self.true_gradient.get_or_init(evaluate).as_deref().map_err(Clone::clone)
    }

    fn truth(&self) -> Result<&dyn Density> {
        self.observables.truth.ok_or_else(|| Error::data("expected the density of the truth, found none"))
    }

    /// Which events pass a selection; `None` if it keeps all.
    fn mask(&self, selection: usize) -> Result<Option<&[bool]>> {
        let evaluate = || {
            let cuts = self.observables.cuts[selection].as_ref().map_err(Clone::clone)?;
            let mut mask = cuts.thin.map(|part| {
                let thinned = Thinned::new(part, self.batch.origin);
                self.batch.rows.iter().map(|row| thinned.keeps(*row)).collect::<Vec<bool>>()
            });
            for cut in &cuts.cuts {
                let values = self.values(cut.summary)?;
                let mask = mask.get_or_insert_with(|| vec![true; values.len()]);
                mask.iter_mut().zip(values).for_each(|(pass, &x)| *pass &= x >= cut.low && x < cut.high);
                if let Some(defined) = self.defined(cut.summary)? {
                    mask.iter_mut().zip(defined).for_each(|(pass, has)| *pass &= has);
                }
            }
            Ok(mask)
        };
        self.masks[selection].get_or_init(evaluate).as_ref().map(Option::as_deref).map_err(Clone::clone)
    }

    /// How many of the events in `range` pass a selection.
    pub fn passed(&self, selection: usize, range: Range<usize>) -> Result<u64> {
        Ok(self.mask(selection)?.map_or(range.len(), |mask| count(&mask[range])) as u64)
    }

    /// How many of the events in `range` that pass a selection do not have a summary.
    pub fn without(&self, summary: usize, selection: usize, range: Range<usize>) -> Result<u64> {
        let Some(defined) = self.defined(summary)? else { return Ok(0) };
        let defined = &defined[range.clone()];
        Ok(match self.mask(selection)? {
            None => defined.len() - count(defined),
            Some(mask) => mask[range].iter().zip(defined).filter(|(pass, has)| **pass && !**has).count(),
        } as u64)
    }

    /// A summary of those events in `range` that have it and pass a selection; `kept` is memory for them.
    pub fn kept<'k>(
        &'k self,
        summary: usize,
        selection: usize,
        range: Range<usize>,
        kept: &'k mut Kept,
    ) -> Result<Values<'k>> {
        let numbers = self.numbers(summary);
        let values = &self.values(summary)?[numbers * range.start..numbers * range.end];
        let weights = self.batch.weights.map(|weights| &weights[range.clone()]);
        let groups = self.batch.groups.map(|groups| &groups[range.clone()]);
        let (mask, defined) = (self.mask(selection)?, self.defined(summary)?);
        if mask.is_none() && defined.is_none() {
            return Ok(Values { w: weights, g: groups, ..events_of(values, numbers) });
        }
        let of_range = |mask: Option<&'k [bool]>| mask.map(|mask| &mask[range.clone()]);
        let masks = [mask, defined].map(of_range);
        kept.numbers.clear();
        keep(values, numbers, masks, &mut kept.numbers);
        keep_beside(weights, masks, &mut kept.weights);
        keep_beside(groups, masks, &mut kept.groups);
        Ok(kept.values(numbers))
    }

    /// A summary of those of these events, in this order, that have it and pass a selection; an event may come several times.
    pub fn picked(
        &self,
        summary: usize,
        selection: usize,
        events: impl Iterator<Item = usize>,
    ) -> Result<Kept> {
        let mask = self.mask(selection)?;
        self.those(summary, events.filter(|event| mask.is_none_or(|mask| mask[*event])))
    }

    /// A summary of all those of these events that have it.
    pub fn all(&self, summary: usize, events: Range<usize>) -> Result<Kept> {
        self.those(summary, events)
    }

    fn those(&self, summary: usize, events: impl Iterator<Item = usize>) -> Result<Kept> {
        let numbers = self.numbers(summary);
        let (values, defined) = (self.values(summary)?, self.defined(summary)?);
        let mut picked = Kept {
            numbers: Vec::new(),
            weights: self.batch.weights.map(|_| Vec::new()),
            groups: self.batch.groups.map(|_| Vec::new()),
        };
        for event in events.filter(|event| defined.is_none_or(|defined| defined[*event])) {
            picked.numbers.extend_from_slice(&values[numbers * event..numbers * (event + 1)]);
            if let Some((weights, all)) = picked.weights.as_mut().zip(self.batch.weights) {
                weights.push(all[event]);
            }
            if let Some((groups, all)) = picked.groups.as_mut().zip(self.batch.groups) {
                groups.push(all[event]);
            }
        }
        Ok(picked)
    }
}

/// What stands beside those events that pass all masks, if something does.
fn keep_beside<T: Copy>(list: Option<&[T]>, masks: [Option<&[bool]>; 2], kept: &mut Option<Vec<T>>) {
    match list {
        None => *kept = None,
        Some(list) => {
            let kept = kept.get_or_insert_default();
            kept.clear();
            keep(list, 1, masks, kept);
        }
    }
}

/// Appends the numbers of those events that pass all masks.
fn keep<T: Copy>(values: &[T], numbers: usize, masks: [Option<&[bool]>; 2], kept: &mut Vec<T>) {
    match masks {
        [None, None] => kept.extend_from_slice(values),
        [Some(mask), None] | [None, Some(mask)] => keep_if(values, numbers, mask.iter().copied(), kept),
        [Some(one), Some(other)] => {
            keep_if(values, numbers, one.iter().zip(other).map(|(one, other)| *one && *other), kept);
        }
    }
}

fn keep_if<T: Copy>(values: &[T], numbers: usize, passes: impl Iterator<Item = bool>, kept: &mut Vec<T>) {
    if numbers == 1 {
        // The usual case, without a slice for each event.
        kept.extend(values.iter().zip(passes).filter(|(_, pass)| *pass).map(|(&x, _)| x));
        return;
    }
    let events = values.chunks_exact(numbers).zip(passes).filter(|(_, pass)| *pass);
    events.for_each(|(event, _)| kept.extend_from_slice(event));
}

fn count(mask: &[bool]) -> usize {
    mask.iter().filter(|pass| **pass).count()
}

#[cfg(test)]
mod tests;
