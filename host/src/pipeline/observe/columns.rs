//! The columns of a view of true events: (summary, selection, metric, reference), made once and shared by cells.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use amplicast_sdk::{Accumulator, Comparison, Error, Reference, ReferenceUse, Result, Values};
use serde_json::Value;

use super::accumulate::{Column, Counter, TrueCounts};
use super::effective::effective_events;
use super::gather::{Gathered, gather};
use super::histogram::{GroupedHistogram, Histogram, WeightedHistogram};
use super::kept::Kept;
use super::observables::{Observables, Observed};
use super::sorted::Sorted;
use super::training_set::TrainingSet;
use crate::config::ReferenceName;
use crate::inspection::{Order, Runs};
use crate::pipeline::events::Counting;
use crate::pipeline::plan::{Place, Question, Setting};
use crate::pipeline::stage::identity::{self, Counted};

/// Bins of the distributions in the report.
const BINS: usize = 50;

/// A comparison with its reference.
pub struct Prepared {
    /// The comparison.
    pub comparison: Box<dyn Comparison>,
    /// Reference events that pass the selection; 0 if the metric uses none.
    pub n_reference: u64,
    /// How many events that count alike all n_train true events that pass are worth to it, if these have weights or belong together.
    pub effective: Option<f64>,
}

/// A distribution of the report.
#[derive(Clone)]
pub struct HistogramColumn {
    /// Number of the summary.
    pub summary: usize,
    /// Number of the selection.
    pub selection: usize,
    /// Edges of its bins.
    pub edges: Vec<f64>,
    /// The median of the training events.
    pub median: f64,
    /// The order in which the training events come.
    pub order: Option<Order>,
    /// Training events in the bins.
    pub training: Vec<f64>,
    /// Of events with weights or groups: the fractions of these in the bins, with their errors.
    pub training_fractions: Vec<[f64; 2]>,
    /// Training events that pass the selection, in the bins and beside them.
    pub training_events: u64,
    /// How true events are counted.
    pub counting: Counting,
}

/// The columns of a view of true events.
#[derive(Default, Clone)]
pub struct Columns {
    /// Those of the metrics.
    pub metrics: BTreeMap<Question, Result<Arc<Prepared>>>,
    /// Those of the report; the report draws the first training set.
    pub histograms: Vec<HistogramColumn>,
    /// True events, of all n_train, by summary and selection.
    pub passed: BTreeMap<(usize, usize), Result<Passed>>,
}

/// True events under a selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// Those that pass and have the summary: the denominator of G.
    pub events: u64,
    /// Those that pass and do not have it.
    pub without: u64,
}

impl Columns {
    /// Prepares these columns; what fails spoils its own columns only.
    ///
    /// Histograms have the edges of those in `like`; without it they follow the training events.
    pub fn prepare(
        setting: &Setting<'_>,
        set: &TrainingSet<'_>,
        observables: Observables<'_>,
        names: &BTreeSet<Question>,
        like: Option<&Columns>,
    ) -> Result<Self> {
        let mut maker = Maker {
            setting,
            set,
            observables,
            training: observables.on(set.events.all()),
            sorted: BTreeMap::new(),
        };
        let references: BTreeSet<Option<ReferenceName>> = names.iter().map(|n| n.reference).collect();
        let mut metrics = BTreeMap::new();
        // One reference after the other: its events are read once, and its summaries are not kept longer than needed.
        for reference in references {
            let names = names.iter().filter(|n| n.reference == reference);
            let values = match reference {
                Some(reference) => maker.reference(reference, names.clone())?,
                None => Gathered::new(),
            };
            for &name in names {
                setting.session.check_stop()?;
                let stage = format!("prepare metric {}", setting.components.metrics[name.metric].name);
                let prepared = setting.session.attempt(&stage, || maker.metric(name, &values));
                metrics.insert(name, prepared.map(Arc::new));
            }
        }
        let mut histograms: Vec<HistogramColumn> = Vec::new();
        // A vector has none.
        let single = |name: &&Question| observables.summaries[name.summary].numbers == 1;
        for name in names.iter().filter(|_| set.number == 0).filter(single) {
            let seen = histograms.iter().any(|h| (h.summary, h.selection) == (name.summary, name.selection));
            // If it fails, so do all cells of this summary and selection, and say why.
            let like = like.and_then(|columns| columns.histogram(name.summary, name.selection));
            if !seen && let Ok(histogram) = maker.histogram(name.summary, name.selection, like) {
                histograms.push(histogram);
            }
        }
        let kinds: BTreeSet<(usize, usize)> = names.iter().map(|n| (n.summary, n.selection)).collect();
        let passed = kinds.into_iter().map(|(m, s)| ((m, s), maker.passed(m, s))).collect();
        Ok(Columns { metrics, histograms, passed })
    }
}

