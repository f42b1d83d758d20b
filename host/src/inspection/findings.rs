//! What was found in the members' events, and what follows for a verdict.

use amplicast_sdk::MembersData;

use super::copies::{Copies, copies};
use super::dependence::dependence;
use super::glance::Glance;
use super::neighbors::{Distances, Neighbors};
use super::rows::Known;
use super::sketch::Sketch;

/// The true events that members are compared with.
pub struct TrueSample {
    /// The training events.
    pub known: Known,
    /// The same, to find the nearest.
    pub neighbors: Neighbors,
    /// How far other true events are from them.
    pub of_true: Distances,
    /// The holdout of a file.
    pub holdout: Option<Sketch>,
}

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
    /// How much of the training set is in the generated events.
    pub copies: Copies,
    /// What the reader should know.
    pub warnings: Vec<String>,
}

/// Part of a member's events from which on it is the sample that they are in.
const NEARLY_ALL: f64 = 0.99;
/// Part of a member's events that may be holdout events.
const LEAK: f64 = 0.01;
/// Part of a member's events that may repeat others of the same member, beyond what training events do.
const REPEATED: f64 = 0.05;

impl Findings {
    /// Looks at all members of a generator and a posterior, fitted to `data` if that is known; `place` names a member.
    pub fn new(
        glances: &[Glance],
        truth: &TrueSample,
        data: Option<MembersData>,
        columns: &[String],
        place: impl Fn(usize) -> String,
    ) -> Self {
        let dimension = columns.len();
        let refused = glances.iter().enumerate().find_map(|(i, glance)| member(glance, truth, &place(i)));
        let dependence = dependence(glances, &truth.known, dimension);
        let text = dependence.as_ref().map(|d| d.text(&place, columns));
        let same = matches!(dependence, Some(super::Dependence::Same { .. }));
        let refused = refused.or_else(|| text.clone().filter(|_| same));
        let dependent = text.filter(|_| !same);
        let copies = copies(glances, truth, dimension);
        let mut warnings: Vec<String> = Vec::new();
        warnings.extend(dependent.clone());
        if let Some(text) = copies.text() {
            warnings.push(format!("{text}: the generator repeats what it was trained on"));
        }
        warnings.extend(repetition(glances, truth, &copies, &place));
        let footing = footing(data, &copies);
        Findings { refused, dependent, footing, copies, warnings }
    }
}

/// What is wrong with one member by itself.
fn member(glance: &Glance, truth: &TrueSample, place: &str) -> Option<String> {
    let known = &truth.known;
    if let Some((first, second, n)) = glance.equal_chunks() {
        return Some(format!(
            "{place}: the {n} events from {second} on are those from {first} on: expected new ones; a generator that sets a random \
             seed of its own draws the same events at every call"
        ));
    }
    let copies = glance.copies as f64 / glance.hashed.max(1) as f64;
    if known.by_chance == 0.0
        && glance.hashed > 0
        && copies > NEARLY_ALL
        && glance.sketch.within(&known.sketch)
    {
        return Some(format!("{place} is the training file, or a part of it: expected generated events"));
    }
    let holdout = truth.holdout.as_ref()?;
    let (mine, both) = glance.sketch.shared(holdout);
    let part = both as f64 / mine.max(1) as f64;
    (known.by_chance == 0.0 && both >= 8 && part > LEAK).then(|| {
        if part > NEARLY_ALL {
            format!("{place} is the holdout, or a part of it: expected generated events")
        } else {
            format!(
                "{place}: {:.0} % of its events are holdout events: expected generated events",
                100.0 * part
            )
        }
    })
}

/// Events that repeat within their member, though they are no training events.
fn repetition(
    glances: &[Glance],
    truth: &TrueSample,
    copies: &Copies,
    place: impl Fn(usize) -> String,
) -> Option<String> {
    if copies.text().is_some() || truth.known.by_chance > 0.0 {
        return None;
    }
    let repeated = |(i, glance): (usize, &Glance)| (glance.sketch.repeated(), i);
    let (part, i) = glances.iter().enumerate().map(repeated).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (part > REPEATED).then(|| {
        format!(
            "{}: {:.0} % of its events repeat others of the same member: it holds fewer events than it seems",
            place(i),
            100.0 * part
        )
    })
}

fn footing(data: Option<MembersData>, copies: &Copies) -> Footing {
    let copied = copies.text();
    match (data, copied) {
        // Each member shows the fluctuation of its own training events, copies or not.
        (Some(MembersData::Bootstrap | MembersData::Halves), Some(text)) => {
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

    use super::super::rows::RowHashes;
    use super::*;

    fn normal(seed: u64, n: usize) -> Array2<f64> {
        let mut stream = Seed::new(seed).stream();
        Array2::from_shape_fn((n, 2), |_| StandardNormal.sample(&mut stream))
    }

    fn find(training: &Array2<f64>, members: &[Array2<f64>], data: Option<MembersData>) -> Findings {
        let known = Known::new(training.view(), 1);
        let neighbors = Neighbors::new(training.view());
        let of_true = neighbors.among_training(neighbors.affordable());
        let mut holdout = Sketch::default();
        RowHashes::default().of(normal(500, 5000).view()).iter().for_each(|&h| holdout.add(h));
        let truth = TrueSample { known, neighbors, of_true, holdout: Some(holdout) };
        let glance = |events: &Array2<f64>| {
            let mut glance = Glance::default();
            for chunk in events.axis_chunks_iter(Axis(0), 1000) {
                glance.add(chunk, &truth.known, &mut RowHashes::default());
            }
            glance
        };
        let glances: Vec<Glance> = members.iter().map(glance).collect();
        Findings::new(&glances, &truth, data, &["x".into(), "y".into()], |i| format!("m{i}.npy"))
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
        let again = resampled(&normal(70, 1000), 0, 1000);
        let twice = ndarray::concatenate![Axis(0), again, again];
        assert!(refusal(twice).starts_with("m2.npy: the 1000 events from 1000 on are those from 0 on"));
        assert!(refusal(honest()[1].clone()).starts_with("m1.npy and m2.npy hold the same events"));
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
