//! What was found in the members' events, and what follows for a verdict.

use std::collections::BTreeMap;

use amplicast_sdk::MembersData;
use amplicast_sdk::ndarray::ArrayView2;

use super::copies::{Copies, copies};
use super::dependence::{Dependence, correlated, dependence};
use super::given::Asked;
use super::glance::Glance;
use super::member::{member, next_to_holdout, repetition};
use super::true_sample::{TrueSample, TrueSummary};

/// What an estimate stands on.
#[derive(Debug, Clone, PartialEq)]
pub enum Footing {
    /// Events and members are what the estimate takes them for.
    Sound,
    /// The reference is the training set: what is estimated is shown, and no evidence, for this reason.
    InSample(String),
    /// The members share their training events: a number is shown, and no evidence; a bound is withheld, for this reason.
    Shared(String),
    /// A spread is what it is, but that there is none bounds nothing, for this reason.
    NoBound {
        /// Whether it is because the training events speak for themselves.
        in_sample: bool,
        /// The reason.
        reason: String,
    },
}

/// What follows for the cells of a generator and a posterior.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// Why none of them may have a result.
    pub refused: Option<String>,
    /// Why those may not that need independent members.
    pub dependent: Option<String>,
    /// What those stand on.
    pub footing: Footing,
    /// The same of single summaries, where more is to be said.
    pub of_summary: BTreeMap<usize, OfSummary>,
    /// How much of the training set is in the generated events.
    pub copies: Copies,
    /// What the reader should know.
    pub warnings: Vec<String>,
    /// What was asked of them.
    asked: Asked,
}

/// What follows for the cells of one summary.
#[derive(Debug, Clone, PartialEq)]
pub struct OfSummary {
    /// Why those may not have a result that need independent members.
    pub dependent: Option<String>,
    /// What those stand on.
    pub footing: Footing,
}

/// Part of the generated events that lie within the training events' range, at least, of any generator that has learned something.
const LEAST_INSIDE: f64 = 0.05;

impl Findings {
    /// Looks at all members of a generator and a posterior, fitted to `data` if that is known; of the columns with these names the `given`
    /// ones were not generated; `place` names a member.
    pub fn new(
        glances: &[Glance],
        truth: &TrueSample,
        data: Option<MembersData>,
        (columns, given): (&[String], &[usize]),
        place: impl Fn(usize) -> String,
    ) -> Self {
        let dimension = columns.len();
        let refused = glances.iter().enumerate().find_map(|(i, glance)| member(glance, truth, &place(i)));
        let asked = Asked::of(glances, dimension, given);
        let near = || next_to_holdout(glances, truth, dimension, &place).filter(|_| asked.near);
        let refused = refused.or_else(near);
        let dependence = dependence(glances, &truth.known, dimension, asked.equal);
        let text = dependence.as_ref().map(|d| d.text(&place, columns));
        let same = matches!(dependence, Some(Dependence::Same { .. }));
        let refused = refused.or_else(|| text.clone().filter(|_| same));
        let dependent = text.filter(|_| !same);
        let copies = copies(glances, truth, dimension, asked);
        let mut warnings: Vec<String> = Vec::new();
        warnings.extend(dependent.clone());
        if let Some(text) = copies.text() {
            warnings.push(format!("{text}: the generator repeats what it was trained on"));
        }
        if asked.equal {
            warnings.extend(repetition(glances, &copies, &place));
        }
        let footing = footing(data, copies.text());
        Findings { refused, dependent, footing, of_summary: BTreeMap::new(), copies, warnings, asked }
    }

    /// Looks at a summary of the members' first events as well: what is in no column may be in a function of several.
    pub fn look_at(&mut self, summary: &TrueSummary, members: &[Vec<f32>], data: Option<MembersData>) {
        let TrueSummary { name, range: [low, high], neighbors, of_true, .. } = summary;
        let all = members.iter().flatten().count();
        let inside = members.iter().flatten().filter(|x| (*low..=*high).contains(&f64::from(**x))).count();
        if (inside as f64) < LEAST_INSIDE * all as f64 {
            self.warnings.push(format!(
                "{:.1} % of the generated events have a `{name}` within that of the training events, {low:.4} to {high:.4}: other units, \
                 or another order of columns?",
                100.0 * inside as f64 / all.max(1) as f64
            ));
        }
        let mut dependent = None;
        if self.dependent.is_none()
            && let Some(found) = correlated(members, 1)
        {
            let correlation = found.correlation;
            dependent = Some(format!(
                "event k of one member goes with event k of another: a rank correlation of {correlation:.2} in `{name}`; their spread is \
                 too small: expected members drawn with a seed of their own each"
            ));
        }
        let mut copied = None;
        if self.asked.near && self.copies.text().is_none() {
            let each = neighbors.affordable().div_ceil(members.len().max(1));
            let values: Vec<f64> =
                members.iter().flat_map(|m| m.iter().take(each)).map(|&x| f64::from(x)).collect();
            let values = ArrayView2::from_shape((values.len(), 1), &values).expect("a column");
            let nearer = neighbors.nearer(values, of_true);
            copied = Copies { nearer, ..Copies::default() }.text().map(|text| format!("in `{name}`, {text}"));
        }
        if let Some(text) = &copied {
            self.warnings.push(format!("{text}: the generator repeats what it was trained on"));
        }
        self.warnings.extend(dependent.clone());
        if dependent.is_some() || copied.is_some() {
            let footing = if copied.is_some() { footing(data, copied) } else { self.footing.clone() };
            self.of_summary.insert(summary.summary, OfSummary { dependent, footing });
        }
    }

