//! Events with weights as events that count alike: each is kept with the probability of its weight over the largest one of its file.
//!
//! This is hit or miss, as event generators do it: those that are kept are drawn from the law that the weighted events stand for, each by itself, and
//! whatever takes a sample takes them as they are. What is lost is their number.

use std::ops::Range;
use std::path::{Path, PathBuf};

use amplicast_sdk::rand::RngExt;
use amplicast_sdk::{Error, Result, Seed};
use amplicast_tables::OneEach;

use super::kept::Kept;

/// Below this part of the events it is said that few are left.
const FEW: f64 = 0.05;

/// Which events of a file with weights are kept.
#[derive(Debug)]
pub struct Unweighted {
    /// Where the weights are.
    path: PathBuf,
    /// None if all weights are equal: nothing is left out.
    kept: Option<Kept>,
    rows: u64,
    /// The largest weight in units of the mean one.
    largest: f64,
}

impl Unweighted {
    /// Draws them, row by row, from a stream that only `member` decides.
    ///
    /// # Errors
    /// For weights that are not finite or negative, with the row, and if all are zero.
    pub fn draw(weights: &OneEach, member: u64) -> Result<Self> {
        let here = |message: String| Error::data(message).at(weights.path().display().to_string());
        let rows = weights.rows();
        let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
        weights.each(0..rows, |row, weight| {
            if weight < 0.0 {
                return Err(here(format!(
                    "row {row}: expected event weights of 0 or more of a generated sample, found {weight}; events of both signs cannot be \
                     unweighted one by one: resample them to positive weights beforehand, or train the generator on the weights and have it draw \
                     events that count alike"
                )));
            }
            (least, most) = (least.min(weight), most.max(weight));
            Ok(())
        })?;
        if most == 0.0 {
            return Err(here(format!(
                "expected event weights with a positive sum, found {rows} that are all 0"
            )));
        }
        let path = weights.path().to_owned();
        if least == most {
            return Ok(Unweighted { path, kept: None, rows, largest: 1.0 });
        }
        let mut stream = Seed::new(0).split("unweighting").index(member).stream();
        let (mut kept, mut sum) = (Kept::with_capacity(rows), 0.0);
        weights.each(0..rows, |_, weight| {
            let probability = weight / most;
            sum += probability;
            // Below 1: the largest one is kept.
            kept.push(stream.random::<f64>() < probability);
            Ok(())
        })?;
        Ok(Unweighted { path, kept: Some(kept), rows, largest: rows as f64 / sum })
    }

    /// Where the weights are.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many events are kept.
    pub fn events(&self) -> u64 {
        self.kept.as_ref().map_or(self.rows, Kept::events)
    }

    /// Which; none if all are.
    pub fn kept(&self) -> Option<&Kept> {
        self.kept.as_ref()
    }

    /// The part of the events that is kept.
    fn part(&self) -> f64 {
        self.events() as f64 / self.rows as f64
    }
}

/// What there is to say of members, with their names and the events that are taken of each.
pub fn notes<'a>(members: impl Iterator<Item = (String, &'a Unweighted, u64)>) -> Vec<String> {
    let (some, equal): (Vec<_>, Vec<_>) = members.partition(|(_, member, _)| member.kept.is_some());
    let mut notes = Vec::new();
    if let Some(first) = first_of(&equal) {
        notes.push(format!("{first}: all event weights of a file are equal: its events count alike"));
    }
    let Some(first) = first_of(&some) else { return notes };
    let of = |number: &dyn Fn(&Unweighted) -> f64| range(some.iter().map(|(_, member, _)| number(member)));
    let in_words = |ends: Range<f64>, scale: f64, digits: usize| {
        let [low, high] = [ends.start, ends.end].map(|end| format!("{:.digits$}", scale * end));
        if low == high { low } else { format!("{low} to {high}") }
    };
    let taken = range(some.iter().map(|(_, _, taken)| *taken as f64));
    notes.push(format!(
        "{first}: each event is kept with the probability of its weight over the largest one of its file, so that those which are kept count \
         alike: {} of {} events a member, {} %, of which {} are taken; the largest weight is {} mean ones",
        in_words(of(&|member| member.events() as f64), 1.0, 0),
        in_words(of(&|member| member.rows as f64), 1.0, 0),
        in_words(of(&Unweighted::part), 100.0, 1),
        in_words(taken, 1.0, 0),
        in_words(of(&|member| member.largest), 1.0, 1),
    ));
    let few: Vec<_> = some.into_iter().filter(|(_, member, _)| member.part() < FEW).collect();
    if let Some(first) = first_of(&few) {
        notes.push(format!(
            "{first}: fewer than {} % of the events are kept, since few have large weights: the generated sample is as small as that, and so is what can be \
             said of G; generate more events, or with weights that differ less",
            100.0 * FEW
        ));
    }
    notes
}

/// The name of the first of some members, and how many there are beside it; none if there is none.
fn first_of<T>(members: &[(String, &Unweighted, T)]) -> Option<String> {
    let (name, ..) = members.first()?;
    Some(match members.len() {
        1 => name.clone(),
        count => format!("{name} and {} more", count - 1),
    })
}

/// From the least to the largest.
fn range(numbers: impl Iterator<Item = f64>) -> Range<f64> {
    numbers.fold(f64::INFINITY..f64::NEG_INFINITY, |ends, x| ends.start.min(x)..ends.end.max(x))
}
