//! One member's comparison that stands for those of all.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use amplicast_sdk::Result;

use super::curve::Curves;
use crate::pipeline::observe::Columns;
use crate::pipeline::plan::Place;
use crate::pipeline::posterior::{View, Views};

/// The columns of a row. Where members differ, for each metric the comparison of one member, the one with the median number of reference
/// events: it is used for all members.
///
/// They differ in these numbers only where a selection cuts on what is another function for each of them.
pub fn speaking_for_all(views: &Views<'_, '_>, curves: &Curves) -> Result<Columns> {
    let mut all = views.first.columns.clone();
    let mut prepared: BTreeMap<usize, Arc<View>> = BTreeMap::from([(0, views.first.clone())]);
    for &name in &views.own {
        // Of a column that failed the first member tells why.
        let Some(Ok(list)) = curves.get(&Place::Metric(name)) else { continue };
        let mut numbers: Vec<(u64, usize)> =
            list.iter().enumerate().map(|(i, curve)| (curve.truth.n_reference, i)).collect();
        numbers.sort_unstable();
        let median = numbers[numbers.len() / 2].0;
        let speaker = numbers.iter().find(|(n, _)| *n == median).map_or(0, |(_, i)| *i);
        let view = match prepared.entry(speaker) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let member = views.row.member(views.posterior, speaker as u64)?;
                place.insert(views.of(&*member, speaker as u64)?)
            }
        };
        if let Some(found) = view.columns.metrics.get(&name) {
            all.metrics.insert(name, found.clone());
        }
    }
    Ok(all)
}