impl Columns {
    /// With other ones beside these.
    pub fn with(mut self, others: Columns) -> Self {
        self.metrics.extend(others.metrics);
        self.histograms.extend(others.histograms);
        self.passed.extend(others.passed);
        self
    }

    /// The comparison of a column.
    pub fn comparison(&self, name: Question) -> Result<&dyn Comparison> {
        Ok(&*self.prepared(name)?.comparison)
    }

    fn prepared(&self, name: Question) -> Result<&Prepared> {
        let missing = || Error::plugin("a column was not prepared");
        self.metrics.get(&name).ok_or_else(missing)?.as_deref().map_err(Clone::clone)
    }

    /// The histogram of a summary under a selection, if there is one.
    pub fn histogram(&self, summary: usize, selection: usize) -> Option<&HistogramColumn> {
        self.histograms.iter().find(|h| (h.summary, h.selection) == (summary, selection))
    }

    /// What is accumulated there.
    pub fn column(&self, place: Place) -> Result<Column<'_>> {
        let (summary, selection, counter) = match place {
            Place::Metric(name) => {
                (name.summary, name.selection, Counter::Metric(&*self.prepared(name)?.comparison))
            }
            Place::Histogram(summary, selection) => {
                let missing = || Error::data("there is nothing to draw");
                let histogram = self.histogram(summary, selection).ok_or_else(missing)?;
                (summary, selection, Counter::Histogram(&histogram.edges, histogram.counting))
            }
            Place::Order(summary, selection) => {
                let missing = || Error::data("there is no order to look at");
                let histogram = self.histogram(summary, selection).ok_or_else(missing)?;
                (summary, selection, Counter::Runs(histogram.median))
            }
        };
        Ok(Column { summary, selection, counter })
    }

    /// What a column's curves depend on, apart from the member; none if it cannot be had.
    pub fn identity(&self, setting: &Setting<'_>, set: &TrainingSet<'_>, place: Place) -> Option<Value> {
        let edges = match place {
            Place::Metric(name) => self.prepared(name).map(|_| None).ok()?,
            Place::Histogram(summary, selection) | Place::Order(summary, selection) => {
                Some(&self.histogram(summary, selection)?.edges[..])
            }
        };
        column_identity(setting, set, place, edges, None)
    }

    /// True events, of all n_train, that pass a selection, with and without a summary.
    pub fn passed(&self, summary: usize, selection: usize) -> Result<Passed> {
        let missing = || Error::plugin("true events were not counted");
        self.passed.get(&(summary, selection)).ok_or_else(missing)?.clone()
    }

    /// The true events behind a column.
    pub fn true_counts(&self, place: Place) -> Result<TrueCounts> {
        let histogram = |summary, selection| {
            self.histogram(summary, selection).ok_or_else(|| Error::plugin("a histogram was not prepared"))
        };
        Ok(match place {
            Place::Metric(name) => TrueCounts {
                n_reference: self.prepared(name)?.n_reference,
                n_train: self.passed(name.summary, name.selection)?.events,
                effective: self.prepared(name)?.effective,
                ..TrueCounts::default()
            },
            Place::Histogram(summary, selection) => {
                let column = histogram(summary, selection)?;
                TrueCounts {
                    n_train: column.training_events,
                    training: column.training.clone(),
                    training_fractions: column.training_fractions.clone(),
                    ..TrueCounts::default()
                }
            }
            Place::Order(summary, selection) => {
                let n_train = histogram(summary, selection)?.training_events;
                TrueCounts { n_train, ..TrueCounts::default() }
            }
        })
    }
}

