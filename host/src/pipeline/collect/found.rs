//! One cell on one training set: Eq. 3 solved, and what stands beside the solution.

use amplicast_sdk::ndarray::s;
use amplicast_sdk::{Comparison, Curves, Deviation, Error, MembersData, Result};

use super::against_truth::errors_of_truth;
use super::covering::{variance_only, with_bias};
use super::points::{curve_points, null_points, only_value};
use crate::config::ReferenceName;
use crate::estimate::estimate;
use crate::inspection::Footing;
use crate::pipeline::curves::{Assembled, MemberCurve, RowCurves, Truth, mean_count};
use crate::pipeline::plan::{Place, PlannedCell, Question};
use crate::results::{CellReplica, CellRows, NullPoint, TrueDeviation, Without};

/// What was found in one cell on one training set.
pub struct Found {
    /// The numbers of the members, if they are there.
    pub rows: Option<CellRows>,
    /// What the reader should know.
    pub warnings: Vec<String>,
    /// The result, its null law not numbered yet.
    pub outcome: Result<(CellReplica, Vec<NullPoint>)>,
}

impl Found {
    /// Looks at one cell on one training set. Cells know nothing of each other.
    pub fn of(set: u64, cell: &PlannedCell, truth: &Truth, row: &RowCurves) -> Self {
        let nothing = Err(Error::plugin("the cell was not looked at"));
        let mut found = Found { rows: None, warnings: Vec::new(), outcome: nothing };
        found.outcome = found.of_cell(set, cell, truth, row);
        found
    }

