//! Whether generated events are training events, or were made of single ones.

use amplicast_sdk::ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::chance::Numbers;
use super::given::Asked;
use super::glance::Glance;
use super::nearer::{Nearer, percent};
use super::true_sample::TrueSample;

/// How much of the training set is in the generated events.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Copies {
    /// Part of the generated events that are training events, in the precision of the coarser of both.
    pub equal: f64,
    /// That part of true events: rounded and discrete numbers are equal by chance.
    pub by_chance: f64,
    /// How they lie nearer to training events than true events do, if they do.
    pub nearer: Option<Nearer>,
}

/// Part of the generated events, beyond three times what chance gives, from which on they count as copies.
const LEAST: f64 = 0.005;

impl Copies {
    /// In words, what is wrong; none if nothing is.
    pub fn text(&self) -> Option<String> {
        if self.equal > 3.0 * self.by_chance + LEAST {
            let chance = if self.by_chance > 0.0005 {
                format!(" (by chance: {})", percent(self.by_chance))
            } else {
                String::new()
            };
            return Some(format!(
                "{} of the generated events are training events{chance}",
                percent(self.equal)
            ));
        }
        self.nearer.map(|nearer| format!("{}, as copies with noise or rounding do", nearer.text("generated")))
    }
}

/// Compares the members' events with the training events, as far as that tells anything.
pub fn copies(glances: &[Glance], truth: &TrueSample, dimension: usize, asked: Asked) -> Copies {
    if !asked.equal {
        return Copies::default();
    }
    let hashed: u64 = glances.iter().map(|g| g.hashed).sum();
    let equal = glances.iter().map(|g| g.copies).sum::<u64>() as f64 / hashed.max(1) as f64;
    let by_chance = (truth.known.by_chance(&together(glances)) / hashed.max(1) as f64).min(1.0);
    let mut found = Copies { equal, by_chance, nearer: None };
    // Equal events say it all, and are as near as can be.
    if asked.near && found.text().is_none() {
        found.nearer = nearer(&heads(glances, truth.neighbors.affordable(), dimension), truth);
    }
    found
}

/// Whether events lie nearer to training events than any true events do.
fn nearer(events: &Array2<f64>, truth: &TrueSample) -> Option<Nearer> {
    truth.neighbors.nearer(events.view(), &truth.of_true)
}

/// The members' events as those of one sample: equal pairs are counted within each member.
fn together(glances: &[Glance]) -> Numbers {
    let list: Vec<Numbers> = glances.iter().map(Glance::numbers).collect();
    let sum = |of: fn(&Numbers) -> f64| list.iter().map(of).sum::<f64>();
    let events = sum(|n| n.events);
    let counted = sum(|n| n.share * n.events * n.events);
    Numbers {
        events,
        share: counted / (events * events).max(1.0),
        equal_pairs: sum(|n| n.equal_pairs),
        resolution: list.iter().map(|n| n.resolution).fold(f64::INFINITY, f64::min).min(1e3),
    }
}

/// About `count` of the first events of all members, in equal numbers.
fn heads(glances: &[Glance], count: usize, dimension: usize) -> Array2<f64> {
    let each = count.div_ceil(glances.len().max(1));
    let mut values = Vec::with_capacity(each * glances.len() * dimension);
    for (i, glance) in glances.iter().enumerate() {
        let head: ArrayView2<'_, f32> = glance.head(dimension);
        let n = head.nrows().min(each);
        // Other rows of each member: those of one number may go together.
        let start = if head.nrows() > n { i * n % (head.nrows() - n) } else { 0 };
        values.extend(head.rows().into_iter().skip(start).take(n).flatten().map(|&x| f64::from(x)));
    }
    let n = values.len() / dimension.max(1);
    Array2::from_shape_vec((n, dimension), values).unwrap_or_else(|_| Array2::zeros((0, dimension)))
}