/// What a column's curves depend on, apart from the member: known without evaluating anything.
///
/// `edges` are those of a histogram, `pooled` the parameters of all members if a summary is fitted to all of them.
pub fn column_identity(
    setting: &Setting<'_>,
    set: &TrainingSet<'_>,
    place: Place,
    edges: Option<&[f64]>,
    pooled: Option<Vec<String>>,
) -> Option<Value> {
    let summaries = &setting.components.summaries;
    let (summary, selection, counted) = match place {
        Place::Metric(name) => {
            let events = |r| set.events.events(r).ok().flatten();
            let reference = name.reference.map(|r| (r, events(r)));
            let metric = &setting.components.metrics[name.metric].identity;
            (name.summary, name.selection, Counted::Metric(metric, reference))
        }
        Place::Histogram(summary, selection) => (summary, selection, Counted::Histogram(edges?)),
        Place::Order(summary, selection) => (summary, selection, Counted::Order),
    };
    let named = |name: &str| summaries.iter().find(|s| s.name == name).map(|s| &s.identity);
    let selection = &setting.experiment.selection[selection];
    let cuts = selection.cuts.iter().filter_map(|cut| Some((named(&cut.summary)?, cut)));
    let cuts = identity::cuts(cuts, selection.thin);
    Some(identity::column(&summaries[summary].identity, cuts, counted, pooled))
}

struct Maker<'a> {
    setting: &'a Setting<'a>,
    set: &'a TrainingSet<'a>,
    observables: Observables<'a>,
    /// The observables of all n_train true events.
    training: Observed<'a, 'a>,
    sorted: BTreeMap<(usize, usize), Sorted>,
}