    /// Why a cell of this summary has no result if it needs independent members.
    pub fn dependent(&self, summary: usize) -> Option<&String> {
        self.dependent.as_ref().or_else(|| self.of_summary.get(&summary)?.dependent.as_ref())
    }

    /// What a cell of this summary stands on.
    pub fn footing(&self, summary: usize) -> &Footing {
        self.of_summary.get(&summary).map_or(&self.footing, |own| &own.footing)
    }
}

fn footing(data: Option<MembersData>, copied: Option<String>) -> Footing {
    match (data, copied) {
        // Each member shows the fluctuation of its own training events, copies or not.
        (Some(MembersData::Bootstrap | MembersData::Halves | MembersData::Subsets), Some(text)) => {
            Footing::NoBound { in_sample: true, reason: format!("{text}: that the members agree bounds nothing") }
        }
        (_, Some(text)) => {
            Footing::Shared(format!("{text}: members that share their training events agree however little they know"))
        }
        (Some(MembersData::Same), None) => Footing::Shared(
            "all members were fitted to the same training events: their spread leaves out the fluctuation of these".into(),
        ),
        (None, None) => Footing::NoBound {
            in_sample: false,
            reason: "a small spread bounds G only if each member saw training events of its own, and it is not said what these \
                     members were fitted to: say it with `members_data` (`--members-data same|bootstrap|halves|posterior`)"
                .into(),
        },
        (Some(_), None) => Footing::Sound,
    }
}

#[cfg(test)]
mod tests {
    use amplicast_sdk::Seed;
    use amplicast_sdk::ndarray::{Array2, Axis, s};
    use amplicast_sdk::rand::RngExt;
    use amplicast_sdk::rand_distr::{Distribution, StandardNormal};

    use super::super::neighbors::Neighbors;
    use super::super::rows::{Known, RowHashes, numbers_of};
    use super::super::sketch::Sketch;
    use super::super::true_sample::Holdout;
    use super::*;

    fn normal(seed: u64, n: usize) -> Array2<f64> {
        let mut stream = Seed::new(seed).stream();
        Array2::from_shape_fn((n, 2), |_| StandardNormal.sample(&mut stream))
    }

    fn find(training: &Array2<f64>, members: &[Array2<f64>], data: Option<MembersData>) -> Findings {
        let known = Known::new(training.view(), 1);
        let neighbors = Neighbors::new(training.view());
        let of_true = vec![neighbors.among_training(neighbors.affordable())];
        let mut sketch = Sketch::default();
        let events = normal(500, 5000);
        RowHashes::default().of(events.view()).iter().for_each(|&h| sketch.add(h));
        let of_holdout = Neighbors::new(events.view());
        let holdout = Holdout {
            numbers: numbers_of(&sketch, 5000, 50.0),
            sketch,
            of_true: vec![of_holdout.of(training.view())],
            neighbors: of_holdout,
        };
        let truth = TrueSample { known, neighbors, of_true, holdout: Some(holdout), summaries: Vec::new() };
        let glance = |events: &Array2<f64>| {
            let mut glance = Glance::default();
            for chunk in events.axis_chunks_iter(Axis(0), 1000) {
                glance.add(chunk, &truth.known, &mut RowHashes::default());
            }
            glance
        };
        let glances: Vec<Glance> = members.iter().map(glance).collect();
        Findings::new(&glances, &truth, data, (&["x".into(), "y".into()], &[]), |i| format!("m{i}.npy"))
    }

    fn honest() -> Vec<Array2<f64>> {
        (0..6).map(|i| normal(10 + i, 3000)).collect()
    }

    fn resampled(training: &Array2<f64>, seed: u64, n: usize) -> Array2<f64> {
        let mut stream = Seed::new(seed).stream();
        let rows: Vec<usize> = (0..n).map(|_| stream.random_range(0..training.nrows())).collect();
        training.select(Axis(0), &rows)
    }

    #[test]
    fn honest_members_stand_on_what_they_were_fitted_to() {
        let training = normal(1, 1000);
        let footing = |data| {
            let found = find(&training, &honest(), data);
            assert_eq!((found.refused, found.dependent, found.warnings), (None, None, vec![]));
            found.footing
        };
        for data in [MembersData::Bootstrap, MembersData::Halves, MembersData::Posterior] {
            assert_eq!(footing(Some(data)), Footing::Sound);
        }
        assert!(matches!(footing(Some(MembersData::Same)), Footing::Shared(_)));
        assert!(matches!(footing(None), Footing::NoBound { in_sample: false, .. }));
    }