    fn of_cell(
        &mut self,
        set: u64,
        cell: &PlannedCell,
        truth: &Truth,
        row: &RowCurves,
    ) -> Result<(CellReplica, Vec<NullPoint>)> {
        let column = Question::from(cell);
        // Without a reference it is the members' spread that speaks.
        let averaging = cell.reference.is_none();
        if let Some(reason) = row.findings.dependent(cell.summary).filter(|_| averaging) {
            return Err(Error::data(reason.clone()));
        }
        if let Some(reason) = row.ordered.get(&(cell.summary, cell.selection)) {
            return Err(Error::data(reason.clone()));
        }
        let missing = || Error::plugin("the cell was not computed");
        let columns = &row.columns;
        let prepared = columns.metrics.get(&column).ok_or_else(missing)?.as_ref().map_err(Clone::clone)?;
        let list = row.curves.get(&Place::Metric(column)).ok_or_else(missing)?;
        let list = list.as_ref().map_err(Clone::clone)?;
        let (validation, truth) = (&truth.validation, truth.metrics.get(&column));
        let comparison = &*prepared.comparison;
        let names = comparison.value_names();
        // Fits to all events speak for the generator; what is a spread is that over fits to parts of them.
        let of = |members: &[usize]| {
            let some: Vec<&MemberCurve> = members.iter().map(|i| &list[*i]).collect();
            // Halves that are each other's rest scatter as half as many independent ones.
            let worth = match &row.layout {
                Some(layout) if !layout.pairs.is_empty() && members.len() == 2 * layout.pairs.len() => {
                    layout.pairs.len() as f64 + 1.0
                }
                _ => some.len() as f64,
            };
            Assembled::new(&some, &row.checkpoints, names.len(), row.n_effective.min(worth))
        };
        let speaking = of(&row.speaking);
        let spread = row.layout.as_ref().filter(|layout| averaging && !layout.full.is_empty());
        let data = spread.map_or_else(|| speaking.clone(), |layout| of(&layout.spread()));
        let at = |member: &'_ MemberCurve| row.checkpoints.iter().copied().zip(member.passed.clone());
        self.rows = Some(CellRows {
            name: cell.name.clone(),
            replica: set,
            events: list.iter().flat_map(at).map(|(n_gen, n_passed)| [n_gen, n_passed]).collect(),
            values: list.iter().flat_map(|member| member.values.iter().flatten().copied()).collect(),
            checkpoints: row.checkpoints.len(),
            quantities: names.clone(),
        });
        let curves = data.curves();
        let n_train = mean_count(list, |truth| truth.n_train);
        if n_train == 0 {
            return Err(Error::data("expected training events that pass the selection, found none"));
        }
        // What G is a multiple of.
        let effective = list.iter().map(|member| member.truth.effective).sum::<Option<f64>>();
        let effective = effective.map(|sum| sum / list.len() as f64);
        let size = effective.unwrap_or(n_train as f64);
        let footing = match cell.reference {
            None => row.findings.footing(cell.summary).clone(),
            Some(ReferenceName::Training) => Footing::InSample(IN_SAMPLE.into()),
            Some(_) => Footing::Sound,
        };
        let alone = estimate(comparison, &curves, size, &footing)?;
        let with_bias = match &row.layout {
            Some(layout) if averaging => {
                let source = validation.as_ref().map(|v| v.source.as_str());
                let steps = (set == 0).then(|| source.zip(truth));
                // Rows of members that were fitted here are certain, and so is what repeats them: no bound has to be withheld.
                let certain = cell.uncertainty.is_some();
                let footing = if certain { &Footing::Sound } else { &footing };
                with_bias(comparison, list, layout, size, footing, steps)?
            }
            _ => None,
        };
        let mut demonstrated = None;
        let (estimate, apart, spread_alone, size, part_of_all) = match with_bias {
            Some(found) => {
                demonstrated = found.demonstrated;
                (found.estimate, Some(found.apart), Some(alone), found.n_train, found.part)
            }
            None if averaging && averages(comparison, &curves)? => {
                (variance_only(alone), None, None, size, 1.0)
            }
            None => (alone, None, None, size, 1.0),
        };
        let without = Without {
            training: columns.passed(cell.summary, cell.selection).map_or(0.0, |p| part(p.without, p.events)),
            generated: {
                let (without, passed) = list.iter().fold((0, 0), |(without, passed), curve| {
                    (without + curve.without, passed + curve.passed.last().copied().unwrap_or(0))
                });
                part(without, passed)
            },
        };
        let without = (without.training > 0.0 || without.generated > 0.0).then_some(without);
        if let Some(without) = without {
            self.warnings.push(format!(
                "{} / {}, {}: {:.1} % of the training events and {:.1} % of the generated ones do not have this summary (a particle \
                 that is not there has no direction), and are not counted",
                cell.name.generator,
                cell.name.uncertainty,
                cell.name.summary,
                100.0 * without.training,
                100.0 * without.generated
            ));
        }
        let deviation = match truth {
            Some(t) if t.passed > 0 => comparison.deviation(&speaking.curves(), &t.values, t.passed)?,
            _ => None,
        };
        // Pulls are those of the spread over members: fits to all events have none.
        let deviation = deviation.map(|d| match spread {
            Some(_) => Deviation { pulls: vec![f64::NAN; d.pulls.len()], ..d },
            None => d,
        });
        if let Some(pull) = deviation.as_ref().and_then(|d| largest(&d.pulls))
            && pull > UNCALIBRATED
        {
            let name = &cell.name;
            self.warnings.push(format!(
                "{} / {}, {}, {}: the spread of the members does not cover the deviation from the truth (a region is \
                 {pull:.0} sigma_model away): the estimated G is too large",
                name.generator, name.uncertainty, name.summary, name.metric
            ));
        }
        let same = row.inspected.members_data == Some(MembersData::Same);
        let one_fit = averaging && (same || spread.is_some());
        let true_events = match truth {
            Some(t) if t.passed > 0 => {
                comparison.expectations(&t.values, t.passed)?.map(|found| found.events)
            }
            _ => None,
        };
        let errors = deviation.as_ref().zip(true_events);
        let errors = errors.and_then(|(d, events)| errors_of_truth(d, &speaking.curves(), events));
        let curve = curve_points(comparison, &data, &speaking, truth, one_fit)?;
        let true_value = match truth {
            Some(t) if t.passed > 0 => only_value(comparison, t)?,
            _ => None,
        };
        let law = null_points(comparison, &curves, &estimate)?;
        let found = CellReplica {
            replica: set,
            n_train_passed: match effective {
                Some(_) => (part_of_all * n_train as f64) as u64,
                None => size as u64,
            },
            n_train_effective: effective.map(|_| size),
            n_reference: prepared.n_reference,
            n_effective: curves.n_effective,
            without,
            estimate,
            apart,
            demonstrated,
            spread_alone,
            curve,
            null_law: 0,
            deviation: deviation.map(|d| TrueDeviation {
                true_value,
                posterior_mean: d.posterior_mean,
                single_member: d.single_member,
                null_scale: d.null_scale,
                pulls: d.pulls.into_iter().map(|p| p.is_finite().then_some(p)).collect(),
                errors,
            }),
        };
        Ok((found, law))
    }
}

/// Whether the metric averages expectation values.
fn averages(comparison: &dyn Comparison, curves: &Curves<'_>) -> Result<bool> {
    let Some(last) = curves.checkpoints().checked_sub(1) else { return Ok(false) };
    let values = curves.values.slice(s![0, last, ..]).to_vec();
    Ok(comparison.expectations(&values, curves.passed(0, last))?.is_some())
}

/// Why a comparison with the training events is no evidence.
const IN_SAMPLE: &str =
    "the generator was fitted to the reference: a generator that memorizes it would show an infinite G";

/// What `without` of them is, of all events.
fn part(without: u64, with: u64) -> f64 {
    without as f64 / (without + with).max(1) as f64
}

/// A pull beyond which members are said not to cover the truth: one in 500 for 10 calibrated members, rarer for more.
const UNCALIBRATED: f64 = 4.3;

fn largest(pulls: &[f64]) -> Option<f64> {
    pulls.iter().copied().filter(|p| p.is_finite()).map(f64::abs).max_by(f64::total_cmp)
}