impl Maker<'_> {
    /// Reads a reference once, for all its columns.
    fn reference<'n>(
        &self,
        reference: ReferenceName,
        names: impl Iterator<Item = &'n Question> + Clone,
    ) -> Result<Gathered> {
        let session = self.setting.session;
        let wanted = names.map(|name| (name.summary, name.selection));
        let stage = format!("read the reference {}", reference.text());
        let first = |summary, selection| self.fitted(summary, selection);
        let (events, observables) = (self.set.events, self.observables);
        let read = session
            .attempt(&stage, || gather(session, events, reference, observables, wanted.clone(), first));
        match read {
            Ok((gathered, _)) => Ok(gathered),
            // That it cannot be read is the failure of its columns.
            Err(error) => {
                session.check_stop()?;
                Ok(wanted.map(|of| (of, Err(error.clone()))).collect())
            }
        }
    }

    fn fitted(&self, summary: usize, selection: usize) -> usize {
        self.observables.fitted(self.set.events, Some(summary), selection)
    }

    /// How many of all n_train true events pass a selection; counted where nothing was fitted.
    fn passed(&self, summary: usize, selection: usize) -> Result<Passed> {
        let (first, n) = (self.observables.fitted(self.set.events, None, selection), self.training.events());
        let of_all = |counted: u64| (counted as f64 * n as f64 / (n - first) as f64).round() as u64;
        let without = self.training.without(summary, selection, first..n)?;
        let passed = self.training.passed(selection, first..n)?;
        Ok(Passed { events: of_all(passed - without), without: of_all(without) })
    }

    /// The sorted summaries of all n_train true events that pass the selection.
    fn sorted_training(&mut self, summary: usize, selection: usize) -> Result<&Sorted> {
        if !self.sorted.contains_key(&(summary, selection)) {
            let range = self.fitted(summary, selection)..self.training.events();
            let sorted = Sorted::new(self.training.kept(summary, selection, range, &mut Kept::default())?)?;
            self.sorted.insert((summary, selection), sorted);
        }
        let sorted = &self.sorted[&(summary, selection)];
        if sorted.events() == 0 {
            let name = &self.setting.experiment.selection[selection].name;
            return Err(Error::data(format!(
                "selection `{name}`: expected training events that pass it, found none"
            )));
        }
        Ok(sorted)
    }

    fn effective(&self, name: Question, comparison: &dyn Comparison) -> Result<Option<f64>> {
        // Their number says it: nothing has to be evaluated.
        if self.set.events.counting() == Counting::Alike {
            return Ok(None);
        }
        effective_events(&self.training, self.fitted(name.summary, name.selection), name, comparison)
    }

    fn metric(&mut self, name: Question, references: &Gathered) -> Result<Prepared> {
        let components = self.setting.components;
        let made = &components.metrics[name.metric];
        let metric = made.component.as_ref().map_err(Clone::clone)?;
        match metric.reference().clone() {
            ReferenceUse::Values => {
                let found = name.reference.zip(references.get(&(name.summary, name.selection)));
                let (reference, values) =
                    found.ok_or_else(|| Error::data("expected a reference, found none"))?;
                let values = values.as_ref().map_err(Clone::clone)?;
                if values.numbers.is_empty() {
                    let name = &self.setting.experiment.selection[name.selection].name;
                    return Err(Error::data(format!(
                        "selection `{name}`: expected events of the reference `{}` that pass it, found none",
                        reference.text()
                    )));
                }
                // Only training events were seen by other parts of a cross-fitted summary than the one that scores them.
                let observable = &self.observables.summaries[name.summary];
                let simulated = observable.simulated.get(&name.metric);
                let simulated = simulated.filter(|_| reference == ReferenceName::Training);
                let simulated = simulated.map(|n| n.as_deref().map_err(Clone::clone)).transpose()?;
                let values = values.values(observable.numbers);
                let comparison = metric.compare(&Reference {
                    simulated: simulated.unwrap_or_default(),
                    weighted: self.set.events.weighted(),
                    grouped: self.set.events.grouped(),
                    ..Reference::sample(values)
                })?;
                let effective = self.effective(name, &*comparison)?;
                Ok(Prepared { comparison, n_reference: values.events() as u64, effective })
            }
            ReferenceUse::Quantiles(probabilities) => {
                let summary = components.summaries[name.summary].component.as_ref().map_err(Clone::clone)?;
                // The true quantile where the dataset knows it; a cut changes the distribution.
                let uncut = self.setting.experiment.selection[name.selection].cuts.is_empty();
                let mut quantiles = Vec::with_capacity(probabilities.len());
                for p in probabilities {
                    let exact = if uncut { self.set.dataset.quantile(summary.label(), p)? } else { None };
                    quantiles.push(match exact {
                        Some(edge) => edge,
                        None => self.sorted_training(name.summary, name.selection)?.quantile(p),
                    });
                }
                let numbers = self.observables.summaries[name.summary].numbers;
                let (weighted, grouped) = (self.set.events.weighted(), self.set.events.grouped());
                let reference = Reference { weighted, grouped, ..Reference::quantiles(numbers, &quantiles) };
                let comparison = metric.compare(&reference)?;
                let effective = self.effective(name, &*comparison)?;
                Ok(Prepared { comparison, n_reference: 0, effective })
            }
        }
    }

    /// The given bins, or equal ones over the bulk of the training events.
    fn histogram(
        &mut self,
        summary: usize,
        selection: usize,
        like: Option<&HistogramColumn>,
    ) -> Result<HistogramColumn> {
        let counting = self.set.events.counting();
        let sorted = self.sorted_training(summary, selection)?;
        let over_the_bulk = || {
            let (mut low, mut high) = (sorted.quantile(0.002), sorted.quantile(0.998));
            if low >= high {
                (low, high) = (low - 0.5, high + 0.5);
            }
            (0..=BINS).map(|k| low + (high - low) * k as f64 / BINS as f64).collect()
        };
        let edges = like.map_or_else(over_the_bulk, |like| like.edges.clone());
        let median = sorted.quantile(0.5);
        let mut runs = Runs::new(median);
        let range = self.fitted(summary, selection)..self.training.events();
        let mut memory = Kept::default();
        let kept = self.training.kept(summary, selection, range, &mut memory)?;
        // Of events that belong together one: they are alike.
        let first: Vec<f64> = kept.together().map(|group| kept.x[[group.start, 0]]).collect();
        runs.update(Values::single(&first))?;
        let order = Runs::order(&runs.values()?);
        let training_events = kept.events() as u64;
        let mut counts = Histogram::new(&edges);
        counts.update(Values::new(kept.x))?;
        let found = match counting {
            Counting::Alike => None,
            Counting::Weighted => {
                let mut histogram = WeightedHistogram::new(&edges);
                histogram.update(kept)?;
                Some(histogram.sums().expectations())
            }
            Counting::Grouped => {
                let mut histogram = GroupedHistogram::new(&edges);
                histogram.update(kept)?;
                Some(histogram.sums().expectations())
            }
        };
        let training_fractions = found.map_or_else(Vec::new, |found| {
            let variances = found.covariance.iter().step_by(found.means.len() + 1);
            let error = |variance: &f64| (variance.max(0.0) / found.events).sqrt();
            found.means.iter().zip(variances).map(|(mean, v)| [*mean, error(v)]).collect()
        });
        Ok(HistogramColumn {
            summary,
            selection,
            edges,
            median,
            order,
            training: counts.values()?,
            training_fractions,
            training_events,
            counting,
        })
    }
}