    #[test]
    fn copies_of_training_events_are_no_evidence() {
        let training = normal(2, 1000);
        let members: Vec<_> = (0..6).map(|i| resampled(&training, i, 3000)).collect();
        let found = find(&training, &members, Some(MembersData::Posterior));
        assert_eq!(found.refused, None);
        let Footing::Shared(reason) = found.footing else { panic!("{found:?}") };
        assert!(reason.starts_with("100 % of the generated events are training events: "), "{reason}");
        let found = find(&training, &members, Some(MembersData::Bootstrap));
        assert!(matches!(found.footing, Footing::NoBound { in_sample: true, .. }));
        // With a little noise.
        let members: Vec<_> = members.iter().zip(90..).map(|(m, i)| m + normal(i, 3000) * 1e-3).collect();
        let Footing::Shared(reason) = find(&training, &members, None).footing else { panic!() };
        assert!(reason.contains("lie next to one training event each"), "{reason}");
    }

    #[test]
    fn true_files_are_no_members() {
        let training = normal(3, 1000);
        let refusal = |file: Array2<f64>| {
            let mut members = honest();
            members[2] = file;
            find(&training, &members, None).refused.unwrap()
        };
        assert_eq!(
            refusal(training.clone()),
            "m2.npy is the training file, or a part of it: expected generated events"
        );
        assert!(
            refusal(training.slice(s![100..600, ..]).to_owned()).starts_with("m2.npy is the training file")
        );
        assert!(refusal(normal(500, 5000)).starts_with("m2.npy is the holdout"));
        let mut mixed = normal(60, 3000);
        mixed.slice_mut(s![..600, ..]).assign(&normal(500, 5000).slice(s![..600, ..]));
        assert_eq!(
            refusal(mixed),
            "m2.npy: 20 % of its events are holdout events: expected generated events"
        );
        assert!(
            refusal(normal(500, 5000).slice(s![1000.., ..]).mapv(|x| (1e3 * x).round() / 1e3))
                .contains("of its events lie next to one holdout event each")
        );
        let again = resampled(&normal(70, 1000), 0, 1000);
        let twice = ndarray::concatenate![Axis(0), again, again];
        assert!(refusal(twice).starts_with("m2.npy: the 1000 events from 1000 on are those from 0 on"));
        assert!(refusal(honest()[1].clone()).starts_with("m1.npy and m2.npy hold the same events"));
    }

    fn summary(training: &[f64], of_true: &[f64]) -> TrueSummary {
        let column = |values: &[f64]| Array2::from_shape_vec((values.len(), 1), values.to_vec()).unwrap();
        let neighbors = Neighbors::new(column(training).view());
        let of_true = vec![neighbors.among_training(1000), neighbors.of(column(of_true).view())];
        TrueSummary { summary: 3, name: "radius".into(), range: [0.0, 9.0], neighbors, of_true }
    }

    /// Events turned by a random angle are new, their radii are not; and one stream of radii makes members agree.
    #[test]
    fn a_summary_may_be_copied_or_common_where_no_column_is() {
        let radius = |events: Array2<f64>| -> Vec<f64> {
            events.rows().into_iter().map(|e| e[0].hypot(e[1])).collect()
        };
        let training = normal(5, 1000);
        let truth = summary(&radius(training.clone()), &radius(normal(6, 2000)));
        let look = |members: Vec<Vec<f32>>| {
            let mut found = find(&training, &honest(), Some(MembersData::Posterior));
            found.look_at(&truth, &members, Some(MembersData::Posterior));
            found
        };
        let single = |values: Vec<f64>| values.iter().map(|&x| x as f32).collect::<Vec<f32>>();
        let own = |i: u64| single(radius(normal(20 + i, 1000)));
        let found = look((0..6).map(own).collect());
        assert_eq!((found.footing(3), found.dependent(3), found.warnings.len()), (&Footing::Sound, None, 0));
        let found = look((0..6).map(|i| single(radius(resampled(&training, i, 1000)))).collect());
        let Footing::Shared(reason) = found.footing(3) else { panic!("{found:?}") };
        assert!(reason.starts_with("in `radius`, ") && found.footing(2) == &Footing::Sound, "{reason}");
        let other_units = |i: u64| own(i).iter().map(|x| 1e3 * x).collect();
        let found = look((0..6).map(other_units).collect());
        assert!(found.warnings[0].starts_with("0.0 % of the generated events have a `radius` within"));
        let found = look((0..6).map(|_| own(0)).collect());
        assert!(found.dependent(3).unwrap().contains("in `radius`") && found.dependent(2).is_none());
    }

    #[test]
    fn repetition_within_a_member_is_said() {
        let mut members = honest();
        members[1] = resampled(&normal(80, 1500), 1, 3000);
        let found = find(&normal(4, 1000), &members, Some(MembersData::Bootstrap));
        assert!(found.warnings[0].starts_with("m1.npy: "), "{:?}", found.warnings);
        assert!(found.warnings[0].contains("repeat others of the same member"));
    }
}
